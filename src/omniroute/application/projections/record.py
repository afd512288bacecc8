"""Folding a whole record: its events in order, then the decisions it explains."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from omniroute.application.projections import (
    conversation,
    measuring,
    parting,
    people,
    surveys,
    threads,
)
from omniroute.application.projections.fold import Fold, Folding, Touched, json
from omniroute.application.projections.journal import Entry
from omniroute.core.events import (
    AutomaticReplyReleased,
    ChangeSettled,
    CustomerWrote,
    Event,
    HandleSeen,
    LinkAdded,
    MessageAmended,
    NoteAdded,
    ParticipantWrote,
    ReplyFailed,
    ReplyHeld,
    ReplyReleased,
    SurveyRemarked,
    ThreadEvent,
    ThreadOpened,
    WordsChanged,
)

FOLDS: Mapping[type[Event], Folding] = {
    **threads.FOLDS,
    **conversation.FOLDS,
    **people.FOLDS,
    **parting.FOLDS,
    **surveys.FOLDS,
}


def wanted_rows(entries: Sequence[Entry]) -> list[str]:
    """The private rows that folding *entries* asks for."""
    keys: set[str] = set()
    for entry in entries:
        for event in entry.events:
            match event:
                case (
                    CustomerWrote(message=message, handle=handle)
                    | ParticipantWrote(message=message, handle=handle)
                ):
                    keys |= {f"b/{message}", f"p/{handle}"}
                case ReplyReleased(message=message, handle=handle):
                    keys |= {f"b/{message}", f"p/{handle}"}
                case AutomaticReplyReleased(message=message, handle=handle):
                    keys |= {f"b/{message}", f"p/{handle}"}
                case (
                    NoteAdded(message=message)
                    | MessageAmended(message=message)
                    | WordsChanged(message=message)
                ):
                    keys.add(f"b/{message}")
                case ReplyHeld(held=held):
                    keys |= {f"b/{held.message}", f"p/{held.handle}"}
                case SurveyRemarked(message=message, handle=handle):
                    keys |= {f"b/{message}", f"p/{handle}"}
                case LinkAdded(note=note):
                    keys.add(f"b/{note}")
                case ReplyFailed(effect=effect) | ChangeSettled(effect=effect):
                    keys.add(f"x/{effect}")
                case HandleSeen(handle=handle):
                    keys.add(f"p/{handle.id}")
    return sorted(key for key in keys if len(key) > 2)


def fold_record(
    db: sqlite3.Connection, entry: Entry, rows: Mapping[str, bytes], touched: Touched
) -> None:
    """Write what *entry* says into the tables."""
    fold = Fold(db, entry, rows, touched)
    for event in entry.events:
        measuring.before(fold, event)
        FOLDS[type(event)](fold, event)
        if isinstance(event, ThreadEvent):
            threads.follow(fold, event)
            fold.touch(event.thread)
    measuring.after(fold)
    _keep_decisions(db, entry)


def _keep_decisions(db: sqlite3.Connection, entry: Entry) -> None:
    home = _thread_of(entry)
    for n, why in enumerate(entry.why):
        thread = why.get("thread", home)
        if isinstance(thread, int) and thread:
            # A canary decides by other rules than the entry's; a shadow decides nothing.
            rules = why.get("rules", entry.rules) if why.get("about") == "route" else entry.rules
            db.execute(
                "INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?)",
                (entry.seq, n, thread, entry.at, rules, entry.agent, json(why)),
            )


def _thread_of(entry: Entry) -> int:
    """The thread that a record is about, or 0."""
    asked = entry.input.get("thread")
    if isinstance(asked, int):
        return asked
    for event in entry.events:
        if isinstance(event, CustomerWrote | ThreadOpened):
            return event.thread
    return 0
