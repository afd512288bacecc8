"""One message of a thread: what a customer sent, as it was, or what an agent may change of theirs.

What came is formatted text and files, neither of which can do anything.  Formatted text is
sanitised, put into a frame without rights, and loads nothing.  It is shown only if it is of a size
and depth that the sanitiser takes in good time; else its text is shown, as in the timeline.  Files
are only ever saved, never opened here, whatever they say they are.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from omniroute.application.authorize import Actor
from omniroute.application.pages import FileView, Item, ThreadPage
from omniroute.errors import Refused
from omniroute.web import words
from omniroute.web.answers import console_of, page
from omniroute.web.console import Console
from omniroute.web.formatted import sanitised
from omniroute.web.rendering import render
from omniroute.web.visits import Visit

FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


async def formatted(request: Request, visit: Visit) -> Response:
    """The page around the frame."""
    item = await _item(request, visit)
    query = console_of(request).application.query
    thread = await query.thread(visit.actor, request.path_params["thread"])
    return await page(request, visit, "formatted.html", {"item": item, "row": thread.row})


async def change(request: Request, visit: Visit) -> Response:
    """Where an answer or a note can be changed."""
    query = console_of(request).application.query
    thread = await query.thread(visit.actor, request.path_params["thread"])
    wanted = request.path_params["message"]
    item = next((item for item in thread.items if item.message == wanted), None)
    if item is None or item.kind not in ("reply", "note"):
        raise Refused("not_found", "There is nothing of ours under that name.")
    return await page(request, visit, "change.html", {"item": item, "row": thread.row})


async def frame(request: Request, visit: Visit) -> Response:
    """The document in the frame."""
    item = await _item(request, visit)
    html = await console_of(request).application.html(visit.actor, item.message)
    body = await sanitised(html)
    values: dict[str, object] = {"body": body, "text": item.text}
    headers = {"Content-Security-Policy": FRAME_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return HTMLResponse(render("frame.html", values), headers=headers)


async def file(request: Request, visit: Visit) -> Response:
    """An attachment, to be saved."""
    query = console_of(request).application.query
    thread = await query.thread(visit.actor, request.path_params["thread"])
    return await saved(console_of(request), visit.actor, thread, request.path_params["sha"])


async def saved(console: Console, actor: Actor, thread: ThreadPage, sha: str) -> Response:
    """A file of *thread*, for whoever asks to save it.  Raises `Refused` (``not_found``)."""
    view = _attached(thread.items, sha)
    content = await console.application.file(actor, sha)
    return Response(
        content,
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": disposition(view.name),
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


def disposition(name: str) -> str:
    """The header that saves a file under *name*, whatever stands in it."""
    safe = words.plain_name(name)
    ascii_name = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\%' else "_"
        for letter in safe
    )
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(safe, safe='')}"


async def _item(request: Request, visit: Visit) -> Item:
    query = console_of(request).application.query
    thread = await query.thread(visit.actor, request.path_params["thread"])
    wanted = request.path_params["message"]
    for item in thread.items:
        if item.message == wanted and item.html:
            return item
    raise Refused("not_found", "That message has no formatted version.")


def _attached(items: tuple[Item, ...], sha: str) -> FileView:
    for item in items:
        for view in item.files:
            if view.sha == sha:
                return view
    raise Refused("not_found", "That file does not belong to this thread.")
