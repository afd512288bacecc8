"""Everything put together: from settings to a running server, and back in order."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import logging
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from starlette.routing import BaseRoute

from omniroute.application.accounts import Accounts
from omniroute.application.authorize import SYSTEM, Actor
from omniroute.application.bindings import Bindings
from omniroute.application.desks import DeskDoor
from omniroute.application.door import Application
from omniroute.application.enrolment import Enrolment
from omniroute.application.signin import SignIn
from omniroute.application.tokens import Tokens
from omniroute.application.views import Views
from omniroute.application.ways import means_of
from omniroute.application.webhooks import Declared, Webhooks
from omniroute.channel import Cap, Channel
from omniroute.core.effects import Present
from omniroute.core.inputs import Member
from omniroute.desk import Card, CardKind, Desk, OffersDesk, Workplace
from omniroute.errors import Refused, StoreError
from omniroute.plugins import Plugins
from omniroute.runtime.clock import Clock, SystemClock
from omniroute.runtime.erasures import Erasures
from omniroute.runtime.files import Files
from omniroute.runtime.keyed import open_key
from omniroute.runtime.node import Node, Parts, files_of
from omniroute.runtime.proofs import Proofs
from omniroute.runtime.spool import Spool
from omniroute.runtime.trimming import Trimming
from omniroute.runtime.writer import Committed
from omniroute.server import logs
from omniroute.server.archiving import (
    Archiving,
    has_been,
    keep_behind,
    make_whole,
    open_archive,
    relies_on_archive,
)
from omniroute.server.channels import isolated, open_channels
from omniroute.server.desk import DeskFiles, read_desk
from omniroute.server.leftovers import Leftovers
from omniroute.server.local import local_site
from omniroute.server.metrics import Metrics
from omniroute.server.operations import ServerOperations
from omniroute.server.outgoing import Outgoing
from omniroute.server.probes import probes
from omniroute.server.relaying import Relayed
from omniroute.server.roster import (
    WRITER,
    ArchiveReport,
    KeptReport,
    NodeReport,
    Roster,
    accounts,
    last_loss,
)
from omniroute.server.rulebook import ServerRulebook, choose, tried
from omniroute.server.serving import (
    Serving,
    address,
    listen_local,
    listen_tcp,
    reached_at,
    socket_path,
)
from omniroute.server.settings import Settings
from omniroute.server.stores import BuiltIn, open_store
from omniroute.server.watchdog import Watchdog
from omniroute.server.webhooks import Hooks, Sender
from omniroute.server.workbench import ServerWorkbench
from omniroute.stores.api import Corrupt, InDoubt, Moved
from omniroute.stores.archive import Archive, Behind
from omniroute.stores.books import OnShelf, Opener, open_file
from omniroute.stores.exchange import Shareable
from omniroute.stores.shelf import Displaced
from omniroute.web import plugin as web_desk
from omniroute.web.app import build

log = logging.getLogger(__name__)

SWITCH: Final = 0.0001
"""Seconds that a thread keeps Python from others that want it (5 ms by default).

