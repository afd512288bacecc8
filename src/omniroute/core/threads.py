"""A customer's one open thread: opened, reopened, routed, woken by what the customer writes."""

from __future__ import annotations

from omniroute.core import events as e
from omniroute.core import surveys
from omniroute.core.acknowledging import AT_ONCE
from omniroute.core.autoreplies import acknowledge
from omniroute.core.clocks import first_promotion
from omniroute.core.conditions import LANGUAGE
from omniroute.core.deflecting import answer_article, propose_article, reads
from omniroute.core.handing import is_bot
from omniroute.core.identity import recognise
from omniroute.core.inputs import MessageReceived
from omniroute.core.matters import listen
from omniroute.core.model import AgentId, Fact, Phase, Thread, ThreadId
from omniroute.core.offers import assign, notify, withdraw_absent
from omniroute.core.participants import invite, joined_in, less_hearsay, take_part
from omniroute.core.presence import give_back
from omniroute.core.promises import promised, reply_of
from omniroute.core.resting import rouse
from omniroute.core.rules import WAIT, Routing, route
from omniroute.core.state import State
from omniroute.core.turn import Answer, Turn
from omniroute.core.waits import of_queue

COMPARED = ("queue", "priority", "steps", "sla", "tags", "weight", "reply", "deflect")
"""What of a routing counts when two rule sets are compared; another rule's name alone does not."""


MANAGER = "customer.account_manager"
"""Whom a plugin names as the agent who looks after the customer; nobody, where they have left."""


def receive(turn: Turn, message: MessageReceived) -> Answer:
    """Put a customer's message where it belongs and see to it that somebody answers."""
    joined = joined_in(turn, message)
    if joined is not None:
        message = less_hearsay(message)
    customer = turn.state.customers[recognise(turn, message)]
    if joined is not None and customer.id != turn.thread(joined.id).customer:
        return take_part(turn, joined, message)
    if (answer := surveys.hear(turn, customer, message)) is not None:
        return answer
    id, how = _thread_of(turn, message, customer.open)
    before = turn.thread(id)
    turn.emit(
        e.CustomerWrote(
            id,
            message.message,
            message.sender.id,
            message.channel,
            message.account,
            live=message.live,
            automatic=message.automatic,
            answerable=message.sender.verified and not message.automatic,
            words=message.words if message.words and is_bot(turn, before.agent) else "",
            mechanical=_mechanical(turn, before, message),
            language=_language(turn, message),
        )
    )
    thread = _weighed(turn, before, turn.thread(id))
    if message.named:
        invite(turn, thread, message)
        thread = turn.thread(id)
    match thread.phase:
        case Phase.NEW:
            route_thread(turn, thread, message, how)
        case Phase.SNOOZED if not message.automatic:
            turn.emit(e.ThreadWoken(id, "customer"))
            turn.present(id, thread.agent, "message")
            give_back(turn, turn.thread(id))
        case Phase.ASSIGNED if thread.dormant and not message.automatic:
            rouse(turn, thread)
            if turn.thread(id).agent:
                turn.present(id, thread.agent, "message")
        case Phase.ASSIGNED:
            turn.present(id, thread.agent, "message")
            give_back(turn, thread)
        case Phase.QUEUED | Phase.HELD if not message.automatic and reads(thread):
            answer_article(turn, thread, message)
        case Phase.OFFERED:
            withdraw_absent(turn, id)  # who gets mail only was asked, and now it is a chat
    if thread.phase is not Phase.NEW and not message.automatic and not reads(thread):
        hear_again(turn, turn.thread(id), message)
    return Answer(True, "received", {"thread": id, "how": how})


def _language(turn: Turn, message: MessageReceived) -> str:
    """In which language the customer may be asked how it was; nobody else wants to know."""
    return str(message.facts.get(LANGUAGE) or "") if turn.state.rules.surveys else ""


def _mechanical(turn: Turn, before: Thread, message: MessageReceived) -> bool:
    """Whether this answers a bot as only a machine would: at once, or in the words of before."""
    if before.waiting or not message.live or not is_bot(turn, before.agent):
        return False
    answered = turn.state.customers[before.customer].chats[-1:]
    at_once = bool(answered) and turn.at - answered[0] <= AT_ONCE
    return at_once or (message.words != "" and message.words == before.words)


def _weighed(turn: Turn, before: Thread, thread: Thread) -> Thread:
    """The thread with the weight of the channel that it goes on on, unless a rule has set one."""
    weight_of = turn.state.rules.defaults.weight_of
    new = weight_of(thread.channel)
    if thread.weight != new and before.channel and before.weight == weight_of(before.channel):
        turn.emit(e.WeightSet(thread.id, new))
        return turn.thread(thread.id)
    return thread


def _thread_of(turn: Turn, message: MessageReceived, open: ThreadId | None) -> tuple[ThreadId, str]:
    """The thread that goes on with this message, and whether it was opened or reopened."""
    if open is not None:
        thread = turn.thread(open)
        if thread.phase is not Phase.RESOLVED or message.automatic:
            return open, ""
        if thread.reopen_until <= turn.at and surveys.pending(thread) and not thread.held:
            surveys.cancel(turn, thread)  # nothing but the question has kept it open
            turn.emit(e.ThreadClosed(open))
            return _thread_of(turn, message, None)
        turn.emit(e.ThreadReopened(open, "customer"))
        return open, "reopened"
    id = turn.state.counters.next_thread
    customer = turn.state.handles[message.sender.id].customer
    turn.emit(e.ThreadOpened(id, customer))
    return id, "opened"


