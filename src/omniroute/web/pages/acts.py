"""Forms that act on a thread: one command each, and the answer in its place."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from omniroute.application.commands import Outcome, SetStatus
from omniroute.application.pages import Item
from omniroute.errors import Refused
from omniroute.runtime.rows import Attachment
from omniroute.web import forms
from omniroute.web.answers import NONE, Values, console_of, is_partial, parts, sent
from omniroute.web.faults import status_of
from omniroute.web.guard import local_path
from omniroute.web.pages.attaching import again, attached, named
from omniroute.web.pages.thread import Compose, next_of_mine, shown, whole
from omniroute.web.visits import Visit

WRITING = ("reply", "note")
"""What is written, with or without files."""

COLLISION = "customer_wrote"
"""The code of a refused reply when the customer wrote meanwhile."""


async def act(request: Request, visit: Visit) -> Response:
    """Do what the form asks to the thread, and show what became of it."""
    verb, number = request.path_params["verb"], request.path_params["thread"]
    form = await request.form()
    withdrawn = await _held(request, visit, forms.field(form, "message"), verb)
    files: tuple[Attachment, ...] = ()
    try:
        if verb in WRITING:
            brought = await attached(request, visit, form)
            files = tuple(brought.files)
            brought.check()
        command = forms.command(verb, number, form, visit.viewer, files)
        outcome = await console_of(request).application.do(visit.actor, command)
    except Refused as refused:
        outcome = Outcome(ok=False, code=refused.code, text=refused.text)
        if status_of(refused.code) == 404:
            raise
    written = Compose(
        mode="note" if verb == "note" else "reply",
        reply=forms.field(form, "text") if verb == "reply" else "",
        note=forms.field(form, "text") if verb == "note" else "",
        files={verb: files},
        collision=outcome.text if outcome.code == COLLISION else "",
    )
    if not outcome.ok:
        return await _refused(request, visit, verb, outcome, written)
    return await _done(request, visit, verb, outcome, withdrawn)


async def writing(request: Request, visit: Visit) -> Response:
    """An answer is being written; nothing is done or kept."""
    await console_of(request).application.writes(visit.actor, request.path_params["thread"])
    return Response(status_code=204)


async def set_status(request: Request, visit: Visit) -> Response:
    """Say whether one can be asked."""
    form = await request.form()
    command = SetStatus(key=forms.field(form, "key"), status=forms.field(form, "status"))
    outcome = await console_of(request).application.do(visit.actor, command)
    if is_partial(request):
        trouble = not outcome.ok
        return await parts(request, visit, "parts/board.html", said=outcome.text, trouble=trouble)
    return sent(request, visit, came_from(request), outcome.text)


async def _refused(
    request: Request, visit: Visit, verb: str, outcome: Outcome, written: Compose
) -> Response:
    status = status_of(outcome.code)
    writes = verb in WRITING
    said = "" if written.collision else outcome.text  # it stands above the text
    if not is_partial(request):
        if writes:
            return await whole(request, visit, written, status=status, said=said)
        return sent(request, visit, came_from(request), outcome.text)
    if on_board(request):
        return await parts(
            request, visit, "parts/board.html", status=status, said=outcome.text, trouble=True
        )
    return await _thread_parts(
        request, visit, written, status=status, said=said, trouble=True,
        refused=verb if writes else "",
    )  # fmt: skip


async def _done(
    request: Request, visit: Visit, verb: str, outcome: Outcome, withdrawn: Item | None
) -> Response:
    number = request.path_params["thread"]
    here = f"/threads/{number}"
    form = await request.form()
    if verb == "resolve" and forms.field(form, "then") == "next":
        board = await console_of(request).application.query.board(visit.actor)
        following = next_of_mine(board, number)
        there = f"/threads/{following.id}" if following else "/"
        return sent(request, visit, there, outcome.text)
    if (verb in ("accept", "take") and on_board(request)) or verb in ("edit", "delete"):
        return sent(request, visit, here, outcome.text)
    if not is_partial(request):
        if verb == "undo" and withdrawn:
            taken_back = {"reply": again(withdrawn.files)}
            return await whole(request, visit, Compose(reply=withdrawn.text, files=taken_back))
        there = here if verb in ("accept", "take", "reply", "note") else came_from(request)
        return sent(request, visit, there, outcome.text)
    if on_board(request):
        return await parts(request, visit, "parts/board.html", said=outcome.text)
    events: Values = {}
    if verb in WRITING:
        events["omni:saved"] = {"mode": verb, "thread": number}
    if verb == "undo" and withdrawn:
        files = [named(file) for file in again(withdrawn.files)]
        events["omni:withdrawn"] = {"thread": number, "files": files}
    said = "" if outcome.code == "held" else outcome.text  # the strip above the text says it
    return await _thread_parts(
        request, visit, Compose(mode="note" if verb == "note" else "reply"),
        said=said, events=events, written=verb in WRITING,
        withdrawn=withdrawn.text if withdrawn else "",
    )  # fmt: skip


async def _thread_parts(
    request: Request,
    visit: Visit,
    compose: Compose,
    *,
    status: int = 200,
    said: str = "",
    trouble: bool = False,
    events: Values = NONE,
    refused: str = "",
    written: bool = False,
    withdrawn: str = "",
) -> Response:
    query = console_of(request).application.query
    thread = await query.thread(visit.actor, request.path_params["thread"])
    values = shown(request, visit, thread, compose)
    values.update(rewrite=written, refused=refused, withdrawn=withdrawn)
    return await parts(
        request, visit, "parts/thread.html", values,
        status=status, said=said, trouble=trouble, events=events,
    )  # fmt: skip


async def _held(request: Request, visit: Visit, message: str, verb: str) -> Item | None:
    """A held reply, read before it is taken back, to be written on."""
    if verb != "undo" or not message:
        return None
    query = console_of(request).application.query
    thread = await query.thread(visit.actor, request.path_params["thread"])
    return next((item for item in thread.items if item.message == message), None)


def on_board(request: Request) -> bool:
    """Whether the form stood on the live board."""
    return came_from(request) == "/"


def came_from(request: Request) -> str:
    """The path of the page that held the form."""
    url = request.headers.get("hx-current-url") or request.headers.get("referer", "")
    return local_path(urlsplit(url).path or "/")
