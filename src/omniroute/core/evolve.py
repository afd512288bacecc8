"""`evolve`: fold one event into the state.  No choices are made here.

Each function below is the whole meaning of one event.  Folding the journal's events from an empty
state gives the rows of the store again; ``omniroute verify`` does exactly that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core.fairness import burdened
from omniroute.core.model import (
    Agent,
    AgentId,
    Customer,
    Exclusion,
    Fold,
    HandleId,
    Pace,
    Past,
    Phase,
    Status,
    Target,
    Thread,
    ThreadId,
)
from omniroute.core.ranking import reachable
from omniroute.core.state import State
from omniroute.core.states import OPEN, after
from omniroute.core.trials import NONE
from omniroute.core.voices import (
    answered,
    as_urgent,
    by_itself,
    heard,
    inside,
    joined,
    last_heard,
    of,
    settled,
    spoken_by,
    together,
    urgency,
)
from omniroute.core.waits import REMEMBERED

E = TypeVar("E", bound=e.Event)
Folding = Callable[[State, Any, int], None]
_FOLDS: dict[type[e.Event], Folding] = {}

MOVES = 10  # so many are remembered of a thread


def evolve(state: State, event: e.AnyEvent, at: int) -> None:
    """Make *event* so, as of *at*."""
    _FOLDS[type(event)](state, event, at)


def _folds(kind: type[E]) -> Callable[[Callable[[State, E, int], None]], Folding]:
    def register(fold: Callable[[State, E, int], None]) -> Folding:
        _FOLDS[kind] = fold
        return fold

    return register


def _change(state: State, event: e.ThreadEvent, **values: object) -> Thread:
    """The thread of *event* with new values, the next version and the phase that follows."""
    old = state.threads[event.thread]
    values.setdefault("phase", after(old.phase, type(event)))
    new = replace(old, version=old.version + 1, **values)
    state.put_thread(new)
    return new


def _ran(thread: Thread, at: int) -> int:
    """What has run of the present step, with the clock stopped at *at*."""
    return thread.step_used + (at - thread.clock_since if thread.clock_since is not None else 0)


def _nearer(ours: tuple[Target, ...], theirs: tuple[Target, ...]) -> tuple[Target, ...]:
    """Of each kind the promise that falls due first; one whose clock stands gives way."""
    kept = {target.kind: target for target in ours}
    for target in theirs:
        other = kept.get(target.kind)
        if other is None or (target.due and (not other.due or target.due < other.due)):
            kept[target.kind] = target
    return tuple(kept.values())


def _agent(state: State, id: AgentId, **values: object) -> None:
    if (agent := state.agents.get(id)) is not None:
        state.put_agent(replace(agent, **values))


# --- who is who ---


@_folds(e.HandleSeen)
def _(state: State, event: e.HandleSeen, at: int) -> None:
    state.put_handle(event.handle)
    state.put_customer(Customer(event.handle.customer, (event.handle.id,)))


@_folds(e.LinkAdded)
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
        )
    )
    state.drop_customer(gone.id)
    for open in (*gone.beside, *([gone.open] if gone.open is not None else ())):
        if (thread := state.threads.get(open)) is not None:
            state.put_thread(replace(thread, customer=into.id))


@_folds(e.LinkSuggested)
def _(state: State, event: e.LinkSuggested, at: int) -> None:
    customer = state.customers[state.handles[event.link.a].customer]
    state.put_customer(replace(customer, suggested=(*customer.suggested, event.link)))


@_folds(e.LinkRetracted)
def _(state: State, event: e.LinkRetracted, at: int) -> None:
    customer = state.customers[event.customer]
    ends = (event.a, event.b)
    links = tuple(replace(x, live=x.live and (x.a, x.b) != ends) for x in customer.links)
    state.put_customer(replace(customer, links=links))


@_folds(e.NotSame)
def _(state: State, event: e.NotSame, at: int) -> None:
    pair = (event.a, event.b)
    for id in sorted({state.handles[end].customer for end in pair}):
        customer = state.customers[id]
        suggested = tuple(s for s in customer.suggested if (s.a, s.b) != pair)
        said = tuple(dict.fromkeys((*customer.not_same, pair)))
        state.put_customer(replace(customer, suggested=suggested, not_same=said))


@_folds(e.CustomerSplit)
def _(state: State, event: e.CustomerSplit, at: int) -> None:
    old = state.customers[event.customer]
    leaving = frozenset(event.handles)
    for id in event.handles:
        state.put_handle(replace(state.handles[id], customer=event.into))
    gone = tuple(past for past in old.history if past.thread in event.history)
    kept = tuple(past for past in old.history if past.thread not in event.history)
    new = Customer(event.into, event.handles, history=gone)
    rest = tuple(id for id in old.handles if id not in leaving)
    apart = tuple(id for id in old.beside if state.threads[id].handle in leaving)
    stay = tuple(id for id in old.beside if id not in apart)
    for other in apart:
        state.put_thread(replace(state.threads[other], customer=event.into))
    moved, left = (old.open, None) if event.open else (None, old.open)
    state.put_customer(_with_open(_side(new, old, None), moved, apart))
    remaining = _side(replace(old, handles=rest, history=kept), old, None)
    state.put_customer(_with_open(remaining, left, stay))
    if old.open is not None:
        thread = state.threads[old.open]
        keeper = state.customers[event.into if event.open else event.customer]
        state.put_customer(replace(keeper, **_helped(thread)))
        if event.open:
            state.put_thread(replace(thread, customer=event.into))


@_folds(e.CustomerErased)
def _(state: State, event: e.CustomerErased, at: int) -> None:
    """Text, names and addresses were never here."""


def _with_open(customer: Customer, open: ThreadId | None, beside: tuple[ThreadId, ...]) -> Customer:
    if open is None and beside:
        open, beside = beside[-1], beside[:-1]
    return replace(customer, open=open, beside=beside)


def _side(side: Customer, whole: Customer, open: ThreadId | None) -> Customer:
    """One side of a split: what of *whole* is about its handles."""
    mine = frozenset(side.handles)
    last = side.history[-1] if side.history else Past(0)
    return replace(
        side,
        links=tuple(x for x in whole.links if x.a in mine and x.b in mine),
        suggested=tuple(x for x in whole.suggested if x.a in mine or x.b in mine),
        not_same=tuple(x for x in whole.not_same if not mine.isdisjoint(x)),
        open=open,
        last_agent=last.agent,
        last_at=last.at,
    )


# --- a thread's conversation ---


@_folds(e.ThreadOpened)
def _(state: State, event: e.ThreadOpened, at: int) -> None:
    customer = state.customers[event.customer]
    state.put_counters(replace(state.counters, next_thread=event.thread + 1))
    state.put_customer(replace(customer, open=event.thread))
    state.put_thread(
        Thread(event.thread, event.customer, at, version=1, last_agent=customer.last_agent)
    )


@_folds(e.CustomerWrote)
def _(state: State, event: e.CustomerWrote, at: int) -> None:
    """The answer goes to where the customer wrote last; a machine of theirs moves nothing."""
    thread = state.threads[event.thread]
    voices = heard(thread.voices, event, at)
    if event.automatic and thread.turns:
        _change(state, event, turns=thread.turns + 1, voices=voices)
        return
    _change(
        state,
        event,
        voices=voices,
        channel=event.channel,
        handle=event.handle,
        answerable=event.answerable,
        message=event.message,
        live=event.live,
        turns=thread.turns + 1,
        away_until=0,
        waiting=True,
    )


@_folds(e.TopicTurned)
def _(state: State, event: e.TopicTurned, at: int) -> None:
    steps = state.shared(event.turned.steps)
    _change(state, event, turned=replace(event.turned, steps=steps))


@_folds(e.MatterSplit)
def _(state: State, event: e.MatterSplit, at: int) -> None:
    """The customer's words go to the new thread from now on; the old one keeps its agent."""
    old = _change(state, event, turned=None, turns=state.threads[event.thread].turns - 1)
    customer = state.customers[old.customer]
    state.put_counters(replace(state.counters, next_thread=event.into + 1))
    beside = (*customer.beside, event.thread)
    state.put_customer(replace(customer, open=event.into, beside=beside))
    wrote = e.CustomerWrote(
        event.into, old.message, old.handle, old.channel, account="", live=old.live
    )
    state.put_thread(
        Thread(
            event.into,
            old.customer,
            at,
            version=1,
            channel=old.channel,
            handle=old.handle,
            message=old.message,
            live=old.live,
            turns=1,
            voices=heard((), wrote, at),
        )
    )


