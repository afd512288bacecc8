"""A fake on a port of its own, and how its connections break."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Send

from omniroute.server.serving import listen_tcp
from omniroute.testing.connections import let_go


@contextlib.asynccontextmanager
async def serving(
    app: ASGIApp, port: int = 0, *works: Coroutine[Any, Any, object]
) -> AsyncIterator[str]:
    """Serve *app* on this machine, at a free port unless one is named; gives its URL.

    *works* run beside it, and are cancelled with it.  It is there at once and gone at once:
    uvicorn's own loop looks ten times a second whether it should end, which many tests would feel.
    """
    settings = uvicorn.Config(app, log_level="critical", lifespan="off", ws="none")
    settings.load()
    server = uvicorn.Server(settings)
    server.lifespan = settings.lifespan_class(settings)
    listening = listen_tcp("127.0.0.1", port)
    await server.startup(sockets=[listening])
    beside = [asyncio.create_task(work) for work in works]
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        for task in beside:
            task.cancel()
        await _end(server)
        await asyncio.gather(*beside, return_exceptions=True)
        listening.close()


async def _end(server: uvicorn.Server) -> None:
    """Let go of everybody; calls that are being answered are broken off."""
    await let_go(server.servers, lambda: _transports(server))
    calls = list(server.server_state.tasks)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)


def _transports(server: uvicorn.Server) -> Iterator[asyncio.Transport]:
    for connection in server.server_state.connections:
        transport = getattr(connection, "transport", None)
        if isinstance(transport, asyncio.Transport):
            yield transport


async def broken(send: Send) -> None:
    """Promise an answer and break off: the client sees a connection that died."""
    headers = [(b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})
