"""Threads become one, and are parted again with what each of them was."""

from __future__ import annotations

from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core.evolve.changes import Folds, change, ran
from omniroute.core.evolve.people import helped
from omniroute.core.model import (
    Customer,
    Fold,
    HandleId,
    Participant,
    Phase,
    Survey,
    Target,
    Thread,
    ThreadId,
)
from omniroute.core.state import State
from omniroute.core.states import OPEN
from omniroute.core.voices import (
    as_urgent,
    by_itself,
    inside,
    joined,
    last_heard,
    of,
    spoken_by,
    together,
    urgency,
)

FOLDS = Folds()


@FOLDS.of(e.ThreadFolded)
def _(state: State, event: e.ThreadFolded, at: int) -> None:
    thread = state.threads[event.thread]
    into = state.threads[event.into]
    resolved = thread.phase is Phase.RESOLVED
    first = thread.voices[0].handle if thread.voices else thread.handle
    fold = Fold(
        thread.id, first, by_itself(thread), resolved, event.agent, event.took, into.targets
    )
    change(
        state, event, folded_into=event.into, step_used=ran(thread, at), clock_since=None, held=()
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
        asides=into.asides + thread.asides,
        replies=into.replies + thread.replies,
        waiting=into.waiting or thread.waiting,
        reopen_until=max(into.reopen_until, thread.reopen_until) if into.reopen_until else 0,
        targets=into.targets if resolved else _nearer(into.targets, thread.targets, event.lends),
        participants=_both(into.participants, thread.participants),
    )
    state.put_thread(last_heard(joint, together(into.voices, thread.voices)))


def _both(
    ours: tuple[Participant, ...], theirs: tuple[Participant, ...]
) -> tuple[Participant, ...]:
    """Whoever takes part in one of two conversations; our word counts of who is in both."""
    known = {p.handle for p in ours}
    return (*ours, *(p for p in theirs if p.handle not in known))


def _nearer(ours: tuple[Target, ...], theirs: tuple[Target, ...], lent: bool) -> tuple[Target, ...]:
    """Of each kind the promise that falls due first; one whose clock stands gives way."""
    kept = {target.kind: target for target in ours}
    for target in theirs:
        other = kept.get(target.kind)
        if other is None or (target.due and (not other.due or target.due < other.due)):
            kept[target.kind] = replace(target, lent=lent)
    return tuple(kept.values())


def _given_back(targets: tuple[Target, ...], old: Thread, fold: Fold) -> tuple[Target, ...]:
    """*targets* less those that *old* brought when it came, which go with it."""
    brought = {_same(target): target for target in old.targets}
    own = {target.kind: target for target in fold.targets}
    kept = []
    for target in targets:
        theirs, ours = brought.get(_same(target)), own.get(target.kind)
        if theirs is None or (ours is not None and _same(ours) == _same(target)):
            kept.append(target)
        elif ours is not None:
            stands = not target.due and ours.due and theirs.due
            later = target.left + ours.due - theirs.due
            kept.append(replace(ours, due=0, left=later) if stands else ours)
    return tuple(kept)


def _same(target: Target) -> tuple[str, int, int]:
    """What tells one promise from another of its kind."""
    return target.kind, target.since, target.span


@FOLDS.of(e.ThreadUnfolded)
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
        targets=old.targets if event.targets is None else event.targets,
        folded_into=None,
        clock_since=None if fold.resolved else at,
        participants=_going(joint, event.participants),
        held=tuple(held for held in joint.held if held.handle in event.handles),
    )
    state.put_customer(replace(_opens(customer, old.id), **helped(alone)))
    state.put_thread(spoken_by(alone, of(joint.voices, event.handles)))
    for folded in within:
        state.put_thread(replace(state.known_thread(folded.thread), folded_into=old.id))
    gone = {old.id, *(folded.thread for folded in within)}
    for folded in joint.folds:
        stays = state.known_thread(folded.thread)
        if folded not in (fold, *within) and stays.folded_into in gone:  # it came through it
            state.put_thread(replace(stays, folded_into=joint.id))
    assert joint.own is not None
    left = tuple(
        replace(f, targets=_given_back(f.targets, old, fold))
        for f in joint.folds
        if f not in (fold, *within)
    )
    owed = event.left  # None in journals of before, when it was not yet said
    rest = replace(joint, targets=_given_back(joint.targets, old, fold) if owed is None else owed)
    rest = as_urgent(rest, event.rest, joint.own, left)
    _leave(state, rest, event.handles, event.participants)


def _going(joint: Thread, handles: tuple[HandleId, ...]) -> tuple[Participant, ...]:
    return tuple(p for p in joint.participants if p.handle in handles)


def _leave(
    state: State, thread: Thread, handles: tuple[HandleId, ...], others: tuple[HandleId, ...]
) -> None:
    """These handles, what waits to be sent to them, and whom they brought, leave *thread*."""
    left = tuple(voice for voice in thread.voices if voice.handle not in handles)
    held = tuple(held for held in thread.held if held.handle not in handles)
    stay = tuple(p for p in thread.participants if p.handle not in others)
    survey = None if _goes(thread.survey, handles) else thread.survey
    thread = replace(
        thread, version=thread.version + 1, held=held, participants=stay, survey=survey
    )
    state.put_thread(spoken_by(thread, left))


def _goes(survey: Survey | None, handles: tuple[HandleId, ...]) -> bool:
    """Whether the question went to one of these, and so goes with them."""
    return survey is not None and survey.handle in handles


def _opens(customer: Customer, thread: ThreadId) -> Customer:
    """The customer with one more open thread, which goes on with what they write."""
    beside = customer.beside if customer.open is None else (*customer.beside, customer.open)
    return replace(customer, open=thread, beside=tuple(id for id in beside if id != thread))


@FOLDS.of(e.ThreadDivided)
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
        participants=_going(joint, event.participants),
        held=tuple(held for held in joint.held if held.handle in event.handles),
        survey=joint.survey if _goes(joint.survey, event.handles) else None,
    )
    state.put_customer(replace(_opens(customer, new.id), **helped(new)))
    state.put_thread(replace(spoken_by(new, theirs), replies=sum(v.replies for v in theirs)))
    _leave(state, joint, event.handles, event.participants)


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