@_folds(e.NoteAdded)
def _(state: State, event: e.NoteAdded, at: int) -> None:
    _change(state, event)


@_folds(e.ReplyHeld)
def _(state: State, event: e.ReplyHeld, at: int) -> None:
    _change(state, event, held=(*state.threads[event.thread].held, event.held))


@_folds(e.ReplyWithdrawn)
def _(state: State, event: e.ReplyWithdrawn, at: int) -> None:
    held = state.threads[event.thread].held
    _change(state, event, held=tuple(h for h in held if h.message != event.message))


@_folds(e.ReplyReleased)
def _(state: State, event: e.ReplyReleased, at: int) -> None:
    thread = state.threads[event.thread]
    held = tuple(h for h in thread.held if h.message != event.message)
    sending = thread.sending
    agent = state.agents.get(event.agent)
    if agent is not None and agent.kind == "bot":
        sending = (*sending, (event.message, event.effect))
    voices = answered(thread.voices, event.handle)
    _change(
        state, event, held=held, replies=thread.replies + 1, waiting=False, voices=voices,
        sending=sending, dormant_at=0, woken_at=0, wake_until=0,
    )  # fmt: skip


@_folds(e.AutomaticReplyReleased)
def _(state: State, event: e.AutomaticReplyReleased, at: int) -> None:
    _change(state, event)


