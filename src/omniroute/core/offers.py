"""Offers and relaxation steps: how a waiting thread comes to an agent.

After whatever an input did, `match` brings together the threads that began to wait and the agents
who became able, until nothing more fits: the first thread in queue order first, and for it the
best agent under its queue's policy.
"""

from __future__ import annotations

from omniroute.core import events as e
from omniroute.core import overflow, stranding
from omniroute.core.agenda import Agenda
from omniroute.core.bulk import Plan
from omniroute.core.matching import CANDIDATES, Found, fits
from omniroute.core.model import (
    Agent,
    AgentId,
    Candidate,
    Exclusion,
    Offer,
    Step,
    Thread,
    ThreadId,
)
from omniroute.core.pools import NOTHING
from omniroute.core.ranking import askable
from omniroute.core.rules import Queue
from omniroute.core.states import QUEUED, STRANDED
from omniroute.core.telling import tell_named
from omniroute.core.timers import ASKING, step_end
from omniroute.core.turn import Turn


def match(turn: Turn) -> bool:
    """Offer what can be offered; whether anything was looked at."""
    index = turn.state.index
    index.catch_up()
    if not (index.freed or index.queued or index.left):
        return False
    plan = Plan(index) if len(index.freed) > 1 else None
    agenda = Agenda(turn.state)
    while (found := agenda.next()) is not None:
        thread, freed = found
        if _try(turn, thread, plan) and freed:
            agenda.free(freed)  # it may have gone to somebody better
        agenda.tried(thread.id)
    return True


def _try(turn: Turn, thread: Thread, plan: Plan | None) -> bool:
    """Match a thread under its present step, or the first later one that is not skipped.

    Whether that changed anything.
    """
    before = thread
    while True:
        step = thread.steps[thread.step] if thread.steps else NOTHING
        queue = turn.state.queue(thread.queue)
        everybody = step.broadcast or _after_a_miss(queue, thread)
        if everybody or turn.deciders is not None:
            most = CANDIDATES
        else:
            most = max(queue.parallel, 1 if turn.events_only else 2)  # the why names two
        found = turn.state.index.find(thread, most, counted=not turn.events_only)
        if found.candidates:
            _offer(turn, thread, queue, found, everybody, plan)
            return True
        if overflow.widen(turn, thread, found.hopeful):
            thread = turn.thread(thread.id)
            continue
        ahead = thread.phase is QUEUED and thread.step + 1 < len(thread.steps)
        if not (_skip(step, found) and ahead):
            break
        begin_step(turn, thread, turn.at, skipped=step.skip_if)
        thread = turn.thread(thread.id)
    last = thread.step + 1 >= len(thread.steps) and step.span is None
    if last and not found.hopeful and thread.phase is QUEUED:
        _strand(turn, thread, found)
    else:
        _explain(turn, thread, found)
    return turn.thread(thread.id) is not before


def _skip(step: Step, found: Found) -> bool:
    return step.skip_if == "nobody_free" or (bool(step.skip_if) and not found.hopeful)


def _after_a_miss(queue: Queue, thread: Thread) -> bool:
    """Whether the queue asks everybody at once, now that somebody asked alone did not take it."""
    return queue.then == "broadcast" and any(x.reason != "gave" for x in thread.excluded)


def _offer(
    turn: Turn, thread: Thread, queue: Queue, found: Found, everybody: bool, plan: Plan | None
) -> None:
    chosen, by, spared = found.candidates[: queue.parallel], "", ""
    bad: tuple[str, ...] = ()
    if everybody:
        chosen = found.candidates
    elif turn.deciders is not None:
        picked = turn.deciders.pick(thread, found.candidates)
        bad = turn.deciders.left_out()
        if picked is not None and (named := _named(found, picked[0])):
            others = tuple(c for c in found.candidates if c.agent != picked[0])
            chosen, by = (*named, *others)[: queue.parallel], picked[1]
        elif picked is not None:
            bad = (*bad, picked[1])
    if plan is not None and not by and not everybody:
        best = chosen[0]
        first = plan.choose(thread, best)
        spared = best.agent if first.agent != best.agent else ""
        chosen = (first, *(c for c in chosen if c.agent != first.agent))[: queue.parallel]
    _explain(turn, thread, found, chosen[0], by, spared, bad)
    if queue.auto_assign:
        assign(turn, thread.id, chosen[0].agent, "auto")
        turn.present(thread.id, chosen[0].agent, "assigned")
        return
    for candidate in chosen:
        propose(turn, thread.id, candidate.agent)


