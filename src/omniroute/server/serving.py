"""HTTP served inside our loop: a site for browsers, another on a local socket for the terminal."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp

from omniroute.errors import ConfigError
from omniroute.listening import take_nobody_more
from omniroute.server.bounded import Bounded

LONGEST_SOCKET_PATH: Final = 100  # bytes; the system allows a few more (unix(7))
TICK: Final = 1  # second, by which the date in answers moves on
GRACE: Final = 5  # seconds that open requests get at a stop


class Whole:
    """A transport that sends the head of an answer with its first bytes, or else at once.

    uvicorn writes the two one after the other, which costs the system, and whoever reads the
    answer, twice the work.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport, self._held = transport, b""
        self._loop = asyncio.get_running_loop()

    def write(self, data: bytes) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held + data)
        else:
            self._held = data
            self._loop.call_soon(self._send)

    def close(self) -> None:
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Answering(Bounded):
    """uvicorn's protocol within bounds, whose answers go out in one piece."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Whole(transport))  # type: ignore[arg-type]


class Serving(uvicorn.Server):
    """One listening socket; signals are somebody else's business."""

    def __init__(self, app: ASGIApp, listening: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Answering,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE,
            )
        )
        self._listening = listening
        self._up, self._ending = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's signal handlers alone."""
        yield

    async def begin(self) -> None:
        """Serve from now on."""
        self._task = asyncio.create_task(self.serve(sockets=[self._listening]), name="http")
        up = asyncio.create_task(self._up.wait())
        await asyncio.wait({up, self._task}, return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        if self._task.done():
            await self._task

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, and say so."""
        await super().startup(sockets)
        self._up.set()

    async def main_loop(self) -> None:
        """As uvicorn's, which looks ten times a second whether to end; here it is told."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), TICK)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, which would wait for whoever was just coming in."""
        await take_nobody_more(self.servers)
        await super().shutdown(sockets)

    async def end(self) -> None:
        """Answer what is open, then stop."""
        self.should_exit = True
        self._ending.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        self._listening.close()


def listen_tcp(host: str, port: int) -> socket.socket:
    """A bound socket.  Raises `ConfigError` naming the setting when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # TCP is named, since asyncio turns off Nagle's delay (40 ms an answer) only where it is.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise _cannot_listen(error, host, port) from None
    listening.setblocking(False)
    return listening


def address(listening: socket.socket) -> str:
    """The address at which browsers of the same network find a socket."""
    host, port = listening.getsockname()[:2]
    return url_of(host, port)


def url_of(host: str, port: int) -> str:
    """The address of what is served at *host* and *port*."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def reached_at(listening: socket.socket) -> str:
    """The address at which other machines find a socket, as far as can be told here."""
    host, port = listening.getsockname()[:2]
    if host not in ("0.0.0.0", "::"):  # noqa: S104 - looked for, not bound
        return address(listening)
    return f"http://{socket.gethostname()}:{port}"


def _cannot_listen(error: OSError, host: str, port: int) -> ConfigError:
    if error.errno == errno.EADDRINUSE:
        fix = "stop what holds it, or set another (0 takes any free one)"
        return ConfigError("server.port", f"port {port} is in use", fix)
    if error.errno in (errno.EACCES, errno.EPERM):
        fix = "take one above 1023, and have a proxy forward to it"
        return ConfigError("server.port", f"port {port} is not for us to open", fix)
    fix = "name an address of this machine, such as 127.0.0.1 or 0.0.0.0"
    return ConfigError("server.host", f"cannot serve on {host}: {error.strerror or error}", fix)


def socket_path(database: Path) -> Path:
    """Where a server on *database* listens for the command line of the same machine."""
    beside = database.resolve().with_suffix(".sock")
    if len(os.fsencode(beside)) <= LONGEST_SOCKET_PATH:
        return beside
    named = hashlib.blake2b(os.fsencode(beside), digest_size=8).hexdigest()
    return Path(tempfile.gettempdir()) / f"omniroute-{os.getuid()}-{named}.sock"


def listen_local(path: Path) -> socket.socket:
    """A socket that only its owner can open.  The caller holds the database's lock."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        path.unlink(missing_ok=True)  # left by a process that was killed: we hold the lock now
        listening.bind(str(path))
    except OSError as error:
        listening.close()
        raise ConfigError(str(path), f"cannot listen there: {error.strerror}") from None
    finally:
        os.umask(mask)
    listening.setblocking(False)
    return listening
