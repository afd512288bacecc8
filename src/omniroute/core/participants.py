"""Others in a conversation: people in copy, and whoever reads the place where it is held.

A thread has one customer.  Who else is in its conversation is a participant: their own message
there lands in the thread as theirs, and that is all it does.  It joins nobody, moves no answer, and
gives nobody anything to read: participants get what an agent sends them.  By mail a participant is
whom the customer's authenticated message names, or an agent adds, and their message must be
authenticated and show that it belongs here (a token, a message id).  In a place that several people
read, a channel or a group, everybody who writes in the conversation is one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.model import Evidence, HandleId, MessageId, Participant, Phase, Thread
from omniroute.core.turn import Answer, Turn

MOST: Final = 20
"""Participants of a thread; a message that names more adds no more."""

ANSWERS: Final = "answers"
"""The source of the evidence that somebody answers what was sent to somebody else."""

REMOVED: Final = "removed"


def taking_part(thread: Thread) -> frozenset[HandleId]:
    """Who is in the conversation now, besides the customer."""
    return frozenset(p.handle for p in thread.participants if p.how != REMOVED)


def joined_in(turn: Turn, message: i.MessageReceived) -> Thread | None:
    """The thread that *message* belongs to as a participant's, if it is one."""
    if not message.sender.verified:
        return None
    mine = turn.state.handles.get(message.sender.id)
    for handle in message.within:
        home = turn.state.handles.get(handle)
        if home is None or (mine is not None and mine.customer == home.customer):
            continue
        open = turn.state.customers[home.customer].open
        thread = turn.state.threads.get(open) if open is not None else None
        if thread is None or _is_barred(thread, message.sender.id):
            continue
        if message.shared or message.sender.id in taking_part(thread):
            return thread
    return None


def _is_barred(thread: Thread, handle: HandleId) -> bool:
    return any(p.handle == handle and p.how == REMOVED for p in thread.participants)


def less_hearsay(message: i.MessageReceived) -> i.MessageReceived:
    """*message* without what its place in somebody's conversation would suggest of its sender: a
    participant answers there since they take part, not because they are the customer."""
    kept = tuple(
        claim
        for claim in message.claims
        if not (claim.evidence is Evidence.INFERRED and claim.source == ANSWERS)
    )
    return replace(message, claims=kept)


def take_part(turn: Turn, thread: Thread, message: i.MessageReceived) -> Answer:
    """Put a participant's message into the thread, and tell whoever has it."""
    sender = message.sender.id
    if sender not in taking_part(thread):
        by = next((handle for handle in message.within if _is_of(turn, handle, thread)), "")
        _put(turn, thread, [*thread.participants, Participant(sender, "there", by)])
    turn.emit(
        e.ParticipantWrote(
            thread.id, message.message, sender, message.channel, message.account,
            automatic=message.automatic,
        )
    )  # fmt: skip
    turn.explain("participant", thread=thread.id, handle=sender)
    invite(turn, turn.thread(thread.id), message)
    if not message.automatic:
        _tell(turn, thread)
    return Answer(True, "received", {"thread": thread.id, "how": "participant"})


def _is_of(turn: Turn, handle: HandleId, thread: Thread) -> bool:
    known = turn.state.handles.get(handle)
    return known is not None and known.customer == thread.customer


def brought_by(thread: Thread, handles: Collection[HandleId]) -> tuple[HandleId, ...]:
    """Who takes part because of these addresses of the customer's, and goes where they go."""
    return tuple(p.handle for p in thread.participants if p.by in handles)


def _tell(turn: Turn, thread: Thread) -> None:
    match thread.phase:
        case Phase.SNOOZED:
            turn.emit(e.ThreadWoken(thread.id, "participant"))
            turn.present(thread.id, thread.agent, "message")
        case Phase.ASSIGNED:
            turn.present(thread.id, thread.agent, "message")
        case Phase.RESOLVED if thread.last_agent in turn.state.agents:
            turn.present(thread.id, thread.last_agent, "told", reason="participant")


def invite(turn: Turn, thread: Thread, message: i.MessageReceived) -> None:
    """Whoever the message was sent to besides takes part from now on."""
    if not message.named or message.automatic or not message.sender.verified:
        return
    known = {p.handle for p in thread.participants}
    theirs = turn.state.customers[thread.customer].handles
    new = [h for h in dict.fromkeys(message.named) if h not in known and h not in theirs]
    room = MOST - len(taking_part(thread))
    if new[:room]:
        by = message.sender.id if message.sender.id in theirs else ""
        named = [
            Participant(handle, "named", by or _brought(thread, message)) for handle in new[:room]
        ]
        _put(turn, thread, [*thread.participants, *named])


def _brought(thread: Thread, message: i.MessageReceived) -> HandleId:
    """Through whom a participant is here, who names another."""
    return next((p.by for p in thread.participants if p.handle == message.sender.id), "")


def have(turn: Turn, asked: i.ParticipantsAsked) -> Answer:
    """Have people in copy from now on, or out of the conversation."""
    thread = turn.thread(asked.thread)
    theirs = turn.state.customers[thread.customer].handles
    if any(handle in theirs for handle in asked.add):
        return Answer(False, "is_customer")
    now = {p.handle: p for p in thread.participants}
    if any(handle not in now for handle in asked.remove):
        return Answer(False, "no_participant")
    for handle in asked.add:
        old = now.get(handle)
        if old is None or old.how == REMOVED:
            now[handle] = Participant(handle, "added", copied=True)
        else:
            now[handle] = replace(old, copied=True)
    for handle in asked.remove:
        now[handle] = replace(now[handle], how=REMOVED, copied=False)
    if sum(p.how != REMOVED for p in now.values()) > MOST:
        return Answer(False, "too_many", {"most": MOST})
    if tuple(now.values()) != thread.participants:
        _put(turn, thread, now.values(), asked.agent)
    return Answer(True, "participants")


def _put(turn: Turn, thread: Thread, now: Iterable[Participant], agent: str = "") -> None:
    turn.emit(e.ParticipantsChanged(thread.id, tuple(now), agent))


class Written(NamedTuple):
    """A message from outside: who wrote it and when (ms; 0: not known)."""

    message: MessageId
    handle: HandleId
    at: int


def last_written(thread: Thread) -> Written:
    """The last message in *thread* that was written by its customer or by a participant."""
    spoken = max((voice.at for voice in thread.voices), default=0)
    others = [Written(p.message, p.handle, p.at) for p in thread.participants if p.message]
    return max([*others, Written(thread.message, thread.handle, spoken)], key=lambda w: w.at)
