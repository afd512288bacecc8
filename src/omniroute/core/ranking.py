"""Whether an agent can be asked, and which of several is asked first.

Order is by tuples, never by packed weights, so that no number can outgrow its neighbour
(routing.md 2.8, D6).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from omniroute.core.model import Agent, Caps, Status, Thread

Part: TypeAlias = tuple[float | str, ...]  # an agent's share of their rank


def reachable(agent: Agent, live: bool) -> bool:
    """Whether a desk of theirs is there on which they can do it."""
    if not agent.lost and not (live and agent.chatless):
        return True
    return any(
        desk not in agent.lost and not (live and desk in agent.chatless) for desk in agent.desks
    )


NO_CAPS = Caps()
LEAVING = (Status.OFFLINE, Status.DRAINING)
ONLINE, AWAY = Status.ONLINE, Status.AWAY


def open_to_transfers(agent: Agent) -> bool:
    """Whether somebody can be handed a thread by a colleague, whatever else they are asked for."""
    here = agent.employed and agent.status not in LEAVING and not agent.unresponsive
    return here and reachable(agent, False)


def askable(agent: Agent, thread: Thread) -> bool:
    """Whether an offer of *thread* to the agent may stand."""
    return open_to_transfers(agent) if thread.agent else present(agent, thread.live)


def presence(agent: Agent) -> tuple[bool, bool]:
    """Whether the agent may be asked at all, for mail and for a chat; the away still get mail."""
    if not agent.employed or agent.unresponsive:
        return False, False
    status = agent.status
    if status is ONLINE:
        if not (agent.lost or agent.chatless):
            return True, True
        return reachable(agent, False), reachable(agent, True)
    return status is AWAY and reachable(agent, False), False


def present(agent: Agent, live: bool) -> bool:
    """`presence` for one of the two."""
    return presence(agent)[live]


def mute(agent: Agent) -> bool:
    """Whether only a desk is wanting: they are here, and on none that they have can they chat."""
    return agent.status is ONLINE and present(agent, False) and not present(agent, True)


def fits(agent: Agent, weight: int, live: bool, queue: str = "") -> bool:
    """Whether *weight* more units fit, and, of a *queue*, there too; mail never blocks a chat
    (routing.md 2.4)."""
    used = agent.live_load if live else agent.live_load + agent.mail_load
    if used + weight > agent.capacity:
        return False
    return agent.caps is None or _under(agent, agent.caps, weight, live, queue)


def _under(agent: Agent, caps: Caps, weight: int, live: bool, queue: str) -> bool:
    """Whether so many units more keep to the caps of their kind and of their queue."""
    most, used = (caps.chat, agent.live_load) if live else (caps.later, agent.mail_load)
    if most is not None and used + weight > most:
        return False
    most = caps.queues.get(queue)
    return most is None or agent.queue_loads.get(queue, 0) + weight <= most


def room(agent: Agent, live: bool) -> int:
    """How many units more the agent can take; below 1, none."""
    if not present(agent, live):
        return 0
    units = agent.capacity - (agent.live_load if live else agent.live_load + agent.mail_load)
    if agent.caps is None:
        return units
    most, used = (agent.caps.chat, agent.live_load) if live else (agent.caps.later, agent.mail_load)
    return units if most is None else min(units, most - used)


def rooms(agent: Agent, here: tuple[bool, bool]) -> tuple[int, int]:
    """`room` for mail and for a chat of somebody whose `presence` is known."""
    if agent.caps is not None:
        return room(agent, False), room(agent, True)
    chats = agent.capacity - agent.live_load
    return chats - agent.mail_load if here[0] else 0, chats if here[1] else 0


def most(agent: Agent, live: bool) -> int:
    """How many units the agent can hold in all, of mail or of chats."""
    caps = agent.caps or NO_CAPS
    cap = caps.chat if live else caps.later
    return agent.capacity if cap is None else min(agent.capacity, cap)


def able(agent: Agent, live: bool) -> bool:
    """Present, with room for at least one unit."""
    return present(agent, live) and fits(agent, 1, live)


def takes(agent: Agent, weight: int, live: bool, queue: str = "") -> bool:
    """Present, with room for *weight* units more, of a *queue* if one is named."""
    return present(agent, live) and fits(agent, weight, live, queue)


class Standing(NamedTuple):
    """`present` and `able` of one agent, each for mail and for a chat, made out once."""

    present: tuple[bool, bool]
    able: tuple[bool, bool]
    units: tuple[int, int] = (0, 0)  # that they can hold in all, while they are here
    mute: bool = False  # `mute`


NOWHERE = Standing((False, False), (False, False))
"""Of somebody who is not on the team."""


def standing(agent: Agent) -> Standing:
    """Whether the agent may be asked, and whether they have room."""
    mail, live = here = presence(agent)
    if not (mail or live):
        return NOWHERE
    silent = mail and not live and agent.status is ONLINE
    if agent.caps is None:
        units = agent.capacity
        spare = units - agent.live_load
        able = mail and spare > agent.mail_load, live and spare > 0
        return Standing(here, able, (units, units), silent)
    mail_fits, live_fits = mail and fits(agent, 1, False), live and fits(agent, 1, True)
    units_of = most(agent, False), most(agent, True)
    return Standing(here, (mail_fits, live_fits), units_of, silent)


def loaded(before: Standing, agent: Agent) -> Standing:
    """The standing of an agent without caps of whom nothing but the load is another than before;
    the very same where that changes nothing."""
    mail, live = before.present
    spare = agent.capacity - agent.live_load
    able = mail and spare > agent.mail_load, live and spare > 0
    if able == before.able:
        return before
    return Standing(before.present, able, before.units, before.mute)


def more_room(old: Agent, before: Standing, new: Agent, now: Standing) -> bool:
    """Whether the agent, whose standing changed with them, can take what they could not before."""
    mail, live = now.able
    if not (mail or live):
        return False
    could_mail, could_live = before.able
    if (mail and not could_mail) or (live and not could_live):
        return True
    if new.load < old.load or new.live_load < old.live_load or new.capacity > old.capacity:
        return True
    return new.caps is not None and _freer(old, new)


def eased(old: Agent, new: Agent, now: Standing) -> bool:
    """`more_room` of somebody without caps of whom nothing but what they have is another."""
    mail, live = now.able
    if not (mail or live):
        return False
    fewer = old.live_load - new.live_load
    return fewer > 0 or fewer + old.mail_load > new.mail_load


def _freer(old: Agent, new: Agent) -> bool:
    """Whether a cap of theirs, or what counts under one, is another one."""
    return (
        new.caps != old.caps or new.mail_load < old.mail_load or new.queue_loads != old.queue_loads
    )


PARTS: Mapping[str, Callable[[Agent], Part]] = {
    "least_loaded": lambda a: (a.load / a.capacity, a.idle_since, a.last_assigned, a.id),
    "longest_idle": lambda a: (a.load > 0, a.idle_since, a.last_assigned, a.id),
    "round_robin": lambda a: (a.last_assigned, a.load, a.idle_since, a.id),
    "most_spare": lambda a: (a.load - a.capacity, a.idle_since, a.last_assigned, a.id),
    "fair": lambda a: (a.strain, a.load / a.capacity, a.idle_since, a.last_assigned, a.id),
    "best_skill": lambda a: (a.load / a.capacity, a.idle_since, a.last_assigned, a.id),
}
"""The part of a rank that is the agent's alone; of agents who are `able`, so of some capacity."""


def rank(policy: str, near: bool, cost: float, strength: float, part: Part) -> Part:
    """An agent's whole tuple under a policy; the smallest wins.

    *near* is affinity (the customer's last agent), *cost* what the skills graph took on the way,
    *strength* the sum of the effective levels asked for.
    """
    far = 0 if near else 1
    if policy == "least_loaded":
        return (far, part[0], cost, *part[1:])
    if policy == "best_skill":
        return (far, cost, -strength, *part)
    return (far, cost, *part)