@_folds(e.ArticleProposed)
def _(state: State, event: e.ArticleProposed, at: int) -> None:
    _change(state, event, deflected=True)


@_folds(e.ReplySent)
@_folds(e.ReplyFailed)
def _(state: State, event: e.ReplySent | e.ReplyFailed, at: int) -> None:
    """A delivery's outcome is for people to read; only what a bot sends could be recalled."""
    thread = state.threads.get(event.thread)
    if thread is None or thread.phase not in OPEN:  # what is closed is out of reach, come what may
        return
    if any(effect == event.effect for _, effect in thread.sending):
        state.put_thread(replace(thread, sending=_without(thread, event.effect)))


@_folds(e.ReplyRecalled)
def _(state: State, event: e.ReplyRecalled, at: int) -> None:
    _change(state, event, sending=_without(state.threads[event.thread], event.effect))


def _without(thread: Thread, effect: str) -> tuple[tuple[str, str], ...]:
    return tuple(one for one in thread.sending if one[1] != effect)


@_folds(e.MessageAmended)
def _(state: State, event: e.MessageAmended, at: int) -> None:
    """What a message says is for people to read; it moves nothing in the core."""


# --- where it waits ---


@_folds(e.ThreadRouted)
def _(state: State, event: e.ThreadRouted, at: int) -> None:
    old = state.threads[event.thread]
    _change(
        state,
        event,
        queued_since=at if old.phase is Phase.NEW else old.queued_since,
        sla=old.sla if event.sla is None else state.shared_sla(event.sla),
        targets=old.targets if event.targets is None else event.targets,
        promote_at=event.promote_at or old.promote_at,
        turned=None,
        rule=event.rule,
        rules=event.rules,
        queue=event.queue,
        steps=state.shared(event.steps),
        step=0,
        step_used=0,
        clock_since=at,
        offers=(),
        excluded=event.excluded,
        added=(),
        overflowed=(),
        overflow_at=0,
        priority=event.priority,
        deadline=event.deadline,
        routing_since=event.routing_since,
        weight=event.weight,
        tags=event.tags,
    )


@_folds(e.ThreadPromoted)
def _(state: State, event: e.ThreadPromoted, at: int) -> None:
    _change(state, event, priority=event.priority, promote_at=event.next)


@_folds(e.PromotionPlanned)
def _(state: State, event: e.PromotionPlanned, at: int) -> None:
    _change(state, event, promote_at=event.at)


@_folds(e.AgeMoved)
def _(state: State, event: e.AgeMoved, at: int) -> None:
    _change(state, event, routing_since=event.routing_since)


