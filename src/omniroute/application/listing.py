"""Rows of the views as the values that pages show."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import TypeAlias

import msgspec

from omniroute.application import words
from omniroute.application.directory import Directory
from omniroute.application.pages import AgentView, Filter, HandleView, LinkView, ThreadRow
from omniroute.application.projections.people import NOBODY
from omniroute.core.model import Step

_texts = msgspec.json.Decoder(tuple[str, ...])
_levels = msgspec.json.Decoder(dict[str, float])
_steps = msgspec.json.Decoder(tuple[Step, ...])

LANE = 200
"""Threads shown per lane of the board."""

MINE = (
    "SELECT * FROM thread_rows WHERE agent = ? AND phase = 'assigned'"
    " ORDER BY waiting DESC, wrote_at, id LIMIT ?"
)
WAITING = (
    "SELECT * FROM thread_rows WHERE id IN ("
    "  SELECT id FROM threads INDEXED BY threads_in_line"
    "  WHERE phase IN ('new', 'queued', 'offered', 'stranded', 'held')"
    "  ORDER BY priority DESC, deadline, routing_since, id LIMIT ?)"
    " ORDER BY priority DESC, deadline, routing_since, id"
)
OTHERS = (
    "SELECT * FROM thread_rows WHERE phase = 'assigned' AND agent != ?"
    " ORDER BY waiting DESC, wrote_at, id LIMIT ?"
)
SNOOZED = "SELECT * FROM thread_rows WHERE phase = 'snoozed' ORDER BY snoozed_until, id LIMIT ?"
SOLVED = (
    "SELECT * FROM thread_rows WHERE solved_at > 0 AND root = id"
    " ORDER BY solved_at DESC, id DESC LIMIT ?"
)
COUNTS = (
    "SELECT CASE"
    " WHEN phase = 'assigned' AND agent = ? THEN 'mine' WHEN phase = 'assigned' THEN 'others'"
    " WHEN phase = 'snoozed' THEN 'snoozed' ELSE 'waiting' END AS lane, COUNT(*) AS number"
    " FROM threads"
    " WHERE phase IN ('new', 'queued', 'offered', 'stranded', 'held', 'assigned', 'snoozed')"
    " GROUP BY lane"
)
"""Of what is solved nobody counts: there is ever more of it."""
EARLIER = (
    "SELECT * FROM thread_rows WHERE customer = ? AND root = id AND id != ?"
    " ORDER BY since DESC, id DESC LIMIT 20"
)
_TERMS = {
    "phases": "phase IN (SELECT value FROM json_each(:phases))",
    "agent": "agent = :agent",
    "queue": "queue = :queue",
    "customer": "customer = :customer",
    "tag": "EXISTS (SELECT 1 FROM json_each(tags) WHERE value = :tag)",
    "waiting": "waiting = :waiting",
}


def thread_row(row: sqlite3.Row, directory: Directory) -> ThreadRow:
    """A row of ``thread_rows`` as a value."""
    return ThreadRow(
        id=row["id"],
        version=row["version"],
        phase=row["phase"],
        customer=row["customer"],
        name=row["name"] or NOBODY,
        verified=bool(row["verified"]),
        channel=row["channel"],
        excerpt=row["excerpt"],
        queue=row["queue"],
        priority=row["priority"],
        deadline=row["due"] if row["phase"] not in ("resolved", "closed") else 0,
        since=row["since"],
        routing_since=row["routing_since"],
        opens_at=row["opens_at"],
        queued_since=row["queued_since"],
        last_at=row["last_at"],
        waiting=bool(row["waiting"]),
        agent=row["agent"],
        agent_name=directory.name(row["agent"]),
        tags=_texts.decode(row["tags"]),
        snoozed_until=row["snoozed_until"],
        turns=row["turns"] + row["asides"],
    )


def thread_rows(rows: Iterable[sqlite3.Row], directory: Directory) -> tuple[ThreadRow, ...]:
    """Several, in their order."""
    return tuple(thread_row(row, directory) for row in rows)


Edge: TypeAlias = tuple[int, int]
"""Where a page of threads ended: when the last one's last message came, and its number."""


