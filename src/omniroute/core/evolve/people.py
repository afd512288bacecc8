"""Handles, the links between them, and the customers that they make."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core.acknowledging import told
from omniroute.core.evolve.changes import Folds
from omniroute.core.model import Customer, Past, Phase, Sharing, Thread, ThreadId
from omniroute.core.state import State

FOLDS = Folds()


@FOLDS.of(e.HandleSeen)
def _(state: State, event: e.HandleSeen, at: int) -> None:
    state.put_handle(event.handle)
    state.put_customer(Customer(event.handle.customer, (event.handle.id,)))


@FOLDS.of(e.LinkAdded)
def _(state: State, event: e.LinkAdded, at: int) -> None:
    into = state.customers[event.into]
    if not event.gone:
        state.put_customer(replace(into, links=(*into.links, event.link)))
        return
    gone = state.customers[event.gone]
    for id in gone.handles:
        state.put_handle(replace(state.handles[id], customer=into.id))
    handles = sorted((*into.handles, *gone.handles), key=lambda h: (state.handles[h].since, h))
    later = gone if gone.last_at > into.last_at else into
    suggested = (*into.suggested, *gone.suggested)
    state.put_customer(
        Customer(
            into.id,
            tuple(handles),
            (*into.links, *gone.links, event.link),
            tuple(s for s in suggested if s.a not in handles or s.b not in handles),
            tuple(
                pair
                for pair in dict.fromkeys((*into.not_same, *gone.not_same))
                if not set(pair) <= set(handles)  # a person has overruled it
            ),
            into.open if into.open is not None else gone.open,
            tuple(sorted((*into.history, *gone.history), key=lambda past: past.thread)),
            later.last_agent or into.last_agent or gone.last_agent,
            later.last_at,
            (*into.beside, *gone.beside),
            told(into.told, gone.told, at),
            surveyed=max(into.surveyed, gone.surveyed),
            rated=tuple(sorted((*into.rated, *gone.rated), key=lambda rated: rated.at)),
        )
    )
    state.drop_customer(gone.id)
    for open in (*gone.beside, *([gone.open] if gone.open is not None else ())):
        if (thread := state.threads.get(open)) is not None:
            state.put_thread(replace(thread, customer=into.id))


@FOLDS.of(e.LinkSuggested)
def _(state: State, event: e.LinkSuggested, at: int) -> None:
    customer = state.customers[state.handles[event.link.a].customer]
    state.put_customer(replace(customer, suggested=(*customer.suggested, event.link)))


@FOLDS.of(e.LinkRetracted)
def _(state: State, event: e.LinkRetracted, at: int) -> None:
    customer = state.customers[event.customer]
    ends = (event.a, event.b)
    links = tuple(replace(x, live=x.live and (x.a, x.b) != ends) for x in customer.links)
    state.put_customer(replace(customer, links=links))


@FOLDS.of(e.NotSame)
def _(state: State, event: e.NotSame, at: int) -> None:
    pair = (event.a, event.b)
    for id in sorted({state.handles[end].customer for end in pair}):
        customer = state.customers[id]
        suggested = tuple(s for s in customer.suggested if (s.a, s.b) != pair)
        said = tuple(dict.fromkeys((*customer.not_same, pair)))
        state.put_customer(replace(customer, suggested=suggested, not_same=said))


@FOLDS.of(e.CustomerSplit)
def _(state: State, event: e.CustomerSplit, at: int) -> None:
    old = state.customers[event.customer]
    leaving = frozenset(event.handles)
    for id in event.handles:
        state.put_handle(replace(state.handles[id], customer=event.into))
    gone = tuple(past for past in old.history if past.thread in event.history)
    kept = tuple(past for past in old.history if past.thread not in event.history)
    new = Customer(
        event.into, event.handles, history=gone, told=old.told, surveyed=old.surveyed,
        rated=old.rated,
    )  # fmt: skip
    rest = tuple(id for id in old.handles if id not in leaving)
    apart = tuple(id for id in old.beside if state.threads[id].handle in leaving)
    stay = tuple(id for id in old.beside if id not in apart)
    for other in apart:
        state.put_thread(replace(state.threads[other], customer=event.into))
    moved, left = (old.open, None) if event.open else (None, old.open)
    state.put_customer(_with_open(_side(new, old), moved, apart))
    remaining = _side(replace(old, handles=rest, history=kept), old)
    state.put_customer(_with_open(remaining, left, stay))
    if old.open is not None:
        thread = state.threads[old.open]
        keeper = state.customers[event.into if event.open else event.customer]
        state.put_customer(replace(keeper, **helped(thread)))
        if event.open:
            state.put_thread(replace(thread, customer=event.into))


@FOLDS.of(e.HandleCalled)
def _(state: State, event: e.HandleCalled, at: int) -> None:
    state.put_handle(replace(state.handles[event.handle], sharing=event.sharing))


@FOLDS.of(e.HandleShared)
def _(state: State, event: e.HandleShared, at: int) -> None:
    known = Sharing("shared" if event.shared else "single")
    state.put_handle(replace(state.handles[event.handle], sharing=known))


@FOLDS.of(e.CustomerErased)
def _(state: State, event: e.CustomerErased, at: int) -> None:
    """Text, names and addresses were never here."""


def _with_open(customer: Customer, open: ThreadId | None, beside: tuple[ThreadId, ...]) -> Customer:
    if open is None and beside:
        open, beside = beside[-1], beside[:-1]
    return replace(customer, open=open, beside=beside)


def _side(side: Customer, whole: Customer) -> Customer:
    """One side of a split: what of *whole* is about its handles."""
    mine = frozenset(side.handles)
    last = side.history[-1] if side.history else Past(0)
    return replace(
        side,
        links=tuple(x for x in whole.links if x.a in mine and x.b in mine),
        suggested=tuple(x for x in whole.suggested if x.a in mine or x.b in mine),
        not_same=tuple(x for x in whole.not_same if not mine.isdisjoint(x)),
        rated=tuple(x for x in whole.rated if x.handle in mine),
        open=None,
        last_agent=last.agent,
        last_at=last.at,
    )


def helped(thread: Thread) -> dict[str, Any]:
    """Who helped the customer last, where that is known from an open thread."""
    if thread.phase is not Phase.RESOLVED:
        return {}
    return {"last_agent": thread.last_agent, "last_at": thread.resolved_at}
