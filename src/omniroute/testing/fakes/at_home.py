"""Pages that ask nobody to sign in, for a demo: only for browsers of this machine, led by nobody.

Whoever can make a browser ask for them could act by them: another site that posts a form, or one
whose name has become an address of this machine (DNS rebinding).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

HERE: Final = ("127.0.0.1", "localhost", "::1")


class AtHome:
    """ASGI middleware that refuses what was asked for by another name, or by a page of another."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not is_home(Headers(scope=scope)):
            refusal = PlainTextResponse("This page is for browsers of this machine.\n", 403)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def is_home(headers: Mapping[str, str]) -> bool:
    """Whether a browser of this machine asks by a name of this machine, and for no other page."""
    host = headers.get("host")
    if host is None:
        return "origin" not in headers  # no browser: each names the host
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name in HERE and headers.get("origin", f"http://{host}") == f"http://{host}"