@_folds(e.TargetStarted)
def _(state: State, event: e.TargetStarted, at: int) -> None:
    others = tuple(t for t in state.threads[event.thread].targets if t.kind != event.target.kind)
    _change(state, event, targets=(*others, event.target), deadline=event.nearest)


@_folds(e.TargetStopped)
def _(state: State, event: e.TargetStopped, at: int) -> None:
    thread = state.threads[event.thread]
    targets = tuple(
        replace(t, due=0, left=event.left) if t.kind == event.kind else t
        for t in thread.targets
        if t.kind != event.kind or event.how == "paused"
    )
    _change(state, event, targets=targets, deadline=event.nearest or thread.deadline)


@_folds(e.TargetMissed)
def _(state: State, event: e.TargetMissed, at: int) -> None:
    targets = state.threads[event.thread].targets
    late = tuple(replace(t, late=True) if t.kind == event.kind else t for t in targets)
    _change(state, event, targets=late)


@_folds(e.MarksPassed)
def _(state: State, event: e.MarksPassed, at: int) -> None:
    targets = state.threads[event.thread].targets
    passed = tuple(replace(t, marks=event.marks) if t.kind == event.kind else t for t in targets)
    _change(state, event, targets=passed)


@_folds(e.Escalated)
def _(state: State, event: e.Escalated, at: int) -> None:
    thread = state.threads[event.thread]
    _change(
        state,
        event,
        priority=event.priority,
        tags=event.tags,
        added=tuple(dict.fromkeys((*thread.added, *event.add))),
        acts=thread.acts + 1,
        targets=tuple(
            replace(t, fired=(*t.fired, event.rule)) if t.kind == event.kind else t
            for t in thread.targets
        ),
    )


@_folds(e.DeadlineSet)
def _(state: State, event: e.DeadlineSet, at: int) -> None:
    _change(state, event, deadline=event.deadline)


@_folds(e.StepBegan)
def _(state: State, event: e.StepBegan, at: int) -> None:
    thread = state.threads[event.thread]
    _change(
        state,
        event,
        step=event.step,
        step_used=event.used,
        clock_since=at,
        queue=event.queue or thread.queue,
        acts=thread.acts + bool(event.queue),
        priority=thread.priority if event.priority is None else event.priority,
    )


@_folds(e.ThreadStranded)
def _(state: State, event: e.ThreadStranded, at: int) -> None:
    used = _ran(state.threads[event.thread], at)
    _change(state, event, step_used=used, clock_since=None, remind_at=event.remind_at)


@_folds(e.StrandedReminded)
def _(state: State, event: e.StrandedReminded, at: int) -> None:
    _change(state, event, remind_at=event.remind_at)


@_folds(e.CustomerTold)
def _(state: State, event: e.CustomerTold, at: int) -> None:
    _change(state, event, told_stranded=True)


@_folds(e.Overflowed)
def _(state: State, event: e.Overflowed, at: int) -> None:
    thread = state.threads[event.thread]
    _change(
        state, event,
        added=tuple(dict.fromkeys((*thread.added, *event.add))),
        overflowed=(*thread.overflowed, event.rule),
        overflow_at=event.next_at,
        acts=thread.acts + 1,
    )  # fmt: skip


@_folds(e.OverflowPlanned)
def _(state: State, event: e.OverflowPlanned, at: int) -> None:
    _change(state, event, overflow_at=event.at)


@_folds(e.CustomerAway)
def _(state: State, event: e.CustomerAway, at: int) -> None:
    _change(state, event, away_until=event.until)


@_folds(e.HoursPlanned)
def _(state: State, event: e.HoursPlanned, at: int) -> None:
    _change(state, event, closes_at=event.closes)


@_folds(e.ThreadHeld)
def _(state: State, event: e.ThreadHeld, at: int) -> None:
    used = _ran(state.threads[event.thread], at)
    _change(state, event, step_used=used, clock_since=None, opens_at=event.until)


@_folds(e.ThreadUnheld)
def _(state: State, event: e.ThreadUnheld, at: int) -> None:
    _change(state, event, clock_since=at, opens_at=0)


