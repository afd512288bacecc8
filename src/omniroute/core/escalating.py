"""Escalation: rules that act when a promise is soon due, or late.

Each rule acts once for each promise that it is about.  It is looked at when its moment comes, which
was worked out when the promise's clock began to run, so other rules apply to clocks that start
under them.
"""

from __future__ import annotations

from omniroute.core import events as e
from omniroute.core.conditions import Facts
from omniroute.core.lasting import ANSWERED
from omniroute.core.model import Phase, Step, Target, Thread, ThreadId
from omniroute.core.offers import end_offers
from omniroute.core.promises import end_left
from omniroute.core.rules import EscalateRule
from omniroute.core.states import WAITING
from omniroute.core.timers import running
from omniroute.core.turn import Turn


def time_came(turn: Turn, id: ThreadId) -> None:
    """Have the rules act whose moment has come."""
    for target in running(turn.thread(id)):
        if target.marks and target.marks[0] <= turn.at:
            ahead = tuple(mark for mark in target.marks if mark > turn.at)
            turn.emit(e.MarksPassed(id, target.kind, ahead))
            for rule in turn.state.rules.escalate:
                if _applies(turn, turn.thread(id), target, rule):
                    _act(turn, turn.thread(id), target, rule)


def _applies(turn: Turn, thread: Thread, target: Target, rule: EscalateRule) -> bool:
    if rule.promise not in ("", target.kind) or rule.id in target.fired:
        return False
    rules = turn.state.rules
    if end_left(rules.clock(target.clock), target.due, turn.at) > rule.left_ms:
        return False
    if rule.queues and thread.queue not in rule.queues:
        return False
    facts: Facts = {"channel": thread.channel, "tags": thread.tags, ANSWERED: thread.answered}
    return rules.holds(rule, facts, turn.at)


def _act(turn: Turn, thread: Thread, target: Target, rule: EscalateRule) -> None:
    turn.explain("escalate", thread=thread.id, rule=rule.id, promise=target.kind, due=target.due)
    turn.emit(
        e.Escalated(
            thread.id,
            rule.id,
            target.kind,
            priority=max(thread.priority, rule.priority or 0),
            tags=tuple(dict.fromkeys((*thread.tags, *rule.add_tags))),
            add=rule.add_teams,
        )
    )
    if rule.queue and rule.queue != thread.queue:
        _move(turn, turn.thread(thread.id), rule)
    _notify(turn, turn.thread(thread.id), target, rule)


def _move(turn: Turn, thread: Thread, rule: EscalateRule) -> None:
    """To another queue, while nobody has it; its age and what it asks for stay."""
    if thread.phase is Phase.OFFERED:
        end_offers(turn, thread.id, "rescinded", reason="escalated")
        thread = turn.thread(thread.id)
    if thread.phase not in WAITING and thread.phase is not Phase.HELD:
        return
    last = thread.steps[-1] if thread.steps else Step()
    turn.emit(
        e.ThreadRouted(
            thread.id,
            rule=rule.id,
            rules=thread.rules,
            queue=rule.queue,
            steps=(Step(need=last.need, ask=last.ask),),
            priority=thread.priority,
            deadline=thread.deadline,
            routing_since=thread.routing_since,
            weight=thread.weight,
            tags=thread.tags,
            excluded=thread.excluded,
        )
    )


def _notify(turn: Turn, thread: Thread, target: Target, rule: EscalateRule) -> None:
    named = set(rule.notify)
    reason = f"{'late' if target.due <= turn.at else 'soon'}:{target.kind}"
    for agent in turn.state.agents.values() if named else ():
        leads = agent.role in ("lead", "admin") and not named.isdisjoint(agent.teams)
        owns = "owner" in named and agent.id == thread.agent
        if agent.employed and (agent.id in named or leads or owns):
            turn.present(thread.id, agent.id, "told", reason=reason)
