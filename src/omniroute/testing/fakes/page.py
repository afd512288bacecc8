"""The side of a fake on which people sit: a page that shows what they see and does what they do.

The page is one HTML file.  It asks for ``state?user=…`` and posts what somebody does to ``act``;
both are JSON of the fake's own making.  A state says in ``since`` how much it holds; who asks with
``&since=…`` is answered as soon as there is more, at once if there is already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from omniroute.testing.fakes.at_home import AtHome
from omniroute.testing.fakes.fake import Fake

HOME = (Middleware(AtHome),)  # nobody signs in
WAIT = 20.0  # s that a page waits for news
SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp")  # what a browser may show itself


@dataclass(frozen=True)
class Page:
    """What a page needs of its fake: *state* of one person, and *act*, which does as they do."""

    fake: Fake
    html: str
    state: Callable[[str], dict[str, Any]]
    act: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]

    async def after_news(self, user: str, since: str) -> dict[str, Any]:
        """What *user* sees once there is more than *since*, or after a while."""
        if since == str(self.fake.changes):
            try:
                async with asyncio.timeout(WAIT):
                    await self.fake.news()
            except TimeoutError:
                pass
        return {**self.state(user), "since": self.fake.changes}

    def routes(self, path: str) -> Sequence[BaseRoute]:
        """The page at *path*, its state and its doings below it."""

        async def page(request: Request) -> Response:
            return HTMLResponse(self.html, headers={"Cache-Control": "no-store"})

        async def state(request: Request) -> Response:
            user = request.query_params.get("user", "")
            since = request.query_params.get("since", "")
            return JSONResponse(await self.after_news(user, since))

        async def act(request: Request) -> Response:
            return JSONResponse(await self.act(await request.json()))

        return [
            Route(path, page),
            Route(f"{path}/state", state, middleware=HOME),
            Route(f"{path}/act", act, methods=["POST"], middleware=HOME),
        ]


def media(data: bytes, media_type: str) -> Response:
    """A file that somebody sent: shown if it is a plain picture, else saved and never run."""
    headers = {"X-Content-Type-Options": "nosniff"}
    if not media_type.startswith(SHOWN):
        headers["Content-Disposition"] = "attachment"
        media_type = "application/octet-stream"
    return Response(data, media_type=media_type, headers=headers)