@_folds(e.OfferMade)
def _(state: State, event: e.OfferMade, at: int) -> None:
    thread = state.threads[event.thread]
    _agent(state, event.offer.agent, last_assigned=at)
    _change(
        state,
        event,
        offers=(*thread.offers, event.offer),
        offered=thread.offered + 1,
        step_used=_ran(thread, at),
        clock_since=None,
    )


@_folds(e.ExclusionsEnded)
def _(state: State, event: e.ExclusionsEnded, at: int) -> None:
    excluded = state.threads[event.thread].excluded
    _change(state, event, excluded=tuple(x for x in excluded if x.agent not in event.agents))


@_folds(e.OfferEnded)
def _(state: State, event: e.OfferEnded, at: int) -> None:
    thread = state.threads[event.thread]
    rest = tuple(offer for offer in thread.offers if offer.id != event.offer)
    excluded = thread.excluded
    if event.exclusion is not None:
        excluded = (*excluded, event.exclusion)
    if thread.phase is Phase.ASSIGNED:
        _change(state, event, offers=rest, excluded=excluded)
    elif rest:
        _change(state, event, offers=rest, excluded=excluded, phase=Phase.OFFERED)
    else:
        _change(state, event, offers=(), excluded=excluded, clock_since=event.since or at)
    agent = state.agents.get(event.agent)
    if agent is None:
        return
    if event.how == "expired":
        state.put_agent(replace(agent, idle_since=at, misses=agent.misses + 1))
    elif event.how in ("declined", "accepted"):
        idle = at if event.how == "declined" else agent.idle_since
        state.put_agent(replace(agent, idle_since=idle, misses=0))


# --- who has it ---


def _busy(thread: Thread, at: int) -> int:
    """What a thread has taken of its agent's time by *at*."""
    return thread.busy + (at - thread.busy_since if thread.busy_since else 0)


def _handled(state: State, thread: Thread, at: int) -> None:
    """An agent is done with a thread: so long does one take in that queue."""
    if not thread.agent:
        return
    pace = state.paces.get(thread.queue, Pace())
    count = min(pace.handled + 1, REMEMBERED)
    mean = pace.mean + (_busy(thread, at) - pace.mean) / count
    state.put_pace(thread.queue, replace(pace, handled=count, mean=mean))


@_folds(e.ThreadAssigned)
def _(state: State, event: e.ThreadAssigned, at: int) -> None:
    thread = state.threads[event.thread]
    if (agent := state.agents.get(event.agent)) is not None:
        days, strain = burdened(agent, thread, at)
        state.put_agent(replace(agent, last_assigned=at, days=days, strain=strain))
    if event.in_time is not None:
        _answered(state, thread.queue, event.in_time)
    _change(
        state,
        event,
        dormant_at=0,
        dormant=False,
        woken_at=0,
        wake_until=0,
        agent=event.agent,
        acts=0,
        told_stranded=False,
        last_agent=event.agent,
        step_used=_ran(thread, at),
        clock_since=None,
        excluded=_for_good(thread) if event.how == "transfer" else thread.excluded,
        busy=0,
        busy_since=at,
    )


@_folds(e.ThreadReleased)
def _(state: State, event: e.ThreadReleased, at: int) -> None:
    excluded = state.threads[event.thread].excluded
    if event.exclusion is not None:
        excluded = (*excluded, event.exclusion)
    if event.how == "transfer":
        _handled(state, state.threads[event.thread], at)
    _change(
        state,
        event,
        agent="",
        busy=0,
        busy_since=0,
        snoozed_until=0,
        dormant_at=0,
        dormant=False,
        woken_at=0,
        wake_until=0,
        clock_since=at,
        queued_since=at,
        excluded=excluded,
    )
    _agent(state, event.agent, idle_since=at)


def _answered(state: State, queue: str, in_time: bool) -> None:
    pace = state.paces.get(queue, Pace())
    count = min(pace.taken + 1, REMEMBERED)
    share = pace.in_time + (in_time - pace.in_time) / count
    state.put_pace(queue, replace(pace, taken=count, in_time=share))


def _for_good(thread: Thread) -> tuple[Exclusion, ...]:
    """Who stays barred, whoever has had it in between."""
    return tuple(x for x in thread.excluded if x.reason == "handed_off")


