"""`smtp.accept.*`: our e-mail channel, beside aiosmtpd with a handler that keeps the same bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope

from omniroute.bench import accepting
from omniroute.bench.accepting import SIZE, Log, chosen, listening, measure
from omniroute.bench.clients import Job
from omniroute.bench.progress import Progress
from omniroute.bench.rows import Row, Scale
from omniroute.runtime.spool import Spool
from omniroute.server.serving import listen_tcp

ROWS = ("smtp.accept.idle", "smtp.accept.busy")


async def run(names: Collection[str], scale: Scale, folder: Path, progress: Progress) -> list[Row]:
    """The rows of this module."""
    async with _ours(folder, scale) as ours, _floor(folder, scale) as floor:
        return [
            await measure(name, scale, folder, ours, floor, progress)
            for name in chosen(ROWS, names)
        ]


def _job(port: int, scale: Scale) -> Job:
    return Job("smtp", port, scale.connections, scale.seconds, SIZE)


@asynccontextmanager
async def _ours(folder: Path, scale: Scale) -> AsyncIterator[Job]:
    with listen_tcp("127.0.0.1", 0) as taken:  # to know one that is free
        port: int = taken.getsockname()[1]
    config = {"addresses": ["help@desk.example"], "listen_port": port}
    email = accepting.channel("email", config, folder / "email")
    spool = Spool(folder / "mail.spool")
    async with listening(email, spool):
        await _served(port)
        yield _job(port, scale)
    await spool.close()


async def _served(port: int) -> None:
    """Wait until somebody listens on *port*."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return


@asynccontextmanager
async def _floor(folder: Path, scale: Scale) -> AsyncIterator[Job]:
    log = Log(folder / "mail.log")
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(_Keep(log), loop=loop), "127.0.0.1", 0)
    async with server:
        yield _job(server.sockets[0].getsockname()[1], scale)
    log.close()


class _Keep:
    """A handler of aiosmtpd."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def handle_DATA(  # noqa: N802  aiosmtpd finds it by this name
        self, server: SMTP, session: object, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        self._log.keep(envelope.content)
        return "250 OK"
