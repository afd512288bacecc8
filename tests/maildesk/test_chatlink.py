"""From an answer by mail into the web chat, as the same person, in the same thread."""

from __future__ import annotations

import asyncio
import json
import re
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from tests.maildesk.scene import HELP, Scene, scene, text_of

CHAT = "https://help.shop.example/channels/webchat/site/"


class Browser:
    """A visitor's: it keeps its session as an embedded page does."""

    def __init__(self, desk: Scene) -> None:
        self._base = f"{desk.server.url}/channels/webchat/site"
        self._session = ""

    async def posts(self, path: str, **body: Any) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "X-Chat-Session": self._session}
        request = urllib.request.Request(  # noqa: S310  our own server
            f"{self._base}/{path}", json.dumps(body).encode(), headers, method="POST"
        )

        def send() -> dict[str, Any]:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                found: dict[str, Any] = json.loads(answer.read())
                return found

        said = await asyncio.to_thread(send)
        self._session = said.get("session", self._session)
        return said


async def test_a_visitor_shows_by_a_code_that_a_mailbox_is_theirs(tmp_path: Path) -> None:
    async with scene(tmp_path, channels={"site": {"kind": "webchat"}}) as desk:
        joe, browser = desk.mailbox("joe@mail.example", "Joe Miller"), Browser(desk)
        await joe.writes(HELP, "I want a refund")
        await desk.settled()
        await browser.posts("session", embedded=True)
        await browser.posts("proof", email="joe@mail.example")
        mail = await joe.gets("Your code is")
        assert mail["Auto-Submitted"]
        code = re.search(r"Your code is (\d{6})\.", text_of(mail))
        assert code is not None
        assert await browser.posts("proof", code=code[1]) == {"verified": "joe@mail.example"}
        await browser.posts("messages", id=str(uuid.uuid4()), text="order 1182")
        await desk.settled()
        await desk.until(lambda: desk.server.node.state.threads[1].turns == 2)
        assert list(desk.server.node.state.threads) == [1]


async def test_who_follows_the_link_goes_on_in_the_chat_as_themselves(tmp_path: Path) -> None:
    chat = {"site": {"kind": "webchat"}}
    async with scene(tmp_path, channels=chat, chat_url=CHAT, chat_words="Chat: {link}") as desk:
        ana = await desk.agent("ana", "Ana Ruiz")
        joe = desk.mailbox("joe@mail.example", "Joe Miller")
        await joe.writes(HELP, "I want a refund")
        await ana.answers(await ana.gets("Yours, if you accept"), "Which order is it?")
        answer = await joe.gets("Which order is it?")
        found = re.search(rf"^Chat: {re.escape(CHAT)}#from=([\w-]{{43}})$", text_of(answer), re.M)
        assert found is not None

        browser = Browser(desk)
        await browser.posts("session", embedded=True)
        assert await browser.posts("proof", link=found[1]) == {"linked": True}
        await browser.posts("messages", id=str(uuid.uuid4()), text="order 1182")
        await ana.gets("order 1182")
        page = await desk.page()
        assert [item.text for item in page.items if item.kind == "customer"] == [
            "I want a refund",
            "order 1182",
        ]
        assert len(page.handles) == 2
        assert list(desk.server.node.state.threads) == [1]
