"""A chat to test with: the channel, a notebook for an engine, and browsers that talk to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from omniroute import Address, File, Inbound, Outbound, Proofs, Question, Receipt, Secret, Site
from omniroute.testing.intake import Notebook
from omniroute_webchat.channel import WebChatChannel
from omniroute_webchat.settings import Settings
from omniroute_webchat.token import sign

SECRET = "the shop and the chat share this one"
HOME = "http://desk.example"
MOUNT = "/channels/webchat/main"


class Stream:
    """A browser that reads ``stream``, driven without a network so that it can be broken off."""

    def __init__(self, app: Starlette, path: str, headers: dict[str, str], query: str) -> None:
        self.status = 0
        self.text = ""
        self._news = asyncio.Event()
        self._gone = asyncio.Event()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "method": "GET",
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }
        self._task = asyncio.create_task(app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.status = message.get("status", self.status)
        self.text += message.get("body", b"").decode()
        self._news.set()

    @property
    def lines(self) -> list[dict[str, Any]]:
        data = [line for line in self.text.split("\n") if line.startswith("data: ")]
        return [json.loads(line.removeprefix("data: ")) for line in data]

    async def until(self, count: int) -> list[str]:
        """The texts, once there are *count* of them."""
        async with asyncio.timeout(10):
            while len(self.lines) < count:
                self._news.clear()
                await self._news.wait()
        return [line.get("text", "") for line in self.lines]

    async def opened(self) -> None:
        async with asyncio.timeout(10):
            while ": open" not in self.text:
                self._news.clear()
                await self._news.wait()

    async def ends(self) -> None:
        """The server ends it."""
        async with asyncio.timeout(10):
            await self._task

    async def breaks(self) -> None:
        """The browser goes away."""
        self._gone.set()
        await self.ends()


class Browser:
    """Somebody with a browser: cookies, or, on another site's page, a header."""

    def __init__(self, app: Starlette, origin: str | None) -> None:
        self._app = app
        self._client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url=f"{HOME}{MOUNT}/"
        )
        if origin is not None:
            self._client.headers["Origin"] = origin

    async def asks(self, method: str, path: str, **more: Any) -> httpx2.Response:
        return await self._client.request(method, path, **more)

    async def opens(self, token: str | None = None) -> dict[str, Any]:
        """Begin or go on with a session; the answer as it came."""
        body = {} if token is None else {"token": token}
        response = await self.asks("POST", "session", json=body)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def tries(self, text: str, id: str | None = None) -> httpx2.Response:
        body = {"id": id or str(uuid.uuid4()), "text": text}
        return await self.asks("POST", "messages", json=body)

    async def says(self, text: str, id: str | None = None) -> None:
        """Write a line."""
        response = await self.tries(text, id)
        assert response.status_code == 200, response.text

    async def sees(self) -> list[str]:
        """The history, as a page shows it after a reload."""
        response = await self.asks("GET", "lines")
        assert response.status_code == 200, response.text
        return [line["text"] for line in response.json()["lines"]]

    def listens(self, after: int | None = None, **headers: str) -> Stream:
        query = "" if after is None else f"after={after}"
        cookies = "; ".join(f"{name}={value}" for name, value in self._client.cookies.items())
        sent = {"Host": "desk.example", "Cookie": cookies, **headers}
        return Stream(self._app, f"{MOUNT}/stream", sent, query)

    def forgets_everything(self) -> None:
        self._client.cookies.clear()

    async def close(self) -> None:
        await self._client.aclose()


class Chat:
    """The channel as the engine runs it."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder, self.settings = folder, settings
        self.notebook = Notebook()
        self.proofs: Proofs | None = None
        self._browsers: list[Browser] = []
        self._listening: asyncio.Task[None] | None = None
        self._make()

    def _make(self) -> None:
        site = Site(self.folder, HOME, "Globex", secret=b"of the account", proofs=self.proofs)
        self.channel = WebChatChannel("main", self.settings, site)
        self.app = Starlette(routes=[Mount(MOUNT, routes=self.channel.routes())])

    async def starts(self) -> None:
        self.notebook.listening.clear()
        self._listening = asyncio.create_task(self.channel.listen(self.notebook))
        async with asyncio.timeout(10):
            await self.notebook.listening.wait()

    async def stops(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
            self._listening = None

    async def starts_again(self) -> None:
        """As after an end of the process: new objects on the same folder."""
        await self.stops()
        self._make()
        for browser in self._browsers:
            browser._app = self.app
            browser._client._transport = httpx2.ASGITransport(app=self.app)
        await self.starts()

    def browser(self, origin: str | None = HOME) -> Browser:
        browser = Browser(self.app, origin)
        self._browsers.append(browser)
        return browser

    async def visitor(self, token: str | None = None) -> Browser:
        """A browser with a session."""
        browser = self.browser()
        await browser.opens(token)
        return browser

    def token(self, sub: str = "17", **claims: Any) -> str:
        return sign(SECRET, sub, **claims)

    @property
    def inbound(self) -> list[Inbound]:
        """What the engine reads from what was accepted."""
        return [one for raw in self.notebook.kept.values() for one in self.channel.parse(raw)]

    async def answers(
        self, text: str, *, key: str, to: str | None = None, files: Sequence[File] = (),
        question: Question | None = None,
    ) -> Receipt:  # fmt: skip
        """The engine sends *text* to a conversation, by default that of the last message."""
        conversation = self.inbound[-1].conversation if to is None else to
        return await self.channel.send(
            Outbound(
                key,
                conversation,
                Address("any", "any"),
                text,
                sender_name="Ana",
                files=tuple(files),
                question=question,
            )
        )

    async def closes(self) -> None:
        await self.stops()
        for browser in self._browsers:
            await browser.close()


Opens = Callable[..., Any]


@contextlib.asynccontextmanager
async def _chats(tmp_path: Path) -> AsyncIterator[Opens]:
    chats: list[Chat] = []

    def make(proofs: Proofs | None = None, **settings: Any) -> Chat:
        given = {"secret": Secret(SECRET), "messages_per_minute": 0, **settings}
        chats.append(Chat(tmp_path, Settings(**given)))
        if proofs is not None:
            chats[-1].proofs = proofs
            chats[-1]._make()
        return chats[-1]

    yield make
    for chat in chats:
        await chat.closes()


@pytest.fixture
def chats(tmp_path: Path) -> AbstractAsyncContextManager[Opens]:
    """What makes chats, and stops them at its end, in whatever loop they are to live."""
    return _chats(tmp_path)


@pytest.fixture
async def open_chat(chats: AbstractAsyncContextManager[Opens]) -> AsyncIterator[Opens]:
    """Make a chat with settings of one's own, not listening yet."""
    async with chats as make:
        yield make


@pytest.fixture
async def chat(open_chat: Opens) -> Chat:
    """A chat that listens."""
    chat: Chat = open_chat()
    await chat.starts()
    return chat
