"""Figures over the views: how it stands now, and what came and went in a span of time."""

from __future__ import annotations

import sqlite3
from typing import Final

import msgspec

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
FLOW: Final = """
    SELECT
      (SELECT COUNT(*) FROM threads WHERE since >= :since AND since < :until) AS opened,
      (SELECT COUNT(*) FROM threads WHERE solved_at >= :since AND solved_at < :until) AS resolved,
      (SELECT COUNT(*) FROM messages WHERE kind = 'customer' AND at >= :since AND at < :until)
        AS received,
      (SELECT COUNT(*) FROM messages WHERE kind = 'reply' AND state != 'withdrawn'
        AND at >= :since AND at < :until) AS replied
"""
FIRST: Final = """
    SELECT MIN(messages.at) - threads.since AS took FROM threads
    JOIN messages ON messages.thread = threads.id AND messages.kind = 'reply'
      AND messages.state NOT IN ('held', 'withdrawn')
    WHERE threads.since >= :since AND threads.since < :until
    GROUP BY threads.id ORDER BY took
"""
DAY: Final = 86_400_000  # ms
DAYS: Final = f"""
    SELECT :since + day * {DAY} AS since, SUM(came) AS opened, SUM(NOT came) AS resolved FROM (
      SELECT (since - :since) / {DAY} AS day, 1 AS came FROM threads
      WHERE since >= :since AND since < :until
      UNION ALL SELECT (solved_at - :since) / {DAY}, 0 FROM threads
      WHERE solved_at >= :since AND solved_at < :until
    ) GROUP BY day ORDER BY day
"""  # noqa: S608 — a number of our own
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
    """From a thread's first message to its first answer, in ms, of those that got one."""

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
    """How it stands at *now*, and what came and went from *since* to before *until* (ms)."""

    now: int
    since: int
    until: int
    queues: tuple[QueueStats, ...]
    agents: dict[str, int]  # by status
    opened: int
    resolved: int
    received: int  # messages of customers
    replied: int  # messages to customers, by agents
    first_reply: FirstReply
    articles: tuple[ArticleStats, ...] = ()
    days: tuple[DayStats, ...] = ()  # counted from *since*; those without a thread are left out


def stats(db: sqlite3.Connection, now: int, since: int, until: int) -> Stats:
    """The figures at *now*, over threads and messages from *since* to before *until*."""
    span = {"since": since, "until": until}
    flow = db.execute(FLOW, span).fetchone()
    took = [row["took"] for row in db.execute(FIRST, span)]
    return Stats(
        now=now,
        since=since,
        until=until,
        queues=tuple(_queue(row, now) for row in db.execute(QUEUES, {"now": now})),
        agents={row["status"]: row["number"] for row in db.execute(AGENTS)},
        opened=flow["opened"],
        resolved=flow["resolved"],
        received=flow["received"],
        replied=flow["replied"],
        first_reply=FirstReply(len(took), _rank(took, 0.5), _rank(took, 0.9)),
        articles=tuple(ArticleStats(*row) for row in db.execute(ARTICLES, span)),
        days=tuple(DayStats(*row) for row in db.execute(DAYS, span)),
    )


def _queue(row: sqlite3.Row, now: int) -> QueueStats:
    oldest = max(0, now - row["since"]) if row["since"] else 0
    return QueueStats(
        row["queue"], row["waiting"], row["assigned"], row["snoozed"], oldest, row["late"]
    )


def _rank(ordered: list[int], share: float) -> int:
    """The nearest-rank percentile; 0 of nothing."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0
