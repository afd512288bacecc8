"""A process on a store that several share: it follows until the lease is its own, then it writes.

Both sockets are its own from the start to the end of the process, and listen from the moment when
it first answers: until then whoever connects is refused, and goes to another machine; later, while
it changes from one to the other, they wait a moment.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, closing

from omniroute.errors import ConfigError
from omniroute.plugins import Plugins
from omniroute.runtime import vocabulary
from omniroute.runtime.clock import SystemClock
from omniroute.runtime.keyed import Keyed, open_key
from omniroute.runtime.lease import Lease, take_turns
from omniroute.runtime.node import files_of
from omniroute.runtime.spool_file import SpoolFile
from omniroute.server.composition import Server
from omniroute.server.following import Following
from omniroute.server.serving import address, listen_local, listen_tcp, socket_path
from omniroute.server.settings import Settings
from omniroute.server.stores import open_store
from omniroute.server.turns import Turns
from omniroute.stores.exchange import Exchange, Shareable

log = logging.getLogger(__name__)


def open_exchange(settings: Settings, plugins: Plugins) -> Exchange | None:
    """The exchange of the store that the settings name; none where one process has it alone.

    Raises `ConfigError` or `StoreError`.
    """
    if not settings.store.url.reveal():
        return None  # SQLite, which a second process must find locked
    store = open_store(settings, plugins)
    try:
        return store.exchange() if isinstance(store, Shareable) else None
    finally:
        store.close()


class Member:
    """This process among those on the store."""

    def __init__(self, settings: Settings, plugins: Plugins, exchange: Exchange) -> None:
        """Open what it keeps whatever it is.  Raises `ConfigError` or `StoreError`."""
        self._settings, self._plugins, self._exchange = settings, plugins, exchange
        self._database = settings.store.path.resolve()
        self._paths = files_of(self._database)
        self._clock = SystemClock()
        spool = SpoolFile(self._paths["spool"])
        self._name = spool.name
        spool.close()
        self._keyed = self._common_key()
        with closing(open_store(settings, plugins)) as store:
            self._reader = store.reader()
        with ExitStack() as opened:
            opened.callback(self._reader.close)
            self._local = listen_local(socket_path(self._database))
            opened.callback(self._local.close)
            self._listening = listen_tcp(settings.server.host, settings.server.port)
            opened.pop_all()
        self.url = settings.server.public_url or address(self._listening)

    @property
    def sockets(self) -> tuple[socket.socket, socket.socket]:
        """For everybody, and for the command line."""
        return self._listening, self._local

    async def run(self, say: Callable[[str], None]) -> None:
        """Follow and write in turns, until cancelled; *say* tells the user what it is at first.

        Later changes are in the log.
        """
        turns = Turns(self._name, self._written, self._exchange.reports)
        lease = Lease(self._exchange, self._name, may=turns.mine)
        self._said = False

        def tell(role: str) -> None:
            if not self._said:
                self._said = True
                say(f"OmniRoute serves {self.url}{role}  (stop with Ctrl+C)")
            log.info("serves %s%s", self.url, role or " as the writer")

        @asynccontextmanager
        async def follow() -> AsyncIterator[None]:
            node = Following(
                self._settings, self._plugins, self._exchange, self._paths, self._keyed,
                self._clock, url=self.url, sockets=self.sockets, waits=lambda: turns.waits,
            )  # fmt: skip
            try:
                await node.start()
                tell(" as a follower")
                yield
            finally:
                await node.stop()

        @asynccontextmanager
        async def write() -> AsyncIterator[asyncio.Event]:
            server = Server(self._settings, plugins=self._plugins, sockets=self.sockets)
            try:
                over = asyncio.Event()
                server.failed.add_done_callback(lambda failed: over.set())
                await server.start()
                tell("")
                yield over
            finally:
                try:
                    await server.stop()
                except TimeoutError:
                    log.warning("something has not ended in time; what it held is closed")

        try:
            await take_turns(lease, follow, write)
        finally:
            self._close()

    def _written(self) -> bytes | None:
        """What the newest writer has left for other versions."""
        return self._reader.get([vocabulary.ROW]).get(vocabulary.ROW)

    def _close(self) -> None:
        for each in self.sockets:
            each.close()
        socket_path(self._database).unlink(missing_ok=True)
        self._reader.close()
        self._exchange.close()

    def _common_key(self) -> Keyed:
        """The key by which handles get their names, which must be the same on all nodes."""
        path = self._paths["key"]
        is_new = not path.exists()
        keyed = open_key(path)
        own = keyed.derive("nodes")[:16]
        if self._exchange.agree("key", own) != own:
            if is_new:
                path.unlink()
            fix = "copy the file from one of the others"
            raise ConfigError(str(path), "is not the key of the other nodes on this store", fix)
        return keyed
