"""The shapes of an answer: a whole page, parts of one, a sentence, a way to go.

A form is answered in two ways.  A browser without our script gets a page or is sent to one, with
the sentence in a cookie for the next page.  With the script, htmx gets the parts that changed, each
addressed to its place, and the sentence goes to the status line.
"""

from __future__ import annotations

import json
from typing import TypeAlias

import msgspec
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from omniroute.web.console import Console
from omniroute.web.rendering import render
from omniroute.web.visits import Visit

Values: TypeAlias = dict[str, object]
NONE: Values = {}

SAID_COOKIE = "omniroute_said"
SAID_FOR = 60
"""How long a sentence waits for its page, in seconds."""


def console_of(request: Request) -> Console:
    """The console that serves this request."""
    console: Console = request.app.state.console
    return console


def is_partial(request: Request) -> bool:
    """Whether the page's script asks, and wants only what changed."""
    return request.headers.get("hx-request") == "true"


async def page(
    request: Request, visit: Visit, template: str, values: Values = NONE, *, status: int = 200
) -> HTMLResponse:
    """A whole page for somebody who is signed in."""
    said: Values = {"said": _take_said(request, visit), "trouble": False}
    needs: Values = {"webhooks_off": await _webhooks_off(request, visit)}
    context = await _context(request, visit) | needs | said | values
    response = HTMLResponse(render(template, context), status)
    if SAID_COOKIE in request.cookies:
        response.delete_cookie(SAID_COOKIE)
    return response


def bare(
    request: Request, template: str, values: Values = NONE, *, status: int = 200
) -> HTMLResponse:
    """A page for somebody who is not signed in."""
    return HTMLResponse(render(template, frame(request) | values), status)


async def parts(
    request: Request,
    visit: Visit,
    template: str,
    values: Values = NONE,
    *,
    status: int = 200,
    said: str = "",
    trouble: bool = False,
    events: Values = NONE,
) -> HTMLResponse:
    """Parts of a page, each addressed to its place; *said* goes to the status line.

    *events* are told to the page's script, by name, once the parts are in their places.
    """
    context = await _context(request, visit) | values if template else {}
    body = render(template, context) if template else ""
    if said:
        body += render("parts/said.html", {"said": said, "trouble": trouble})
    response = HTMLResponse(body, status)
    if events:
        response.headers["HX-Trigger"] = json.dumps(events)
    return response


def sent(request: Request, visit: Visit, path: str, said: str = "") -> Response:
    """Send the browser to *path*; *said* is read there."""
    response: Response
    if is_partial(request):
        response = Response(status_code=200, headers={"HX-Redirect": path})
    else:
        response = RedirectResponse(path, 303)
    if said:
        response.set_cookie(
            SAID_COOKIE,
            str(_sealer(visit).dumps(said[:600])),
            max_age=SAID_FOR,
            httponly=True,
            samesite="lax",
            secure=console_of(request).https,
        )
    return response


async def _context(request: Request, visit: Visit) -> dict[str, object]:
    board = await console_of(request).application.query.board(visit.actor)
    mine = {"visit": visit, "see": visit.viewer, "board": board, "me": board.me}
    return frame(request) | mine


async def _webhooks_off(request: Request, visit: Visit) -> int:
    """How many webhooks were switched off as nobody took what they sent: an admin must look."""
    operations = console_of(request).operations
    if operations is None or not visit.admin:
        return 0
    return sum(bool(view.disabled) for view in await operations.webhooks.list(visit.actor))


def frame(request: Request) -> dict[str, object]:
    """What every page shows around its content."""
    console = console_of(request)
    return {
        "organisation": console.organisation,
        "demo": console.demo,
        "path": request.url.path,
        "administered": console.operations is not None,
    }


def answer(value: object, status: int = 200) -> Response:
    """Any value of the application, as JSON."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _sealer(visit: Visit) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(visit.secret, salt="said")


def _take_said(request: Request, visit: Visit) -> str:
    sealed = request.cookies.get(SAID_COOKIE)
    if not sealed:
        return ""
    try:
        said = _sealer(visit).loads(sealed, max_age=SAID_FOR)
    except BadData:
        return ""
    return said if isinstance(said, str) else ""
