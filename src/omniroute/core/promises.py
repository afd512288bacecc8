"""Promises to a customer: first reply, next reply, resolution (routing.md 1, "Measures").

A reply is promised from the moment the customer begins to wait: a burst of messages starts one
clock, and only a person's public answer ends it.  A resolution is promised from the opening on;
its clock stands while we wait for the customer.  Both stand while the queue is closed.  `keep`
brings the clocks in step with whatever an input did, so no act needs to know of them.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core.model import Fold, Sla, Target, Thread, ThreadId
from omniroute.core.rules import RuleSet
from omniroute.core.states import HELD, OFFERED, RESOLVED, WAITING
from omniroute.core.timers import running
from omniroute.core.turn import Turn
from omniroute.core.urgency import Calendar, due

FIRST, NEXT, RESOLUTION = "first_reply", "next_reply", "resolution"


def promised(rules: RuleSet, sla: Sla, reply: str, at: int) -> tuple[Target, ...]:
    """The promises that begin when a customer who waits for this *reply* is put in a queue."""
    clock = rules.clock(sla.clock)
    spans = ((reply, getattr(sla, reply)), (RESOLUTION, sla.resolution))
    found = []
    for kind, span in spans:
        if span is not None:
            ahead = marks(rules, kind, clock, at, span)
            found.append(Target(kind, span, at, sla.clock, due(clock, at, span), marks=ahead))
    return tuple(found)


def marks(rules: RuleSet, kind: str, clock: Calendar | None, at: int, left: int) -> tuple[int, ...]:
    """When escalation rules are to be looked at, for a promise with so much *left* at *at*."""
    if not rules.escalate:
        return ()
    found = {
        due(clock, at, max(left - rule.left_ms, 0))
        for rule in rules.escalate
        if rule.promise in ("", kind)
    }
    return tuple(sorted(found))


def reply_of(thread: Thread) -> str:
    """Which reply the customer waits for."""
    return NEXT if thread.replies else FIRST


def keep(turn: Turn, thread: Thread) -> None:
    """Start, stop and resume the clocks of a thread's promises."""
    if thread.targets:
        answered = thread.id in turn.answered
        if not answered and _stands(thread):
            return
        for target in thread.targets:
            if answered or not _in_step(thread, target):
                _keep_one(turn, thread.id, target, answered)
        thread = turn.thread(thread.id)
    if thread.phase is not RESOLVED:
        _begin(turn, thread)
        _deadline(turn, turn.thread(thread.id))


def _stands(thread: Thread) -> bool:
    """Whether a reply is all that is promised, and its clock runs as it should: the usual case."""
    target, phase, sla = thread.targets[0], thread.phase, thread.sla
    return (
        thread.waiting
        and phase is not RESOLVED
        and phase is not HELD
        and target.due > 0
        and len(thread.targets) == 1
        and target.kind != RESOLUTION
        and sla.resolution is None
        and (target.span == getattr(sla, target.kind) or target.lent)
        and (target.clock == sla.clock or target.lent)
    )


def _in_step(thread: Thread, target: Target) -> bool:
    """Whether a clock runs that should, for as long as the rules say."""
    return (
        target.due > 0
        and thread.waiting
        and thread.phase is not HELD
        and thread.phase is not RESOLVED
        and _as_the_rules_say(thread, target)
    )


def _as_the_rules_say(thread: Thread, target: Target) -> bool:
    if target.lent:
        return True
    return target.span == getattr(thread.sla, target.kind) and target.clock == thread.sla.clock


def _keep_one(turn: Turn, id: ThreadId, target: Target, answered: bool) -> None:
    thread = turn.thread(id)
    over = thread.phase is RESOLVED
    if target.kind == RESOLUTION:
        met, dropped = over, False
    else:
        met, dropped = answered, over
    if not target.lent and getattr(thread.sla, target.kind) is None:
        dropped = True
    if met or dropped:
        _stop(turn, thread, target, "met" if met else "dropped")
    elif not _runs(thread, target):
        if target.due:
            _stop(turn, thread, target, "paused")
    elif not target.due:
        _start(turn, thread, target, left=target.left)
    elif not _as_the_rules_say(thread, target):
        _start(turn, thread, _again(thread, target), since=target.since)


def _again(thread: Thread, target: Target) -> Target:
    """As other rules promise it, from the same beginning."""
    span = getattr(thread.sla, target.kind)
    return replace(target, span=span, clock=thread.sla.clock, late=False)


def _runs(thread: Thread, target: Target) -> bool:
    """Whether the clock runs: while somebody waits for us, and their queue is open."""
    return thread.waiting and thread.phase is not HELD


def _begin(turn: Turn, thread: Thread) -> None:
    kinds = [target.kind for target in thread.targets]
    if thread.sla.resolution is not None and RESOLUTION not in kinds:
        _new(turn, thread, RESOLUTION, thread.sla.resolution)
    if thread.waiting and FIRST not in kinds and NEXT not in kinds:
        kind = reply_of(thread)
        if (span := getattr(thread.sla, kind)) is not None:
            _new(turn, turn.thread(thread.id), kind, span)


