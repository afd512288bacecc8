"""Routes of the console: every page needs a sign-in, every form its token, by construction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from omniroute.errors import Refused
from omniroute.web.answers import console_of
from omniroute.web.guard import check_origin, check_token
from omniroute.web.visits import Visit, admit

Endpoint: TypeAlias = Callable[[Request, Visit], Awaitable[Response]]


def page(path: str, endpoint: Endpoint, *, admin: bool = False) -> Route:
    """A page that somebody signed in may read."""

    async def answer(request: Request) -> Response:
        return await endpoint(request, await _visit(request, admin))

    return Route(path, answer, methods=["GET"], name=endpoint.__name__)


def action(path: str, endpoint: Endpoint, *, admin: bool = False) -> Route:
    """A form or call that changes something; checked for its origin and its token."""

    async def admitted(request: Request) -> Response:
        console = console_of(request)
        check_origin(request, console.public_url)
        visit = await _visit(request, admin)
        if not console.local:
            await check_token(request, visit.secret)
        return await endpoint(request, visit)

    async def answer(request: Request) -> Response:
        try:
            return await admitted(request)
        finally:
            await request.close()  # the files of a form, which lie on the disk

    return Route(path, answer, methods=["POST"], name=endpoint.__name__)


async def _visit(request: Request, admin: bool) -> Visit:
    visit = await admit(request)
    if admin and not visit.admin:
        raise Refused("forbidden", "That page is for admins.")
    request.state.visit = visit
    return visit