def propose(turn: Turn, id: ThreadId, agent: AgentId) -> None:
    """Offer a thread to an agent."""
    thread = turn.thread(id)
    span = turn.state.queue(thread.queue).offer_timeout_ms
    span = max(span, _slowness(turn.state.agents[agent]))
    offer = Offer(f"{id}.{thread.offered + 1}", agent, turn.at, turn.at + span)
    turn.emit(e.OfferMade(id, offer))
    turn.present(id, agent, "offer", offer)


def _slowness(agent: Agent) -> int:
    """How long an offer must stand at least where the agent reads it first (ms)."""
    if not agent.slow:
        return 0
    desk = next((desk for desk in agent.desks if desk not in agent.lost), "")
    return agent.slow.get(desk, 0)


def _named(found: Found, agent: AgentId) -> tuple[Candidate, ...]:
    return tuple(c for c in found.candidates if c.agent == agent)


def _explain(
    turn: Turn, thread: Thread, found: Found, winner: Candidate | None = None, by: str = "",
    spared: str = "", bad: tuple[str, ...] = (),
) -> None:  # fmt: skip
    if turn.events_only:
        return
    told: dict[str, object] = {
        "about": "match", "thread": thread.id, "step": thread.step, "counts": found.counts,
    }  # fmt: skip
    if winner is not None:
        told["winner"] = [winner.agent, list(winner.rank)]
        second = next((c for c in found.candidates if c.agent != winner.agent), None)
        if second is not None:
            told["second"] = [second.agent, list(second.rank)]
    if by:
        told["picked_by"] = by
    if bad:
        told["left_out"] = list(bad)  # plugins whose pick could not be used
    if spared:
        told["spared"] = spared  # the best, whom others need who have nobody else
    turn.why.append(told)


def _strand(turn: Turn, thread: Thread, found: Found) -> None:
    _explain(turn, thread, found)
    known = turn.state.knows_queue(thread.queue)
    stranding.strand(turn, thread, stranding.reason(found) if known else stranding.NO_QUEUE)


def reconsider(turn: Turn) -> None:
    """Say it anew of threads whose queue has come or gone with the rules.

    They are stranded for another reason than they were; who can be asked again is left to the match
    that follows.
    """
    state = turn.state
    stranded = [one for one in state.threads.values() if one.phase is STRANDED]
    for thread in sorted(stranded, key=lambda one: one.id):
        known = state.knows_queue(thread.queue)
        if known is (thread.stranded == stranding.NO_QUEUE):
            found = state.index.find(thread)
            if not known or not found.candidates:
                _strand(turn, thread, found)


# --- relaxation steps ---


def begin_step(turn: Turn, thread: Thread, due: int, skipped: str = "") -> None:
    """Go on to the next relaxation step, which began at *due*."""
    number = thread.step + 1
    if thread.steps[number].queue and thread.acts >= stranding.LOOP:
        stranding.strand(turn, thread, "loop")
        return
    step, used = thread.steps[number], turn.at - due
    turn.emit(
        e.StepBegan(
            thread.id,
            number,
            due,
            used=used,
            queue=step.queue,
            skipped=skipped,
            priority=step.priority,
        )
    )
    notify(turn, thread.id, step)


def notify(turn: Turn, id: ThreadId, step: Step) -> None:
    """Tell whom the step names that it began: agents, and the leads of teams."""
    tell_named(turn, id, step.notify, "step")


def advance(turn: Turn, id: ThreadId) -> None:
    """Pass every step whose time is over by now, each recorded with its due time."""
    thread = turn.thread(id)
    while (end := step_end(thread)) is not None and end <= turn.at:
        if thread.step + 1 < len(thread.steps):
            begin_step(turn, thread, end)
            thread = turn.thread(id)
        else:
            _strand(turn, thread, turn.state.index.find(thread))
            return


# --- the end of an offer ---


