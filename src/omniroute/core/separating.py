"""Said by a person: these two are one, these two are not; and what follows for their threads.

A merge is a link with that person as its source.  A split takes links back, and says for good that
the two are not the same; customers are connected components, so who they are then follows.  Threads
follow their handles: what was folded is unfolded, and what both wrote into is divided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core import surveys
from omniroute.core.folding import queue_like
from omniroute.core.identity import join, veto
from omniroute.core.model import (
    AgentId,
    Customer,
    CustomerId,
    Evidence,
    Fold,
    HandleId,
    Link,
    Phase,
    Thread,
    ThreadId,
)
from omniroute.core.offers import assign, withdraw_absent
from omniroute.core.participants import brought_by
from omniroute.core.promises import parted
from omniroute.core.sharing import SHARED, barred, is_shared, sharing
from omniroute.core.turn import Answer, Turn
from omniroute.core.voices import inside, joined, of, without

Side = tuple[HandleId, ...]  # handles of one component, oldest first

_OWNED = (Phase.ASSIGNED, Phase.SNOOZED)


def merge(turn: Turn, asked: i.MergeAsked) -> Answer:
    """Join two customers on somebody's word; against a veto only with a reason."""
    a, b = sorted((asked.a, asked.b))
    if (unknown := _unknown(turn, (a, b))) is not None:
        return unknown
    ours, theirs = _customer(turn, a), _customer(turn, b)
    if ours.id == theirs.id:
        return Answer(True, "already_one")
    if is_shared(turn.state.handles[a]) or is_shared(turn.state.handles[b]):
        return Answer(False, "shared_address")
    against = veto(turn, ours, theirs)
    if not against and barred(turn, a, b):
        against = SHARED
    if against and not asked.note:
        return Answer(False, "vetoed", {"kind": against})
    link = Link(a, b, Evidence.ASSERTED, asked.agent, turn.at)
    turn.explain("identity", handle=a, how="merged", by=asked.agent)
    join(turn, link, ours, theirs, note=asked.note)
    return Answer(True, "merged")


def deny(turn: Turn, asked: i.LinkDenied) -> Answer:
    """Not the same person.  Where other links still hold the two together, that is said."""
    a, b = sorted((asked.a, asked.b))
    if (unknown := _unknown(turn, (a, b))) is not None:
        return unknown
    ours = _customer(turn, a)
    if ours.id != _customer(turn, b).id:
        turn.emit(e.NotSame(a, b, asked.agent))
        return Answer(True, "not_same")
    if not any(link.live and (link.a, link.b) == (a, b) for link in ours.links):
        return Answer(False, "not_linked")
    turn.emit(e.LinkRetracted(a, b, ours.id, asked.agent))
    if len(sides(_customer(turn, a))) == 1:
        return Answer(True, "still_joined")
    turn.emit(e.NotSame(a, b, asked.agent))
    _part(turn, ours.id)
    return Answer(True, "split")


def split(turn: Turn, asked: i.SplitAsked) -> Answer:
    """Part handles from the rest of their customer, whatever links hold them."""
    leaving = frozenset(asked.handles)
    if not leaving:
        return Answer(False, "unknown_handle")
    if (unknown := _unknown(turn, asked.handles)) is not None:
        return unknown
    customer = _customer(turn, asked.handles[0])
    if not leaving < set(customer.handles):
        return Answer(False, "not_apart")
    for link in customer.links:
        if link.live and (link.a in leaving) != (link.b in leaving):
            turn.emit(e.LinkRetracted(link.a, link.b, customer.id, asked.agent))
            turn.emit(e.NotSame(link.a, link.b, asked.agent))
    _part(turn, customer.id)
    return Answer(True, "split")


def erase(turn: Turn, asked: i.EraseAsked) -> Answer:
    """Erase what a customer said; not while somebody still works for them."""
    if not asked.handles:
        return Answer(False, "unknown_handle")
    if (unknown := _unknown(turn, asked.handles)) is not None:
        return unknown
    for handle in asked.handles:
        customer = _customer(turn, handle)
        for open in (customer.open, *customer.beside):
            if open is not None and turn.thread(open).phase is not Phase.RESOLVED:
                return Answer(False, "still_open", {"thread": open})
    for handle in asked.handles:
        customer = _customer(turn, handle)
        for open in (customer.open, *customer.beside):
            if open is not None:
                surveys.cancel(turn, turn.thread(open))
    turn.emit(e.CustomerErased(asked.handles, asked.messages, asked.by))
    return Answer(True, "erased")


def share(turn: Turn, said: i.ShareDeclared) -> Answer:
    """An address is several people's: whoever was joined over it is parted.

    Nothing is said against the others being one person, only that this does not show it.
    """
    if (unknown := _unknown(turn, (said.handle,))) is not None:
        return unknown
    handle = turn.state.handles[said.handle]
    if sharing(handle).how == ("shared" if said.shared else "single"):
        return Answer(True, "shared" if said.shared else "single")
    turn.emit(e.HandleShared(handle.id, said.shared, said.by))
    if not said.shared:
        return Answer(True, "single")
    customer = _customer(turn, handle.id)
    for link in customer.links:
        if link.live and handle.id in (link.a, link.b):
            turn.emit(e.LinkRetracted(link.a, link.b, customer.id, said.by))
    if len(sides(_customer(turn, handle.id))) > 1:
        _part(turn, customer.id)
    return Answer(True, "shared")


def _unknown(turn: Turn, handles: Iterable[HandleId]) -> Answer | None:
    known = turn.state.handles
    return None if all(id in known for id in handles) else Answer(False, "unknown_handle")


def _customer(turn: Turn, handle: HandleId) -> Customer:
    return turn.state.customers[turn.state.handles[handle].customer]