def _new(turn: Turn, thread: Thread, kind: str, span: int) -> None:
    target = Target(kind, span, turn.at, thread.sla.clock)
    if _runs(thread, target):
        _start(turn, thread, target, left=span)


def _start(
    turn: Turn, thread: Thread, target: Target, left: int = 0, since: int | None = None
) -> None:
    calendar = turn.state.rules.clock(target.clock)
    if since is not None:
        end = due(calendar, since, target.span)
    else:
        end = due(calendar, turn.at, left) if left > 0 else turn.at + left
    to_go = end_left(calendar, end, turn.at)
    ahead = marks(turn.state.rules, target.kind, calendar, turn.at, to_go)
    started = replace(target, due=end, left=0, marks=ahead)
    turn.emit(e.TargetStarted(thread.id, started, min([end, *_others(thread, target.kind)])))


def _stop(turn: Turn, thread: Thread, target: Target, how: str) -> None:
    left = _left(turn.state.rules.clock(target.clock), target, turn.at)
    nearest = min(_others(thread, target.kind), default=0)
    kept = left if how == "paused" else 0
    turn.emit(
        e.TargetStopped(thread.id, target.kind, how, nearest, left=kept, took=target.span - left)
    )


def _others(thread: Thread, kind: str) -> list[int]:
    """When the running promises of other kinds are due."""
    return [other.due for other in thread.targets if other.due and other.kind != kind]


def end_left(calendar: Calendar | None, end: int, at: int) -> int:
    """What is left on a clock until *end*; below 0 when that has passed."""
    if calendar is None:
        return end - at
    return calendar.worked(at, end) if at <= end else -calendar.worked(end, at)


def _left(calendar: Calendar | None, target: Target, at: int) -> int:
    """What is left of a promise on its clock; below 0 when it is late."""
    return end_left(calendar, target.due, at) if target.due else target.left


def _deadline(turn: Turn, thread: Thread) -> None:
    """Whoever waits has a deadline: the queue's where nothing is promised."""
    if thread.deadline > thread.queued_since or any(t.due for t in thread.targets):
        return
    if thread.phase in WAITING or thread.phase is OFFERED:
        span = turn.state.queue(thread.queue).deadline_ms
        clock = turn.state.rules.clock(thread.sla.clock)
        turn.emit(e.DeadlineSet(thread.id, due(clock, thread.queued_since, span)))


Promises: TypeAlias = tuple[Target, ...]


def parted(
    turn: Turn, joint: Thread, old: Thread, fold: Fold, answered: bool
) -> tuple[Promises, Promises]:
    """What is promised in *old*, which is parted from *joint*, and what is in the rest of it.

    Of each kind the nearer promise has stood for both.  Their clocks have run and stood together
    since: so far after the one the other falls due, on its own clock, as it did then.  *answered*
    says that whoever is parted has had an answer meanwhile.
    """
    now = {target.kind: target for target in joint.targets}
    ours = {target.kind: target for target in fold.targets}
    theirs = {target.kind: target for target in old.targets}
    gone: list[Target] = []
    for kind, target in theirs.items():
        stood = now.get(kind)
        if stood is None:
            gone += () if answered and kind != RESOLUTION else (target,)
        elif _is(stood, target):
            gone.append(replace(stood, lent=target.lent))
        elif kind in ours and _is(stood, ours[kind]):
            gone.append(_as_now(turn, target, ours[kind], stood))
        else:
            gone.append(target)
    rest: list[Target] = []
    for kind, target in now.items():
        if kind not in theirs or not _is(target, theirs[kind]):
            rest.append(target)
        elif kind in ours:
            rest.append(_as_now(turn, ours[kind], theirs[kind], target))
    return tuple(gone), tuple(rest)


def _is(target: Target, then: Target) -> bool:
    """Whether a promise is that of *then*, wherever its clock is now."""
    return (target.kind, target.since, target.span) == (then.kind, then.since, then.span)


def _as_now(turn: Turn, ours: Target, theirs: Target, now: Target) -> Target:
    """*ours* as far from *now* as it was from *theirs*, which is what *now* was then."""
    if not (ours.due and theirs.due) or now.due == theirs.due:
        return ours
    rules = turn.state.rules
    calendar = rules.clock(ours.clock)
    after = end_left(calendar, ours.due, theirs.due)
    if not now.due:
        return replace(ours, due=0, left=now.left + after)
    end = due(calendar, now.due, after)
    left = end_left(calendar, end, turn.at)
    return replace(ours, due=end, marks=marks(rules, ours.kind, calendar, turn.at, left))


def miss(turn: Turn, id: ThreadId) -> None:
    """Say which promises were not kept by now."""
    for target in running(turn.thread(id)):
        if target.due <= turn.at and not target.late:
            turn.emit(e.TargetMissed(id, target.kind, target.due))