def assign(turn: Turn, id: ThreadId, agent: AgentId, how: str, by: AgentId = "") -> None:
    """Make *agent* responsible; every other offer is taken back, visibly."""
    thread = turn.thread(id)
    if thread.offers:
        for offer in thread.offers:
            if offer.agent == agent:
                turn.emit(e.OfferEnded(id, offer.id, agent, "accepted"))
            else:
                take_back(turn, id, offer, "rescinded", reason=f"taken:{agent}")
        thread = turn.thread(id)
    over = not fits(turn.state.agents[agent], thread.weight, thread.live, thread.queue)
    turn.emit(
        e.ThreadAssigned(
            id, agent, how, over=over, by="" if by == agent else by,
            in_time=_in_time(turn, thread, how),
        )
    )  # fmt: skip


def _in_time(turn: Turn, thread: Thread, how: str) -> bool | None:
    """Whether the queue's aim was met; None where it has none, or the thread was handed on."""
    aim = turn.state.queue(thread.queue).aim_ms
    if aim is None or how in ("transfer", "fold", "reopen"):
        return None
    return turn.at - thread.routing_since <= aim


def end_offers(turn: Turn, id: ThreadId, how: str, reason: str = "") -> None:
    """End every pending offer of a thread; nobody is barred by that."""
    for offer in turn.thread(id).offers:
        take_back(turn, id, offer, how, reason=reason)


def take_back(turn: Turn, id: ThreadId, offer: Offer, how: str, reason: str = "") -> None:
    """End one offer from our side, and take the buttons off its card."""
    end_offer(turn, id, offer, how)
    turn.present(id, offer.agent, "withdrawn", offer, reason=reason or how)


def end_offer(
    turn: Turn, id: ThreadId, offer: Offer, how: str, since: int = 0, barred: str = ""
) -> None:
    """Record an offer's end; whoever offered what they have stays responsible, and is told."""
    thread = turn.thread(id)
    exclusion = None
    if barred and not thread.agent:
        span = turn.state.queue(thread.queue).exclude_for_ms
        exclusion = Exclusion(offer.agent, barred, turn.at + span if span else 0)
    turn.emit(e.OfferEnded(id, offer.id, offer.agent, how, since, exclusion))
    if thread.agent and how in ("declined", "expired", "failed"):
        turn.present(id, thread.agent, "told", reason=f"{how}:{offer.agent}")


def readmit(turn: Turn, id: ThreadId) -> None:
    """Whoever was barred for a while may be asked again."""
    thread = turn.thread(id)
    over = [x.agent for x in thread.excluded if x.until and x.until <= turn.at]
    if over and thread.phase in ASKING:
        turn.emit(e.ExclusionsEnded(id, tuple(dict.fromkeys(over))))


def withdraw_absent(turn: Turn, id: ThreadId) -> None:
    """Take a thread's offers back from those who, as it is now, would not be asked."""
    thread = turn.thread(id)
    for offer in thread.offers:
        if not askable(turn.state.agents[offer.agent], thread):
            take_back(turn, id, offer, "rescinded")


def withdraw_from(turn: Turn, agent: AgentId) -> None:
    """Take back the offers that an agent has and, by their status, should not have."""
    for id in turn.state.agents[agent].threads:
        withdraw_absent(turn, id)


def end_offers_of(turn: Turn, agent: AgentId, how: str) -> None:
    """End every offer that an agent has; nobody is barred by that."""
    for id in turn.state.agents[agent].threads:
        for offer in turn.thread(id).offers:
            if offer.agent == agent:
                take_back(turn, id, offer, how)


def expire(turn: Turn, thread: Thread) -> None:
    """End the offers whose time is over; who missed too many is not asked until they act."""
    misses = turn.state.rules.defaults.presence.misses
    for offer in thread.offers:
        if offer.until > turn.at:
            continue
        end_offer(turn, thread.id, offer, "expired", offer.until, barred="missed")
        turn.present(thread.id, offer.agent, "withdrawn", offer, reason="expired")
        agent = turn.state.agents[offer.agent]
        if agent.misses >= misses and not agent.unresponsive:
            turn.emit(e.AgentUnresponsive(agent.id))
            withdraw_from(turn, agent.id)
            turn.present(thread.id, agent.id, "told", reason="unresponsive")
