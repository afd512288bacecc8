"""What a record writes into the archive's tables, as SQL that SQLite and PostgreSQL both read.

How a thread stands is taken from the core's rows, which the events have made; what was said and
by what name from the private rows.  Events say who spoke in which thread, whose it is, and what
joining and parting people does to history, of which the core no longer holds the threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec

from omniroute.core import events as e
from omniroute.core.model import Handle, Thread
from omniroute.runtime.record import Entry
from omniroute.runtime.rows import Body, Reached
from omniroute.stores.archive import Change

_thread = msgspec.json.Decoder(Thread).decode
_body = msgspec.json.Decoder(Body)
_reached = msgspec.json.Decoder(Reached)

LONGEST: Final = 1_000_000  # characters of a text that are kept for search

MESSAGE: Final = """
    INSERT INTO messages (id, thread, seq, at, kind, channel, handle, agent)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING
"""
PROPOSED: Final = """
    INSERT INTO articles (thread, article, rule, proposed_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING
"""
HELPED: Final = "UPDATE articles SET helped_at = $1 WHERE thread = $2 AND helped_at = 0"
CAME_BACK: Final = """
    UPDATE articles SET came_back_at = $1
    WHERE thread = $2 AND helped_at > 0 AND came_back_at = 0
"""
ASKED: Final = """
    INSERT INTO surveys (message, thread, survey, measure, handle, agent, queue, channel, asked_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (message) DO NOTHING
"""
_LAST: Final = (
    "message = (SELECT message FROM surveys WHERE thread = $1 ORDER BY asked_at DESC LIMIT 1)"
)
SCORED: Final = f"UPDATE surveys SET score = $2, answered_at = $3, how = $4 WHERE {_LAST}"  # noqa: S608 — words of ours
REMARKED: Final = f"UPDATE surveys SET remark = $2 WHERE {_LAST}"  # noqa: S608
ENDED: Final = f"UPDATE surveys SET ended = $2 WHERE {_LAST} AND ended = ''"  # noqa: S608
BY_NUMBER: Final = f"""
    INSERT INTO messages (id, thread, seq, at, kind, channel, handle, agent)
    SELECT CAST($2 AS text), CAST($1 AS bigint), CAST($3 AS bigint), CAST($4 AS bigint), 'remark',
      '', handle, '' FROM surveys WHERE {_LAST}
    ON CONFLICT (id) DO NOTHING
"""  # noqa: S608
OPENED: Final = """
    INSERT INTO threads (id, shown_in, customer, phase, queue, rule, rules, priority, channel,
      agent, tags, opened_at, resolved_at)
    VALUES ($1, $1, $2, 'new', '', '', '', 0, '', '', '[]', $3, 0)
    ON CONFLICT (id) DO NOTHING
"""
COPIED: Final = """
    INSERT INTO threads (id, shown_in, customer, phase, queue, rule, rules, priority, channel,
      agent, tags, opened_at, resolved_at)
    SELECT CAST($1 AS bigint), CAST($1 AS bigint), COALESCE(CAST($2 AS text), customer), phase,
      queue, rule, rules, priority, channel, agent, tags, opened_at, resolved_at
    FROM threads WHERE id = $3 ON CONFLICT (id) DO NOTHING
"""
FOLDED: Final = "UPDATE threads SET shown_in = $1 WHERE shown_in = $2"
UNFOLDED: Final = """
    UPDATE threads SET shown_in = $1, customer = (SELECT customer FROM handles WHERE id = $3)
    WHERE id = $1 OR (shown_in = $2 AND id <> $2 AND $3 = (
      SELECT handle FROM messages WHERE thread = threads.id AND kind = 'customer'
      ORDER BY seq DESC LIMIT 1
    ))
"""
SINCE: Final = """
    UPDATE threads SET opened_at =
      COALESCE((SELECT MIN(at) FROM messages WHERE thread = $1), opened_at) WHERE id = $1
"""
MOVED: Final = """
    UPDATE messages SET thread = $1 WHERE handle = $3 AND thread IN
      (SELECT id FROM threads WHERE shown_in IN ($1, $2))
"""
MATTER: Final = """
    UPDATE messages SET thread = $1 WHERE id = (
      SELECT id FROM messages WHERE thread = $2 AND kind = 'customer' ORDER BY seq DESC LIMIT 1
    )
"""
JOINED: Final = "UPDATE threads SET customer = $1 WHERE customer = $2"
HISTORY: Final = "UPDATE threads SET customer = $1 WHERE shown_in = $2"
OPEN_TOO: Final = """
    UPDATE threads SET customer = $1 WHERE customer = $2 AND phase NOT IN ('closed', 'folded')
"""
THREAD: Final = """
    UPDATE threads SET phase = $2, queue = $3, rule = $4, rules = $5, priority = $6, channel = $7,
      agent = $8, tags = $9, opened_at = $10, resolved_at = $11
    WHERE id = $1
"""
HANDLE: Final = """
    INSERT INTO handles (id, customer, kind, verified, since) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (id) DO NOTHING
"""
HANDLES_JOINED: Final = "UPDATE handles SET customer = $1 WHERE customer = $2"
HANDLE_PARTED: Final = "UPDATE handles SET customer = $1 WHERE id = $2"
TEXT: Final = """
    INSERT INTO texts (id, subject, said) VALUES ($1, $2, $3)
    ON CONFLICT (id) DO UPDATE SET subject = excluded.subject, said = excluded.said
"""
ADDRESS: Final = """
    INSERT INTO addresses (handle, kind, address, name) VALUES ($1, $2, $3, $4)
    ON CONFLICT (handle) DO UPDATE SET address = excluded.address, name = excluded.name
"""
NO_TEXT: Final = "DELETE FROM texts WHERE id = $1"
NO_ADDRESS: Final = "DELETE FROM addresses WHERE handle = $1"

Row = tuple[object, ...]


class Sheets:
    """The changes of one batch, in order."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    def entry(self, seq: int, entry: Entry, threads: Mapping[int, Thread]) -> None:
        """What the events of record *seq* say; *threads* are as they are after it."""
        on = On(seq, entry.at, threads)
        for event in entry.ev:
            if (says := _SAYS.get(type(event))) is not None:
                for sql, row in says(on, event):
                    self._add(sql, row)

    def known(self, handles: Iterable[Handle], threads: Sequence[Thread]) -> None:
        """Who and what there is, where no event is left that says so."""
        for handle in handles:
            self._add(HANDLE, _of_handle(handle))
        for thread in threads:
            self._add(OPENED, (thread.id, thread.customer, thread.since))
        for thread in threads:
            if thread.folded_into:
                self._add(FOLDED, (thread.folded_into, thread.id))

    def rows(self, rows: Mapping[str, bytes | None]) -> None:
        """What rows say: the core's as they are after the batch, and the private ones."""
        for key, row in rows.items():
            kind, _, name = key.partition("/")
            if kind in ("t", "tc") and row is not None:
                self._add(THREAD, _of_thread(_thread(row)))
            elif kind == "b":
                self._add(*_of_text(name, row))
            elif kind == "p":
                self._add(*_of_address(name, row))

    def _add(self, sql: str, row: Row) -> None:
        last = self.changes[-1] if self.changes else None
        if last is not None and last.sql is sql:
            last.rows.append(row)  # type: ignore[attr-defined]
        else:
            self.changes.append(Change(sql, [row]))


def _of_thread(thread: Thread) -> Row:
    tags = msgspec.json.encode(thread.tags).decode()
    return (
        thread.id, str(thread.phase), thread.queue, thread.rule, thread.rules,
        thread.priority, thread.channel, thread.agent or thread.last_agent, tags, thread.since,
        thread.resolved_at,
    )  # fmt: skip


def _of_handle(handle: Handle) -> Row:
    return handle.id, handle.customer, handle.kind, int(handle.verified), handle.since


def _of_text(message: str, row: bytes | None) -> tuple[str, Row]:
    body = _read(_body, row)
    if body is None:
        return NO_TEXT, (message,)
    return TEXT, (message, _kept(body.subject), _kept(body.text))


def _of_address(handle: str, row: bytes | None) -> tuple[str, Row]:
    reached = _read(_reached, row)
    if reached is None:
        return NO_ADDRESS, (handle,)
    return ADDRESS, (handle, reached.kind, _kept(reached.value), _kept(reached.display))


def _read(decoder: msgspec.json.Decoder[Any], row: bytes | None) -> Any:
    """A private row.  One that cannot be read shall not stop everything after it."""
    try:
        return None if row is None else decoder.decode(row)
    except msgspec.DecodeError:
        return None


def _kept(text: str) -> str:
    """As both databases can hold it: PostgreSQL knows no NUL."""
    return text[:LONGEST].replace("\0", "")


# --- what events say ---

Said = Iterable[tuple[str, Row]]


class On(NamedTuple):
    """The record, and the threads as they are after it, of those that the core holds."""

    seq: int
    at: int
    threads: Mapping[int, Thread]


def _customer_wrote(on: On, event: e.CustomerWrote | e.ParticipantWrote) -> Said:
    kind = "customer" if isinstance(event, e.CustomerWrote) else "participant"
    row = (event.message, event.thread, on.seq, on.at, kind, event.channel, event.handle, "")
    yield MESSAGE, row


def _replied(on: On, event: e.ReplyReleased) -> Said:
    yield (
        MESSAGE,
        (event.message, event.thread, on.seq, on.at, "reply", "", event.handle, event.agent),
    )


def _answered(on: On, event: e.AutomaticReplyReleased) -> Said:
    yield MESSAGE, (event.message, event.thread, on.seq, on.at, "automatic", "", event.handle, "")


def _noted(on: On, event: e.NoteAdded) -> Said:
    yield MESSAGE, (event.message, event.thread, on.seq, on.at, "note", "", "", event.agent)


def _proposed(on: On, event: e.ArticleProposed) -> Said:
    yield PROPOSED, (event.thread, event.article, event.rule, on.at)


def _solved(on: On, event: e.ThreadSolved) -> Said:
    if event.how == "deflected":
        yield HELPED, (on.at, event.thread)


def _reopened(on: On, event: e.ThreadReopened) -> Said:
    yield CAME_BACK, (on.at, event.thread)


def _asked(on: On, event: e.SurveyAsked) -> Said:
    yield (
        ASKED,
        (
            event.message, event.thread, event.survey, event.measure, event.handle, event.agent,
            event.queue, event.channel, on.at,
        ),
    )  # fmt: skip


def _scored(on: On, event: e.SurveyAnswered) -> Said:
    yield SCORED, (event.thread, event.score, on.at, event.how)
    if event.message:
        yield BY_NUMBER, (event.thread, event.message, on.seq, on.at)


def _remarked(on: On, event: e.SurveyRemarked) -> Said:
    yield REMARKED, (event.thread, event.message)
    row = (event.message, event.thread, on.seq, on.at, "remark", "", event.handle, "")
    yield MESSAGE, row


def _survey_ended(on: On, event: e.SurveyEnded) -> Said:
    yield ENDED, (event.thread, event.how)


def _opened(on: On, event: e.ThreadOpened) -> Said:
    yield OPENED, (event.thread, event.customer, on.at)


def _folded(on: On, event: e.ThreadFolded) -> Said:
    yield FOLDED, (event.into, event.thread)


def _unfolded(on: On, event: e.ThreadUnfolded) -> Said:
    going = (*event.handles, *event.participants)
    for handle in event.handles:
        yield UNFOLDED, (event.thread, event.out_of, handle)
    for handle in going:
        yield MOVED, (event.thread, event.out_of, handle)
    yield _stay(len(going)), (event.thread, event.out_of, *going)


@lru_cache(maxsize=16)
def _stay(going: int) -> str:
    """Whoever stays may have written in it as well, before it was folded."""
    named = ", ".join(f"${n + 3}" for n in range(going))
    return (
        "UPDATE messages SET thread = $2 WHERE kind <> 'note'"  # noqa: S608 — numbers of ours
        " AND thread IN (SELECT id FROM threads WHERE shown_in = $1)"
        f" AND handle NOT IN ({named})"
    )


def _as_it_is(on: On, thread: int) -> Said:
    """A thread that is copied may have changed since its last batch."""
    if (known := on.threads.get(thread)) is not None:
        yield THREAD, _of_thread(known)


def _divided(on: On, event: e.ThreadDivided) -> Said:
    yield from _as_it_is(on, event.thread)
    yield COPIED, (event.into, event.customer, event.thread)
    for handle in (*event.handles, *event.participants):
        yield MOVED, (event.into, event.thread, handle)
    yield SINCE, (event.into,)


def _matter(on: On, event: e.MatterSplit) -> Said:
    yield from _as_it_is(on, event.thread)
    yield COPIED, (event.into, None, event.thread)
    yield MATTER, (event.into, event.thread)


def _seen(on: On, event: e.HandleSeen) -> Said:
    yield HANDLE, _of_handle(event.handle)


def _linked(on: On, event: e.LinkAdded) -> Said:
    if event.gone:
        yield JOINED, (event.into, event.gone)
        yield HANDLES_JOINED, (event.into, event.gone)


def _split(on: On, event: e.CustomerSplit) -> Said:
    for handle in event.handles:
        yield HANDLE_PARTED, (event.into, handle)
    for thread in (*event.history, *event.threads):
        yield HISTORY, (event.into, thread)
    if event.open and not event.threads:  # recorded before every thread was named
        yield OPEN_TOO, (event.into, event.customer)


_SAYS: Final[Mapping[type[e.Event], Callable[[On, Any], Said]]] = {
    e.CustomerWrote: _customer_wrote,
    e.ParticipantWrote: _customer_wrote,
    e.ReplyReleased: _replied,
    e.AutomaticReplyReleased: _answered,
    e.NoteAdded: _noted,
    e.ArticleProposed: _proposed,
    e.ThreadSolved: _solved,
    e.ThreadReopened: _reopened,
    e.SurveyAsked: _asked,
    e.SurveyAnswered: _scored,
    e.SurveyRemarked: _remarked,
    e.SurveyEnded: _survey_ended,
    e.ThreadOpened: _opened,
    e.ThreadFolded: _folded,
    e.ThreadUnfolded: _unfolded,
    e.ThreadDivided: _divided,
    e.MatterSplit: _matter,
    e.HandleSeen: _seen,
    e.LinkAdded: _linked,
    e.CustomerSplit: _split,
}
