"""What every fake has: whoever waits hears the bell; methods are found; it is served and breaks."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from omniroute.testing.fakes import Fake, Methods, Page, broken, serving


async def test_whoever_waits_hears_of_what_changes() -> None:
    fake, seen = Fake(), list[int]()
    waiting = asyncio.create_task(fake.until(lambda: len(seen) == 2))
    for number in range(2):
        await asyncio.sleep(0)
        assert not waiting.done()
        seen.append(number)
        fake.ring()
    await waiting


async def test_a_wait_for_what_never_comes_ends() -> None:
    with pytest.raises(TimeoutError):
        await Fake().until(lambda: False, within=0)


def test_methods_are_found_by_name() -> None:
    methods: Methods[Any] = Methods(any_case=True)

    @methods.enter("sendMessage", errors="400", limits="1/s")
    def send() -> str:
        return "sent"

    found = methods.find("SENDMESSAGE")
    assert found is not None
    assert (found.do(), found.status, found.errors, found.limits) == (
        "sent", "faithful", "400", "1/s",
    )  # fmt: skip
    assert methods.find("other") is None
    exact: Methods[Any] = Methods()
    exact.enter("send")(send)
    assert exact.find("Send") is None


async def test_a_page_shows_what_is_so_and_does_what_people_do() -> None:
    fake, said = Fake(), list[str]()

    async def act(asked: dict[str, Any]) -> dict[str, Any]:
        said.append(asked["text"])
        fake.ring()
        return {"done": True}

    page = Page(fake, "<h1>a page</h1>", lambda user: {"user": user, "said": list(said)}, act)
    async with (
        serving(Starlette(routes=page.routes("/phone"))) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as browser,
    ):
        assert (await browser.get("/phone")).text == "<h1>a page</h1>"
        waiting = asyncio.create_task(page.after_news("joe", "0"))
        await asyncio.sleep(0)
        done = await browser.post("/phone/act", json={"text": "hello"})
        assert done.json() == {"done": True}
        assert await waiting == {"user": "joe", "said": ["hello"], "since": 1}
        for since in ("", "0"):  # what is news already is not waited for
            shown = await browser.get("/phone/state", params={"user": "joe", "since": since})
            assert shown.json() == {"user": "joe", "said": ["hello"], "since": 1}


async def test_a_connection_breaks_and_what_runs_beside_is_ended() -> None:
    beside = asyncio.Event()

    async def until_cancelled() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            beside.set()

    async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
        await broken(send)

    app = Starlette(routes=[Mount("/", breaks)])
    async with (
        serving(app, 0, until_cancelled()) as url,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"{url}/")
    assert beside.is_set()