@_folds(e.ThreadMoved)
def _(state: State, event: e.ThreadMoved, at: int) -> None:
    _change(state, event, moves=(*state.threads[event.thread].moves[-(MOVES - 1) :], at))


@_folds(e.HandedOff)
def _(state: State, event: e.HandedOff, at: int) -> None:
    thread = state.threads[event.thread]
    _change(state, event, handed_off=True, excluded=(*thread.excluded, *event.excluded))


@_folds(e.HandedBack)
def _(state: State, event: e.HandedBack, at: int) -> None:
    excluded = state.threads[event.thread].excluded
    kept = tuple(x for x in excluded if x.reason != "handed_off")
    _change(state, event, handed_off=False, excluded=kept)


@_folds(e.ThreadSnoozed)
def _(state: State, event: e.ThreadSnoozed, at: int) -> None:
    busy = _busy(state.threads[event.thread], at)
    _change(
        state,
        event,
        dormant_at=0,
        dormant=False,
        woken_at=0,
        wake_until=0,
        snoozed_until=event.until,
        busy=busy,
        busy_since=0,
    )


@_folds(e.DormancyPlanned)
def _(state: State, event: e.DormancyPlanned, at: int) -> None:
    _change(state, event, dormant_at=event.at)


@_folds(e.ThreadDormant)
def _(state: State, event: e.ThreadDormant, at: int) -> None:
    busy = _busy(state.threads[event.thread], at)
    _change(state, event, dormant=True, dormant_at=0, busy=busy, busy_since=0)
    _agent(state, event.agent, idle_since=at)


@_folds(e.ThreadRoused)
def _(state: State, event: e.ThreadRoused, at: int) -> None:
    _change(state, event, dormant=False, woken_at=at, wake_until=event.until, busy_since=at)


@_folds(e.WrapUpBegan)
def _(state: State, event: e.WrapUpBegan, at: int) -> None:
    _change(state, event, wrap_until=event.until)


@_folds(e.WrapUpEnded)
def _(state: State, event: e.WrapUpEnded, at: int) -> None:
    _change(state, event, wrap_until=0)
    _agent(state, event.agent, idle_since=at)


@_folds(e.ThreadWoken)
def _(state: State, event: e.ThreadWoken, at: int) -> None:
    _change(state, event, snoozed_until=0, busy_since=at)


@_folds(e.ThreadSolved)
def _(state: State, event: e.ThreadSolved, at: int) -> None:
    """Whoever had it counts as the one who helped, not a lead who tidied up."""
    before = state.threads[event.thread]
    owner = before.agent or event.agent
    _handled(state, before, at)
    thread = _change(
        state,
        event,
        voices=settled(before.voices),
        agent=owner,
        last_agent=owner or before.last_agent,
        snoozed_until=0,
        dormant_at=0,
        dormant=False,
        woken_at=0,
        wake_until=0,
        clock_since=None,
        waiting=False,
        busy=0,
        busy_since=0,
        resolved_at=at,
        reopen_until=event.reopen_until,
    )
    _agent(state, owner, idle_since=at)
    customer = state.customers[thread.customer]
    last = owner or customer.last_agent  # whom an article has spared keeps the person they know
    state.put_customer(replace(customer, last_agent=last, last_at=at))


@_folds(e.ThreadReopened)
def _(state: State, event: e.ThreadReopened, at: int) -> None:
    _change(
        state,
        event,
        agent="",
        wrap_until=0,
        resolved_at=0,
        reopen_until=0,
        waiting=True,
        step=0,
        step_used=0,
        excluded=_for_good(state.threads[event.thread]),
    )


@_folds(e.ThreadAbandoned)
def _(state: State, event: e.ThreadAbandoned, at: int) -> None:
    _into_history(state, _change(state, event, clock_since=None, waiting=False))


@_folds(e.ThreadClosed)
def _(state: State, event: e.ThreadClosed, at: int) -> None:
    _into_history(state, _change(state, event))


def _into_history(state: State, thread: Thread) -> None:
    customer = state.customers[thread.customer]
    by_last = sorted(thread.voices, key=lambda voice: (voice.at, voice.since))
    past = Past(thread.id, tuple(v.handle for v in by_last), thread.agent, thread.resolved_at)
    customer = replace(customer, history=(*customer.history, past))
    state.put_customer(_without_thread(customer, thread.id))