A message is acknowledged after several hand-overs between the event loop and the spool, and SQLite
gives Python away with every statement: each time the writer would keep it for so long.
"""
VIEWS: Final = 5.0  # seconds that a start waits for them
STOP: Final = 10.0  # seconds that a stop may take (reliability.md F13)


class Server:
    """One server on one database.  `start`, then `wait`, then `stop`."""

    def __init__(
        self,
        settings: Settings,
        *,
        demo: bool = False,
        clock: Clock | None = None,
        mounts: Mapping[str, Sequence[BaseRoute]] | None = None,
        plugins: Plugins | None = None,
        sockets: tuple[socket.socket, socket.socket] | None = None,
    ) -> None:
        """Read and open everything.  Raises `ConfigError`, `PluginError` or `StoreError`.

        *mounts* are further routes by their path; in a *demo* anyone may act as any agent.
        *plugins* are those installed unless given; *sockets* listen for everybody and for the
        command line, and stay open afterwards.
        """
        self.settings, self._demo, self._more = settings, demo, dict(mounts or {})
        self.clock = clock or SystemClock()
        database = settings.store.path.resolve()
        self.paths = files_of(database)
        self.desk_files = read_desk(settings.rules.folder)
        plugins = plugins or load_plugins(settings.plugins.blocked)
        self._archive: Archive | None = None
        self._trimming: Trimming | None = None
        with ExitStack() as opened:  # closed again if anything that follows fails
            # First, so that a second server on a database hears who has it, not of a taken port.
            self.store = self._alone = open_store(settings, plugins)
            opened.callback(self.store.close)
            self._exchange = self._alone.exchange() if isinstance(self._alone, Shareable) else None
            if self._exchange is not None:
                opened.callback(self._exchange.close)
            if (archive := open_archive(settings)) is not None:
                self._archive = archive
                opened.callback(archive.close)
                if make_whole(self.store, archive) or relies_on_archive(self.store):
                    hours = settings.store.keep_closed_hours
                    kept = keep_behind(self.store, archive, self.clock, hours)
                    self.store, self._trimming = kept
                opened.callback(self.store.close)
                if self._trimming is not None:
                    opened.callback(self._trimming.close)
            self._books = self._open_books(database)
            if self._books is not None:
                opened.callback(self._books.close)
            opener = self._opener = self._books.open if self._books is not None else open_file
            self._owns_socket = sockets is None
            if sockets is None:
                self._local = listen_local(socket_path(database))
                opened.callback(socket_path(database).unlink, missing_ok=True)
                opened.callback(self._local.close)
                self._listening = listen_tcp(settings.server.host, settings.server.port)
            else:
                self._listening, self._local = (each.dup() for each in sockets)
                opened.callback(self._local.close)
            opened.callback(self._listening.close)
            self._accounts = Accounts(self.paths["accounts"], self._on_team, opener=opener)
            opened.callback(self._accounts.close)
            self.tokens = Tokens(self.paths["tokens"], self._actor, self.clock.now, opener)
            opened.callback(self.tokens.close)
            self.bindings = Bindings(self.paths["bindings"], self._on_team, self.clock.now, opener)
            opened.callback(self.bindings.close)
            self.keyed = open_key(self.paths["key"])
            self.proofs = Proofs(self.paths["proofs"], self.keyed, self.clock, opener=opener)
            opened.callback(self.proofs.close)
            self.erasures = self._open_erasures(opened)
            parts = self._parts(plugins)
            opened.callback(parts.spool.abandon)
            self.node = self._node(parts, database)
            opened.callback(self.node.reader.close)
            self._put_together(parts, opener)
            opened.pop_all()

    def _node(self, parts: Parts, database: Path) -> Node:
        try:
            return Node(
                parts,
                card=self._card,
                names=lambda agent: self.application.directory.name(agent),
                on_commit=self._committed,
                on_trouble=self._trouble,
            )
        except Corrupt as error:
            if error.place.startswith("row "):
                error = Corrupt(f"{database}: {error.place}", error.fault, error.fix)
            raise error from None

    def _put_together(self, parts: Parts, opener: Opener) -> None:
        """What stands around the node."""
        self.archiving = None
        if self._archive is not None:
            archiving = self.archiving = Archiving(self._archive, self._alone.reader(), self._lost)
            if self.node.keeping is not None:
                self.node.keeping.archived = lambda: archiving.head
                self.node.keeping.has_been = has_been(self.settings)
        self.proofs.channels, self.proofs.inbox = parts.channels, self.node.inbox
        self.proofs.names, self.proofs.is_shared = self.node.names, self.node.shared.has
        self._readers = tuple(self.store.reader() for _ in range(4))
        self.desk_files = choose(self._readers[0], self.desk_files)
        self.application = Application(
            self.node.inbox,
            Views(self.paths["views"], self._readers[0]),
            self._readers[1],
            parts.files,
            self.clock.now,
            self.desk_files.directory(),
            undo=int(self.settings.replies.undo_seconds * 1000),
        )
        caps = {kind: channel.caps for (kind, _), channel in parts.channels.items()}
        self.application.on_seen = self.node.outbox.whereabouts.seen
        self.application.on_writing = self.node.signs.agent
        self.node.signs.on_customer = self.application.customer_writes
        self.application.caps = lambda kind: caps.get(kind, Cap.NONE)
        self.accounts = SignIn(self._accounts, self.application, self.clock.now, self.tokens)
        self.enrolment = Enrolment(
            self.bindings,
            {name: desk for name, desk in parts.desks.items() if isinstance(desk, Workplace)},
            self._team_changed,
        )
        self.webhooks = Webhooks(
            self.paths["webhooks"], self._readers[3], self.keyed.derive, self.clock.now, opener
        )
        self.webhooks.declare(
            {
                name: Declared(hook.url, hook.secret.reveal(), tuple(hook.events), hook.personal)
                for name, hook in self.settings.webhooks.items()
            }
        )
        self._outgoing = Outgoing(self.settings.server.private_hosts)
        self._sender = Sender(self.webhooks, self._outgoing, self._readers[3], self.clock.now)
        self._sending: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.failed: asyncio.Future[StoreError] = self._loop.create_future()
        self.rulebook = ServerRulebook(
            self.node,
            self.application,
            self.settings.rules.folder,
            lambda: self.desk_files,
            self._reloaded,
            self._team_of,
        )
        self.workbench = ServerWorkbench(
            self._readers[2], self.application, self.settings.rules.folder, lambda: self.desk_files
        )
        self.metrics = Metrics(self.application.reading, self.clock.now, self._archived)
        self.watchdog = Watchdog()
        self.roster = Roster(self._exchange, self._report)
        self._since, self._head = self.clock.now(), 0
        self._reporting: asyncio.Task[None] | None = None
        self._begun = False
        self._sites = self._build_sites()

    @property
    def url(self) -> str:
        """The address browsers use."""
        return self.settings.server.public_url or address(self._listening)

    @property
    def reach(self) -> str:
        """The address other nodes use."""
        return self.settings.server.node_url or reached_at(self._listening)

    async def start(self) -> None:
        """Take up what the last run left, and serve; *failed* is set if it must not go on."""
        sys.setswitchinterval(SWITCH)
        self.watchdog.start()
        self.application.start()
        desk = self.desk_files
        team = self._team_of(desk)
        on_trial = tried(self._readers[0], self.node.state.trial)
        await self._leftovers.catch_up()  # before a loss has any of it fed in again
        await self._fill_views()  # cards of the last run are shown as soon as the node starts
        await self.node.start(desk.rules, desk.sources, team, on_trial)
        await self.node.open_desks(
            lambda kind: DeskDoor(
                self.application, hold=self._hold(kind), desk=kind, bindings=self.bindings
            )
        )
        await self._fill_views()
        await asyncio.to_thread(self.metrics.remember)
        if self.archiving is not None:
            self.archiving.start()
        self._sending = asyncio.create_task(self._sender.run(), name="webhooks")
        for site in self._sites:
            await site.begin()
        self._since = self.clock.now()
        self._begun = True
        self._reporting = asyncio.create_task(self.roster.run(), name="roster")
        gc.freeze()  # what is loaded by now stays: to walk it in search of garbage takes 0.1 s

    def unready(self) -> dict[str, str]:
        """What keeps this server from its work, by its part; empty when it is ready."""
        wrong: dict[str, str] = {}
        if not self._begun:
            wrong["start"] = "it is starting"
        if self._closing.is_set():
            wrong["stop"] = "it is stopping"
        if self.failed.done():
            wrong["store"] = str(self.failed.result())
        if full := self.node.parts.spool.full():
            wrong["disk"] = full
        if not self.application.projector.following:
            wrong["views"] = "pages and lists are not kept up to date; see the log"
        return wrong

    def _losses(self) -> int:
        """How often the store has forgotten something lately."""
        return len(self.node.parts.spool.losses)

    def _report(self) -> NodeReport:
        node, tenure = self.node, self.node.state.tenure
        spool = node.parts.spool
        return NodeReport(
            spool.name, WRITER, self._since, self.url, spool.depth, node.outbox.depth,
            tenure.term, self._head, self._archived(), self.reach, last_loss(spool),
            oldest=spool.oldest, hears=accounts(node.parts.channels.values()),
        )  # fmt: skip

    def _archived(self) -> ArchiveReport | None:
        """How far the archive is, if there is one."""
        if self.archiving is None:
            return None
        at, fault = self.archiving.status
        kept = self._trimming.kept if self._trimming is not None else None
        return ArchiveReport(at, max(self._head - at, 0), fault, kept and KeptReport(*kept))

    async def _fill_views(self) -> None:
        """Have the first page show what is so; views that must be made anew may take longer."""
        try:
            async with asyncio.timeout(VIEWS):
                await self.application.projector.at_least(self.node.reader.head()[0])
        except TimeoutError:
            log.warning("pages and lists are incomplete until the views have caught up")

    async def stop(self) -> None:
        """Stop taking in, decide what was acknowledged, close; what is left waits on disk."""
        gc.unfreeze()
        self._closing.set()
        try:
            async with asyncio.timeout(STOP):
                if self._reporting is not None:
                    self._reporting.cancel()
                    await asyncio.gather(self._reporting, return_exceptions=True)
                await self.node.stop_listening()  # ends the chats' streams, which sites wait for
                await asyncio.gather(*(site.end() for site in self._sites))
                await self.node.stop()
        finally:
            self.watchdog.stop()
            await self.workbench.close()
            if self._sending is not None:
                self._sending.cancel()
                await asyncio.gather(self._sending, return_exceptions=True)
            await self._outgoing.close()
            self.webhooks.close()
            if self.archiving is not None:
                await asyncio.to_thread(self.archiving.stop)
            await self.application.stop()
            for reader in self._readers:
                reader.close()
            self._accounts.close()
            self.tokens.close()
            self.proofs.close()
            if self.erasures is not None:
                self.erasures.close()
            self.bindings.close()
            if self._owns_socket:
                socket_path(self.settings.store.path).unlink(missing_ok=True)  # while it is ours
            await self.node.close()
            if self._books is not None:
                await asyncio.to_thread(self._books.close)
            if self._exchange is not None:
                self._exchange.close()

    # --- putting together ---

    def _open_erasures(self, opened: ExitStack) -> Erasures | None:
        """For nodes that follow, where there may be some."""
        if self._books is None:
            return None
        book = self._books.open(self.paths["erased"])
        opened.callback(book.close)
        return Erasures(book, self.keyed, self.clock)

    def _open_books(self, database: Path) -> OnShelf | None:
        """What lies beside the journal, where that moves with the writer."""
        if not isinstance(self._alone, Shareable):
            return None
        loop = asyncio.get_running_loop()

        def displaced(error: StoreError) -> None:
            loop.call_soon_threadsafe(self._trouble, error)

        return OnShelf(self._alone.shelf(), database, displaced)

    def _parts(self, plugins: Plugins) -> Parts:
        files, keyed = Files(self.paths["files"]), self.keyed
        channels = open_channels(
            self.settings, plugins.channels(), keyed, self.paths["channels"], self.url, self.proofs,
            self._opener,
        )  # fmt: skip
        workplaces, parsers = (
            _workplaces(channels),
            isolated(self.settings, plugins, keyed, self.url),
        )
        desks: dict[str, Desk] = {kind: desk() for kind, desk in plugins.desks().items()}
        for (kind, account), workplace in workplaces.items():
            # An agent's desk is “telegram”; where there are several accounts, the others by name.
            desks[account if kind in desks else kind] = workplace
        return Parts(
            self.store,
            Spool(self.paths["spool"]),
            files,
            keyed,
            plugins,
            channels,
            desks,
            workplaces,
            self.clock,
            shared=self.settings.identity.shared,
            exchange=self._exchange,
            parsers=parsers,
            trimming=self._trimming,
        )

    def _build_sites(self) -> list[Serving]:
        leftovers = self._leftovers = Leftovers(self.node, self.proofs, self.erasures)
        self.application.customers.remains = leftovers
        self.application.customers.at_desks = leftovers.forget_threads
        self.application.customers.on_shared = self.node.shared.declare
        self.application.ways.means = means_of(self.node.parts.channels)
        self.application.ways.conversations.handle = self.node.parts.keyed.handle
        self.application.importing.handle = self.node.parts.keyed.handle
        self.application.importing.realm = self.node.parts.keyed.realm
        operations = ServerOperations(
            self.node, self.application, self.store, self.rulebook, self.workbench,
            self.enrolment, self.tokens, Hooks(self.webhooks, self._sender, self.clock.now),
        )  # fmt: skip
        web = self.settings.server
        public = build(
            self.application,
            self.accounts,
            self._mounts(),
            organisation=web.organisation,
            public_url=self.url,
            clock=self.clock.now,
            demo=self._demo,
            operations=operations,
            closing=self._closing,
            probes=probes(self.unready, self.metrics, web.metrics_token, self._losses),
        )
        local = build(
            self.application,
            self.accounts,
            {},
            organisation=web.organisation,
            public_url=self.url,
            clock=self.clock.now,
            local=True,
            operations=operations,
            closing=self._closing,
        )
        mine = local_site(
            local,
            operations,
            self.application,
            self.accounts,
            self.enrolment,
            self.url,
            probes(self.unready, self.metrics, None, self._losses),
            self.roster.nodes,
        )
        everybody = Relayed(public, self.keyed.derive("relay"))
        return [Serving(everybody, self._listening), Serving(mine, self._local)]

    def _mounts(self) -> dict[str, Sequence[BaseRoute]]:
        parts = self.node.parts
        mounts: dict[str, Sequence[BaseRoute]] = {
            **self._more,
        }
        for (kind, account), channel in parts.channels.items():
            mounts[f"/channels/{kind}/{account}"] = channel.routes()
        mounts.update({f"/desks/{kind}": desk.routes() for kind, desk in parts.desks.items()})
        return mounts

    # --- what happens ---

    def _committed(self, committed: Committed) -> None:
        self._head = committed.head[0]
        self.metrics.committed(committed)
        if self.settings.server.log_events:
            logs.tell(committed)
        self.application.wake()
        self._sender.wake()
        if self.archiving is not None:
            self.archiving.wake()

    def _trouble(self, error: StoreError) -> None:
        """A full disk may be emptied; where nobody knows what is on it, we must not go on."""
        log.critical("the store fails: %s", error)
        if isinstance(error, InDoubt | Moved | Displaced | Behind) and not self.failed.done():
            self.failed.set_result(error)

    def _lost(self, error: StoreError) -> None:
        """The store has lost records: nothing may be decided on what is left of them."""
        self._loop.call_soon_threadsafe(self._trouble, error)

    def _reloaded(self, desk: DeskFiles) -> None:
        self.desk_files = desk
        self.application.directory = desk.directory()

    def _on_team(self, agent: str) -> bool:
        known = any(person.id == agent for person in self.desk_files.people)
        return known and agent not in self.bindings.inactive

    async def _actor(self, agent: str) -> Actor:
        """An agent as an actor.  Raises `Refused` for who is let in nowhere."""
        if not self._on_team(agent):
            raise Refused("no_such_agent", f"Nobody on the team is called {agent}.")
        return await self.application.actor(agent)

    def _team_of(self, desk: DeskFiles) -> tuple[Member, ...]:
        """Who works here: the team file's people, less those who were deactivated."""
        gone = self.bindings.inactive
        return tuple(m for m in desk.team_at(self.node.parts.desks) if m.id not in gone)

    async def _team_changed(self) -> None:
        await self.node.load_team(self._team_of(self.desk_files))
        await self.application.up_to_date()

    def _hold(self, desk: str) -> int | None:
        """How long (ms) an answer can be taken back at *desk*, where that is longer than elsewhere;
        not so where none is held.
        """
        undo = self.settings.replies.undo_seconds
        least = float(getattr(self.node.parts.desks[desk], "holds", 0.0))
        return int(least * 1000) if 0 < undo < least else None

    async def _card(self, effect: Present) -> Card:
        await self.application.up_to_date()
        lines = await self.application.query.card(SYSTEM, effect.thread, effect.agent)
        return Card(
            effect.id,
            effect.agent,
            CardKind(effect.kind),
            effect.thread,
            effect.version,
            effect.offer,
            effect.until,
            lines,
            effect.reason,
        )


def _workplaces(
    channels: Mapping[tuple[str, str], Channel],
) -> dict[tuple[str, str], Workplace]:
    """The desks that channel accounts bring along."""
    found: dict[tuple[str, str], Workplace] = {}
    for (kind, account), channel in channels.items():
        brings: object = channel
        if Cap.AGENT_DESK not in channel.caps or not isinstance(brings, OffersDesk):
            continue
        if (desk := brings.desk()) is not None:
            found[kind, account] = desk
    return found


def load_plugins(blocked: Sequence[str] = ()) -> Plugins:
    """What is installed, and what is our own, which comes in by the same hooks."""
    plugins = Plugins()
    plugins.register(web_desk, "web")
    plugins.register(BuiltIn(), "stores")
    if "lang" not in blocked and importlib.util.find_spec("gcld3") is not None:
        plugins.register(importlib.import_module("omniroute.language"), "lang")
    plugins.load_installed(blocked)
    return plugins