def filtered(
    db: sqlite3.Connection, wanted: Filter, after: Edge | None = None
) -> list[sqlite3.Row]:
    """The threads that *wanted* describes, latest message first; of a later page those *after*."""
    terms = ["root = id"] if after is None else ["root = id", "(last_at, id) < (:at, :id)"]
    at, id = after or (0, 0)
    terms += [term for name, term in _TERMS.items() if getattr(wanted, name) not in ("", (), None)]
    return db.execute(
        # Only terms of our own are put together, so that the right index can be used.
        f"SELECT * FROM thread_rows WHERE {' AND '.join(terms)}"  # noqa: S608
        " ORDER BY last_at DESC, id DESC LIMIT :limit",
        {
            "phases": msgspec.json.encode(wanted.phases).decode(),
            "agent": wanted.agent,
            "queue": wanted.queue,
            "customer": wanted.customer,
            "tag": wanted.tag,
            "waiting": wanted.waiting,
            "limit": max(1, min(wanted.limit, 1_000)),
            "at": at,
            "id": id,
        },
    ).fetchall()


def steps_of(row: sqlite3.Row) -> tuple[Step, ...]:
    """The ladder under which a thread was queued."""
    return _steps.decode(row["steps"])


def agent_view(row: sqlite3.Row, directory: Directory) -> AgentView:
    """A row of ``agent_rows`` as a value."""
    return AgentView(
        id=row["id"],
        name=directory.name(row["id"]),
        role=row["role"],
        status=row["status"],
        unresponsive=bool(row["unresponsive"]),
        load=row["load"],
        capacity=row["capacity"],
        teams=_texts.decode(row["teams"]),
        skills=_levels.decode(row["skills"]),
        unreachable=bool(row["unreachable"]),
    )


def team(db: sqlite3.Connection, directory: Directory) -> tuple[AgentView, ...]:
    """Everybody employed, by name."""
    rows = db.execute("SELECT * FROM agent_rows WHERE employed").fetchall()
    views = [agent_view(row, directory) for row in rows]
    return tuple(sorted(views, key=lambda view: (view.name.casefold(), view.id)))


_LINKS = (
    "SELECT DISTINCT links.*, one.customer AS one, other.customer AS other FROM links"
    " JOIN handles AS one ON one.id = links.a JOIN handles AS other ON other.id = links.b"
    " WHERE (one.customer = :customer OR other.customer = :customer)"
    " AND (links.state = 'live' OR (links.state = 'suggested' AND one.customer != other.customer))"
    " ORDER BY links.at, links.a, links.b"
)


def links(
    db: sqlite3.Connection, customer: str, directory: Directory, address: Callable[[str], str]
) -> tuple[LinkView, ...]:
    """What joins a customer's addresses, and what might join others to them."""
    return tuple(
        _link(row, directory, address) for row in db.execute(_LINKS, {"customer": customer})
    )


def suggested(
    db: sqlite3.Connection, directory: Directory, address: Callable[[str], str]
) -> tuple[LinkView, ...]:
    """Every link that waits for a person's word, the oldest first."""
    rows = db.execute(
        "SELECT links.* FROM links"
        " JOIN handles AS one ON one.id = links.a JOIN handles AS other ON other.id = links.b"
        " WHERE links.state = 'suggested' AND one.customer != other.customer ORDER BY links.at"
    )
    return tuple(_link(row, directory, address) for row in rows)


def _link(row: sqlite3.Row, directory: Directory, address: Callable[[str], str]) -> LinkView:
    return LinkView(
        a=row["a"],
        b=row["b"],
        state=row["state"],
        text=_joined(row, directory, address),
        veto=row["veto"],
    )


def _joined(row: sqlite3.Row, directory: Directory, address: Callable[[str], str]) -> str:
    # Handles are named by hashes, in whose order there is no meaning.
    pair = " and ".join(sorted((address(row["a"]), address(row["b"]))))
    if row["evidence"] == "asserted" and row["source"] in directory.agents:
        why = f" (“{row['why']}”)" if row["why"] else ""
        by = f"{directory.name(row['source'])} said so{why}"
    else:
        by = f"{row['evidence']} by {words.channel(row['source'])}"
    joined = "are one person" if row["state"] == "live" else "may be one person"
    return f"{pair} {joined}: {by}"


def handles(db: sqlite3.Connection, customer: str) -> tuple[HandleView, ...]:
    """The ways to reach a customer, oldest first."""
    rows = db.execute(
        "SELECT * FROM handles WHERE customer = ? ORDER BY since, id", (customer,)
    ).fetchall()
    return tuple(handle_view(row) for row in rows)


def handle_view(row: sqlite3.Row) -> HandleView:
    """A row of ``handles`` as a value."""
    verified = bool(row["verified"])
    return HandleView(
        row["id"], row["kind"], row["value"], row["display"], verified, row["sharing"]
    )


def shared(db: sqlite3.Connection) -> tuple[HandleView, ...]:
    """Addresses that are several people's, or may be, oldest first."""
    rows = db.execute(
        "SELECT * FROM handles WHERE sharing IN ('suspected', 'shared') ORDER BY since, id"
    )
    return tuple(handle_view(row) for row in rows)
