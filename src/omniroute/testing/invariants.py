"""What must be so after every decision (routing.md 7), worked out the long way.

Nothing here uses the engine's index: every thread is held against every agent.  Slow and plain on
purpose, so that it can be believed; a rig checks it after each step of a transcript.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from omniroute.core.matching import fits, present
from omniroute.core.model import Agent, Phase, Step, Thread
from omniroute.core.ranking import askable
from omniroute.core.requirements import qualifies
from omniroute.core.state import State
from omniroute.core.states import OPEN, WAITING
from omniroute.core.timers import step_end

OWNED = (Phase.ASSIGNED, Phase.SNOOZED)


def violations(state: State, at: int) -> list[str]:
    """What is not as it must be once the decision of this moment is made; empty when all is well.

    Timers that are due by *at* must have run.
    """
    found = [*_threads(state, at), *_loads(state), *_customers(state)]
    for thread in state.threads.values():
        if thread.phase in WAITING:
            found += _waiting(state, thread)
    return found


def meets(state: State, agent: Agent, thread: Thread) -> bool:
    """Whether the agent is one of those the thread asks for: named, or of the team; and able."""
    step = present_step(thread)
    queue = state.queue(thread.queue)
    if step.article:  # the customer reads, and nobody is asked
        return False
    if step.agents:
        if agent.id not in step.agents:
            return False
    elif not state.knows_queue(thread.queue) or (
        queue.teams and not {*queue.teams, *step.add, *thread.added} & set(agent.teams)
    ):
        return False
    if thread.queue in agent.reads:
        return False
    return agent.employed and qualifies(state.rules.skills, agent.id, agent.skills, step)


def hopeful(state: State, agent: Agent, thread: Thread) -> bool:
    """Whether nothing but room stands between the agent and the thread."""
    barred = {exclusion.agent for exclusion in thread.excluded}
    return agent.id not in barred and present(agent, thread.live) and meets(state, agent, thread)


def eligible(state: State, agent: Agent, thread: Thread) -> bool:
    """Whether the agent passes every test for the thread."""
    crowd = present_step(thread).crowd
    return hopeful(state, agent, thread) and (
        crowd or fits(agent, thread.weight, thread.live, thread.queue)
    )


def present_step(thread: Thread) -> Step:
    """The relaxation step in force."""
    return thread.steps[thread.step] if thread.steps else Step()


def _threads(state: State, at: int) -> Iterator[str]:
    for thread in state.threads.values():
        name, owned = f"thread {thread.id}, {thread.phase},", thread.phase in OWNED
        if thread.phase in OPEN - {Phase.RESOLVED} and owned != bool(thread.agent):
            yield f"{name} has agent “{thread.agent}”"
        warm = thread.phase is Phase.ASSIGNED and len(thread.offers) == 1
        if not warm and (thread.phase is Phase.OFFERED) != bool(thread.offers):
            yield f"{name} has {len(thread.offers)} pending offers"
        if len({offer.agent for offer in thread.offers}) < len(thread.offers):
            yield f"{name} is offered twice to one agent"
        if any(offer.until <= at for offer in thread.offers):
            yield f"{name} has an offer that is over"
        for agent in (state.agents[offer.agent] for offer in thread.offers):
            if not askable(agent, thread):
                yield f"{name} is offered to {agent.id}, who is not here"
        if (end := step_end(thread)) is not None and end < at:
            yield f"{name} is in a step that is over"
        if thread.phase is Phase.NEW:
            yield f"{name} was left where it began"


def _loads(state: State) -> Iterator[str]:
    """Loads are what assignments and pending offers weigh, recomputed."""
    live: Counter[str] = Counter()
    mail: Counter[str] = Counter()
    queues: Counter[tuple[str, str]] = Counter()
    held: dict[str, set[int]] = {}
    for thread in state.threads.values():
        holders = [offer.agent for offer in thread.offers]
        wraps_up = thread.phase is Phase.RESOLVED and thread.wrap_until
        holders += [thread.agent] if thread.phase in OWNED or wraps_up else []
        for name in holders:
            held.setdefault(name, set()).add(thread.id)
            aside = thread.phase is Phase.SNOOZED or (thread.dormant and name == thread.agent)
            if not aside:
                (live if thread.live else mail)[name] += thread.weight
                queues[name, thread.queue] += thread.weight
    for agent in state.agents.values():
        said = (agent.live_load, agent.mail_load, set(agent.threads))
        real = (live[agent.id], mail[agent.id], held.get(agent.id, set()))
        if said != real or len(agent.threads) != len(set(agent.threads)):
            yield f"agent {agent.id} carries {said}, recomputed {real}"
        for queue in agent.caps.queues if agent.caps else ():
            if agent.queue_loads.get(queue, 0) != queues[agent.id, queue]:
                yield f"agent {agent.id} carries {agent.queue_loads}, not {queues} of {queue}"
        if not agent.employed and real != (0, 0, set()):
            yield f"agent {agent.id} has left and carries {real}"


def _customers(state: State) -> Iterator[str]:
    """Customers partition the handles, and each has at most one open thread."""
    opened = Counter(t.customer for t in state.threads.values() if t.phase in OPEN)
    for customer in state.customers.values():
        own = opened[customer.id] - len(customer.beside)  # an agent split those off
        if own > 1:
            yield f"customer {customer.id} has {own} open threads"
    for customer in state.customers.values():
        thread = state.threads.get(customer.open) if customer.open is not None else None
        if customer.open is not None and (thread is None or thread.customer != customer.id):
            yield f"customer {customer.id} points to thread {customer.open}, which is not theirs"
        if customer.open is None and opened[customer.id]:
            yield f"customer {customer.id} knows nothing of their open thread"
        for handle in map(state.handles.get, customer.handles):
            if handle is not None and handle.customer != customer.id:
                yield f"handle {handle.id} belongs to {handle.customer} and to {customer.id}"
    for handle in state.handles.values():
        owner = state.customers.get(handle.customer)
        if owner is not None and handle.id not in owner.handles:
            yield f"handle {handle.id} is not among those of {handle.customer}"


def _waiting(state: State, thread: Thread) -> Iterator[str]:
    """Nobody waits whom somebody could take, and nobody waits for nothing without being told."""
    name = f"thread {thread.id}, {thread.phase}, key {state.index.key(thread)},"
    agents = state.agents.values()
    yield from (f"{name} could go to {a.id}" for a in agents if eligible(state, a, thread))
    if thread.phase is Phase.STRANDED:
        return
    step, last = present_step(thread), thread.step + 1 >= len(thread.steps)
    hope = any(hopeful(state, agent, thread) for agent in agents)
    if not hope and step_end(thread) is None:
        yield f"{name} waits for nobody and nothing, and is not stranded"
    if step.skip_if and not last and (step.skip_if == "nobody_free" or not hope):
        yield f"{name} should have skipped step {thread.step} ({step.skip_if})"
