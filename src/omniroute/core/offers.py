"""Offers and relaxation steps: how a waiting thread comes to an agent.

After whatever an input did, `match` brings together the threads that began to wait and the agents
who became able, until nothing more fits: the first thread in queue order first, and for it the
best agent under its queue's policy.
"""

from __future__ import annotations

import heapq

from omniroute.core import events as e
from omniroute.core.matching import CANDIDATES, Found, Key, order_key
from omniroute.core.model import AgentId, Candidate, Exclusion, Offer, Phase, Step, Thread, ThreadId
from omniroute.core.states import WAITING
from omniroute.core.timers import step_end
from omniroute.core.turn import Turn

MISSES = 2  # after so many missed offers an agent counts as unresponsive


def match(turn: Turn) -> None:
    """Offer what can be offered."""
    index, threads = turn.state.index, turn.state.threads
    agenda: list[Key] = []
    while True:
        for id in index.queued:
            if id in threads:
                heapq.heappush(agenda, order_key(threads[id]))
        index.queued.clear()
        key = _first(turn, agenda)
        if key is None:
            return
        _try(turn, threads[key[-1]])


def _first(turn: Turn, agenda: list[Key]) -> Key | None:
    """The first thread to look at: newly waiting, or what a freed agent should have next."""
    index, state = turn.state.index, turn.state
    best: Key | None = None
    for name in list(index.freed):
        agent = state.agents.get(name)
        thread = index.best_thread(agent) if agent is not None else None
        if thread is None:
            del index.freed[name]
        elif best is None or order_key(thread) < best:
            best = order_key(thread)
    if agenda and (best is None or agenda[0] <= best):
        return heapq.heappop(agenda)
    return best


def _try(turn: Turn, thread: Thread) -> None:
    """Match one thread under its present step, or the first later one that is not skipped."""
    while thread.phase in WAITING:
        step = thread.steps[thread.step] if thread.steps else Step()
        found = turn.state.index.find(thread, CANDIDATES if _many(turn, step) else 2)
        if found.candidates:
            return _offer(turn, thread, step, found)
        if step.skip_if and _skip(step, found) and thread.step + 1 < len(thread.steps):
            begin_step(turn, thread, turn.at, skipped=step.skip_if)
            thread = turn.thread(thread.id)
            continue
        last = thread.step + 1 >= len(thread.steps) and step.span is None
        if last and not found.hopeful and thread.phase is Phase.QUEUED:
            strand(turn, thread, found)
        else:
            _explain(turn, thread, found)
        return None
    return None


def _many(turn: Turn, step: Step) -> bool:
    return step.broadcast or turn.deciders is not None


def _skip(step: Step, found: Found) -> bool:
    return step.skip_if == "nobody_free" or not found.hopeful


def _offer(turn: Turn, thread: Thread, step: Step, found: Found) -> None:
    queue = turn.state.queue(thread.queue)
    chosen, by = found.candidates[:1], ""
    if step.broadcast:
        chosen = found.candidates
    elif turn.deciders is not None:
        picked = turn.deciders.pick(thread, found.candidates)
        if picked is not None:
            chosen, by = _named(found, picked[0]) or chosen, picked[1]
    _explain(turn, thread, found, chosen[0], by)
    if queue.auto_assign:
        turn.emit(e.ThreadAssigned(thread.id, chosen[0].agent, "auto"))
        turn.present(thread.id, chosen[0].agent, "assigned")
        return
    span = queue.offer_timeout_ms
    for candidate in chosen:
        number = turn.thread(thread.id).offered + 1
        offer = Offer(f"{thread.id}.{number}", candidate.agent, turn.at, turn.at + span)
        turn.emit(e.OfferMade(thread.id, offer))
        turn.present(thread.id, candidate.agent, "offer", offer)


def _named(found: Found, agent: AgentId) -> tuple[Candidate, ...]:
    return tuple(c for c in found.candidates if c.agent == agent)


def _explain(
    turn: Turn, thread: Thread, found: Found, winner: Candidate | None = None, by: str = ""
) -> None:
    told: dict[str, object] = {"thread": thread.id, "step": thread.step, "counts": found.counts}
    if winner is not None:
        told["winner"] = [winner.agent, list(winner.rank)]
        second = next((c for c in found.candidates if c.agent != winner.agent), None)
        if second is not None:
            told["second"] = [second.agent, list(second.rank)]
    if by:
        told["picked_by"] = by
    turn.explain("match", **told)


def strand(turn: Turn, thread: Thread, found: Found) -> None:
    """Say openly that nothing scheduled can change this thread's lot."""
    if found.counts["exclusion"] and not found.absent:
        reason = "all_excluded"
    elif found.absent:
        reason = "nobody_present"
    else:
        reason = "no_candidate"
    _explain(turn, thread, found)
    turn.emit(e.ThreadStranded(thread.id, reason))


def begin_step(turn: Turn, thread: Thread, due: int, skipped: str = "") -> None:
    """Go on to the next relaxation step, which began at *due*."""
    number = thread.step + 1
    queue = thread.steps[number].queue
    used = turn.at - due
    turn.emit(e.StepBegan(thread.id, number, due, used=used, queue=queue, skipped=skipped))


def end_offers(turn: Turn, id: ThreadId, how: str, keep: AgentId = "", reason: str = "") -> None:
    """End every pending offer of a thread, but *keep*'s; nobody is barred by that."""
    for offer in turn.thread(id).offers:
        if offer.agent != keep:
            turn.emit(e.OfferEnded(id, offer.id, offer.agent, how))
            turn.present(id, offer.agent, "withdrawn", offer, reason=reason or how)


def expire(turn: Turn, thread: Thread) -> None:
    """End the offers whose time is over; who missed too many is not asked until they act."""
    for offer in thread.offers:
        if offer.until > turn.at:
            continue
        barred = Exclusion(offer.agent, "missed")
        turn.emit(e.OfferEnded(thread.id, offer.id, offer.agent, "expired", offer.until, barred))
        turn.present(thread.id, offer.agent, "withdrawn", offer, reason="expired")
        agent = turn.state.agents.get(offer.agent)
        if agent is not None and agent.misses >= MISSES and not agent.unresponsive:
            turn.emit(e.AgentUnresponsive(agent.id))
            turn.present(thread.id, agent.id, "told", reason="unresponsive")


def advance(turn: Turn, id: ThreadId) -> None:
    """Pass every step whose time is over by now, each recorded with its due time."""
    thread = turn.thread(id)
    while (end := step_end(thread)) is not None and end <= turn.at:
        if thread.step + 1 < len(thread.steps):
            begin_step(turn, thread, end)
            thread = turn.thread(id)
        else:
            strand(turn, thread, turn.state.index.find(thread))
            return
