"""Whether an agent can be asked: one availability, fused from everything that is known of them.

What they declare, what their desks say of themselves, cards that could not be shown, offers they
missed, the end of their shift: each is an event of its own, and `ranking.present` is the one
answer.  Whoever goes keeps what they have for a while; then what a customer waits for goes to
others, at its old age (routing.md 2.6).
"""

from __future__ import annotations

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.model import Agent, AgentId, Phase, Status, Thread
from omniroute.core.offers import end_offers, end_offers_of, withdraw_from
from omniroute.core.ranking import reachable
from omniroute.core.rules import Presence
from omniroute.core.telling import tell_leads
from omniroute.core.turn import Answer, Turn

HERE = (Status.ONLINE, Status.AWAY, Status.TRANSFERS)
"""Statuses that end with a shift."""


def declare(turn: Turn, asked: i.StatusDeclared) -> Answer:
    """An agent says whether they can be asked; offers they can no longer take go elsewhere."""
    agent = turn.state.agents[asked.agent]
    status = asked.status
    if status is Status.DRAINING and not agent.load:
        status = Status.OFFLINE
    if agent.status is not status or agent.unresponsive or agent.lost:
        _change(turn, agent, status)
    return Answer(True, "status", {"status": status.value})


def _change(turn: Turn, agent: Agent, status: Status) -> None:
    give_back_at = 0
    if status is Status.OFFLINE:
        give_back_at = turn.at + _rules(turn).offline_grace_ms
    turn.emit(e.StatusChanged(agent.id, status, shift_end(turn, agent, status), give_back_at))
    withdraw_from(turn, agent.id)


def shift_end(turn: Turn, agent: Agent, status: Status) -> int:
    """When the shift ends that an agent is in, or that comes next; 0 for whoever has none."""
    calendar = turn.state.rules.calendars.get(agent.shift)
    if calendar is None or status not in HERE:
        return 0
    return calendar.closes(turn.at)


def drained(turn: Turn) -> None:
    """Whoever drains and has nothing left is offline."""
    for name in list(turn.state.draining):
        agent = turn.state.agents[name]
        if not agent.load:
            _change(turn, agent, Status.OFFLINE)


def came_back(turn: Turn, asked: i.AgentInput) -> None:
    """Any act of an agent's, on any desk, shows that they are there."""
    agent = turn.state.agents[asked.agent]
    if not (agent.lost or agent.unresponsive):
        return
    found = agent.lost if not reachable(agent, False) else ()
    if asked.desk and asked.desk in agent.desks:
        found = tuple(desk for desk in agent.lost if desk == asked.desk)
    if agent.unresponsive or found:
        turn.emit(e.AgentBack(agent.id, found))


def signalled(turn: Turn, asked: i.DeskSignal) -> Answer:
    """A desk says whether its agent is there."""
    agent = turn.state.agents.get(asked.agent)
    if agent is None or not agent.employed or asked.desk not in agent.desks:
        return Answer(True, "nothing_due")
    if asked.up and (asked.desk in agent.lost or asked.desk not in agent.beating):
        turn.emit(e.DeskReached(agent.id, asked.desk))
    elif not asked.up and (asked.failed or asked.desk in agent.beating):
        lose(turn, agent.id, (asked.desk,))
    return Answer(True, "desk")


def lose(turn: Turn, id: AgentId, desks: tuple[str, ...]) -> None:
    """Nobody reaches an agent on these desks; with the last of them they are beyond reach."""
    agent = turn.state.agents[id]
    new = tuple(desk for desk in desks if desk in agent.desks and desk not in agent.lost)
    if not new:
        return
    last = set(agent.desks) <= {*agent.lost, *new}
    turn.emit(e.DesksLost(id, new, turn.at + _rules(turn).owner_unreachable_ms if last else 0))
    if last:
        end_offers_of(turn, id, "failed")
    else:
        withdraw_from(turn, id)


def time_came(turn: Turn, asked: i.AgentTimerDue) -> Answer:
    """Do whatever is due on an agent by now."""
    agent = turn.state.agents.get(asked.agent)
    if agent is None or not agent.employed:
        return Answer(True, "nothing_due")
    if agent.shift_end and agent.shift_end <= turn.at:
        _end_shift(turn, agent)
    agent = turn.state.agents[agent.id]
    if agent.give_back_at and agent.give_back_at <= turn.at:
        turn.emit(e.AgentGone(agent.id))
        for id in agent.threads:
            give_back(turn, turn.thread(id))
    if agent.flag_at and agent.flag_at <= turn.at:
        _flag(turn, agent)
    return Answer(True, "timer")


def _end_shift(turn: Turn, agent: Agent) -> None:
    _change(turn, agent, Status.DRAINING if agent.load else Status.OFFLINE)


def give_back(turn: Turn, thread: Thread) -> None:
    """Queue what a customer waits for and its owner, gone for long enough, will not answer."""
    owner = turn.state.agents.get(thread.agent)
    if owner is None or not owner.gone or thread.phase is not Phase.ASSIGNED or not thread.waiting:
        return
    requeue = _rules(turn).requeue
    if requeue == "all" or (requeue == "live" and thread.live):
        end_offers(turn, thread.id, "rescinded")
        turn.emit(e.ThreadReleased(thread.id, owner.id, "gone"))


def _flag(turn: Turn, agent: Agent) -> None:
    """Tell every lead who is here that somebody's threads have an owner whom nobody reaches."""
    held = [
        id
        for id in agent.threads
        if turn.thread(id).agent == agent.id and not turn.thread(id).wrap_until
    ]
    turn.emit(e.OwnerUnreachable(agent.id))
    for id in held:
        tell_leads(turn, turn.thread(id), f"unreachable:{agent.id}")


def _rules(turn: Turn) -> Presence:
    return turn.state.rules.defaults.presence