def _opens(customer: Customer, thread: ThreadId) -> Customer:
    """The customer with one more open thread, which goes on with what they write."""
    beside = customer.beside if customer.open is None else (*customer.beside, customer.open)
    return replace(customer, open=thread, beside=tuple(id for id in beside if id != thread))


def _without_thread(customer: Customer, thread: ThreadId) -> Customer:
    """The customer without an open thread: another one goes on with what they write, if any."""
    beside = tuple(id for id in customer.beside if id != thread)
    if customer.open != thread:
        return replace(customer, beside=beside)
    return replace(customer, open=beside[-1] if beside else None, beside=beside[:-1])


@_folds(e.ThreadFolded)
def _(state: State, event: e.ThreadFolded, at: int) -> None:
    thread = state.threads[event.thread]
    into = state.threads[event.into]
    resolved = thread.phase is Phase.RESOLVED
    first = thread.voices[0].handle if thread.voices else thread.handle
    fold = Fold(thread.id, first, by_itself(thread), resolved, event.agent, event.took)
    _change(
        state, event, folded_into=event.into, step_used=_ran(thread, at), clock_since=None, held=()
    )
    customer = state.customers[thread.customer]
    # What stands beside it goes to the customer that both become.
    state.put_customer(replace(customer, open=None))
    folds = (*into.folds, *thread.folds, fold)
    joint = replace(
        as_urgent(
            into,
            joined(urgency(into), [replace(fold, urgency=urgency(thread))]),
            by_itself(into),
            folds,
        ),
        version=into.version + 1,
        held=(*into.held, *thread.held),
        turns=into.turns + thread.turns,
        replies=into.replies + thread.replies,
        waiting=into.waiting or thread.waiting,
        reopen_until=max(into.reopen_until, thread.reopen_until) if into.reopen_until else 0,
        targets=into.targets if resolved else _nearer(into.targets, thread.targets),
    )
    state.put_thread(last_heard(joint, together(into.voices, thread.voices)))


@_folds(e.ThreadUnfolded)
def _(state: State, event: e.ThreadUnfolded, at: int) -> None:
    joint, old = state.threads[event.out_of], state.known_thread(event.thread)
    fold = next(fold for fold in joint.folds if fold.thread == event.thread)
    within = inside(joint, fold, event.handles)
    customer = state.customers[state.handles[event.handles[0]].customer]
    alone = replace(
        as_urgent(old, event.alone, fold.urgency, within),
        phase=Phase.RESOLVED if fold.resolved else Phase.QUEUED,
        version=old.version + 1,
        customer=customer.id,
        folded_into=None,
        clock_since=None if fold.resolved else at,
        held=tuple(held for held in joint.held if held.handle in event.handles),
    )
    state.put_customer(replace(_opens(customer, old.id), **_helped(alone)))
    state.put_thread(spoken_by(alone, of(joint.voices, event.handles)))
    for folded in within:
        state.put_thread(replace(state.known_thread(folded.thread), folded_into=old.id))
    assert joint.own is not None
    left = tuple(f for f in joint.folds if f not in (fold, *within))
    _leave(state, as_urgent(joint, event.rest, joint.own, left), event.handles)


def _leave(state: State, thread: Thread, handles: tuple[HandleId, ...]) -> None:
    """These handles, and what waits to be sent to them, are no longer in *thread*."""
    left = tuple(voice for voice in thread.voices if voice.handle not in handles)
    held = tuple(held for held in thread.held if held.handle not in handles)
    state.put_thread(replace(spoken_by(thread, left), version=thread.version + 1, held=held))


def _helped(thread: Thread) -> dict[str, Any]:
    """Who helped the customer last, where that is known from an open thread."""
    if thread.phase is not Phase.RESOLVED:
        return {}
    return {"last_agent": thread.last_agent, "last_at": thread.resolved_at}


