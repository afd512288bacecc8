"""Who is one, and who is two after all: links, and what a split does to customers and threads.

Messages and threads keep the handle they came by, so a split moves rows and rewrites nothing.
"""

from __future__ import annotations

from omniroute.application import words
from omniroute.application.projections.fold import Fold, Folding, json
from omniroute.application.projections.people import name_customer
from omniroute.core import events as e

# Statements are put together from words of our own alone.
_HERE = "thread IN (SELECT id FROM threads WHERE root = :thread)"
_SAID = f"SELECT * FROM messages WHERE kind = 'customer' AND {_HERE}"  # noqa: S608
_LAST = _SAID + " ORDER BY moves DESC, seq DESC, n DESC LIMIT 1"
_TURNS = f"SELECT COUNT(*) FROM ({_SAID})"  # noqa: S608
_GONE_OUT = "kind = 'reply' AND state NOT IN ('held', 'withdrawn')"
_REPLIES = f"SELECT COUNT(*) FROM messages WHERE {_GONE_OUT} AND {_HERE}"  # noqa: S608
_UNANSWERED = (
    f"SELECT EXISTS (SELECT 1 FROM ({_SAID}) AS said WHERE moves"  # noqa: S608
    " AND NOT EXISTS (SELECT 1 FROM messages AS answer"
    f"  WHERE {_GONE_OUT} AND answer.handle = said.handle AND answer.seq > said.seq))"
)
_RECOUNT = (
    "UPDATE threads SET channel = :channel, handle = :handle, message = :id,"  # noqa: S608
    " excerpt = :excerpt, wrote_at = :at, turns = :turns, replies = :replies,"
    " waiting = CASE WHEN phase IN ('resolved', 'closed') THEN 0 ELSE :waiting END,"
    " last_at = COALESCE((SELECT MAX(at) FROM messages WHERE kind != 'note'"
    f" AND {_HERE}), last_at) WHERE id = :thread"
)


WHY = 200  # characters shown of why somebody joined two


def link_added(fold: Fold, event: e.LinkAdded) -> None:
    link = event.link
    _put_link(fold, link.a, link.b, "live", link.evidence.value, link.source, note=event.note)
    if event.gone:
        move = (event.into, event.gone)
        fold.db.execute("UPDATE handles SET customer = ? WHERE customer = ?", move)
        _touch(fold, event.gone)
        fold.db.execute("UPDATE threads SET customer = ? WHERE customer = ?", move)
        fold.db.execute("DELETE FROM customers WHERE id = ?", (event.gone,))
        name_customer(fold, event.into)
    _tell(fold, event, event.into)


def link_suggested(fold: Fold, event: e.LinkSuggested) -> None:
    link = event.link
    _put_link(fold, link.a, link.b, "suggested", link.evidence.value, link.source, event.veto)
    _tell(fold, event, _owner(fold, link.a))


def link_retracted(fold: Fold, event: e.LinkRetracted) -> None:
    fold.db.execute(
        "UPDATE links SET state = 'retracted', at = ? WHERE a = ? AND b = ? AND state = 'live'",
        (fold.at, event.a, event.b),
    )
    _tell(fold, event, event.customer)


def not_same(fold: Fold, event: e.NotSame) -> None:
    fold.db.execute(
        "DELETE FROM links WHERE a = ? AND b = ? AND state = 'suggested'", (event.a, event.b)
    )
    fold.db.execute("INSERT OR IGNORE INTO apart VALUES (?, ?)", (event.a, event.b))
    for customer in sorted({_owner(fold, event.a), _owner(fold, event.b)}):
        _tell(fold, event, customer)


def customer_split(fold: Fold, event: e.CustomerSplit) -> None:
    _touch(fold, event.customer)
    fold.db.execute(
        "UPDATE handles SET customer = ? WHERE id IN (SELECT value FROM json_each(?))",
        (event.into, json(event.handles)),
    )
    fold.db.execute(
        "UPDATE threads SET customer = ? WHERE root IN (SELECT value FROM json_each(?))",
        (event.into, json(event.history)),
    )
    if event.threads:
        fold.db.execute(
            "UPDATE threads SET customer = ? WHERE root IN (SELECT value FROM json_each(?))",
            (event.into, json(event.threads)),
        )
    elif event.open:  # recorded before every thread was named
        fold.db.execute(
            "UPDATE threads SET customer = ? WHERE customer = ? AND root IN"
            " (SELECT id FROM threads WHERE phase NOT IN ('closed', 'folded'))",
            (event.into, event.customer),
        )
    name_customer(fold, event.into)
    name_customer(fold, event.customer)


