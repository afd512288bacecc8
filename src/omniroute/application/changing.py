"""Changing what an agent has said: which lines can be, and what a line says from then on.

A note is ours, so it can always be changed.  An answer that has gone out can be where its channel
can change it at the customer's; where it cannot, that is said before anything is tried.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from msgspec.structs import replace

from omniroute.application import commands as c
from omniroute.application import words
from omniroute.application.authorize import Action, Actor, Object, permitted
from omniroute.application.bounds import Invalid, clean
from omniroute.application.present import Present
from omniroute.application.views import Views
from omniroute.channel import Cap
from omniroute.runtime.rows import Body

Caps: TypeAlias = Callable[[str], Cap]
"""What a kind of channel can do."""

GONE_OUT: Final = ("sending", "sent")
NEEDED: Final = {"edit": Cap.EDIT_OUT, "delete": Cap.DELETE_OUT}
OVER: Final = ("deleting", "deleted")
DELETED: Final = "(deleted)"

_SAID: Final = (
    "SELECT * FROM messages WHERE id = ? AND thread IN (SELECT id FROM threads WHERE root = ?)"
)


@dataclass(frozen=True, slots=True)
class Written:
    """A line as it stands; *effect* sent it, to *handle*, if it is an answer."""

    message: str
    author: str
    handle: str
    effect: str
    body: Body


def ways(row: sqlite3.Row, caps: Caps) -> tuple[str, ...]:
    """In which ways a line can be changed, whoever asks: edit, delete."""
    if row["change"] in OVER:
        return ()
    if row["kind"] == "note":
        return tuple(NEEDED)
    if row["kind"] != "reply" or row["state"] not in GONE_OUT or not row["effect"]:
        return ()
    able = caps(row["goes_by"])
    return tuple(way for way, cap in NEEDED.items() if cap in able)


def open_to(actor: Actor, row: sqlite3.Row, caps: Caps) -> tuple[str, ...]:
    """The same, for somebody who may do it."""
    mine = Object(owner=row["agent"])
    return ways(row, caps) if row["agent"] and permitted(actor, Action.CHANGE, mine) else ()


def find(command: c.Edit | c.Delete, views: Views, present: Present, caps: Caps) -> Written:
    """What a command is about.  Raises `Invalid` where that cannot be changed.

    Whose it is, is for `judge`.  Blocks: call it in a thread.
    """
    with views.reading() as db:
        row = db.execute(_SAID, (command.message, command.thread)).fetchone()
    body = present.body(command.message)
    if row is None or body is None or row["kind"] not in ("reply", "note"):
        raise Invalid("unknown_message")
    way = "edit" if isinstance(command, c.Edit) else "delete"
    if way not in ways(row, caps):
        raise _refusal(row)
    return Written(command.message, row["agent"], row["handle"], row["effect"], body)


def _refusal(row: sqlite3.Row) -> Invalid:
    if row["state"] == "held":
        return Invalid("still_held")
    if row["change"] in OVER:
        return Invalid("already_deleted")
    if row["state"] not in GONE_OUT:
        return Invalid("never_sent")
    return Invalid("cannot_change", channel=words.channel(row["goes_by"]))


def rewritten(command: c.Edit | c.Delete, written: Written, now: int) -> Body:
    """The row of a line from now on; what it said before is kept."""
    body = written.body
    text = clean(command.text).strip() if isinstance(command, c.Edit) else DELETED
    former = (*body.former, body.text)
    return replace(body, text=text, html="", former=former, edited=now)
