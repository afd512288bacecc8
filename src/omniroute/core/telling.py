"""Telling people of themselves that something needs them: leads, and whom a rule names."""

from __future__ import annotations

from omniroute.core.model import Status, Thread, ThreadId
from omniroute.core.ranking import reachable
from omniroute.core.turn import Turn


def tell_leads(turn: Turn, thread: Thread, reason: str) -> None:
    """Alert those who may move threads and are at a desk: of its teams, or of any if none is."""
    leads = [
        agent
        for agent in turn.state.leads()
        if agent.status is not Status.OFFLINE and reachable(agent, False)
    ]
    teams = set(turn.state.queue(thread.queue).teams)
    near = [agent for agent in leads if teams & set(agent.teams)] if teams else []
    for agent in near or leads:
        turn.present(thread.id, agent.id, "told", reason=reason)


def tell_named(turn: Turn, thread: ThreadId, names: tuple[str, ...], reason: str) -> None:
    """Tell these agents, and the leads of these teams, wherever they are."""
    named = set(names)
    for agent in turn.state.agents.values() if named else ():
        leads = agent.role in ("lead", "admin") and not named.isdisjoint(agent.teams)
        if agent.employed and (agent.id in named or leads):
            turn.present(thread, agent.id, "told", reason=reason)
