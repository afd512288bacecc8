"""Pages behind the links of a mail: nobody keeps, frames or indexes them, and no script runs."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse

LONGEST: Final = 16_384  # bytes of a form

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def answered(page: str, status: int) -> HTMLResponse:
    """The answer with a page."""
    return HTMLResponse(page, status, headers=_HEADERS)


async def filled_in(request: Request) -> dict[str, str]:
    """What was filled in, each field once; nothing of a form that is too long."""
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LONGEST:
            return {}
    return {name: said[0] for name, said in parse_qs(raw.decode("utf-8", "replace")).items()}
