"""Who works here, on which desks they can be reached, and whether they can be asked."""

from __future__ import annotations

from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core.evolve.changes import Folds, change_agent
from omniroute.core.model import Agent, Status
from omniroute.core.ranking import reachable
from omniroute.core.state import State

FOLDS = Folds()


@FOLDS.of(e.AgentJoined)
def _(state: State, event: e.AgentJoined, at: int) -> None:
    member = event.member
    known = state.agents.get(member.id) or Agent(member.id, idle_since=at)
    state.put_agent(
        replace(
            known,
            teams=member.teams,
            skills={skill: float(level) for skill, level in member.skills.items()},
            capacity=member.capacity,
            role=member.role,
            kind=member.kind,
            desks=member.desks,
            slow=member.slow,
            chatless=member.chatless,
            shift=member.shift,
            reads=member.reads,
            caps=member.caps,
            lost=tuple(desk for desk in known.lost if desk in member.desks),
            beating=tuple(desk for desk in known.beating if desk in member.desks),
            shift_end=event.shift_end,
            employed=True,
        )
    )


@FOLDS.of(e.AgentLeft)
def _(state: State, event: e.AgentLeft, at: int) -> None:
    times: dict[str, object] = {"shift_end": 0, "give_back_at": 0, "flag_at": 0}
    change_agent(state, event.agent, employed=False, status=Status.OFFLINE, **times)


@FOLDS.of(e.StatusChanged)
def _(state: State, event: e.StatusChanged, at: int) -> None:
    """Who says that they are here is here, on whatever desk."""
    agent = state.agents[event.agent]
    came = event.status is Status.ONLINE and not _here(agent)
    state.put_agent(
        replace(
            agent,
            status=event.status,
            idle_since=at if came else agent.idle_since,
            unresponsive=False,
            misses=0,
            lost=(),
            shift_end=event.shift_end,
            give_back_at=event.give_back_at,
            flag_at=0,
            gone=False,
        )
    )


def _here(agent: Agent) -> bool:
    return agent.status is Status.ONLINE and not agent.unresponsive and reachable(agent, False)


@FOLDS.of(e.AgentUnresponsive)
def _(state: State, event: e.AgentUnresponsive, at: int) -> None:
    change_agent(state, event.agent, unresponsive=True)


@FOLDS.of(e.AgentBack)
def _(state: State, event: e.AgentBack, at: int) -> None:
    agent = state.agents[event.agent]
    lost = tuple(desk for desk in agent.lost if desk not in event.desks)
    _found(state, replace(agent, unresponsive=False, misses=0, lost=lost), at)


@FOLDS.of(e.DeskReached)
def _(state: State, event: e.DeskReached, at: int) -> None:
    agent = state.agents[event.agent]
    lost = tuple(desk for desk in agent.lost if desk != event.desk)
    beating = tuple(dict.fromkeys((*agent.beating, event.desk)))
    _found(state, replace(agent, lost=lost, beating=beating), at)


def _found(state: State, agent: Agent, at: int) -> None:
    """Whoever could not be asked and can be now goes to the end."""
    came = _here(agent) and not _here(state.agents[agent.id])
    flag_at = agent.flag_at if not reachable(agent, False) else 0
    idle = at if came else agent.idle_since
    state.put_agent(replace(agent, idle_since=idle, flag_at=flag_at))


@FOLDS.of(e.DesksLost)
def _(state: State, event: e.DesksLost, at: int) -> None:
    agent = state.agents[event.agent]
    state.put_agent(replace(agent, lost=(*agent.lost, *event.desks), flag_at=event.flag_at))


@FOLDS.of(e.AgentGone)
def _(state: State, event: e.AgentGone, at: int) -> None:
    change_agent(state, event.agent, gone=True, give_back_at=0)


@FOLDS.of(e.OwnerUnreachable)
def _(state: State, event: e.OwnerUnreachable, at: int) -> None:
    change_agent(state, event.agent, flag_at=0)
