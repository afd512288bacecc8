"""Handing on: from agent to agent or queue, from a bot to people, by a lead over somebody's head.

Whoever gives a thread to a queue is not asked for it for a while; in the queue it keeps its age.
A *warm* transfer is an offer of what somebody has, who stays responsible until it is accepted.
A bot that hands off says nothing more in that thread, until somebody hands it back
(routing.md 2.11).
"""

from __future__ import annotations

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.model import Agent, AgentId, Exclusion, Phase, Step, Thread
from omniroute.core.offers import assign, end_offers, propose
from omniroute.core.ranking import open_to_transfers
from omniroute.core.telling import tell_leads
from omniroute.core.turn import Answer, Turn

OWNED = (Phase.ASSIGNED, Phase.SNOOZED)


def refused(code: str, **values: str | int) -> Answer:
    """An answer that nothing was done, and why."""
    return Answer(False, code, values)


def leads(turn: Turn, agent: AgentId) -> bool:
    """Whether the agent may act for others."""
    known = turn.state.agents.get(agent)
    return known is not None and known.role in ("lead", "admin")


def may_reply(turn: Turn, agent: AgentId, thread: Thread) -> bool:
    """Whether the agent may do work in the thread's queue, and not only read there."""
    return thread.queue not in turn.state.agents[agent].reads


def is_bot(turn: Turn, agent: AgentId) -> bool:
    """Whether what the agent writes is no person's word."""
    known = turn.state.agents.get(agent)
    return known is not None and known.kind == "bot"


def is_silenced(turn: Turn, agent: AgentId, thread: Thread) -> bool:
    """Whether the agent is a bot in a thread that a bot has handed to people."""
    return thread.handed_off and is_bot(turn, agent)


def transfer(turn: Turn, asked: i.TransferAsked) -> Answer:
    """Hand over to an agent, who need not be asked, or back to a queue at its old age."""
    thread = turn.thread(asked.thread)
    if thread.phase in OWNED and thread.agent != asked.agent and not leads(turn, asked.agent):
        return refused("not_yours", by=thread.agent)
    if thread.phase is Phase.RESOLVED:
        return refused("resolved")
    to = turn.state.agents.get(asked.to_agent)
    if against := _against(turn, thread, asked, to):
        return against
    turn.emit(e.NoteAdded(thread.id, asked.note, asked.agent))
    to_whom = asked.to_agent or asked.to_queue
    turn.explain("transfer", thread=thread.id, by=asked.agent, to=to_whom, warm=asked.warm)
    end_offers(turn, thread.id, "rescinded", reason="transferred")
    if to is None:
        _to_queue(turn, turn.thread(thread.id), asked)
    elif asked.warm and thread.phase is Phase.ASSIGNED and to.kind != "bot":
        propose(turn, thread.id, to.id)
        return Answer(True, "asked", {"to": to.id})
    else:
        _to_agent(turn, turn.thread(thread.id), asked, to)
    return Answer(True, "transferred", {"to": to_whom})


def _against(turn: Turn, thread: Thread, asked: i.TransferAsked, to: Agent | None) -> Answer | None:
    if asked.to_agent and (to is None or not to.employed):
        return refused("no_such_agent", agent=asked.to_agent)
    if to is not None and not open_to_transfers(to):
        return refused("not_here", agent=to.id)
    if to is not None and not may_reply(turn, to.id, thread):
        return refused("reads_only", agent=to.id, queue=thread.queue)
    if to is not None and to.id == thread.agent:
        return refused("already", agent=to.id)
    if to is None and asked.to_queue not in turn.state.rules.queues:
        return refused("no_such_queue", queue=asked.to_queue)
    return None


def _to_agent(turn: Turn, thread: Thread, asked: i.TransferAsked, to: Agent) -> None:
    if thread.phase in OWNED:
        _release(turn, thread, "transfer", asked.agent)
    _moved(turn, thread, asked.agent, to.id)
    if to.kind == "bot" and turn.thread(thread.id).handed_off:
        turn.emit(e.HandedBack(thread.id, to.id))
    assign(turn, thread.id, to.id, "transfer", by=asked.agent)
    turn.present(thread.id, to.id, "assigned", reason=f"transfer:{asked.agent}")


def _to_queue(turn: Turn, thread: Thread, asked: i.TransferAsked) -> None:
    giver = thread.agent or asked.agent
    if thread.phase in OWNED:
        _release(turn, thread, "transfer", asked.agent)
    elif turn.state.agents[giver].kind == "bot":
        hand_off(turn, thread, giver)
    _moved(turn, thread, asked.agent, asked.to_queue)
    last = thread.steps[-1] if thread.steps else Step()
    rest = turn.state.rules.defaults.transfers.no_return_ms
    silenced = tuple(x for x in turn.thread(thread.id).excluded if x.reason == "handed_off")
    gave = Exclusion(giver, "gave", turn.at + rest)
    turn.emit(
        e.ThreadRouted(
            thread.id,
            rule="transfer",
            rules=thread.rules,
            queue=asked.to_queue,
            steps=(Step(need=last.need, ask=last.ask),),
            priority=thread.priority,
            deadline=thread.deadline,
            routing_since=turn.at if asked.restart else thread.routing_since,
            weight=thread.weight,
            tags=thread.tags,
            excluded=silenced if any(x.agent == giver for x in silenced) else (gave, *silenced),
        )
    )


def take_over(turn: Turn, thread: Thread, agent: AgentId, how: str) -> None:
    """Somebody else has it from now on: because they were offered it, or as a lead."""
    for offer in thread.offers:
        if offer.agent == agent:
            turn.emit(e.OfferEnded(thread.id, offer.id, agent, "accepted"))
    end_offers(turn, thread.id, "rescinded", reason=f"taken:{agent}")
    _release(turn, turn.thread(thread.id), how, agent)
    if how == "transfer":
        _moved(turn, thread, thread.agent, agent)
    assign(turn, thread.id, agent, how)


def _release(turn: Turn, thread: Thread, how: str, by: AgentId) -> None:
    """Free the owner, who is told if it was not their doing."""
    giver = thread.agent
    turn.emit(e.ThreadReleased(thread.id, giver, how))
    if giver != by:
        turn.present(thread.id, giver, "told", reason="transferred" if how == "transfer" else how)
    if turn.state.agents[giver].kind == "bot":
        hand_off(turn, turn.thread(thread.id), giver)


def hand_off(turn: Turn, thread: Thread, bot: AgentId) -> None:
    """People have it from now on: no bot is asked, and what has not left is stopped."""
    if not thread.handed_off:
        bots = [agent.id for agent in turn.state.agents.values() if agent.kind == "bot"]
        barred = tuple(Exclusion(name, "handed_off") for name in sorted(bots))
        turn.emit(e.HandedOff(thread.id, bot, barred))
    for held in thread.held:
        if turn.state.agents[held.agent].kind == "bot":
            turn.emit(e.ReplyWithdrawn(thread.id, held.message, held.agent))
    for message, effect in thread.sending:
        turn.emit(e.ReplyRecalled(thread.id, message, bot, effect))
        turn.recall(thread, message, effect)


def _moved(turn: Turn, thread: Thread, by: AgentId, to: str) -> None:
    """Record the move; a thread that is handed on and on is a lead's business."""
    turn.emit(e.ThreadMoved(thread.id, by, to))
    known = turn.state.rules.defaults.transfers
    lately = [at for at in turn.thread(thread.id).moves if at > turn.at - known.within_ms]
    if len(lately) >= known.alert_after:
        tell_leads(turn, thread, "handed_on")
