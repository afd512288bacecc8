"""A node that follows: what it takes in, and what it answers to whoever wants more of it.

Messages on channels that several nodes may hear are kept, acknowledged and handed over.  Everything
else is the writer's: requests for pages, the API and channels are passed on.  While nobody writes
such channels' webhooks are answered here, and all the rest with 503.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from omniroute.errors import StoreError
from omniroute.plugins import Plugins
from omniroute.runtime.clock import Clock
from omniroute.runtime.erasures import BOOK, Erased, Search, marks_in
from omniroute.runtime.follower import Follower, heard_anywhere
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.proofs import Proofs
from omniroute.runtime.spool import Spool
from omniroute.runtime.trouble import Trouble
from omniroute.server.archiving import has_been
from omniroute.server.channels import open_channels
from omniroute.server.metrics import node_figures
from omniroute.server.probes import metrics_at
from omniroute.server.relaying import Relay, Unreached
from omniroute.server.roster import FOLLOWER, NodeReport, Roster, accounts, last_loss
from omniroute.server.serving import Serving
from omniroute.server.settings import Settings
from omniroute.server.stores import open_store
from omniroute.stores.api import Unavailable
from omniroute.stores.books import open_elsewhere, read_book
from omniroute.stores.courier import NotKept
from omniroute.stores.exchange import Exchange, Shareable
from omniroute.stores.shelf import Shelf

log = logging.getLogger(__name__)

AGAIN = 2  # seconds after which to ask again
ERASING = 30.0  # seconds between two looks for people who were erased
KNOWN = 1.0  # seconds for which it is known who writes


class Following:
    """One node from the moment it follows until it writes.  `start`, then `stop`."""

    def __init__(
        self,
        settings: Settings,
        plugins: Plugins,
        exchange: Exchange,
        paths: Mapping[str, Path],
        keyed: Keyed,
        clock: Clock,
        *,
        url: str,
        sockets: tuple[socket.socket, socket.socket],
        waits: Callable[[], str] = str,
    ) -> None:
        """*sockets* listen for everybody and for the command line; they are the caller's.

        *waits* says why this node does not write, where another would have to.
        """
        self._exchange, self._url, self._since = exchange, url, clock.now()
        self._waits = waits
        with ExitStack() as opened:
            self._proofs = Proofs(paths["proofs"], keyed, clock, opener=open_elsewhere)
            opened.callback(self._proofs.close)
            channels = open_channels(
                settings, plugins.channels(), keyed, paths["channels"], url, self._proofs,
                open_elsewhere,
            )  # fmt: skip
            self._spool = Spool(paths["spool"])
            opened.pop_all()
        self._search = Search(self._spool, keyed)
        self._shelf = partial(_shelf, settings, plugins)  # opened when it is there to be opened
        self._clock, self._settings = clock, settings.server
        self._relay = Relay(keyed.derive("relay"))
        self._known: tuple[float, Mapping[str, Any] | None] = (0.0, None)
        self._trouble = Trouble(log, "which node writes cannot be said", logging.WARNING)
        self.roster = Roster(exchange, self._report)
        self._hears = accounts(filter(heard_anywhere, channels.values()))
        self._follower = Follower(self._spool, exchange, channels.values(), clock)
        self._follower.handover.keeping.before_feeding = self._forget_erased
        self._follower.handover.keeping.has_been = has_been(settings)
        mounts = {
            f"/channels/{kind}/{account}": channel.routes()
            for (kind, account), channel in channels.items()
            if heard_anywhere(channel)
        }
        public, local = sockets
        self._sites = [
            Serving(self._site(mounts), public.dup()),
            Serving(self._site({}, local=True), local.dup()),
        ]
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Take in and answer.  Raises what a channel raises in place of listening."""
        await self._follower.start()
        self._tasks.append(asyncio.create_task(self.roster.run(), name="roster"))
        self._tasks.append(asyncio.create_task(self._erase(), name="erasing"))
        for site in self._sites:
            await site.begin()

    async def stop(self) -> None:
        """Take nothing more in; what is not handed over is on the disk."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._relay.end()
        await asyncio.gather(*(site.end() for site in self._sites))
        await self._relay.close()
        await self._follower.stop()
        await self._spool.close()
        self._proofs.close()

    async def _erase(self) -> None:
        """Delete, until cancelled, what lies here of people who were erased."""
        while True:
            try:
                await self._forget_erased()
            except StoreError as error:
                log.warning("who was erased cannot be heard just now: %s", error)
            await asyncio.sleep(ERASING)

    async def _forget_erased(self) -> None:
        """Delete it now.  Raises `StoreError`."""
        if gone := await self._search.drop(await asyncio.to_thread(self._marks)):
            log.info("%d messages of people who were erased are deleted here", gone)

    def _marks(self) -> list[Erased]:
        try:
            with closing(self._shelf()) as shelf, closing(read_book(shelf, BOOK)) as book:
                return marks_in(book)
        except sqlite3.Error as error:
            raise Unavailable("", f"the book of erased people: {error}") from error

    # --- what it answers ---

    def _report(self) -> NodeReport:
        return NodeReport(
            self._spool.name,
            FOLLOWER,
            self._since,
            self._url,
            spooled=self._spool.depth,
            lost=last_loss(self._spool),
            waits=self._waits(),
            oldest=self._spool.oldest,
            hears=self._hears,
        )

    def _site(self, mounts: Mapping[str, Sequence[BaseRoute]], local: bool = False) -> Starlette:
        routes: list[BaseRoute] = [
            Route("/readyz", self._ready),
            Route("/healthz", lambda request: JSONResponse({"ok": True})),
            *(Mount(path, app=_HereToo(Router(of), self)) for path, of in mounts.items()),
        ]
        routes.append(metrics_at(self._figures, None if local else self._settings.metrics_token))
        if local:
            routes.append(Route("/api/admin/nodes", self._nodes))
            routes.append(Route("/{path:path}", self.elsewhere, methods=METHODS))
        else:
            routes.append(Route("/{path:path}", self._passed_on, methods=METHODS))
        return Starlette(routes=routes)

    async def _ready(self, request: Request) -> Response:
        """A follower is ready to take in; who looks for the writer asks for that."""
        wanted = request.query_params.get("role", FOLLOWER)
        wrong = {"disk": "see the log"} if self._spool.full() else {}
        ok = wanted == FOLLOWER and not wrong
        status = HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse({"ok": ok, "wrong": wrong, "role": FOLLOWER}, status)

    async def _nodes(self, request: Request) -> Response:
        try:
            return JSONResponse(await self.roster.nodes())
        except StoreError as error:
            return JSONResponse({"code": "unavailable", "text": str(error)}, 503)

    def _figures(self) -> bytes:
        own = self._report()
        try:
            waiting: int | None = self._exchange.waiting()
        except StoreError:
            waiting = None
        return node_figures(own, waiting, self._clock.now())

    async def _passed_on(self, request: Request) -> Response:
        """The writer's answer, or that there is none."""
        return await self.answer_of_writer(request) or await self.elsewhere(request)

    async def answer_of_writer(self, request: Request) -> Response | None:
        """The writer's answer; none where nobody was asked, and nothing was read."""
        writer = await self._writer()
        if writer is None or not writer["reach"]:
            return None
        try:
            return await self._relay.pass_on(request, writer["reach"])
        except Unreached as error:
            log.warning("not passed on: %s", error)
            self._known = (0.0, None)
            return None

    async def elsewhere(self, request: Request) -> Response:
        """Say where the writer is."""
        writer = await self._writer()
        said = "No other writes just now; one takes over within seconds."
        if writer is not None:
            said = f"The one that writes is at {writer['url']}"
        text, headers = f"This node follows. {said}", {"Retry-After": str(AGAIN)}
        status = HTTPStatus.SERVICE_UNAVAILABLE
        if request.url.path.startswith("/api/"):
            return JSONResponse({"code": "follower", "text": text}, status, headers)
        return PlainTextResponse(text + "\n", status, headers)

    async def _writer(self) -> Mapping[str, Any] | None:
        """What the node that writes says of itself, as of a second ago, if there is one."""
        now, (until, known) = time.monotonic(), self._known
        if now < until:
            return known
        try:
            nodes: Mapping[str, Any] = await self.roster.nodes()
        except StoreError as error:
            self._trouble.met(error)
            return known
        self._trouble.over()
        known = next((one for one in nodes["nodes"] if one["node"] == nodes["writer"]), None)
        self._known = (now + KNOWN, known)
        return known


def _shelf(settings: Settings, plugins: Plugins) -> Shelf:
    """What lies beside the journal, to look at.  Raises `ConfigError` or `StoreError`."""
    store = open_store(settings, plugins)
    try:
        assert isinstance(store, Shareable), "only nodes that share a store follow"
        return store.shelf()
    finally:
        store.close()


class _HereToo:
    """A channel's routes on a node that follows: the writer answers, and while nobody writes we do.

    The writer first, for it knows more: how much somebody has sent already, what was taken before.
    """

    def __init__(self, here: ASGIApp, following: Following) -> None:
        self._here, self._following = here, following

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer = await self._following.answer_of_writer(request)
        try:
            await (answer or self._here)(scope, receive, send)
        except NotKept:  # it asked for what the writer has; nothing was said yet
            await (await self._following.elsewhere(request))(scope, receive, send)


METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
