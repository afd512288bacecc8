"""Dormant threads and wrap-up: what an agent has that asks for less, or for a little longer.

routing.md 2.4 and 2.5.  A live thread whose customer is silent, with the last word ours, falls
dormant: its agent keeps it and it weighs nothing.  A message wakes it: the agent has it again, over
capacity if need be, and must answer in time; else it goes to others, its agent preferred.
"""

from __future__ import annotations

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.model import Agent, Thread, ThreadId
from omniroute.core.offers import end_offers
from omniroute.core.ranking import fits, present
from omniroute.core.states import ASSIGNED, RESOLVED
from omniroute.core.timers import dormancy, wake_end
from omniroute.core.turn import Answer, Turn


def keep(turn: Turn, thread: Thread) -> None:
    """Plan when a thread falls dormant, once our word is the last."""
    span = turn.state.queue(thread.queue).dormant_after_ms
    silent = thread.phase is ASSIGNED and thread.live and thread.replies
    if silent and span and not (thread.waiting or thread.dormant or thread.dormant_at):
        turn.emit(e.DormancyPlanned(thread.id, turn.at + span))


def rouse(turn: Turn, thread: Thread) -> None:
    """The customer wrote in a dormant thread: its agent goes on, or it goes to others at once."""
    agent = turn.state.agents.get(thread.agent)
    if agent is None or not _goes_on(agent, thread.live):
        return _queue(turn, thread, turn.at)
    over = not fits(agent, thread.weight, thread.live, thread.queue)
    until = turn.at + turn.state.queue(thread.queue).wake_deadline_ms
    return turn.emit(e.ThreadRoused(thread.id, agent.id, until, over=over))


def _goes_on(agent: Agent, live: bool) -> bool:
    """Whether they are here for what they have; who is draining still is."""
    return present(agent, live) or (agent.status == "draining" and not agent.unresponsive)


def _queue(turn: Turn, thread: Thread, since: int) -> None:
    """To the pool, as old as the message that woke it; priority and steps stay."""
    end_offers(turn, thread.id, "rescinded")
    turn.emit(e.ThreadReleased(thread.id, thread.agent, "wake"))
    turn.emit(e.AgeMoved(thread.id, since, ""))
    turn.present(thread.id, thread.agent, "told", reason="wake")


def time_came(turn: Turn, id: ThreadId) -> None:
    """Do whatever of this is due on a thread by now."""
    thread = turn.thread(id)
    if (at := dormancy(thread)) is not None and at <= turn.at:
        turn.emit(e.ThreadDormant(id, thread.agent))
    if (until := wake_end(thread)) is not None and until <= turn.at:
        _queue(turn, thread, thread.woken_at)
    if thread.wrap_until and thread.wrap_until <= turn.at:
        turn.emit(e.WrapUpEnded(id, thread.agent, "time"))


def begin_wrap_up(turn: Turn, thread: Thread, span: int) -> None:
    """Whoever had a thread that is solved now has work with it for so long."""
    turn.emit(e.WrapUpBegan(thread.id, thread.agent, turn.at + span))


def end_wrap_up(turn: Turn, asked: i.WrapUpDone) -> Answer:
    """The agent is ready for the next one."""
    thread = turn.thread(asked.thread)
    if thread.phase is not RESOLVED or not thread.wrap_until:
        return Answer(False, "no_wrap_up")
    if thread.agent != asked.agent:
        return Answer(False, "not_yours", {"by": thread.agent})
    turn.emit(e.WrapUpEnded(thread.id, thread.agent, "agent"))
    return Answer(True, "done")
