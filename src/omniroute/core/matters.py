"""An open thread that turns to another matter.

What a customer writes later is put to the rules as the first message was.  Of a thread that still
waits, the requirement is replaced: it begins anew on its ladder and keeps its age (routing.md 2.10,
T3).  Of a thread that somebody has, they are asked: keep it, transfer it, or say ``new matter``,
which makes a second thread of the customer's last message.  One open thread for each customer
stays what happens by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.clocks import first_promotion
from omniroute.core.model import Needs, Phase, Step, Thread, Turned
from omniroute.core.offers import end_offers, notify
from omniroute.core.reevaluating import BY_HAND
from omniroute.core.requirements import qualifies
from omniroute.core.rules import Routing, RuleSet
from omniroute.core.states import WAITING
from omniroute.core.turn import Answer, Turn

OWNED = (Phase.ASSIGNED, Phase.SNOOZED)


def listen(turn: Turn, thread: Thread, routing: Routing, rules: RuleSet) -> None:
    """What a further message of the customer's comes to, by *rules*, which made *routing* of it."""
    if thread.rules != rules.version:
        return  # pinned to the rules it was queued under, which are not asked any more
    another = routing.rule != thread.rule and routing.rule in rules.topical
    same = routing.rule == thread.rule
    if not another and not (same and _asks_more(thread.steps, routing.steps)):
        return
    waits = thread.phase in WAITING or thread.phase is Phase.OFFERED
    if waits and thread.rule != BY_HAND:
        _replace(turn, thread, routing, rules)
    elif thread.phase in OWNED and (thread.turned is None or thread.turned.rule != routing.rule):
        _ask(turn, thread, routing, rules)


def _asks_more(before: Sequence[Step], now: Sequence[Step]) -> bool:
    """Whether a skill is asked for that was not, or not so high."""
    if now[0].ask is not None and now[0].ask not in {step.ask for step in before}:
        return True
    known = _highest(before)
    return any(level > known.get(skill, 0.0) for skill, level in _highest(now).items())


def _highest(steps: Sequence[Step]) -> Needs:
    found: Needs = {}
    for step in steps:
        for skill, level in step.need.items():
            found[skill] = max(level, found.get(skill, 0.0))
    return found


def _replace(turn: Turn, thread: Thread, routing: Routing, rules: RuleSet) -> None:
    """The thread waits for something else from now on, at its old age."""
    end_offers(turn, thread.id, "rescinded", reason="requirement")
    _explain(turn, thread, routing)
    _route(turn, thread, routing, rules, since=thread.routing_since, kept=thread)


def _ask(turn: Turn, thread: Thread, routing: Routing, rules: RuleSet) -> None:
    """Tell the owner what the message would ask for by itself."""
    owner = turn.state.agents.get(thread.agent)
    step = routing.steps[0]
    meets = owner is not None and qualifies(rules.skills, owner.id, owner.skills, step)
    if routing.rule == thread.rule and meets:
        return
    _explain(turn, thread, routing, meets=meets)
    turned = Turned(
        routing.rule,
        rules.version,
        routing.queue,
        routing.steps,
        routing.priority,
        routing.deadline,
        routing.weight,
        routing.tags,
    )
    turn.emit(e.TopicTurned(thread.id, turned, meets=meets))
    turn.present(thread.id, thread.agent, "told", reason="topic")


def _explain(turn: Turn, thread: Thread, routing: Routing, **more: object) -> None:
    turn.explain(
        "topic",
        thread=thread.id,
        rule=routing.rule,
        before=thread.rule,
        queue=routing.queue,
        **more,
    )


def _route(
    turn: Turn, thread: Thread, routing: Routing | Turned, rules: RuleSet, since: int,
    kept: Thread | None = None,
) -> None:  # fmt: skip
    priority, deadline, tags = routing.priority, routing.deadline, routing.tags
    if kept is not None:  # nobody loses what they were promised
        priority, deadline = max(priority, kept.priority), min(deadline, kept.deadline)
        tags = tuple(dict.fromkeys((*kept.tags, *tags)))
    queue = turn.state.queue(routing.queue)
    turn.emit(
        e.ThreadRouted(
            thread.id,
            rule=routing.rule,
            rules=rules.version,
            queue=routing.queue,
            steps=routing.steps,
            priority=priority,
            deadline=deadline,
            routing_since=since,
            weight=routing.weight,
            tags=tags,
            sla=None if kept is not None else rules.defaults.sla,
            promote_at=kept.promote_at if kept else first_promotion(rules, queue, "", turn.at),
        )
    )
    notify(turn, thread.id, routing.steps[0])


def split_off(turn: Turn, asked: i.NewMatter) -> Answer:
    """Make a second thread of the customer's last message; the first goes on without it."""
    thread = turn.thread(asked.thread)
    if thread.phase not in OWNED:
        return Answer(False, "not_owned")
    agent = turn.state.agents[asked.agent]
    if thread.agent != agent.id and agent.role == "agent":
        return Answer(False, "not_yours", {"by": thread.agent})
    if thread.turns < 2 or turn.state.customers[thread.customer].open != thread.id:
        return Answer(False, "one_matter")
    turned, rules = thread.turned, turn.state.rules
    if turned is None or turned.rules != rules.version:
        turned = Turned(
            "", rules.version, rules.defaults.queue, (Step(),), rules.defaults.priority,
            turn.at + rules.defaults.sla.first_reply,
        )  # fmt: skip
    new = turn.state.counters.next_thread
    turn.emit(e.MatterSplit(thread.id, new, agent.id))
    _route(turn, turn.thread(new), turned, rules, since=turn.at)
    return Answer(True, "new_matter", {"thread": new})
