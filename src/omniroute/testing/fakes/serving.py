"""A fake on a port of its own, and how its connections break."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Send


@contextlib.asynccontextmanager
async def serving(
    app: ASGIApp, port: int = 0, *works: Coroutine[Any, Any, object]
) -> AsyncIterator[str]:
    """Serve *app* on this machine, at a free port unless one is named; gives its URL.

    *works* run beside it, and are cancelled with it.
    """
    settings = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="critical", lifespan="off", ws="none"
    )
    server = uvicorn.Server(settings)
    listening = settings.bind_socket()
    tasks = [asyncio.create_task(server.serve(sockets=[listening]))]
    beside = [asyncio.create_task(work) for work in works]
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        for task in beside:
            task.cancel()
        server.should_exit = True
        server.force_exit = True
        await asyncio.gather(*tasks, *beside, return_exceptions=True)
        listening.close()


async def broken(send: Send) -> None:
    """Promise an answer and break off: the client sees a connection that died."""
    headers = [(b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})