@_folds(e.ThreadDivided)
def _(state: State, event: e.ThreadDivided, at: int) -> None:
    customer = state.customers[event.customer]
    state.put_counters(replace(state.counters, next_thread=event.into + 1))
    joint = state.threads.get(event.thread)
    if joint is None or joint.phase not in OPEN:
        _divide_history(state, event, customer)
        return
    theirs = of(joint.voices, event.handles)
    resolved = joint.phase is Phase.RESOLVED
    new = replace(
        joint,
        id=event.into,
        customer=customer.id,
        since=min(voice.since for voice in theirs),
        phase=Phase.RESOLVED if resolved else Phase.NEW,
        version=1,
        agent=joint.agent if resolved else "",
        offers=(),
        offered=0,
        excluded=(),
        snoozed_until=0,
        own=None,
        folds=(),
        held=tuple(held for held in joint.held if held.handle in event.handles),
    )
    state.put_customer(replace(_opens(customer, new.id), **_helped(new)))
    state.put_thread(replace(spoken_by(new, theirs), replies=sum(v.replies for v in theirs)))
    _leave(state, joint, event.handles)


def _divide_history(state: State, event: e.ThreadDivided, customer: Customer) -> None:
    """What these handles said in a closed thread is in the history of their own customer."""
    other = state.customers[event.out_of]
    past = next(past for past in other.history if past.thread == event.thread)
    rest = tuple(handle for handle in past.handles if handle not in event.handles)
    kept = tuple(replace(p, handles=rest) if p is past else p for p in other.history)
    state.put_customer(replace(other, history=kept))
    new = replace(
        past, thread=event.into, handles=tuple(h for h in past.handles if h in event.handles)
    )
    state.put_customer(replace(customer, history=(*customer.history, new)))


@_folds(e.WeightSet)
def _(state: State, event: e.WeightSet, at: int) -> None:
    _change(state, event, weight=event.weight)


@_folds(e.TagsSet)
def _(state: State, event: e.TagsSet, at: int) -> None:
    _change(state, event, tags=event.tags)


@_folds(e.PrioritySet)
def _(state: State, event: e.PrioritySet, at: int) -> None:
    _change(state, event, priority=event.priority)


# --- agents and rules ---


@_folds(e.AgentJoined)
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
            lost=tuple(desk for desk in known.lost if desk in member.desks),
            beating=tuple(desk for desk in known.beating if desk in member.desks),
            shift_end=event.shift_end,
            employed=True,
        )
    )


@_folds(e.AgentLeft)
def _(state: State, event: e.AgentLeft, at: int) -> None:
    times: dict[str, object] = {"shift_end": 0, "give_back_at": 0, "flag_at": 0}
    _agent(state, event.agent, employed=False, status=Status.OFFLINE, **times)


@_folds(e.StatusChanged)
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


@_folds(e.AgentUnresponsive)
def _(state: State, event: e.AgentUnresponsive, at: int) -> None:
    _agent(state, event.agent, unresponsive=True)


@_folds(e.AgentBack)
def _(state: State, event: e.AgentBack, at: int) -> None:
    agent = state.agents[event.agent]
    lost = tuple(desk for desk in agent.lost if desk not in event.desks)
    _found(state, replace(agent, unresponsive=False, misses=0, lost=lost), at)


@_folds(e.DeskReached)
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


@_folds(e.DesksLost)
def _(state: State, event: e.DesksLost, at: int) -> None:
    agent = state.agents[event.agent]
    state.put_agent(replace(agent, lost=(*agent.lost, *event.desks), flag_at=event.flag_at))


@_folds(e.AgentGone)
def _(state: State, event: e.AgentGone, at: int) -> None:
    _agent(state, event.agent, gone=True, give_back_at=0)


@_folds(e.OwnerUnreachable)
def _(state: State, event: e.OwnerUnreachable, at: int) -> None:
    _agent(state, event.agent, flag_at=0)


@_folds(e.RulesActivated)
def _(state: State, event: e.RulesActivated, at: int) -> None:
    state.put_counters(replace(state.counters, rules=event.version))


@_folds(e.TrialBegan)
def _(state: State, event: e.TrialBegan, at: int) -> None:
    state.put_trial(event.trial)


@_folds(e.TrialEnded)
def _(state: State, event: e.TrialEnded, at: int) -> None:
    state.put_trial(NONE)
