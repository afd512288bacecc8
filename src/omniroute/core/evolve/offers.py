"""Who is asked, and who is not asked again."""

from __future__ import annotations

from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core.evolve.changes import Folds, change, ran
from omniroute.core.state import State
from omniroute.core.states import ASSIGNED, OFFERED, after

FOLDS = Folds()


@FOLDS.of(e.OfferMade)
def _(state: State, event: e.OfferMade, at: int) -> None:
    thread = state.threads[event.thread]
    if (agent := state.agents.get(event.offer.agent)) is not None:
        state.put_load(replace(agent, last_assigned=at))
    state.put_thread(
        replace(
            thread,
            version=thread.version + 1,
            phase=after(thread.phase, e.OfferMade),
            offers=(*thread.offers, event.offer),
            offered=thread.offered + 1,
            step_used=ran(thread, at),
            clock_since=None,
        )
    )


@FOLDS.of(e.ExclusionsEnded)
def _(state: State, event: e.ExclusionsEnded, at: int) -> None:
    excluded = state.threads[event.thread].excluded
    change(state, event, excluded=tuple(x for x in excluded if x.agent not in event.agents))


@FOLDS.of(e.OfferEnded)
def _(state: State, event: e.OfferEnded, at: int) -> None:
    thread = state.threads[event.thread]
    rest = tuple([offer for offer in thread.offers if offer.id != event.offer])
    excluded = thread.excluded
    if event.exclusion is not None:
        excluded = (*excluded, event.exclusion)
    if thread.phase is ASSIGNED:
        change(state, event, offers=rest, excluded=excluded)
    elif rest:
        change(state, event, offers=rest, excluded=excluded, phase=OFFERED)
    else:
        state.put_thread(
            replace(
                thread,
                version=thread.version + 1,
                phase=after(thread.phase, e.OfferEnded),
                offers=(),
                excluded=excluded,
                clock_since=event.since or at,
            )
        )
    agent = state.agents.get(event.agent)
    if agent is None:
        return
    if event.how == "expired":
        state.put_load(replace(agent, idle_since=at, misses=agent.misses + 1))
    elif event.how in ("declined", "accepted"):
        idle = at if event.how == "declined" else agent.idle_since
        if agent.misses or idle != agent.idle_since:
            state.put_load(replace(agent, idle_since=idle, misses=0))
