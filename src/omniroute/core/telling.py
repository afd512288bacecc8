"""Telling people of themselves: leads that something needs them, customers by a canned reply."""

from __future__ import annotations

from omniroute.core import events as e
from omniroute.core.acknowledging import told_lately
from omniroute.core.effects import effect_id
from omniroute.core.model import Status, Thread, ThreadId
from omniroute.core.ranking import reachable
from omniroute.core.states import WAITING
from omniroute.core.turn import Turn
from omniroute.core.waits import of_thread


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


def reply_by_itself(turn: Turn, thread: Thread, reply: str) -> None:
    """Send an automatic reply to where the customer wrote."""
    effect = turn.effect("reply", f"{thread.id}/{reply}")
    message = effect_id(turn.input.key, "message", reply)
    turn.emit(e.AutomaticReplyReleased(thread.id, message, thread.handle, reply, effect))
    turn.deliver(
        thread, message, thread.handle, effect, reply=reply, wait=_wait(turn, thread, reply)
    )


def _wait(turn: Turn, thread: Thread, reply: str) -> tuple[int, int] | None:
    """What the customer can expect, where the reply says so and it is known."""
    rules = turn.state.known_rules(thread.rules) or turn.state.rules
    if reply not in rules.waiting_told or thread.phase not in WAITING:
        return None
    wait = of_thread(turn.state, thread)
    return None if wait is None else (wait.likely, wait.late)


def acknowledge(
    turn: Turn, thread: Thread, reply: str, *, machine: bool = False, verified: bool = True
) -> None:
    """The same for a reply that says no more than that they are heard: to people, once a day.

    *machine*: what it would answer was written by one; *verified*: somebody vouches for whoever
    wrote it.  Two programs that answer each other do not stop, and a forged sender has asked for
    nothing; so why there is no reply is recorded instead.
    """
    customer = turn.state.customers[thread.customer]
    if machine:
        because = "machine"
    elif not verified:
        because = "unverified"
    elif told_lately(customer.told, reply, turn.at):
        because = "told"
    else:
        return reply_by_itself(turn, thread, reply)
    turn.explain("unsaid", thread=thread.id, reply=reply, because=because)
    return None
