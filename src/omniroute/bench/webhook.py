"""`webhook.accept.*`: our web chat, beside a bare Starlette endpoint that keeps the same bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from omniroute.bench import accepting
from omniroute.bench.accepting import SIZE, Log, chosen, listening, measure
from omniroute.bench.clients import Job
from omniroute.bench.progress import Progress
from omniroute.bench.rows import Row, Scale
from omniroute.runtime.spool import Spool
from omniroute.server.serving import Serving, listen_tcp

ROWS = ("webhook.accept.idle", "webhook.accept.busy")
MOUNTED = "/channels/webchat/bench"  # where the engine mounts an account


async def run(names: Collection[str], scale: Scale, folder: Path, progress: Progress) -> list[Row]:
    """The rows of this module."""
    async with ours(folder, scale) as web_chat, floor(folder, scale) as bare:
        return [
            await measure(name, scale, folder, web_chat, bare, progress)
            for name in chosen(ROWS, names)
        ]


def job(port: int, scale: Scale, session: str = "") -> Job:
    """What a client is to send to *port*, beginning a session at *session* if that is needed."""
    path = f"{MOUNTED}/messages"
    return Job("http", port, scale.connections, scale.seconds, SIZE // 4, path, session)


@asynccontextmanager
async def ours(folder: Path, scale: Scale) -> AsyncIterator[Job]:
    """Our web chat is served; what a client is to send it."""
    config = {"messages_per_minute": 0, "new_sessions_per_minute": 0}  # this is no siege
    webchat = accepting.channel("webchat", config, folder / "webchat")
    spool = Spool(folder / "chat.spool")
    app = Starlette(routes=[Mount(MOUNTED, routes=list(webchat.routes()))])
    async with listening(webchat, spool), serving(app) as port:
        yield job(port, scale, f"{MOUNTED}/session")
    await spool.close()


@asynccontextmanager
async def floor(folder: Path, scale: Scale) -> AsyncIterator[Job]:
    """The bare endpoint is served; what a client is to send it."""
    log = Log(folder / "chat.log")

    async def keep(request: Request) -> JSONResponse:
        log.keep(await request.body())
        return JSONResponse({"ok": True})

    app = Starlette(routes=[Mount(MOUNTED, routes=[Route("/messages", keep, methods=["POST"])])])
    async with serving(app) as port:
        yield job(port, scale)
    log.close()


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[int]:
    """Serve *app* as the engine serves; gives the port."""
    listening = listen_tcp("127.0.0.1", 0)
    server = Serving(app, listening)
    await server.begin()
    try:
        yield listening.getsockname()[1]
    finally:
        await server.end()
