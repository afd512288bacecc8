"""Who is on the team and whether they can be asked."""

from __future__ import annotations

from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.model import AgentId
from omniroute.core.offers import end_offers, take_back
from omniroute.core.presence import shift_end
from omniroute.core.turn import Answer, Turn


def load(turn: Turn, asked: i.TeamLoaded) -> Answer:
    """Take over the team file: who is new, who changed, who left."""
    agents = turn.state.agents
    for member in asked.members:
        known = agents.get(member.id)
        if known is None or not known.employed or _differs(turn, member):
            turn.emit(e.AgentJoined(member, _shift_end(turn, member)))
    staying = {member.id for member in asked.members}
    for id in [a.id for a in agents.values() if a.employed and a.id not in staying]:
        _leave(turn, id)
    return Answer(True, "team")


def _shift_end(turn: Turn, member: i.Member) -> int:
    """When the shift ends of somebody who is here already, under what the file says now."""
    known = turn.state.agents.get(member.id)
    if known is None or not known.employed:
        return 0
    if known.shift == member.shift:
        return known.shift_end
    return shift_end(turn, replace(known, shift=member.shift), known.status)


def _differs(turn: Turn, member: i.Member) -> bool:
    known = turn.state.agents[member.id]
    return any(getattr(known, f) != getattr(member, f) for f in member.__struct_fields__)


def _leave(turn: Turn, id: AgentId) -> None:
    """Whatever they were asked about or had goes to others, whatever was to wake it later."""
    for thread in map(turn.thread, turn.state.agents[id].threads):
        if thread.wrap_until:
            turn.emit(e.WrapUpEnded(thread.id, id, "left"))
        elif thread.agent == id:
            end_offers(turn, thread.id, "rescinded")
            turn.emit(e.ThreadReleased(thread.id, id, "left"))
        for offer in turn.thread(thread.id).offers:
            if offer.agent == id:
                take_back(turn, thread.id, offer, "rescinded")
    turn.emit(e.AgentLeft(id))
