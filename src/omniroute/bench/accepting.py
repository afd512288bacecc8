"""What SMTP and webhook rows have in common: a server here, a client in a process of its own.

Ours and the floor are served side by side on one event loop, and the client turns to the one and
then to the other.  In the *busy* rows an inbox decides a stream of messages in the same process
all the while, beside the floor no less than beside ours.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from omniroute.bench.clients import Job, Outcome
from omniroute.bench.desk import opened
from omniroute.bench.progress import Progress
from omniroute.bench.rounds import in_turn
from omniroute.bench.rows import Row, Scale
from omniroute.channel import Channel, Site
from omniroute.errors import ConfigError, OmniRouteError
from omniroute.plugins import Plugins
from omniroute.runtime.clock import SystemClock
from omniroute.runtime.reading import ChannelIntake
from omniroute.runtime.spool import Spool
from omniroute.settings import section

UNIT: Final = "messages/s"
SIZE: Final = 2_000  # bytes of a mail; of a chat's message a quarter


class Client:
    """The process that sends."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def rate(self, job: Job) -> float:
        """Messages a second.  Raises `OmniRouteError` if one was not taken."""
        outcome = await self.perform(job)
        return outcome.taken / outcome.seconds

    async def perform(self, job: Job) -> Outcome:
        """How it went.  Raises `OmniRouteError` if one was not taken."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(job) + b"\n")
        outcome = msgspec.json.decode(await self._process.stdout.readline(), type=Outcome)
        if outcome.fault:
            raise OmniRouteError(f"a message was not taken: {outcome.fault}")
        return outcome


@asynccontextmanager
async def client() -> AsyncIterator[Client]:
    """A client, until the block is left."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "omniroute.bench.clients"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Client(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def measure(
    name: str, scale: Scale, folder: Path, ours: Job, floor: Job, progress: Progress
) -> Row:
    """One row; its name says whether the inbox, on a store in *folder*, is busy."""
    async with AsyncExitStack() as stack:
        if name.endswith(".busy"):
            desk = await stack.enter_async_context(opened(folder))
            await stack.enter_async_context(desk.busy(scale.stream))
        sender = await stack.enter_async_context(client())
        for job in (ours, floor):  # the first connections of a process are slower
            await sender.rate(replace(job, seconds=0.0))
        return await in_turn(
            name,
            UNIT,
            scale.rounds,
            lambda: sender.rate(ours),
            lambda: sender.rate(floor),
            progress,
        )


def channel(kind: str, config: dict[str, Any], folder: Path) -> Channel:
    """An account of an installed channel.  Raises `ConfigError` if there is none of that kind."""
    plugins = Plugins()
    plugins.load_installed()
    offered = plugins.channels()
    if kind not in offered:
        fix = f"pip install omniroute-{kind}"
        raise ConfigError(f"bench: {kind}", "the channel is not installed", fix)
    folder.mkdir()
    cls: Any = offered[kind]
    settings = section(config, cls.Config, "channels.bench")
    made: Channel = cls("bench", settings, Site(folder, "http://127.0.0.1"))
    return made


@asynccontextmanager
async def listening(channel: Channel, spool: Spool) -> AsyncIterator[None]:
    """The channel takes messages in, as it does in the engine."""
    task = asyncio.create_task(channel.listen(ChannelIntake(spool, channel, SystemClock())))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Log:
    """The floor's disk: a file that is written and synchronised for every message."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def keep(self, raw: bytes) -> None:
        """Return when *raw* is on the disk."""
        os.write(self._file, raw)
        os.fsync(self._file)

    def close(self) -> None:
        os.close(self._file)


def chosen(rows: Collection[str], names: Collection[str]) -> list[str]:
    """Which of *rows* are asked for, in their order."""
    return [row for row in rows if row in names]
