"""A real server with the village, and a real browser in front of it."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)
from starlette.types import ASGIApp
from tests.web.people import village
from tests.web.site import Workshop
from tests.web.village import Doorman, Village

from omniroute.server.serving import Serving, listen_tcp
from omniroute.web.app import build

ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"),
]


expect.set_options(timeout=15_000)  # a busy machine is slow, not wrong


def now() -> int:
    return int(time.time() * 1000)


class Served:
    """The site on a port of the loopback, in a thread of its own."""

    def __init__(self) -> None:
        listening = listen_tcp("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.village: Village = village(now)
        self.doorman = Doorman(self.village)
        self.closing = asyncio.Event()
        app = build(
            self.village, self.doorman, {},
            organisation="Radhaus", public_url=self.url, clock=now, demo=True,
            operations=Workshop(), closing=self.closing,
        )  # fmt: skip
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve(app, listening)))
        self.loop: asyncio.AbstractEventLoop | None = None
        self.thread.start()

    async def _serve(self, app: ASGIApp, listening: socket.socket) -> None:
        self.loop = asyncio.get_running_loop()
        serving = Serving(app, listening)
        await serving.begin()
        await self.closing.wait()
        await serving.end()

    def call(self, act: Callable[..., Any], *arguments: Any) -> None:
        """Do something in the server's thread, as its own code would; returns when it is done."""
        done = threading.Event()

        def do() -> None:
            act(*arguments)
            done.set()

        assert self.loop is not None
        self.loop.call_soon_threadsafe(do)
        assert done.wait(5)

    def stop(self) -> None:
        """Stop as `omniroute serve` does: first the streams, then the server."""
        self.call(self.closing.set)
        self.thread.join(30)
        assert not self.thread.is_alive(), "the server does not stop"


@pytest.fixture
def served() -> Iterator[Served]:
    site = Served()
    yield site
    if site.thread.is_alive():
        site.stop()


# A browser lives as long as a module: its loop would be in the way of tests that are coroutines.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(
        viewport={"width": 1280, "height": 800}, timezone_id="Europe/Berlin", locale="en-GB"
    )
    made.set_default_timeout(20_000)
    yield made
    made.close()


EXPECTED = re.compile(r"status of 4\d\d|net::ERR_(FAILED|CONNECTION|INCOMPLETE)|Failed to fetch")
"""Answers and failures that a test provokes; browsers note them as errors."""


@pytest.fixture
def page(context: BrowserContext, served: Served) -> Iterator[Page]:
    """A page on which Ana has signed in; anything the browser complains about fails the test."""
    opened = context.new_page()
    complaints = listen(opened)
    sign_in(opened, served)
    yield opened
    assert complaints == []


def listen(page: Page) -> list[str]:
    """What the browser complains about from now on: faults of scripts, breaches of the policy."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def sign_in(page: Page, served: Served, agent: str = "ana") -> None:
    """Come in, by a session that is there already, and look at the board."""
    served.doorman.sessions[f"session-of-{agent}"] = agent
    page.context.add_cookies(
        [{"name": "omniroute", "value": f"session-of-{agent}", "url": served.url}]
    )
    page.goto(served.url)
