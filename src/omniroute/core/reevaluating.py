"""Threads that wait, put under another rule set.

By default a thread stays under the rules it was queued by.  Where an admin asks for it, the new
rules are asked as if they had been there when it began to wait; what has run of the step clock is
mapped on the new ladder, and the thread keeps its age (routing.md 2.1, R11).
"""

from __future__ import annotations

from collections.abc import Sequence

from omniroute.core import events as e
from omniroute.core.inputs import Reseen
from omniroute.core.model import Phase, Step, Target, Thread
from omniroute.core.offers import end_offers, notify
from omniroute.core.promises import promised, reply_of
from omniroute.core.rules import Routing, route
from omniroute.core.states import WAITING
from omniroute.core.turn import Turn

BY_HAND = "transfer"
"""The rule's name of a thread that somebody has put where it is."""


def reevaluate(turn: Turn, seen: Sequence[Reseen]) -> int:
    """Route waiting threads by the active rules; how many of them that changed."""
    moved = 0
    for one in seen:
        thread = turn.state.threads.get(one.thread)
        if thread is None or thread.rule == BY_HAND:
            continue
        if thread.phase in WAITING or thread.phase is Phase.OFFERED:
            moved += _again(turn, thread, one)
    return moved


def _again(turn: Turn, thread: Thread, seen: Reseen) -> bool:
    rules, began = turn.state.rules, thread.queued_since or thread.routing_since
    facts = {**seen.facts, "tags": (), "thread.deflected": thread.deflected or None}
    if thread.steps and thread.steps[thread.step].article:
        del facts["thread.deflected"]  # the customer is reading, and may go on
    routing = route(rules, facts, seen.observed, began)
    if _same(thread, routing):
        return False
    elapsed = min(_elapsed(thread, turn.at), turn.at - began)
    targets = None  # as they were
    if routing.sla != thread.sla:
        targets = promised(rules, routing.sla, reply_of(thread), began)
    end_offers(turn, thread.id, "rescinded", reason="rules")
    turn.explain(
        "route",
        thread=thread.id,
        rule=routing.rule,
        enriched=list(routing.enriched),
        queue=routing.queue,
        facts=seen.facts,
        reevaluated=thread.rules,
        observed=list(seen.observed),
        rules=rules.version,
    )
    turn.emit(
        e.ThreadRouted(
            thread.id,
            rule=routing.rule,
            rules=rules.version,
            queue=routing.queue,
            steps=routing.steps,
            priority=max(routing.priority, thread.priority),  # nobody loses what they were given
            deadline=_deadline(turn, thread, routing, targets),
            routing_since=thread.routing_since,
            weight=routing.weight,
            tags=tuple(dict.fromkeys((*thread.tags, *routing.tags))),
            enriched=routing.enriched,
            sla=routing.sla,
            targets=targets,
            answered=rules.lasting.answers(facts, seen.observed, began),
        )
    )
    _go_on(turn, turn.thread(thread.id), elapsed)
    return True


def _same(thread: Thread, routing: Routing) -> bool:
    """Whether the new rules would have put it where it is."""
    queue = _queue(routing.steps[: thread.step + 1]) or routing.queue
    now = (thread.rule, thread.queue, thread.steps, thread.sla, thread.weight)
    then = (routing.rule, queue, routing.steps, routing.sla, routing.weight)
    return now == then


def _deadline(
    turn: Turn, thread: Thread, routing: Routing, targets: tuple[Target, ...] | None
) -> int:
    """When the first of the new promises is due."""
    if targets is None:
        return thread.deadline
    began = thread.queued_since or thread.routing_since
    otherwise = began + turn.state.queue(routing.queue).deadline_ms
    return min((target.due for target in targets), default=otherwise)


def _queue(steps: Sequence[Step]) -> str:
    """Where the last of these steps has moved a thread to; empty where none has."""
    return next((step.queue for step in reversed(steps) if step.queue), "")


def _elapsed(thread: Thread, at: int) -> int:
    """What has run of the step clock since the thread began to wait."""
    before = sum(step.span or 0 for step in thread.steps[: thread.step])
    running = at - thread.clock_since if thread.clock_since is not None else 0
    return before + thread.step_used + running


def _go_on(turn: Turn, thread: Thread, elapsed: int) -> None:
    """Begin at the step that would be in force by now."""
    number, used = 0, elapsed
    while (span := _span(thread.steps, number)) is not None and used >= span:
        if number + 1 == len(thread.steps):
            break
        number, used = number + 1, used - span
    if used or number:
        passed = thread.steps[1 : number + 1]
        queue = _queue(thread.steps[: number + 1])
        set_to = [step.priority for step in passed if step.priority is not None]
        turn.emit(
            e.StepBegan(
                thread.id,
                number,
                turn.at - used,
                used=used,
                queue=queue,
                priority=set_to[-1] if set_to else None,
            )
        )
        for step in passed:
            notify(turn, thread.id, step)


def _span(steps: Sequence[Step], number: int) -> int | None:
    return steps[number].span if number < len(steps) else None