def hear_again(turn: Turn, thread: Thread, message: MessageReceived) -> None:
    """Ask the rules whether a further message is about another matter."""
    rules = turn.state.rules_for(thread.customer, turn.at)
    facts = facts_of(turn, thread, message, "")
    observed = message.observed_under(rules.version)
    listen(turn, thread, route(rules, facts, observed, turn.at), rules)


def route_thread(turn: Turn, thread: Thread, message: MessageReceived, how: str) -> None:
    """Ask the rules where the thread goes, and queue it there."""
    rules = turn.state.rules_for(thread.customer, turn.at)
    facts = facts_of(turn, thread, message, how)
    observed = message.observed_under(rules.version)
    routing = route(rules, facts, observed, turn.at)
    if not turn.events_only:
        _explain(turn, thread, routing, facts)
    if (shadow := turn.state.shadow(turn.at)) is not None:
        beside = route(shadow, facts, message.observed_under(shadow.version), turn.at)
        turn.explain("shadow", thread=thread.id, **compared(routing, beside))
    queue = turn.state.queue(routing.queue)
    targets = promised(rules, routing.sla, reply_of(thread), turn.at)
    turn.emit(
        e.ThreadRouted(
            thread.id,
            rule=routing.rule,
            rules=rules.version,
            queue=routing.queue,
            steps=routing.steps,
            priority=routing.priority,
            deadline=min([target.due for target in targets], default=turn.at + queue.deadline_ms),
            routing_since=turn.at - routing.boost,
            weight=routing.weight,
            tags=tuple(dict.fromkeys((*thread.tags, *routing.tags))),
            enriched=routing.enriched,
            sla=routing.sla,
            targets=targets,
            promote_at=first_promotion(rules, queue, routing.sla.clock, turn.at),
            answered=rules.lasting.answers(facts, observed, turn.at),
        )
    )
    notify(turn, thread.id, routing.steps[0])
    if how == "reopened" and _keep_owner(turn, turn.thread(thread.id)):
        return
    if routing.reply:
        acknowledge(
            turn,
            turn.thread(thread.id),
            routing.reply,
            machine=message.automatic,
            verified=message.sender.verified,
        )
    if routing.deflect:
        propose_article(turn, turn.thread(thread.id), rules, routing.deflect)


def _explain(
    turn: Turn, thread: Thread, routing: Routing, facts: dict[str, Fact | tuple[str, ...]]
) -> None:
    live = turn.state.rules.version
    if None in facts.values():
        facts = {name: value for name, value in facts.items() if value is not None}
    told: dict[str, object] = {
        "about": "route", "thread": thread.id, "rule": routing.rule,
        "enriched": list(routing.enriched), "queue": routing.queue, "facts": facts,
    }  # fmt: skip
    if routing.rules != live:
        told["rules"] = routing.rules
    if routing.passed:
        told["passed"] = list(routing.passed)
    turn.why.append(told)


def _waits(turn: Turn, live: bool) -> dict[str, Fact]:
    """The expected waits that rules ask for; absent where they are unknown."""
    found: dict[str, Fact] = {}
    tried = turn.state.tried(turn.at)
    for queue in (*turn.state.rules.waits, *(tried.waits if tried is not None else ())):
        wait = of_queue(turn.state, queue, live)
        found[WAIT + queue] = None if wait is None else wait.likely
    return found


def _keep_owner(turn: Turn, thread: Thread) -> bool:
    """Give what the customer takes up again to whoever had it, where its queue says so."""
    owner = turn.state.agents.get(thread.last_agent)
    keeps = not turn.state.queue(thread.queue).reassign_on_reply
    if not keeps or owner is None or not owner.employed or owner.kind == "bot":
        return False
    assign(turn, thread.id, owner.id, "reopen")
    turn.present(thread.id, owner.id, "assigned")
    return True


def compared(live: Routing, beside: Routing) -> dict[str, object]:
    """What a rule set on trial makes of a thread, and where that is another thing."""
    differs = [name for name in COMPARED if getattr(live, name) != getattr(beside, name)]
    return {
        "rules": beside.rules,
        "rule": beside.rule,
        "enriched": list(beside.enriched),
        "queue": beside.queue,
        "priority": beside.priority,
        "live": {
            "rule": live.rule,
            "enriched": list(live.enriched),
            "queue": live.queue,
            "priority": live.priority,
        },
        "differs": differs,
    }


def facts_of(
    turn: Turn, thread: Thread, message: MessageReceived, how: str
) -> dict[str, Fact | tuple[str, ...]]:
    """What rules may ask for, beside what was observed in the text."""
    state = turn.state
    customer = state.customers[thread.customer]
    facts: dict[str, Fact | tuple[str, ...]] = {
        **message.facts,
        "channel": message.channel,
        "account": message.account,
        "message.automatic": message.automatic,
        "message.verified": message.sender.verified,
    }
    if MANAGER in facts and not _works_here(state, str(facts[MANAGER])):
        facts[MANAGER] = None
    if (last := customer.last_agent or thread.last_agent) and _works_here(state, last):
        facts["thread.last_agent"] = last
    for rated in customer.rated:  # the latest of each measure comes last
        facts[f"customer.last_{rated.measure}"] = rated.score
    if customer.last_at:
        facts["thread.idle"] = turn.at - customer.last_at
    if state.rules.waits or state.trial.version:
        facts |= _waits(turn, message.live)
    facts["thread.reopened"] = how == "reopened"
    facts["thread.history"] = len(customer.history)
    if thread.deflected:
        facts["thread.deflected"] = True
    if thread.tags:
        facts["tags"] = thread.tags
    return facts


def _works_here(state: State, agent: AgentId) -> bool:
    known = state.agents.get(agent)
    return known is not None and known.employed
