"""Threads: lists, one, what was said, why it went where it went, and every verb."""

from __future__ import annotations

import base64
import binascii
import inspect
from typing import Annotated, Any, Literal

import msgspec

from omniroute.application import commands as c
from omniroute.application.authorize import Action
from omniroute.application.judgement import ACTIONS
from omniroute.application.listing import Edge
from omniroute.application.pages import Filter, Hit, Item, Reason, ThreadPage, ThreadRow
from omniroute.errors import Refused
from omniroute.web.rest.calls import Call, Operation, Page, Run, Unreadable, operation

Phase = Literal[
    "new", "queued", "offered", "assigned", "snoozed", "stranded", "held", "resolved", "closed"
]
Limit = Annotated[int, msgspec.Meta(ge=1, le=200, description="At most so many.")]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")]
Short = Annotated[str, msgspec.Meta(max_length=200)]


class Threads(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which threads; what is left out does not matter."""

    phase: tuple[Phase, ...] = ()
    agent: Short = ""
    queue: Short = ""
    customer: Short = ""
    tag: Short = ""
    waiting: bool | msgspec.UnsetType = msgspec.UNSET
    limit: Limit = 50
    after: Short = ""


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What to look for."""

    q: Words
    limit: Annotated[int, msgspec.Meta(ge=1, le=50)] = 20


class Why(msgspec.Struct, frozen=True):
    """How a thread stands, in a screen of text, and every recorded decision."""

    text: str
    reasons: tuple[Reason, ...]


async def list_threads(call: Call, asked: Threads) -> Page[ThreadRow]:
    """Threads, the latest message first."""
    waiting = None if asked.waiting is msgspec.UNSET else asked.waiting
    wanted = Filter(
        asked.phase, asked.agent, asked.queue, asked.customer, asked.tag, waiting, asked.limit + 1
    )
    query = call.console.application.query
    rows = tuple(await query.threads(call.actor, wanted, _edge(asked.after)))
    page = rows[: asked.limit]
    more = len(rows) > asked.limit
    return Page(page, _cursor((page[-1].last_at, page[-1].id)) if more else "")


async def search_threads(call: Call, asked: Text) -> Page[Hit]:
    """Threads in which something was said, or of that name or number, the best first."""
    query = call.console.application.query
    return Page(tuple(await query.search(call.actor, asked.q, asked.limit)))


async def get_thread(call: Call) -> ThreadPage:
    """Everything about one thread; of one that was joined to another, the page of that."""
    return await call.console.application.query.thread(call.actor, call.thread)


async def list_messages(call: Call) -> Page[Item]:
    """What was said in a thread, notes included, the oldest first."""
    items = (await get_thread(call)).items
    return Page(tuple(item for item in items if item.kind != "event"))


async def get_timeline(call: Call) -> Page[Item]:
    """What was said and what happened in a thread, the oldest first."""
    return Page((await get_thread(call)).items)


async def explain_thread(call: Call) -> Why:
    """Why a thread went where it went: in words, and every decision as it was recorded."""
    query = call.console.application.query
    text = await query.why(call.actor, call.thread)
    return Why(text, tuple(await query.reasons(call.actor, call.thread)))


async def done(call: Call, command: c.AnyCommand) -> c.Outcome:
    """Do *command*.  Raises `Refused`, also for what the core refuses."""
    outcome = await call.console.application.do(call.actor, command)
    if not outcome.ok:
        raise Refused(outcome.code, outcome.text)
    return outcome


VERBS: dict[str, type[c.OnThread]] = {
    "accept": c.Accept, "pass": c.Pass, "take": c.Take, "reply": c.Reply, "undo": c.Undo,
    "edit": c.Edit, "delete": c.Delete, "note": c.Note, "transfer": c.Transfer,
    "snooze": c.Snooze, "resolve": c.Resolve, "reopen": c.Reopen, "new-matter": c.NewMatter,
    "tag": c.Tag, "copy": c.Copy, "prioritise": c.Prioritise, "done": c.Done, "boost": c.Boost,
}  # fmt: skip
"""The last part of the path, and the command that it is."""


def body_of(command: type[c.Command], *but: str) -> Any:
    """The fields of *command* that come in a body: not its key, and not what the path says."""
    fields: list[Any] = [
        (field.name, field.type) if field.required else (field.name, field.type, field.default)
        for field in msgspec.structs.fields(command)
        if field.name not in ("key", *but)
    ]
    body = msgspec.defstruct(
        f"{command.__name__}Body", fields, frozen=True, forbid_unknown_fields=True, kw_only=True
    )
    body.__doc__ = inspect.getdoc(command)
    return body


def _verb(command: type[c.OnThread]) -> Run:
    async def run(call: Call, said: Any = None) -> c.Outcome:
        given = {} if said is None else msgspec.structs.asdict(said)
        return await done(call, command(thread=call.thread, key=call.key, **given))  # type: ignore[arg-type]

    return run


def _verbs() -> list[Operation]:
    found = []
    for name, command in VERBS.items():
        body = body_of(command, "thread")
        found.append(
            operation(
                "POST",
                f"/threads/{{thread}}/{name}",
                ACTIONS[command],
                _verb(command),
                takes=body if body.__struct_fields__ else None,
                name=f"{name.replace('-', '_')}_thread" if name != "done" else "end_wrap_up",
                about=command.__doc__ or "",
                repeatable=True,
            )
        )
    return found


def operations() -> list[Operation]:
    """All of this file."""
    return [
        operation("GET", "/threads", Action.READ, list_threads),
        operation("GET", "/threads/search", Action.READ, search_threads),
        operation("GET", "/threads/{thread}", Action.READ, get_thread),
        operation("GET", "/threads/{thread}/messages", Action.READ, list_messages),
        operation("GET", "/threads/{thread}/timeline", Action.READ, get_timeline),
        operation("GET", "/threads/{thread}/why", Action.READ, explain_thread),
        *_verbs(),
    ]


def _cursor(edge: Edge) -> str:
    return base64.urlsafe_b64encode(f"{edge[0]}.{edge[1]}".encode()).decode().rstrip("=")


def _edge(cursor: str) -> Edge | None:
    if not cursor:
        return None
    try:
        said = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, id = map(int, said.split("."))
        if not (0 <= at < 2**63 and 0 < id < 2**63):
            raise ValueError(said)
    except (binascii.Error, ValueError):
        fix = "pass on the “next” of the page before"
        raise Unreadable("query.after", "That is no place in a list", fix) from None
    return at, id