def called(fold: Fold, event: e.HandleCalled) -> None:
    row = fold.db.execute("SELECT sharing FROM handles WHERE id = ?", (event.handle,)).fetchone()
    if row is not None and row[0] != event.sharing.how:
        _mark(fold, event.handle, event.sharing.how)
        _tell(fold, event, _owner(fold, event.handle))


def shared(fold: Fold, event: e.HandleShared) -> None:
    _mark(fold, event.handle, "shared" if event.shared else "single")
    _tell(fold, event, _owner(fold, event.handle))


def _mark(fold: Fold, handle: str, sharing: str) -> None:
    fold.db.execute("UPDATE handles SET sharing = ? WHERE id = ?", (sharing, handle))


def erased(fold: Fold, event: e.CustomerErased) -> None:
    """The words go from the tables, too; that something was said, when and by whom, stays."""
    db, messages = fold.db, (json(event.messages),)
    these = "IN (SELECT value FROM json_each(?))"
    for statement in (
        f"DELETE FROM found WHERE rowid IN (SELECT no FROM messages WHERE id {these})",  # noqa: S608
        f"DELETE FROM files WHERE message {these}",  # noqa: S608
        f"UPDATE messages SET excerpt = '', reason = '' WHERE id {these}",  # noqa: S608
        (
            "UPDATE threads SET excerpt = '', subject = '', topic = ''"  # noqa: S608
            f" WHERE id IN (SELECT thread FROM messages WHERE id {these})"
        ),
    ):
        db.execute(statement, messages)
    fold.touched.erased = True
    db.execute(
        "UPDATE handles SET value = '', display = '', called = ''"
        " WHERE id IN (SELECT value FROM json_each(?))",
        (json(event.handles),),
    )
    db.execute(
        "UPDATE links SET why = '' WHERE EXISTS"
        " (SELECT 1 FROM json_each(?) WHERE value IN (links.a, links.b))",
        (json(event.handles),),
    )
    for customer in sorted({_owner(fold, handle) for handle in event.handles}):
        _touch(fold, customer)
        name_customer(fold, customer)


def unfolded(fold: Fold, event: e.ThreadUnfolded) -> None:
    db, handles = fold.db, json(event.handles)
    customer = _owner(fold, event.handles[0])
    moving = json((*event.handles, *event.participants))
    _move(fold, event.out_of, event.thread, moving)
    db.execute(
        "UPDATE threads SET root = ? WHERE id = ? OR (root = ? AND id != ?"
        " AND opener IN (SELECT value FROM json_each(?)))",
        (event.thread, event.thread, event.out_of, event.out_of, handles),
    )
    db.execute("UPDATE threads SET customer = ? WHERE root = ?", (customer, event.thread))
    # Whoever stays may have written in it as well, before it was folded.
    db.execute(
        "UPDATE messages SET thread = ? WHERE kind != 'note'"
        " AND thread IN (SELECT id FROM threads WHERE root = ?)"
        " AND handle NOT IN (SELECT value FROM json_each(?))",
        (event.out_of, event.thread, moving),
    )
    for thread, now in ((event.thread, event.alone), (event.out_of, event.rest)):
        db.execute(
            "UPDATE threads SET priority = ?, due = CASE due WHEN 0 THEN 0 ELSE ? END,"
            " deadline = ?, routing_since = ?, tags = ? WHERE id = ?",
            (now.priority, now.deadline, now.deadline, now.routing_since, json(now.tags), thread),
        )
        recount(fold, thread)
    db.execute("UPDATE threads SET version = version + 1 WHERE id = ?", (event.out_of,))
    fold.touch(event.out_of)
    fold.happened(event.out_of, event)
    fold.happened(event.thread, event)


