"""One thread: its timeline over all channels, the place to write, everything around it."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from omniroute.application.pages import Board, Item, ThreadPage, ThreadRow
from omniroute.application.words import HOUR, given
from omniroute.runtime.rows import Attachment
from omniroute.web.answers import Values, console_of, page, parts
from omniroute.web.pages.attaching import again, named
from omniroute.web.viewer import Viewer
from omniroute.web.visits import Visit

LATEST = 150
"""Lines of a timeline that are shown at first; the earlier ones are a link away."""


@dataclass(frozen=True, slots=True)
class Line:
    """An item with a name of its own on the page, the same at every refresh."""

    id: str
    item: Item


@dataclass(frozen=True, slots=True)
class Day:
    """The lines of one day, as the viewer's zone divides them."""

    id: str
    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Compose:
    """What stands in the place to write.

    A reply and a note are two forms with a text each: what was typed as one never becomes the
    other.  *keys* make sending twice by accident sending once.
    """

    mode: str = "reply"
    reply: str = ""
    note: str = ""
    collision: str = ""  # what the customer wrote meanwhile, in a sentence
    files: Mapping[str, Sequence[Attachment]] = field(default_factory=dict)  # by mode
    keys: dict[str, str] = field(
        default_factory=lambda: {
            "reply": secrets.token_urlsafe(9),
            "note": secrets.token_urlsafe(9),
        }
    )


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a reply goes: *person* and *channel* for the sentence, *address* for the careful."""

    person: str
    channel: str
    address: str

    @property
    def phrase(self) -> str:
        """``Joe by e-mail``."""
        return f"{self.person} by {self.channel}" if self.channel else self.person


async def show(request: Request, visit: Visit) -> Response:
    """The page of a thread; of one that was joined to another, the way to that."""
    thread = await _thread(request, visit)
    if thread.row.id != request.path_params["thread"]:
        return RedirectResponse(f"/threads/{thread.row.id}", 303)
    return await page(request, visit, "thread.html", shown(request, visit, thread, Compose()))


async def whole(
    request: Request, visit: Visit, compose: Compose, *, status: int = 200, said: str = ""
) -> Response:
    """The page of a thread, with texts in the place to write and a sentence about them."""
    thread = await _thread(request, visit)
    values = shown(request, visit, thread, compose)
    if said:
        values.update(said=said, trouble=status >= 400)
    return await page(request, visit, "thread.html", values, status=status)


async def refresh(request: Request, visit: Visit) -> Response:
    """What may have changed of a thread on screen; the place to write only if it must."""
    thread = await _thread(request, visit)
    values = shown(request, visit, thread, Compose())
    values["rewrite"] = request.query_params.get("writing", "") != values["writing"]
    return await parts(request, visit, "parts/thread.html", values)


async def why(request: Request, visit: Visit) -> Response:
    """Every decision about a thread, in words and as recorded."""
    query = console_of(request).application.query
    number = request.path_params["thread"]
    thread = await query.thread(visit.actor, number)
    screen = await query.why(visit.actor, number)
    values: Values = {
        "thread": thread,
        "row": thread.row,
        "headline": screen.partition("\n")[0],
        "explained": _explained(screen),
        "reasons": await query.reasons(visit.actor, number),
    }
    return await page(request, visit, "why.html", values)


def _explained(screen: str) -> str:
    """Rule by rule and agent by agent: what stands between the headline and the decisions."""
    blocks = screen.split("\n\n")
    return blocks[1] if len(blocks) > 2 else ""


def shown(request: Request, visit: Visit, thread: ThreadPage, compose: Compose) -> Values:
    """What the templates of a thread ask for."""
    lines = lines_of(thread.items)
    earlier = 0 if wants_all(request) else max(0, len(lines) - LATEST)
    writing = ".".join(mode for mode in ("reply", "note") if mode in thread.can)
    if compose.mode not in writing.split(".") and writing:
        compose = replace(compose, mode=writing.split(".")[0])
    return {
        "thread": thread,
        "row": thread.row,
        "can": thread.can,
        "days": days(lines[earlier:], visit.viewer),
        "earlier": earlier,
        "all": wants_all(request),
        "held": [item for item in thread.items if item.state == "held"],
        "to": destination(thread),
        "compose": compose,
        "writing": writing,
        "named": named,
        "again": again,
        "snoozes": snoozes(visit.viewer),
        "rewrite": False,
        "refused": "",
        "withdrawn": "",
    }


def wants_all(request: Request) -> bool:
    """Whether the page on screen shows the whole timeline."""
    asked = request.headers.get("hx-current-url") or str(request.url)
    return "all=yes" in urlsplit(asked).query


def lines_of(items: Sequence[Item]) -> list[Line]:
    """The items with their names: of a message its id, of an event its place in the journal."""
    seen: Counter[int] = Counter()
    lines = []
    for item in items:
        seen[item.seq] += 1
        lines.append(Line(item.message or f"{item.seq}-{seen[item.seq]}", item))
    return lines


def days(lines: Sequence[Line], viewer: Viewer) -> list[Day]:
    """The timeline, divided into days."""
    found = []
    for date, run in groupby(lines, key=lambda line: viewer.moment(line.item.at).date()):
        same = tuple(run)
        found.append(Day(date.isoformat(), viewer.day(same[0].item.at), same))
    return found


def destination(thread: ThreadPage) -> Destination:
    """Where a reply would go now."""
    address, by, channel = thread.replying_to.rpartition(" by ")
    if not by:
        return Destination(thread.replying_to or given(thread.row.name), "", "")
    return Destination(given(thread.row.name), channel, address)


def snoozes(viewer: Viewer) -> list[tuple[str, int]]:
    """The usual times to put a thread aside until, with their names."""
    to_monday = 7 - viewer.moment(viewer.now).weekday()
    return [
        ("1 hour", viewer.now + HOUR),
        ("3 hours", viewer.now + 3 * HOUR),
        ("Tomorrow 9:00", viewer.tomorrow(9)),
        ("Monday 9:00", viewer.tomorrow(9, to_monday)),
    ]


def next_of_mine(board: Board, after: int) -> ThreadRow | None:
    """The thread to go on with when *after* is done: the first of mine that waits for us."""
    rest = [row for row in board.mine if row.id != after]
    waiting = [row for row in rest if row.waiting]
    return next(iter(waiting or rest), None)


async def _thread(request: Request, visit: Visit) -> ThreadPage:
    query = console_of(request).application.query
    return await query.thread(visit.actor, request.path_params["thread"])
