"""Who is this: handles, links with evidence, customers as connected components.

A customer is a set of handles held together by live links.  Verified evidence joins by itself;
anything weaker is a suggestion for a person.  Two different values in a name space that holds one
per person (a login, a CRM number) veto the join.  An address nobody vouches for is a handle of
its own: a forged From joins nobody.
"""

from __future__ import annotations

import msgspec

from omniroute.core import events as e
from omniroute.core.folding import fold
from omniroute.core.inputs import Claimed, HandlesProved, MessageReceived, Seen
from omniroute.core.model import (
    Customer,
    CustomerId,
    Evidence,
    Handle,
    HandleId,
    Link,
    MessageId,
)
from omniroute.core.sharing import SHARED, barred, is_shared, overhear
from omniroute.core.turn import Answer, Turn

NOT_SAME = "not_same"
"""The veto of a person who said that the two are not the same."""


CLAIMED = "claimed"
"""The veto where another account of the same platform has shown a telephone number to be its own:
numbers change hands, so which of the two has it now is for a person to find out."""


def recognise(turn: Turn, message: MessageReceived) -> CustomerId:
    """The customer who sent *message*, joining what verified evidence joins."""
    sender = message.sender
    known = sender.id in turn.state.handles
    _see(turn, sender)
    overhear(turn, message)
    how = "unverified" if not sender.verified else "known" if known else "new"
    for claim in message.claims:
        how = _weigh(turn, sender, claim) or how
    if not turn.events_only:
        turn.why.append({"about": "identity", "handle": sender.id, "how": how})
    return turn.state.handles[sender.id].customer


def prove(turn: Turn, proved: HandlesProved) -> Answer:
    """Join two handles of which somebody has shown that both are theirs, unless a veto stands."""
    _see(turn, proved.a)
    how = _weigh(turn, proved.a, Claimed(proved.b, Evidence.VERIFIED, proved.source))
    turn.explain("identity", handle=proved.a.id, how=how or "known")
    return Answer(True, "proved", {"how": how})


def _see(turn: Turn, seen: Seen) -> None:
    if seen.id not in turn.state.handles:
        turn.emit(e.HandleSeen(appearing(seen, turn.at)))


def appearing(seen: Seen, at: int) -> Handle:
    """A handle that is seen for the first time: a customer of its own."""
    realm = seen.realm or msgspec.UNSET
    return Handle(seen.id, seen.id, seen.kind, at, seen.unique, seen.verified, realm=realm)


def _weigh(turn: Turn, sender: Seen, claim: Claimed) -> str:
    """Act on one claim; how it went, or an empty string when it says nothing new.

    Of a sender nobody vouches for, even the best evidence only suggests.
    """
    state = turn.state
    if claim.handle.id == sender.id:
        return ""
    a, b = sorted((sender.id, claim.handle.id))
    link = Link(a, b, claim.evidence, claim.source, turn.at)
    sure = claim.evidence == Evidence.VERIFIED and claim.handle.verified and sender.verified
    if not sure and claim.handle.id not in state.handles:
        return ""  # nobody we know: nothing to suggest
    known = (state.handles.get(id) for id in (a, b))
    if any(handle is not None and is_shared(handle) for handle in known):
        return ""
    _see(turn, claim.handle)
    ours = state.customers[state.handles[sender.id].customer]
    theirs = state.customers[state.handles[claim.handle.id].customer]
    if ours.id == theirs.id:
        if sure and not _linked(ours, a, b) and not barred(turn, a, b):
            turn.emit(e.LinkAdded(link, ours.id))
            return "linked"
        return ""
    against = veto(turn, ours, theirs) or _claimed(turn, sender, claim, theirs)
    if not against and barred(turn, a, b):
        if not sure:
            return ""  # it is several people's: that it is also this one's says nothing
        against = SHARED
    if sure and not against:
        join(turn, link, ours, theirs)
        return "linked"
    if against == NOT_SAME and not sure:
        return ""  # somebody has looked at it and said no
    if _suggested(ours, link) or _suggested(theirs, link):
        return ""
    turn.emit(e.LinkSuggested(link, against if sure else ""))
    return "vetoed" if sure else "suggested"


def _claimed(turn: Turn, sender: Seen, claim: Claimed, theirs: Customer) -> str:
    """Whether the number that is claimed is another account's already."""
    if claim.handle.kind.partition(":")[0] != "phone":
        return ""
    known = turn.state.handles
    for link in theirs.links:
        ends = {link.a, link.b}
        if not link.live or link.evidence is not Evidence.VERIFIED or claim.handle.id not in ends:
            continue
        (other,) = ends - {claim.handle.id}
        if other != sender.id and known[other].kind == sender.kind:
            return CLAIMED
    return ""


def _linked(customer: Customer, a: HandleId, b: HandleId) -> bool:
    return any(link.live and (link.a, link.b) == (a, b) for link in customer.links)


def _suggested(customer: Customer, new: Link) -> bool:
    said = (new.a, new.b, new.evidence)
    return any((link.a, link.b, link.evidence) == said for link in customer.suggested)


def veto(turn: Turn, ours: Customer, theirs: Customer) -> str:
    """What stands against joining the two, or an empty string.

    Either `NOT_SAME`, or the name space in which they hold different values though a person has
    one there.
    """
    sides = (frozenset(ours.handles), frozenset(theirs.handles))
    for a, b in (*ours.not_same, *theirs.not_same):
        if (a in sides[0] and b in sides[1]) or (b in sides[0] and a in sides[1]):
            return NOT_SAME
    values: dict[str, HandleId] = {}
    for id in (*ours.handles, *theirs.handles):
        handle = turn.state.handles[id]
        if handle.unique and values.setdefault(handle.kind, id) != id:
            return handle.kind
    return ""


def join(turn: Turn, link: Link, ours: Customer, theirs: Customer, note: MessageId = "") -> None:
    """Make one customer of two; the one with the older handle stays."""
    handles = turn.state.handles
    into, gone = sorted((ours, theirs), key=lambda c: (handles[c.handles[0]].since, c.id))
    if into.open is not None and gone.open is not None:
        fold(turn, into.open, gone.open)
    turn.emit(e.LinkAdded(link, into.id, gone.id, note))
