"""Figures over the views: how it stands now, and what came and went in a span of time."""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import Final

import msgspec

from omniroute.application.measures import BY_NAME

WAITING: Final = "('new', 'queued', 'offered', 'stranded', 'held')"
QUEUES: Final = f"""
    SELECT queue, SUM(phase IN {WAITING}) AS waiting, SUM(phase = 'assigned') AS assigned,
      SUM(phase = 'snoozed') AS snoozed,
      MIN(CASE WHEN phase IN {WAITING} THEN queued_since END) AS since,
      SUM(due > 0 AND due <= :now) AS late
    FROM threads WHERE phase IN ('new', 'queued', 'offered', 'stranded', 'held', 'assigned',
      'snoozed') AND root = id GROUP BY queue ORDER BY queue
"""  # noqa: S608 — phases of our own
AGENTS: Final = "SELECT status, COUNT(*) AS number FROM agents WHERE employed GROUP BY status"
# Counts and lengths are the samples that reports are made of (measures.MEASURES).
FLOW: Final = """
    SELECT measure, COUNT(*) AS number FROM samples
    WHERE at >= :since AND at < :until GROUP BY measure
"""
RECEIVED: Final = """
    SELECT COUNT(*) FROM messages WHERE kind = 'customer' AND at >= :since AND at < :until
"""
FIRST: Final = """
    SELECT value FROM samples WHERE measure = 'first_reply' AND at >= :since AND at < :until
    ORDER BY value
"""
DAY: Final = 86_400_000  # ms
DAYS: Final = f"""
    SELECT :since + (at - :since) / {DAY} * {DAY} AS since, SUM(measure = 'opened') AS opened,
      SUM(measure != 'opened') AS resolved
    FROM samples WHERE at >= :since AND at < :until
      AND measure IN ('opened', {", ".join(f"'{name}'" for name in BY_NAME["resolved"].counted)})
    GROUP BY 1 ORDER BY 1
"""  # noqa: S608 — a number and names of our own
ARTICLES: Final = """
    WITH proposed AS (
      SELECT json_extract(said, '$.article') AS article, thread, at FROM happenings
      WHERE event = 'ArticleProposed' AND at >= :since AND at < :until
    ), met AS (
      SELECT article, proposed.thread, (
        SELECT MIN(solved.at) FROM happenings AS solved
        WHERE solved.thread = proposed.thread AND solved.at >= proposed.at
          AND solved.event = 'ThreadSolved' AND json_extract(solved.said, '$.how') = 'deflected'
      ) AS helped FROM proposed
    )
    SELECT article, COUNT(*) AS proposed, COUNT(helped) AS helped, SUM(EXISTS (
      SELECT 1 FROM happenings AS again WHERE again.thread = met.thread
        AND again.at >= met.helped AND again.event = 'ThreadReopened'
    )) AS came_back
    FROM met GROUP BY article ORDER BY proposed DESC, article
"""


class QueueStats(msgspec.Struct, frozen=True):
    """Open threads of a queue; *late* are those whose promise is broken."""

    queue: str
    waiting: int
    assigned: int
    snoozed: int
    oldest: int  # how long the first has waited, ms
    late: int


class FirstReply(msgspec.Struct, frozen=True):
    """From a thread's first message to its first answer by a person, in ms.

    Of the *threads* that got it from *since* to before *until*; as in reports.
    """

    threads: int
    median: int
    p90: int


class DayStats(msgspec.Struct, frozen=True):
    """Threads that came and were resolved in the 24 hours from *since* (ms)."""

    since: int
    opened: int
    resolved: int


class ArticleStats(msgspec.Struct, frozen=True):
    """An article that was proposed instead of an agent.

    How often it was, how many said that it had helped, and how many of these took their thread up
    again.
    """

    article: str
    proposed: int
    helped: int
    came_back: int


class Stats(msgspec.Struct, frozen=True):
    """How it stands at *now*, and what came and went from *since* to before *until* (ms).

    Counted as reports do: *replied* is the measure ``replies``.
    """

    now: int
    since: int
    until: int
    queues: tuple[QueueStats, ...]
    agents: dict[str, int]  # by status
    opened: int
    resolved: int
    received: int  # messages of customers
    replied: int  # messages to customers, by people and bots
    first_reply: FirstReply
    articles: tuple[ArticleStats, ...] = ()
    days: tuple[DayStats, ...] = ()  # counted from *since*; those without a thread are left out


def stats(db: sqlite3.Connection, now: int, since: int, until: int) -> Stats:
    """The figures at *now*, over threads and messages from *since* to before *until*."""
    span = {"since": since, "until": until}
    flow = Counter({row["measure"]: row["number"] for row in db.execute(FLOW, span)})
    took = [row["value"] for row in db.execute(FIRST, span)]
    return Stats(
        now=now,
        since=since,
        until=until,
        queues=tuple(_queue(row, now) for row in db.execute(QUEUES, {"now": now})),
        agents={row["status"]: row["number"] for row in db.execute(AGENTS)},
        opened=flow["opened"],
        resolved=sum(flow[name] for name in BY_NAME["resolved"].counted),
        received=db.execute(RECEIVED, span).fetchone()[0],
        replied=flow["replies"],
        first_reply=FirstReply(len(took), _rank(took, 50), _rank(took, 90)),
        articles=tuple(ArticleStats(*row) for row in db.execute(ARTICLES, span)),
        days=tuple(DayStats(*row) for row in db.execute(DAYS, span)),
    )


def _queue(row: sqlite3.Row, now: int) -> QueueStats:
    oldest = max(0, now - row["since"]) if row["since"] else 0
    return QueueStats(
        row["queue"], row["waiting"], row["assigned"], row["snoozed"], oldest, row["late"]
    )


def _rank(ordered: list[int], percent: int) -> int:
    """The smallest that so many percent do not exceed (nearest rank); 0 of nothing."""
    return ordered[(len(ordered) * percent + 99) // 100 - 1] if ordered else 0
