"""Everything about one thread, gathered from the views: its card, its timeline, its reasons."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from omniroute.application import timeline, words
from omniroute.application.card import Facts, card
from omniroute.application.continuity import Said, continuity, in_words
from omniroute.application.directory import Directory
from omniroute.application.likeness import Likely, likely
from omniroute.application.listing import (
    EARLIER,
    agent_view,
    handles,
    links,
    steps_of,
    thread_row,
    thread_rows,
)
from omniroute.application.pages import (
    AgentView,
    FileView,
    Item,
    LinkView,
    OfferView,
    Rating,
    Reason,
    ThreadRow,
)
from omniroute.application.projections.people import NOBODY
from omniroute.application.projections.surveys import NUMBER
from omniroute.application.reasons import reason, why_you
from omniroute.application.ways import Way, shown
from omniroute.core.model import Step
from omniroute.core.paths import Path
from omniroute.runtime.rows import Body

ITEMS = 500
"""Messages and as many events shown of a thread, the latest."""

LIKELY = 3
"""People shown who may be the customer."""

_body = msgspec.json.Decoder(Body)

_THREAD = "SELECT * FROM thread_rows WHERE id = (SELECT root FROM threads WHERE id = ?)"
_MESSAGES = (
    "SELECT messages.*, handles.kind AS via, handles.value AS value, handles.display AS display,"
    " COALESCE(handles.verified, 1) AS verified"
    " FROM messages JOIN threads ON threads.id = messages.thread"
    " LEFT JOIN handles ON handles.id = messages.handle"
    " WHERE threads.root = ? ORDER BY messages.seq DESC, messages.n DESC LIMIT ?"
)
_HAPPENINGS = (
    "SELECT happenings.* FROM happenings JOIN threads ON threads.id = happenings.thread"
    " WHERE threads.root = ? ORDER BY happenings.seq DESC, happenings.n DESC LIMIT ?"
)
_NOTE = (
    "SELECT messages.agent, messages.excerpt FROM messages"
    " JOIN threads ON threads.id = messages.thread"
    " WHERE threads.root = ? AND messages.kind = 'note' ORDER BY messages.seq DESC LIMIT 1"
)
_SAID = (
    "SELECT messages.kind, messages.excerpt FROM messages"
    " JOIN threads ON threads.id = messages.thread"
    " WHERE threads.root = ? AND messages.kind IN ('customer', 'reply') AND NOT messages.machine"
    " AND messages.state NOT IN ('withdrawn', 'failed') ORDER BY messages.seq DESC,"
    " messages.n DESC LIMIT ?"
)
_RATED = (
    "SELECT measure, score, answered_at, thread, surveys.agent,"
    " COALESCE((SELECT excerpt FROM messages WHERE id = surveys.remark), '')"
    " FROM surveys JOIN threads ON threads.id = surveys.thread"
    " WHERE threads.customer = ? AND score IS NOT NULL ORDER BY answered_at DESC LIMIT 1"
)
_DECISIONS = (
    "SELECT decisions.* FROM decisions JOIN threads ON threads.id = decisions.thread"
    " WHERE threads.root = ? ORDER BY decisions.seq, decisions.n"
)
_AHEAD = (
    "SELECT count(*) FROM threads, (SELECT * FROM threads WHERE id = ?) AS own"
    " WHERE threads.queue = own.queue AND threads.phase IN ('queued', 'stranded')"
    " AND (-threads.priority, threads.deadline, threads.routing_since, threads.id)"
    " < (-own.priority, own.deadline, own.routing_since, own.id)"
)
_OFFER = "SELECT * FROM offers WHERE thread = ? AND agent = ? AND state = 'pending'"
_ASKED = "SELECT agent, until FROM offers WHERE thread = ? AND state = 'pending' ORDER BY until, id"


class Dossier:
    """One thread, read from one snapshot *db*.  A folded thread's is that of the survivor."""

    def __init__(
        self, db: sqlite3.Connection, stored: sqlite3.Row, directory: Directory, now: int
    ) -> None:
        self._db, self._stored, self._directory, self._now = db, stored, directory, now
        self.row: ThreadRow = thread_row(stored, directory)
        self.steps = steps_of(stored)
        self.handles = handles(db, self.row.customer)

    @classmethod
    def find(
        cls, db: sqlite3.Connection, thread: int, directory: Directory, now: int
    ) -> Dossier | None:
        """The dossier of *thread*, or ``None`` if there is no such thread."""
        stored = db.execute(_THREAD, (thread,)).fetchone()
        return None if stored is None else cls(db, stored, directory, now)

    @property
    def step(self) -> Step:
        """What is asked of agents now."""
        number = self._stored["step"]
        return self.steps[number] if number < len(self.steps) else Step()

    @property
    def step_number(self) -> int:
        """The place of `step` in the ladder."""
        return int(self._stored["step"])

    @property
    def stranded(self) -> str:
        """Why nobody can take it, as a code, or an empty string."""
        return str(self._stored["stranded"])

    def ahead(self) -> int:
        """How many wait in the same queue and go before it, by priority, deadline and age."""
        return int(self._db.execute(_AHEAD, (self.row.id,)).fetchone()[0])

    def agent(self, id: str) -> AgentView | None:
        """An agent as colleagues see them."""
        row = self._db.execute("SELECT * FROM agent_rows WHERE id = ?", (id,)).fetchone()
        return None if row is None else agent_view(row, self._directory)

    def why(self, asker: str) -> str:
        """Why the asker has it or is asked; else why whoever it is."""
        chosen = asker
        if asker != self.row.agent and self._offer_row(asker) is None:
            asked = self._db.execute(_ASKED, (self.row.id,)).fetchone()
            chosen = self.row.agent or (asked["agent"] if asked is not None else "")
        rule = self._stored["rule"]
        return why_you(self.row, rule, self.step, self.agent(chosen), self._directory)

    def card(self, asker: str, expected: str = "") -> tuple[str, ...]:
        """The context card as *asker* is shown it; *expected* says how long it will wait."""
        note = self._db.execute(_NOTE, (self.row.id,)).fetchone()
        named = (self._directory.name(note["agent"]), note["excerpt"]) if note else None
        stored = self._stored
        facts = Facts(
            row=self.row,
            topic=stored["topic"] or stored["subject"] or stored["rule"],
            replies=stored["replies"],
            wrote_at=stored["wrote_at"],
            handles=self.handles,
            before=self.history(),
            note=named,
            step=self.step,
            why_you=self.why(asker),
            known=in_words(continuity(self._said())),
            rating=self.rating(),
            maybe=self._maybe(),
            expected=expected,
        )
        return card(facts, self._directory, self._now)

    def rating(self) -> Rating | None:
        """How the customer last said it was."""
        row = self._db.execute(_RATED, (self.row.customer,)).fetchone()
        return None if row is None else Rating(*row)

    def _said(self) -> list[Said]:
        """What we and the customer have said to each other, oldest first."""
        rows = self._db.execute(_SAID, (self.row.id, ITEMS)).fetchall()
        return [Said(row["kind"] == "reply", row["excerpt"]) for row in reversed(rows)]

    def likely(self) -> tuple[Likely, ...]:
        """Who else the customer may be, the likeliest first."""
        return likely(self._db, self.row.customer)[:LIKELY]

    def _maybe(self) -> str:
        found = self.likely()
        if not found:
            return ""
        who = found[0]
        merge = f" · merge #{who.thread}" if who.thread else ""
        return f"{who.name}: {'; '.join(who.reasons)} ({who.score:.2f}){merge}"

    def offer(self, asker: str) -> OfferView | None:
        """The offer that waits for *asker*'s answer."""
        row = self._offer_row(asker)
        if row is None:
            return None
        return OfferView(row["id"], row["until"], self.row, self.card(asker))

    def asked(self) -> tuple[tuple[str, ...], int]:
        """The names of the agents with a pending offer, and when the first of these ends."""
        rows = self._db.execute(_ASKED, (self.row.id,)).fetchall()
        names = tuple(self._directory.name(row["agent"]) for row in rows)
        return names, rows[0]["until"] if rows else 0

    def _offer_row(self, asker: str) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._db.execute(_OFFER, (self.row.id, asker)).fetchone()
        return row

    def history(self) -> tuple[ThreadRow, ...]:
        """The customer's other threads, the latest first."""
        rows = self._db.execute(EARLIER, (self.row.customer, self.row.id)).fetchall()
        return thread_rows(rows, self._directory)

    def links(self) -> tuple[LinkView, ...]:
        """Why the customer's addresses are one person's, and what might join others."""
        return links(self._db, self.row.customer, self._directory, self._address)

    def reasons(self) -> tuple[Reason, ...]:
        """Every recorded decision, the oldest first."""
        rows = self._db.execute(_DECISIONS, (self.row.id,))
        return tuple(reason(row, self._directory) for row in rows)

    def versions(self) -> tuple[str, ...]:
        """The rule sets by which it was decided, in their order."""
        rows = self._db.execute(_DECISIONS, (self.row.id,))
        return tuple(dict.fromkeys(row["rules"] for row in rows if row["rules"]))

    def replying_to(self) -> str:
        """Where an answer goes to whoever wrote last."""
        return self._reached(self._stored["handle"], self.row.channel)

    def ways(self, paths: Sequence[Path]) -> tuple[tuple[Way, ...], str]:
        """How the customer can be answered, and why not the usual way, if so."""
        known = [path for path in paths if self._reached(path.handle, path.channel)]

        def name(path: Path) -> str:
            if not path.by:
                return self._reached(path.handle, path.channel)
            reached = self._reached(path.handle, path.by)
            return f"{reached}, as given in the {words.channel(path.channel)}"

        return shown(known, self._now, name, self._failure)

    def _reached(self, id: str, channel: str) -> str:
        """A handle of the customer's with the channel: ``joe@x.org by e-mail``."""
        for handle in self.handles:
            if handle.id == id:
                mark = "" if handle.verified else " (unverified)"
                who = handle.value if "@" in handle.value else handle.display or handle.value
                return f"{who or NOBODY} by {words.channel(channel)}{mark}"
        return ""

    def _failure(self, path: Path) -> str:
        """Why the last answer that way failed, in the platform's words."""
        row = self._db.execute(
            "SELECT reason FROM messages WHERE handle = ? AND state = 'failed'"
            " ORDER BY seq DESC, n DESC LIMIT 1",
            (path.handle,),
        ).fetchone()
        return "" if row is None else str(row["reason"])

    def messages(self) -> list[sqlite3.Row]:
        """What was said, the latest first."""
        return self._db.execute(_MESSAGES, (self.row.id, ITEMS)).fetchall()

    def items(
        self,
        bodies: Mapping[str, bytes],
        ways: Callable[[sqlite3.Row], tuple[str, ...]] = lambda row: (),
    ) -> tuple[Item, ...]:
        """The timeline, the oldest first; *bodies* are the rows of `messages`, *ways* says how
        one of those can be changed."""
        told = [
            ((row["seq"], row["n"]), self._item(row, bodies, ways(row)))
            for row in self.messages()
            if row["canned"] != NUMBER  # which the event beside it tells
        ]
        told += [((row["seq"], row["n"]), item) for row, item in self._events()]
        return tuple(item for _, item in sorted(told, key=lambda pair: pair[0]))

    def _events(self) -> Iterator[tuple[sqlite3.Row, Item]]:
        for row in self._db.execute(_HAPPENINGS, (self.row.id, ITEMS)).fetchall():
            if text := timeline.of_row(row, self._directory, self._address):
                yield row, Item(row["seq"], row["at"], "event", text)

    def _item(self, row: sqlite3.Row, bodies: Mapping[str, bytes], can: tuple[str, ...]) -> Item:
        body = _read(bodies.get(f"b/{row['id']}")) or Body(text=_missing(row))
        if row["kind"] == "remark":
            said = f"How it was, in their words: “{body.text}”"
            return Item(row["seq"], row["at"], "event", said)
        return Item(
            seq=row["seq"],
            at=row["at"],
            kind=row["kind"],
            text=body.text,
            message=row["id"],
            channel=row["channel"] or (row["via"] or "").partition(":")[0],
            author=self._author(row),
            subject=body.subject,
            quoted=body.quoted,
            html=bool(body.html),
            unread=body.unread,
            files=tuple(FileView(f.name, f.media_type, f.size, f.sha) for f in body.files),
            verified=bool(row["verified"]),
            state=row["state"],
            release_at=row["release_at"],
            reason=row["reason"],
            repeat=bool(row["repeat"]),
            agent=row["agent"],
            handle=row["handle"],
            edited=body.edited,
            reactions=tuple(body.reactions.values()),
            received="read" if body.read else "delivered" if body.delivered else "",
            received_at=body.read or body.delivered,
            template=body.template,
            values=body.values,
            former=body.former,
            change=row["change"],
            can=can,
        )

    def _author(self, row: sqlite3.Row) -> str:
        if row["kind"] in ("customer", "participant"):
            return row["display"] or row["value"] or NOBODY
        return self._directory.name(row["agent"])

    def _address(self, handle: str) -> str:
        row = self._db.execute(
            "SELECT value, display, kind FROM handles WHERE id = ?", (handle,)
        ).fetchone()
        if row is None:
            return NOBODY
        return words.address(row["kind"], row["value"], row["display"])


def _missing(row: sqlite3.Row) -> str:
    if row["kind"] == "automatic":
        return f"(the prepared answer “{row['canned']}”)"
    return "(no longer kept)"


def _read(row: bytes | None) -> Body | None:
    try:
        return None if row is None else _body.decode(row)
    except msgspec.DecodeError:  # said when it was folded
        return None
