"""Calling a platform: what each answer, and the want of one, comes to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from omniroute import Answer, Calls, NotAuthorised, Rejected, Retry, Secret, seconds_to_wait
from omniroute.testing.fakes import broken, serving

FIX = "copy the token anew"
TOKEN = Secret("of-no-value-to-anybody")
NOW = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)


class Silent:
    """A platform that hears everything and answers nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()


class Breaking:
    """One that breaks off in the middle of a yes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await broken(send)


async def told(request: Request) -> Response:
    """What was sent, as it came."""
    said = (await request.body()).decode()
    return JSONResponse({"said": said, "by": request.headers.get("authorization", "")})


@pytest.fixture
async def url() -> AsyncIterator[str]:
    routes = [
        Route("/told", told, methods=["GET", "POST"]),
        Route("/long", lambda _: Response(b"x" * 5_000)),
        Route("/elsewhere", lambda _: RedirectResponse("/told")),
        Route("/silent", Silent()),
        Route("/breaking", Breaking()),
    ]
    async with serving(Starlette(routes=routes)) as url:
        yield url


async def test_credentials_travel_and_an_answer_is_read(url: str) -> None:
    bearer = await Calls("Acme", url, bearer=TOKEN).call("POST", "/told", json={"text": "hello"})
    assert bearer.ok
    assert bearer.said == {"said": '{"text":"hello"}', "by": f"Bearer {TOKEN.reveal()}"}
    login = await Calls("Acme", url, login=("ana", Secret("pw"))).call("GET", "told")
    assert login.said["by"] == "Basic YW5hOnB3"
    assert (await Calls("Acme", f"{url}/told").call("GET", "")).said["by"] == ""


async def test_connections_are_kept_while_open(url: str) -> None:
    calls = Calls("Acme", url)
    async with calls.open():
        async with calls.client() as first, calls.client() as second:
            assert first is second
        assert (await calls.call("GET", "/told")).ok
    assert (await calls.call("GET", "/told")).ok


async def test_a_long_answer_is_cut_and_a_redirect_is_not_followed(url: str) -> None:
    calls = Calls("Acme", url, largest=1_000)
    assert len((await calls.call("GET", "/long")).body) == 1_000
    answer = await calls.call("GET", "/elsewhere")
    assert (answer.status, answer.ok) == (307, False)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_was_perhaps_heard_is_in_doubt(url: str, method: str) -> None:
    for path, patience in (("/breaking", 60.0), ("/silent", 2.0)):
        calls = Calls("Acme", url, bearer=TOKEN, patience=patience)
        with pytest.raises(Retry, match="Acme did not answer: ") as error:
            await calls.call(method, path)
        assert error.value.in_doubt == (method == "POST")
        assert TOKEN.reveal() not in str(error.value)


async def test_what_never_left_is_not_in_doubt() -> None:
    with socket.socket() as nobody:  # bound, and not listening
        nobody.bind(("127.0.0.1", 0))
        calls = Calls("Acme", f"http://127.0.0.1:{nobody.getsockname()[1]}", bearer=TOKEN)
        with pytest.raises(Retry, match="Acme cannot be reached: ConnectError") as error:
            await calls.call("POST", "/told")
    assert not error.value.in_doubt
    with pytest.raises(Rejected, match="Acme has no address that can be called"):
        await calls.call("POST", "http://[::1")


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (401, NotAuthorised, FIX),
        (403, NotAuthorised, FIX),
        (400, Rejected, "Acme refused it: they left"),
        (404, Rejected, "Acme refused it: they left"),
        (302, Rejected, "Acme refused it: they left"),
        (500, Retry, "Acme has trouble: 500"),
        (503, Retry, "Acme has trouble: 503"),
        (429, Retry, "Acme asks us to wait"),
    ],
)
def test_what_is_no_yes_has_its_error(status: int, kind: type[Exception], says: str) -> None:
    error = Calls("Acme").failure(Answer(status), FIX, "they left")
    assert type(error) is kind
    assert str(error) == says


def test_trouble_is_in_doubt_where_something_may_have_been_done() -> None:
    for method, doubt in (("POST", True), ("GET", False)):
        error = Calls("Acme").failure(Answer(503), FIX, method=method)
        assert isinstance(error, Retry)
        assert error.in_doubt == doubt


def test_a_refusal_without_words_names_the_status() -> None:
    assert str(Calls("Acme").failure(Answer(410), FIX)) == "Acme refused it: status 410"


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("17", 17.0),
        ("0.5", 0.5),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        ("Monday, 02-Mar-26 10:16:30 GMT", 90.0),  # the form of RFC 850, still to be read
        ("Mon Mar  2 10:16:30 2026", 90.0),  # and that of C's asctime
        (format_datetime(NOW - timedelta(hours=1), usegmt=True), 0.0),
        ("9" * 400, 86_400.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("²", None),
        ("Mon, 99 Mar 2026 10:16:30 GMT", None),
    ],
)
def test_how_long_to_wait(said: str, wait: float | None) -> None:
    assert seconds_to_wait(said, NOW.timestamp()) == wait


def test_an_answer_that_is_no_object_says_nothing() -> None:
    bodies: Mapping[bytes, dict[str, object]] = {
        b"": {}, b"[1]": {}, b"{": {}, b"\xff": {}, b"[" * 100_000: {}, b'{"a": 1}': {"a": 1},
    }  # fmt: skip
    assert {body: Answer(200, {}, body).said for body in bodies} == bodies
