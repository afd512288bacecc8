"""A thread is solved, wrapped up, reopened, closed, and goes into the history."""

from __future__ import annotations

from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core.evolve.changes import Folds, change, change_load
from omniroute.core.evolve.owning import for_good, handled
from omniroute.core.model import Past, Thread
from omniroute.core.state import State
from omniroute.core.states import after
from omniroute.core.voices import settled

FOLDS = Folds()


@FOLDS.of(e.ThreadSolved)
def _(state: State, event: e.ThreadSolved, at: int) -> None:
    """Whoever had it counts as the one who helped, not a lead who tidied up."""
    before = state.threads[event.thread]
    owner = before.agent or event.agent
    handled(state, before, at)
    state.put_thread(
        replace(
            before,
            version=before.version + 1,
            phase=after(before.phase, e.ThreadSolved),
            voices=settled(before.voices),
            agent=owner,
            last_agent=owner or before.last_agent,
            snoozed_until=0,
            clock_since=None,
            waiting=False,
            busy=0,
            busy_since=0,
            resolved_at=at,
            reopen_until=event.reopen_until,
            dormant=False,
            dormant_at=0,
            woken_at=0,
            wake_until=0,
        )
    )
    if (agent := state.agents.get(owner)) is not None:
        state.put_load(replace(agent, idle_since=at))
    customer = state.customers[before.customer]
    last = owner or customer.last_agent  # whom an article has spared keeps the person they know
    state.put_customer(replace(customer, last_agent=last, last_at=at))


@FOLDS.of(e.WrapUpBegan)
def _(state: State, event: e.WrapUpBegan, at: int) -> None:
    change(state, event, wrap_until=event.until)


@FOLDS.of(e.WrapUpEnded)
def _(state: State, event: e.WrapUpEnded, at: int) -> None:
    change(state, event, wrap_until=0)
    change_load(state, event.agent, idle_since=at)


@FOLDS.of(e.ThreadReopened)
def _(state: State, event: e.ThreadReopened, at: int) -> None:
    change(
        state,
        event,
        agent="",
        wrap_until=0,
        resolved_at=0,
        reopen_until=0,
        waiting=True,
        step=0,
        step_used=0,
        excluded=for_good(state.threads[event.thread]),
    )


@FOLDS.of(e.ThreadAbandoned)
def _(state: State, event: e.ThreadAbandoned, at: int) -> None:
    _into_history(state, change(state, event, clock_since=None, waiting=False))


@FOLDS.of(e.ThreadClosed)
def _(state: State, event: e.ThreadClosed, at: int) -> None:
    thread = state.threads[event.thread]
    closed = after(thread.phase, e.ThreadClosed)
    thread = replace(thread, version=thread.version + 1, phase=closed)
    state.put_thread(thread)
    _into_history(state, thread)


def _into_history(state: State, thread: Thread) -> None:
    customer = state.customers[thread.customer]
    voices = thread.voices
    if len(voices) > 1:
        voices = tuple(sorted(voices, key=lambda voice: (voice.at, voice.since)))
    handles = tuple([voice.handle for voice in voices])
    past = Past(thread.id, handles, thread.agent, thread.resolved_at)
    history, beside = (*customer.history, past), customer.beside
    if beside:  # another one goes on with what they write
        beside = tuple(id for id in beside if id != thread.id)
    if customer.open != thread.id:
        state.put_customer(replace(customer, history=history, beside=beside))
    else:
        open, beside = beside[-1] if beside else None, beside[:-1]
        state.put_customer(replace(customer, history=history, open=open, beside=beside))
