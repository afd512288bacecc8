"""The clocks of what was promised, and the rules that escalate what runs late."""

from __future__ import annotations

from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core.evolve.changes import Folds, change
from omniroute.core.state import State

FOLDS = Folds()


@FOLDS.of(e.TargetStarted)
def _(state: State, event: e.TargetStarted, at: int) -> None:
    others = tuple(t for t in state.threads[event.thread].targets if t.kind != event.target.kind)
    change(state, event, targets=(*others, event.target), deadline=event.nearest)


@FOLDS.of(e.TargetStopped)
def _(state: State, event: e.TargetStopped, at: int) -> None:
    thread = state.threads[event.thread]
    targets = tuple(
        [
            replace(t, due=0, left=event.left) if t.kind == event.kind else t
            for t in thread.targets
            if t.kind != event.kind or event.how == "paused"
        ]
    )
    deadline = event.nearest or thread.deadline
    version = thread.version + 1
    state.put_thread(replace(thread, version=version, targets=targets, deadline=deadline))


@FOLDS.of(e.TargetMissed)
def _(state: State, event: e.TargetMissed, at: int) -> None:
    targets = state.threads[event.thread].targets
    late = tuple(replace(t, late=True) if t.kind == event.kind else t for t in targets)
    change(state, event, targets=late)


@FOLDS.of(e.MarksPassed)
def _(state: State, event: e.MarksPassed, at: int) -> None:
    targets = state.threads[event.thread].targets
    passed = tuple(replace(t, marks=event.marks) if t.kind == event.kind else t for t in targets)
    change(state, event, targets=passed)


@FOLDS.of(e.Escalated)
def _(state: State, event: e.Escalated, at: int) -> None:
    thread = state.threads[event.thread]
    change(
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


@FOLDS.of(e.DeadlineSet)
def _(state: State, event: e.DeadlineSet, at: int) -> None:
    change(state, event, deadline=event.deadline)