def divided(fold: Fold, event: e.ThreadDivided) -> None:
    """The new thread stands as the old one does until it is told where to wait."""
    fold.db.execute(
        "INSERT OR REPLACE INTO threads (id, root, customer, since, version, phase, agent,"
        " queue, rule, rules, solved_at, priority, deadline, due, routing_since, steps, step,"
        " weight, tags, topic, subject)"
        " SELECT ?, ?, ?, ?, 1,"
        " CASE WHEN phase IN ('resolved', 'closed') THEN phase ELSE 'new' END,"
        " CASE WHEN phase IN ('resolved', 'closed') THEN agent ELSE '' END, queue, rule, rules,"
        " solved_at, priority, deadline, due, routing_since, steps, step, weight, tags, topic,"
        " subject FROM threads WHERE id = ?",
        (event.into, event.into, event.customer, fold.at, event.thread),
    )
    _move(fold, event.thread, event.into, json((*event.handles, *event.participants)))
    fold.db.execute(
        "UPDATE threads SET since = COALESCE((SELECT MIN(at) FROM messages WHERE thread = :id),"
        " since) WHERE id = :id",
        {"id": event.into},
    )
    recount(fold, event.into)
    recount(fold, event.thread)
    fold.touch(event.into)
    fold.happened(event.thread, event)
    fold.happened(event.into, event)


def matter_split(fold: Fold, event: e.MatterSplit) -> None:
    """What the customer wrote last is the beginning of a thread of its own."""
    fold.db.execute(
        "INSERT OR REPLACE INTO threads (id, root, customer, since, version, subject)"
        " SELECT ?, ?, customer, ?, 1, subject FROM threads WHERE id = ?",
        (event.into, event.into, fold.at, event.thread),
    )
    fold.db.execute(
        "UPDATE messages SET thread = ? WHERE id = (SELECT message FROM threads WHERE id = ?)",
        (event.into, event.thread),
    )
    recount(fold, event.into)
    recount(fold, event.thread)
    fold.touch(event.into)
    fold.happened(event.thread, event)
    fold.happened(event.into, event)


def recount(fold: Fold, thread: int) -> None:
    """Work out from the messages what a thread's row says of its conversation."""
    db, here = fold.db, {"thread": thread}
    found = db.execute(_LAST, here)
    if (last := found.fetchone()) is None:
        return
    said = dict(zip((column[0] for column in found.description), last, strict=True))
    counted = {
        "turns": db.execute(_TURNS, here).fetchone()[0],
        "replies": db.execute(_REPLIES, here).fetchone()[0],
        "waiting": db.execute(_UNANSWERED, here).fetchone()[0],
    }
    db.execute(_RECOUNT, {**said, **counted, **here})


def _move(fold: Fold, thread: int, to: int, handles: str) -> None:
    """Have what these handles said in *thread*, and in what was folded into it, stand in *to*."""
    fold.db.execute(
        "UPDATE messages SET thread = ? WHERE thread IN (SELECT id FROM threads WHERE root = ?)"
        " AND handle IN (SELECT value FROM json_each(?))",
        (to, thread, handles),
    )


def _put_link(
    fold: Fold, a: str, b: str, state: str, evidence: str, source: str, veto: str = "",
    note: str = "",
) -> None:  # fmt: skip
    why = words.one_line(fold.body(note).text, WHY) if note else ""
    fold.db.execute("DELETE FROM links WHERE a = ? AND b = ? AND state != 'live'", (a, b))
    fold.db.execute(
        "INSERT INTO links VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (a, b, state, evidence, source, veto, fold.at, note, why),
    )


def _owner(fold: Fold, handle: str) -> str:
    row = fold.db.execute("SELECT customer FROM handles WHERE id = ?", (handle,)).fetchone()
    return "" if row is None else str(row[0])


def _touch(fold: Fold, customer: str) -> None:
    for (thread,) in fold.db.execute(
        "SELECT id FROM threads WHERE customer = ?", (customer,)
    ).fetchall():
        fold.touch(thread)


def _tell(fold: Fold, event: e.Event, customer: str) -> None:
    """Links show in the thread whose message brought them, else in the customer's latest."""
    for other in fold.entry.events:
        if isinstance(other, e.CustomerWrote):
            fold.happened(other.thread, event)
            return
    row = fold.db.execute(
        "SELECT id FROM threads WHERE customer = ? AND root = id"
        " ORDER BY phase = 'closed', id DESC LIMIT 1",
        (customer,),
    ).fetchone()
    if row is not None:
        fold.happened(row[0], event)
        fold.touch(row[0])


FOLDS: dict[type[e.Event], Folding] = {
    e.HandleCalled: called,
    e.HandleShared: shared,
    e.LinkAdded: link_added,
    e.LinkSuggested: link_suggested,
    e.LinkRetracted: link_retracted,
    e.NotSame: not_same,
    e.CustomerSplit: customer_split,
    e.CustomerErased: erased,
    e.ThreadUnfolded: unfolded,
    e.ThreadDivided: divided,
    e.MatterSplit: matter_split,
}
