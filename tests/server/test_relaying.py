"""What is asked of a node that follows is asked of the writer, as it came, by whom it came."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx2 as httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from omniroute.server.relaying import VIA, Relay, Relayed, Unreached, _mac
from omniroute.testing.asgi import ask
from omniroute.testing.fakes.serving import serving

KEY = b"k" * 32
METHODS = ["GET", "POST", "DELETE"]


class Writer:
    """Tells what it was asked; a stream of it goes on when it is told to."""

    def __init__(self) -> None:
        self.goes_on = asyncio.Event()
        routes = [
            Route("/stream", self._stream),
            Route("/{path:path}", self._tells, methods=METHODS),
        ]
        self.plain = Starlette(routes=routes)
        self.app: ASGIApp = Relayed(self.plain, KEY)

    async def _tells(self, request: Request) -> Response:
        assert request.client is not None
        told = {
            "method": request.method,
            "target": f"{request.scope['raw_path'].decode()}?{request.url.query}",
            "host": request.headers["host"],
            "scheme": request.url.scheme,
            "headers": {k: v for k, v in request.headers.items() if k.startswith(("x-", "cook"))},
            "body": (await request.body()).decode(),
            "client": request.client.host,
        }
        answer = JSONResponse(told, 418)
        answer.set_cookie("one", "1")
        answer.set_cookie("two", "2")
        return answer

    async def _stream(self, request: Request) -> Response:
        async def lines() -> AsyncIterator[str]:
            yield "data: first\n\n"
            await self.goes_on.wait()
            yield "data: second\n\n"

        return StreamingResponse(lines(), media_type="text/event-stream")


@pytest.fixture
def writer() -> Iterator[Writer]:
    made = Writer()
    yield made
    made.goes_on.set()


@asynccontextmanager
async def following(
    writer: str, key: bytes = KEY
) -> AsyncIterator[tuple[httpx.AsyncClient, Relay]]:
    """A node that follows *writer*, and a browser at it."""
    relay = Relay(KEY)

    async def asked(request: Request) -> Response:
        try:
            return await relay.pass_on(request, writer)
        except Unreached as error:
            return Response(str(error), 503)

    app = Starlette(routes=[Route("/{path:path}", asked, methods=METHODS)])
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as browser:
        yield browser, relay
        relay.end()
    await relay.close()


async def test_a_request_comes_as_it_was_and_so_does_the_answer(writer: Writer) -> None:
    async with serving(writer.app) as url, following(url) as (browser, _):
        headers = {"cookie": "a=b", "x-token": "t", "host": "desk.example"}
        answer = await browser.post("/a%2Fb/c?d=%20e", content=b"hello", headers=headers)
    assert answer.status_code == 418
    assert answer.headers.get_list("set-cookie") == [
        "one=1; Path=/; SameSite=lax",
        "two=2; Path=/; SameSite=lax",
    ]
    told = answer.json()
    assert told.pop("headers").items() >= {"cookie": "a=b", "x-token": "t"}.items()
    assert told == {
        "method": "POST", "target": "/a%2Fb/c?d=%20e", "host": "desk.example", "scheme": "http",
        "body": "hello", "client": "127.0.0.1",
    }  # fmt: skip


async def test_a_live_page_is_live(writer: Writer) -> None:
    async with (
        serving(writer.app) as url,
        following(url) as (browser, _),
        asyncio.timeout(60),
        browser.stream("GET", "/stream") as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.aiter_lines()
        assert await anext(lines) == "data: first"  # while the writer waits
        writer.goes_on.set()
        assert [line async for line in lines if line] == ["data: second"]


async def test_a_node_that_stops_lets_go_of_live_pages(writer: Writer) -> None:
    async with (
        serving(writer.app) as url,
        following(url) as (browser, relay),
        asyncio.timeout(60),
        browser.stream("GET", "/stream") as answer,
    ):
        lines = answer.aiter_lines()
        await anext(lines)
        relay.end()
        assert [line async for line in lines if line] == []


def signed(key: bytes, path: str, at: int = 1_772_442_900) -> str:
    """What a node says of somebody who asked it for *path* at that second."""
    said = json.dumps({"client": "203.0.113.9", "scheme": "https", "at": at}).encode()
    return (said + b" " + _mac(key, said, "GET", path.encode())).decode()


@pytest.mark.parametrize(
    "via",
    [
        signed(b"another", "/x"),
        signed(KEY, "/y"),
        signed(KEY, "/x", at=1_772_442_900 - 61),
        signed(KEY, "/x", at=1_772_442_900 + 61),
        "",
        "{} x",
        "nothing",
    ],
)
async def test_the_writer_learns_who_asked_from_its_nodes_alone(via: str) -> None:
    app = Relayed(Writer().plain, KEY, lambda: 1_772_442_900.0)
    right = await ask(app, "GET", "/x", headers={VIA: signed(KEY, "/x")})
    told = json.loads(right.body)
    assert (told["client"], told["scheme"]) == ("203.0.113.9", "https")
    told = json.loads((await ask(app, "GET", "/x", headers={VIA: via})).body)
    assert (told["client"], told["scheme"]) != ("203.0.113.9", "https")


async def test_what_was_passed_on_is_not_passed_on_again_and_who_is_away_is_not_asked(
    writer: Writer,
) -> None:
    async with serving(writer.app) as url, following(url) as (browser, _):
        answer = await browser.get("/x", headers={VIA: "from another"})
        assert (answer.status_code, answer.text) == (
            503,
            "the node that was asked does not write either",
        )
    async with following("http://127.0.0.1:9") as (browser, _):
        answer = await browser.get("/x")
        assert answer.status_code == 503
        assert "cannot be reached" in answer.text
