"""Who has a thread, and how much of their time it takes."""

from __future__ import annotations

from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core.evolve.changes import Folds, change, change_load, ran
from omniroute.core.fairness import burdened
from omniroute.core.model import Exclusion, Pace, Thread
from omniroute.core.state import State
from omniroute.core.states import after
from omniroute.core.waits import REMEMBERED

FOLDS = Folds()

MOVES = 10  # so many are remembered of a thread
_AWAKE: dict[str, int] = {"dormant": False, "dormant_at": 0, "woken_at": 0, "wake_until": 0}


def busy_by(thread: Thread, at: int) -> int:
    """What a thread has taken of its agent's time by *at*."""
    return thread.busy + (at - thread.busy_since if thread.busy_since else 0)


def awake(thread: Thread) -> dict[str, int]:
    """What is to be cleared of a thread that is not, and does not fall, dormant any more."""
    if thread.dormant or thread.dormant_at or thread.woken_at or thread.wake_until:
        return _AWAKE
    return {}


def handled(state: State, thread: Thread, at: int) -> None:
    """An agent is done with a thread: so long does one take in that queue."""
    if not thread.agent:
        return
    pace = state.paces.get(thread.queue, Pace())
    count = min(pace.handled + 1, REMEMBERED)
    mean = pace.mean + (busy_by(thread, at) - pace.mean) / count
    state.put_pace(thread.queue, replace(pace, handled=count, mean=mean))


@FOLDS.of(e.ThreadAssigned)
def _(state: State, event: e.ThreadAssigned, at: int) -> None:
    thread = state.threads[event.thread]
    if (agent := state.agents.get(event.agent)) is not None:
        days, strain = burdened(agent, thread, at)
        state.put_load(replace(agent, last_assigned=at, days=days, strain=strain))
    if event.in_time is not None:
        _answered(state, thread.queue, event.in_time)
    state.put_thread(
        replace(
            thread,
            version=thread.version + 1,
            phase=after(thread.phase, e.ThreadAssigned),
            agent=event.agent,
            acts=0,
            told_stranded=False,
            last_agent=event.agent,
            step_used=ran(thread, at),
            clock_since=None,
            excluded=for_good(thread) if event.how == "transfer" else thread.excluded,
            busy=0,
            busy_since=at,
            dormant=False,
            dormant_at=0,
            woken_at=0,
            wake_until=0,
        )
    )


@FOLDS.of(e.ThreadReleased)
def _(state: State, event: e.ThreadReleased, at: int) -> None:
    thread = state.threads[event.thread]
    excluded = thread.excluded
    if event.exclusion is not None:
        excluded = (*excluded, event.exclusion)
    if event.how == "transfer":
        handled(state, thread, at)
    change(
        state,
        event,
        agent="",
        busy=0,
        busy_since=0,
        snoozed_until=0,
        **awake(thread),
        clock_since=at,
        queued_since=at,
        excluded=excluded,
    )
    change_load(state, event.agent, idle_since=at)


def _answered(state: State, queue: str, in_time: bool) -> None:
    pace = state.paces.get(queue, Pace())
    count = min(pace.taken + 1, REMEMBERED)
    share = pace.in_time + (in_time - pace.in_time) / count
    state.put_pace(queue, replace(pace, taken=count, in_time=share))


def for_good(thread: Thread) -> tuple[Exclusion, ...]:
    """Who stays barred, whoever has had it in between."""
    return tuple(x for x in thread.excluded if x.reason == "handed_off")


@FOLDS.of(e.ThreadMoved)
def _(state: State, event: e.ThreadMoved, at: int) -> None:
    change(state, event, moves=(*state.threads[event.thread].moves[-(MOVES - 1) :], at))


@FOLDS.of(e.HandedOff)
def _(state: State, event: e.HandedOff, at: int) -> None:
    thread = state.threads[event.thread]
    change(state, event, handed_off=True, excluded=(*thread.excluded, *event.excluded))


@FOLDS.of(e.HandedBack)
def _(state: State, event: e.HandedBack, at: int) -> None:
    excluded = state.threads[event.thread].excluded
    kept = tuple(x for x in excluded if x.reason != "handed_off")
    change(state, event, handed_off=False, excluded=kept)


@FOLDS.of(e.ThreadSnoozed)
def _(state: State, event: e.ThreadSnoozed, at: int) -> None:
    thread = state.threads[event.thread]
    busy = busy_by(thread, at)
    change(
        state,
        event,
        **awake(thread),
        snoozed_until=event.until,
        busy=busy,
        busy_since=0,
    )


@FOLDS.of(e.DormancyPlanned)
def _(state: State, event: e.DormancyPlanned, at: int) -> None:
    change(state, event, dormant_at=event.at)


@FOLDS.of(e.ThreadDormant)
def _(state: State, event: e.ThreadDormant, at: int) -> None:
    busy = busy_by(state.threads[event.thread], at)
    change(state, event, dormant=True, dormant_at=0, busy=busy, busy_since=0)
    change_load(state, event.agent, idle_since=at)


@FOLDS.of(e.ThreadRoused)
def _(state: State, event: e.ThreadRoused, at: int) -> None:
    change(state, event, dormant=False, woken_at=at, wake_until=event.until, busy_since=at)


@FOLDS.of(e.ThreadWoken)
def _(state: State, event: e.ThreadWoken, at: int) -> None:
    change(state, event, snoozed_until=0, busy_since=at)
