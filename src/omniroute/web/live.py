"""The live stream: a browser learns *that* something changed and then asks for what it shows.

Nothing of a thread travels here, only its number, so a stream needs no second authorisation of its
content.  A stream ends when the site closes, when the session is gone, or with the browser.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from omniroute.application.pages import Change
from omniroute.web.answers import console_of
from omniroute.web.console import Console
from omniroute.web.visits import Visit


async def live(request: Request, visit: Visit) -> Response:
    """The stream of one browser, as server-sent events."""
    return StreamingResponse(
        stream(console_of(request), visit),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def stream(console: Console, visit: Visit) -> AsyncIterator[str]:
    """The text of the stream: changes as they come, else a sign of life.

    While it is open, the agent is at the web desk.
    """
    there = ExitStack()
    there.enter_context(console.application.at_web_desk(visit.actor))
    changes = console.application.subscribe(visit.actor)
    coming = asyncio.ensure_future(anext(changes))
    closing = asyncio.ensure_future(console.closing.wait())
    try:
        yield "retry: 1000\n: hello\n\n"
        while not closing.done():
            await asyncio.wait(
                (coming, closing),
                timeout=console.heartbeat,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if coming.done():
                try:
                    change = coming.result()
                except StopAsyncIteration:
                    return
                coming = asyncio.ensure_future(anext(changes))
                yield event(change, visit.actor.id)
            elif not closing.done():
                if not await _still_in(console, visit):
                    return
                yield ": alive\n\n"
    finally:
        there.close()
        coming.cancel()
        closing.cancel()
        await asyncio.gather(coming, closing, return_exceptions=True)
        close = getattr(changes, "aclose", None)  # generators have it, iterators need not
        if close is not None:
            await close()


def event(change: Change, me: str) -> str:
    """One change as server-sent events, told from *me*'s side."""
    writing = "".join(f"event: writing\ndata: {thread}\n\n" for thread in change.writing)
    if change.writing and not (change.all or change.threads or change.agents):
        return writing
    told = {
        "all": change.all,
        "threads": change.threads,
        "agents": change.agents,
        "offered": me in change.offered,
        "wrote": me in change.wrote,
    }
    return f"{writing}id: {change.seq}\nevent: change\ndata: {json.dumps(told)}\n\n"


async def _still_in(console: Console, visit: Visit) -> bool:
    return console.local or await console.accounts.session(visit.secret) is not None
