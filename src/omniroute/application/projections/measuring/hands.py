"""Spans of agents' time: what they have in hand, and when they are free for more.

A thread is *in hand* while its agent has it and is here, and its customer waits for us, or is there
and has not fallen silent, or it is being wrapped up.  An agent is *busy* with one thread in hand or
more, and *idle* while online and within reach with none.  A span is open until something ends it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from omniroute.application.projections.fold import Fold
from omniroute.core import events as e

HANDLING, BUSY, IDLE = "handling", "busy", "idle"

MOVES: Final = (
    e.CustomerWrote, e.ReplyReleased, e.ThreadAssigned, e.ThreadReleased, e.ThreadSnoozed,
    e.ThreadWoken, e.ThreadDormant, e.ThreadRoused, e.ThreadSolved, e.ThreadReopened,
    e.WrapUpBegan, e.WrapUpEnded, e.ThreadClosed, e.ThreadFolded, e.ThreadUnfolded,
    e.ThreadDivided, e.MatterSplit,
)  # fmt: skip
"""After which another may have a thread in hand."""

CHANGES: Final = (
    e.AgentJoined, e.AgentLeft, e.StatusChanged, e.AgentUnresponsive, e.AgentBack, e.DesksLost,
    e.DeskReached,
)  # fmt: skip
"""After which an agent may be here, or gone."""

_HAND: Final = """
    SELECT CASE WHEN agents.status != 'offline' AND NOT agents.unresponsive AND (
        (threads.phase = 'assigned' AND NOT threads.dormant AND (threads.waiting OR clocks.live))
        OR (threads.phase = 'resolved' AND threads.wrap_until)
      ) THEN threads.agent ELSE '' END,
      spans.id, spans.agent, threads.queue, threads.channel
    FROM threads
    LEFT JOIN clocks ON clocks.thread = threads.id
    LEFT JOIN agents ON agents.id = threads.agent
    LEFT JOIN spans ON spans.thread = threads.id AND spans.until = 0
    WHERE threads.id = ?
"""
_STATE: Final = """
    SELECT CASE
        WHEN EXISTS (SELECT 1 FROM spans WHERE spans.agent = agents.id AND until = 0 AND thread)
          THEN 'busy'
        WHEN status = 'online' AND employed AND NOT unresponsive AND NOT unreachable THEN 'idle'
        ELSE '' END,
      open.id, open.kind
    FROM agents LEFT JOIN spans AS open
      ON open.agent = agents.id AND open.until = 0 AND open.thread = 0
    WHERE agents.id = ? AND agents.kind != 'bot'
"""


def after(fold: Fold) -> None:
    """End and begin the spans that the record has changed."""
    threads: dict[int, None] = {}
    agents: dict[str, None] = {}
    for event in fold.entry.events:
        if isinstance(event, MOVES):
            threads[event.thread] = None
            for also in ("into", "out_of"):
                if other := getattr(event, also, 0):
                    threads[other] = None
        elif isinstance(event, CHANGES):
            name = event.member.id if isinstance(event, e.AgentJoined) else event.agent
            agents[name] = None
            threads.update(dict.fromkeys(_theirs(fold, name)))
    for thread in threads:
        agents.update(dict.fromkeys(_keep_thread(fold, thread)))
    for agent in agents:
        _keep_agent(fold, agent)


def _theirs(fold: Fold, agent: str) -> Iterable[int]:
    found = fold.db.execute(
        "SELECT id FROM threads WHERE phase IN ('assigned', 'resolved') AND agent = ?"
        " AND (phase = 'assigned' OR wrap_until)",
        (agent,),
    )
    return [thread for (thread,) in found]


def _keep_thread(fold: Fold, thread: int) -> Iterable[str]:
    """Bring the span of *thread* in step; whose time that changes."""
    row = fold.db.execute(_HAND, (thread,)).fetchone()
    if row is None:
        return ()
    agent, span, before, queue, channel = row
    if agent == (before or ""):
        return ()
    if span is not None:
        _end(fold, span)
    if agent:
        _begin(fold, HANDLING, agent, thread, queue, channel)
    return [name for name in (before, agent) if name]


def _keep_agent(fold: Fold, agent: str) -> None:
    row = fold.db.execute(_STATE, (agent,)).fetchone()
    if row is None:
        return
    state, span, before = row
    if state == (before or ""):
        return
    if span is not None:
        _end(fold, span)
    if state:
        _begin(fold, state, agent)


def _begin(
    fold: Fold, kind: str, agent: str, thread: int = 0, queue: str = "", channel: str = ""
) -> None:
    fold.db.execute(
        "INSERT INTO spans (kind, agent, thread, queue, channel, since) VALUES (?, ?, ?, ?, ?, ?)",
        (kind, agent, thread, queue, channel, fold.at),
    )


def _end(fold: Fold, span: int) -> None:
    """One of no length is none."""
    fold.db.execute("DELETE FROM spans WHERE id = ? AND since >= ?", (span, fold.at))
    fold.db.execute("UPDATE spans SET until = ? WHERE id = ?", (fold.at, span))