def sides(customer: Customer) -> list[Side]:
    """The components that live links leave; handles and components by age, the oldest first."""
    near: dict[HandleId, list[HandleId]] = {id: [] for id in customer.handles}
    for link in customer.links:
        if link.live:
            near[link.a].append(link.b)
            near[link.b].append(link.a)
    found: list[Side] = []
    seen: set[HandleId] = set()
    for first in customer.handles:
        reached, ahead = {first}, [first]
        while ahead:
            new = [id for id in near[ahead.pop()] if id not in reached]
            reached.update(new)
            ahead += new
        if first not in seen:
            found.append(tuple(id for id in customer.handles if id in reached))
        seen |= reached
    return found


# --- threads follow their handles ----------------------------------------------------------------


def _part(turn: Turn, id: CustomerId) -> None:
    """Make customers of what are components now, and threads of what they said."""
    whole = turn.state.customers[id]
    home, *others = sides(whole)
    joint = turn.thread(whole.open) if whole.open is not None else None
    keeper = _keeper(joint, home, others)
    for side in others:
        history = tuple(p.thread for p in whole.history if p.handles and p.handles[-1] in side)
        with_them = side is keeper
        threads = tuple(t for t in whole.beside if turn.thread(t).handle in side)
        if with_them and whole.open is not None:
            threads = (whole.open, *threads)
        turn.emit(e.CustomerSplit(id, side[0], side, history, open=with_them, threads=threads))
    if joint is not None:
        _part_thread(turn, joint.id, keeper, [home, *others])
        _stop_astray(turn, joint.id)
    for side in (home, *others):
        _part_history(turn, whole, side)


def _stop_astray(turn: Turn, id: ThreadId) -> None:
    """What waits to be sent to an address that is another person's now is not sent."""
    thread = turn.thread(id)
    theirs = turn.state.customers[thread.customer].handles
    for held in thread.held:
        if held.handle not in theirs:
            turn.emit(e.ReplyWithdrawn(id, held.message, held.agent))
            turn.present(id, held.agent, "told", reason="astray")


def _keeper(joint: Thread | None, home: Side, others: Sequence[Side]) -> Side:
    """Who goes on with the open thread: whoever it was of before anything was folded into it.

    Of a thread that always was one, whoever wrote last.
    """
    if joint is None:
        return home
    handle = joint.voices[0].handle if joint.folds and joint.voices else joint.handle
    return next((side for side in (home, *others) if handle in side), home)


def _part_thread(turn: Turn, id: ThreadId, keeper: Side, all: Sequence[Side]) -> None:
    for side in all:
        if side is keeper:
            continue
        folded = [fold for fold in turn.thread(id).folds if fold.handle in side]
        if folded:  # the oldest survives, with the others in it
            _unfold(turn, id, min(folded, key=lambda fold: fold.thread), side)
        elif theirs := of(turn.thread(id).voices, side):
            _divide(turn, id, tuple(voice.handle for voice in theirs), side)
    if turn.thread(id).phase is Phase.OFFERED:
        withdraw_absent(turn, id)  # it may be another channel's now


def _unfold(turn: Turn, id: ThreadId, old: Fold, side: Side) -> None:
    """A folded thread is one of its own again, with whoever had it, at its own age."""
    joint = turn.thread(id)
    within = inside(joint, old, side)
    rest = without(joint, (old, *within))
    alone, going = joined(old.urgency, within), brought_by(joint, side)
    answered = any(voice.replies for voice in of(joint.voices, side))
    owed = parted(turn, joint, turn.state.known_thread(old.thread), old, answered)
    turn.emit(e.ThreadUnfolded(old.thread, id, side, alone, rest, going, *owed))
    if old.took and joint.agent == old.agent and joint.phase in _OWNED:
        turn.emit(e.ThreadReleased(id, old.agent, "split"))
    elif joint.agent:
        turn.present(id, joint.agent, "told", reason="split")
    thread = turn.thread(old.thread)
    if thread.phase is Phase.RESOLVED and thread.waiting:
        turn.emit(e.ThreadReopened(thread.id, "split"))
        queue_like(turn, thread, thread)
    elif thread.phase is Phase.QUEUED and _here(turn, old.agent):
        assign(turn, thread.id, old.agent, "split")
        turn.present(thread.id, old.agent, "assigned", reason="split")


def _here(turn: Turn, agent: AgentId) -> bool:
    known = turn.state.agents.get(agent)
    return known is not None and known.employed


def _divide(turn: Turn, id: ThreadId, handles: tuple[HandleId, ...], side: Side) -> None:
    """What one of two people said in one thread becomes a thread of theirs, and waits."""
    joint = turn.thread(id)
    customer = _customer(turn, side[0])
    new = turn.state.counters.next_thread
    going = brought_by(joint, handles)
    turn.emit(e.ThreadDivided(id, new, customer.id, joint.customer, handles, participants=going))
    if turn.thread(new).phase is Phase.NEW:
        queue_like(turn, turn.thread(new), joint)
    if joint.agent:
        turn.present(id, joint.agent, "told", reason="split")


def _part_history(turn: Turn, whole: Customer, side: Side) -> None:
    """In a closed thread that both wrote into, everybody finds what they said themselves."""
    mine = _customer(turn, side[0])
    for past in whole.history:
        theirs = tuple(handle for handle in past.handles if handle in side)
        if past.handles[-1:] and past.handles[-1] not in whole.handles:
            continue  # of somebody who was parted while it stood beside another matter
        if theirs and past.handles[-1] not in side:
            keeper = _customer(turn, past.handles[-1])
            new = turn.state.counters.next_thread
            turn.emit(e.ThreadDivided(past.thread, new, mine.id, keeper.id, theirs))
