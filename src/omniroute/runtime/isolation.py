"""Reading in a process of its own: what a message does to its reader, it does to that alone.

A `Child` is started with the first message and reads one at a time, with a bound on memory and time
that the system keeps (`omniroute.runtime.reading_child`).  Under a message that kills a fresh child
reading ends: it becomes a dead letter.  One under which an older child dies is tried once more in a
fresh one, as what others left behind may have been the cause.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from typing import Final, Protocol, TypeAlias

import msgspec

from omniroute.channel import Inbound, Undelivered
from omniroute.errors import OmniRouteError
from omniroute.stores.api import Unavailable

Said: TypeAlias = Sequence[Inbound | Undelivered]

MODULE: Final = "omniroute.runtime.reading_child"
LENGTH: Final = 4  # bytes before each frame that say how long it is
SECONDS: Final = 10  # of the processor for one message, after which the system ends the child
PATIENCE: Final = 60.0  # seconds for an answer, however busy the machine is
START: Final = 60.0  # seconds for a child to start
USED_UP: Final = 1000  # messages after which another child takes over: what it leaked is gone
MEMORY: Final = 256 * 1024 * 1024  # bytes that a child may take on top of what it starts with


class Parser(Protocol):
    """Reads raw messages of one account elsewhere."""

    async def parse(self, raw: bytes) -> Said:
        """As the channel's `parse`.  Raises `Unreadable`, or `StoreError` if it is to wait."""

    async def close(self) -> None:
        """Let the process go; closing twice is harmless."""


class Opening(msgspec.Struct, frozen=True):
    """What a child needs to know to open its account."""

    kind: str
    account: str
    table: bytes  # of the settings, as JSON
    secret: bytes
    url: str
    module: str = ""  # where its class stands, and by which name
    name: str = ""
    paths: tuple[str, ...] = ()  # of plugins that are not installed
    seconds: int = SECONDS
    memory: int = MEMORY


class Read(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a child answers."""

    inbounds: tuple[Inbound, ...] = ()
    reports: tuple[Undelivered, ...] = ()
    fault: str = ""


class Unreadable(OmniRouteError):
    """A message that its reader could not read, or did not survive."""


class Child:
    """The process of one account."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._read = 0  # messages, by the present process

    async def parse(self, raw: bytes) -> Said:
        """See `Parser`."""
        async with self._turn:
            if self._read >= USED_UP:
                await self._end()
            if self._process is not None:
                try:
                    return await self._ask(raw)
                except _Died:
                    pass  # perhaps of what it had read before
            await self._start()
            try:
                return await self._ask(raw)
            except _Died as died:
                raise Unreadable(f"whoever reads it dies of it: {died}") from None

    async def close(self) -> None:
        """See `Parser`."""
        async with self._turn:
            await self._end()

    async def _start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", MODULE),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # whoever stops us by Ctrl+C is not heard by it
        )
        self._read = 0
        where = f"{self._opening.kind} “{self._opening.account}”"
        try:
            said = await self._exchange(msgspec.msgpack.encode(self._opening), START)
        except _Died as died:
            fix = "see above in the log"
            raise Unavailable(where, f"its reader does not start: {died}", fix) from None
        if said.fault:
            await self._end()
            raise Unavailable(where, f"its reader does not start: {said.fault}")

    async def _ask(self, raw: bytes) -> Said:
        self._read += 1
        read = await self._exchange(raw, PATIENCE)
        if read.fault:
            raise Unreadable(read.fault)
        return [*read.inbounds, *read.reports]

    async def _exchange(self, frame: bytes, patience: float) -> Read:
        """Hand a frame over and take its answer.  Raises `_Died`, and no process is left then."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            async with asyncio.timeout(patience):
                process.stdin.write(len(frame).to_bytes(LENGTH, "big") + frame)
                await process.stdin.drain()
                size = int.from_bytes(await process.stdout.readexactly(LENGTH), "big")
                return msgspec.msgpack.decode(await process.stdout.readexactly(size), type=Read)
        except (asyncio.IncompleteReadError, OSError, msgspec.DecodeError, TimeoutError) as error:
            code = await self._end()
            raise _Died(_cause(code, self._opening, error)) from None
        except BaseException:
            await self._end()  # its answer would be taken for that of the next message
            raise

    async def _end(self) -> int:
        """Let the process go, however it is; how it ended."""
        process, self._process = self._process, None
        if process is None:
            return 0
        assert process.stdin is not None
        process.stdin.close()
        if process.returncode is None:
            try:
                async with asyncio.timeout(1.0):
                    await process.wait()  # the end of its input is the end of its work
            except TimeoutError:
                process.kill()
        return await process.wait()


class _Died(Exception):
    """The process is no more; the text says of what."""


OUT_OF_MEMORY: Final = 70
"""With which a child ends that was given no more memory."""


def _cause(code: int, opening: Opening, error: Exception) -> str:
    if code == OUT_OF_MEMORY:
        return f"it took more than {opening.memory >> 20} MB"
    if code == -signal.SIGPROF:
        return f"it took more than {opening.seconds} s of the processor"
    if isinstance(error, TimeoutError):
        return f"it has not answered in {PATIENCE:.0f} s"
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"it ended with {code} ({type(error).__name__})"
