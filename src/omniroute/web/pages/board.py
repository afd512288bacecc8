"""The live page: what is offered to me, what is mine, what waits, who is there."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from omniroute.web.answers import console_of, page, parts
from omniroute.web.visits import Visit

PARTS = {"top": "parts/top.html", "team": "parts/team.html"}


async def show(request: Request, visit: Visit) -> Response:
    """The board of whoever asks."""
    return await page(request, visit, "board.html")


async def refresh(request: Request, visit: Visit) -> Response:
    """What may have changed of it; pages of other things ask for the top bar alone."""
    asked = request.query_params.get("of", "")
    return await parts(request, visit, PARTS.get(asked, "parts/board.html"))


async def team(request: Request, visit: Visit) -> Response:
    """Colleagues: who is there, what they know, how much they carry."""
    operations = console_of(request).operations
    gone: Sequence[str] = ()
    if visit.admin and operations is not None:
        gone = await operations.enrolment.inactive(visit.actor)
    return await page(request, visit, "team.html", {"inactive": gone})


async def help_page(request: Request, visit: Visit) -> Response:
    """The keys, and what the words mean."""
    return await page(request, visit, "help.html")


async def search(request: Request, visit: Visit) -> Response:
    """Threads found by their text."""
    text = request.query_params.get("q", "").strip()[:200]
    query = console_of(request).application.query
    hits = await query.search(visit.actor, text) if text else []
    return await page(request, visit, "search.html", {"text": text, "hits": hits})
