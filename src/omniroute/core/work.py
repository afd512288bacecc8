"""What agents do with threads: accept, pass, take, reply, note, transfer, snooze, resolve.

Each function answers for one input.  A refusal says by a stable code what stands against it and
changes nothing; the winner of a race is whoever's input was decided first.
"""

from __future__ import annotations

from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core import surveys
from omniroute.core.acknowledging import ROUNDS, goes_round, within_a_minute
from omniroute.core.handing import OWNED, is_bot, is_silenced, leads, may_reply, refused, take_over
from omniroute.core.model import AgentId, Held, Phase, Thread, ThreadId
from omniroute.core.offers import assign, end_offer, end_offers
from omniroute.core.participants import have, last_written, taking_part
from omniroute.core.paths import surely
from omniroute.core.resting import begin_wrap_up
from omniroute.core.states import OPEN, WAITING
from omniroute.core.turn import Answer, Turn

UNOWNED = WAITING | {Phase.OFFERED, Phase.HELD}


def accept(turn: Turn, asked: i.OfferAccepted) -> Answer:
    """Exactly one accept wins; the others learn who did."""
    thread = turn.thread(asked.thread)
    if thread.phase in OWNED and thread.agent == asked.agent:
        return Answer(True, "accepted")
    offer = next((o for o in thread.offers if o.id == asked.offer), None)
    if offer is None or offer.agent != asked.agent:
        return _gone(thread, asked.agent)
    if is_silenced(turn, asked.agent, thread):
        return refused("handed_off")
    if thread.agent:  # its owner offered it, and stays responsible until now
        take_over(turn, thread, asked.agent, "transfer")
    else:
        assign(turn, thread.id, asked.agent, "accept")
    return Answer(True, "accepted")


def _gone(thread: Thread, agent: AgentId) -> Answer:
    """Why an offer can no longer be answered."""
    if thread.phase in OWNED:
        return refused("taken", by=thread.agent)
    if any(x.agent == agent and x.reason == "missed" for x in thread.excluded):
        return refused("expired")
    return refused("withdrawn")


def decline(turn: Turn, asked: i.OfferDeclined) -> Answer:
    """Pass; the thread goes on at its old age, and this agent is not asked again."""
    thread = turn.thread(asked.thread)
    offer = next((o for o in thread.offers if o.id == asked.offer), None)
    if offer is None or offer.agent != asked.agent:
        return _gone(thread, asked.agent)
    end_offer(turn, thread.id, offer, "declined", barred="declined")
    if asked.note:
        turn.emit(e.NoteAdded(thread.id, asked.note, asked.agent))
    return Answer(True, "passed")


def take(turn: Turn, asked: i.ThreadClaimed) -> Answer:
    """Claim without an offer; may go over capacity, which is recorded."""
    thread = turn.thread(asked.thread)
    if thread.phase in OWNED:
        if thread.agent == asked.agent:
            return Answer(True, "taken_over")
        if not leads(turn, asked.agent):
            return refused("taken", by=thread.agent)
    if not may_reply(turn, asked.agent, thread):
        return refused("reads_only", agent=asked.agent, queue=thread.queue)
    if is_silenced(turn, asked.agent, thread):
        return refused("handed_off")
    if thread.phase in OWNED:
        take_over(turn, thread, asked.agent, "claim")
        return Answer(True, "taken_over")
    if thread.phase is Phase.RESOLVED:
        turn.emit(e.ThreadReopened(thread.id, "agent"))
    assign(turn, thread.id, asked.agent, "claim")
    return Answer(True, "taken_over")


def reply(turn: Turn, asked: i.ReplyWritten) -> Answer:
    """Answer the customer, unless they wrote something the agent has not seen."""
    thread = turn.thread(asked.thread)
    if thread.phase in OWNED and thread.agent != asked.agent and not leads(turn, asked.agent):
        return refused("not_yours", by=thread.agent)
    if not may_reply(turn, asked.agent, thread):
        return refused("reads_only", agent=asked.agent, queue=thread.queue)
    if is_silenced(turn, asked.agent, thread):
        return refused("handed_off")
    written = thread.turns + thread.asides
    if asked.seen < written and not asked.anyway:
        return refused("customer_wrote", message=last_written(thread).message, turns=written)
    held = _addressed(turn, thread, asked)
    if held is None:
        return refused("no_way", handle=asked.to)
    if is_bot(turn, asked.agent):  # two machines might talk for ever
        if thread.by_machine:
            return refused("machine_wrote")
        rounds = turn.state.customers[thread.customer].rounds
        if not thread.live and goes_round(rounds, turn.at):
            return refused("goes_round")
        if thread.mechanical >= ROUNDS:
            return refused("mechanical")
        most = turn.state.rules.defaults.automatic.answers
        chats = turn.state.customers[thread.customer].chats
        if thread.live and len(within_a_minute(chats, turn.at)) >= most:
            return refused("too_often", most=most)
    if asked.copies:
        if not taking_part(thread).issuperset(asked.copies):
            return refused("no_participant")
        held = replace(held, copies=asked.copies)
    _own(turn, thread, asked.agent)
    more: dict[str, str | int] = {"way": held.handle} if asked.to else {}
    if asked.hold:
        turn.emit(e.ReplyHeld(thread.id, held))
        return Answer(True, "held", {"release": held.release, **more})
    release(turn, turn.thread(thread.id), held)
    return Answer(True, "replied", more)


def _addressed(turn: Turn, thread: Thread, asked: i.ReplyWritten) -> Held | None:
    """The reply with where it goes; ``None`` where nothing leads to the handle it names.

    It answers what came from there; to a handle that has only been proved to be the customer's it
    begins a conversation.
    """
    to = asked.to or thread.handle
    until = turn.at + asked.hold
    held = Held(asked.message, asked.agent, to, until, asked.key, answers=thread.message)
    if to == thread.handle:
        return held
    voice = next((voice for voice in thread.voices if voice.handle == to), None)
    if voice is not None:
        return replace(held, answers=voice.message) if voice.message else None
    proved = surely(turn.state.customers[thread.customer], thread)
    if to not in proved or not asked.channel:
        return None
    return replace(held, begins=(asked.channel, asked.account))


def _own(turn: Turn, thread: Thread, agent: AgentId) -> None:
    """Whoever answers an unowned or a resolved thread has it from now on."""
    if thread.phase is Phase.RESOLVED:
        turn.emit(e.ThreadReopened(thread.id, "agent"))
        assign(turn, thread.id, agent, "reply")
    elif thread.phase in UNOWNED:
        assign(turn, thread.id, agent, "reply")
    elif thread.phase is Phase.SNOOZED:
        turn.emit(e.ThreadWoken(thread.id, "agent"))


def release(turn: Turn, thread: Thread, held: Held) -> None:
    """Send a reply on its way; from here it cannot be undone."""
    effect = turn.effect("reply", f"{held.handle}/{held.message}", cause=held.input)
    copies = held.copies if isinstance(held.copies, tuple) else ()
    turn.emit(
        e.ReplyReleased(thread.id, held.message, held.agent, held.handle, effect, copies=copies)
    )
    bot = is_bot(turn, held.agent)
    if not bot:
        turn.answered.add(thread.id)
    turn.deliver(
        thread, held.message, held.handle, effect, agent=held.agent, answers=held.answers,
        begins=held.begins if isinstance(held.begins, tuple) else None, copies=copies, bot=bot,
    )  # fmt: skip


def undo(turn: Turn, asked: i.ReplyUndone) -> Answer:
    """Take back a held reply; nobody outside has seen it."""
    thread = turn.thread(asked.thread)
    held = next((h for h in thread.held if h.message == asked.message), None)
    if held is None:
        return refused("too_late")
    if held.agent != asked.agent and not leads(turn, asked.agent):
        return refused("not_yours", by=held.agent)
    turn.emit(e.ReplyWithdrawn(thread.id, asked.message, asked.agent))
    return Answer(True, "undone")


def change(turn: Turn, asked: i.ChangeAsked) -> Answer:
    """Change or delete an answer or a note of one's own; an answer also where it has gone."""
    thread = turn.thread(asked.thread)
    if asked.author != asked.agent and not leads(turn, asked.agent):
        return refused("not_yours", by=asked.author)
    if any(held.message == asked.message for held in thread.held):
        return refused("still_held")
    effect = ""
    if asked.effect:
        effect = turn.effect("change", f"{asked.handle}/{asked.message}")
        turn.change(thread, asked.message, asked.handle, effect, of=asked.effect, how=asked.how)
    turn.emit(e.WordsChanged(thread.id, asked.message, asked.agent, asked.how, effect))
    return Answer(True, asked.how)


def note(turn: Turn, asked: i.NoteWritten) -> Answer:
    """Write to colleagues; no path leads from here to the customer."""
    turn.emit(e.NoteAdded(asked.thread, asked.message, asked.agent))
    return Answer(True, "noted")


def snooze(turn: Turn, asked: i.SnoozeAsked) -> Answer:
    """Put aside; a customer's message or the time brings it back to the same agent."""
    thread = turn.thread(asked.thread)
    if thread.phase not in OWNED:
        return refused("not_owned")
    if thread.agent != asked.agent and not leads(turn, asked.agent):
        return refused("not_yours", by=thread.agent)
    end_offers(turn, thread.id, "rescinded")
    turn.emit(e.ThreadSnoozed(thread.id, asked.agent, asked.until))
    return Answer(True, "snoozed", {"until": asked.until})


def resolve(turn: Turn, asked: i.ThreadResolved) -> Answer:
    """The customer has what they came for; for a while a message of theirs reopens it."""
    thread = turn.thread(asked.thread)
    if thread.phase is Phase.RESOLVED:
        return Answer(True, "resolved")
    if thread.phase in OWNED and thread.agent != asked.agent and not leads(turn, asked.agent):
        return refused("not_yours", by=thread.agent)
    if thread.offers:
        end_offers(turn, thread.id, "cancelled", reason="resolved")
    queue = turn.state.queue(thread.queue)
    window = queue.reopen_window_ms
    turn.emit(e.ThreadSolved(thread.id, asked.agent, turn.at + window))
    if queue.wrap_up_ms and thread.phase in OWNED:
        begin_wrap_up(turn, turn.thread(thread.id), queue.wrap_up_ms)
    surveys.plan(turn, turn.thread(thread.id))
    now = turn.thread(thread.id)
    if not (window or now.held or now.wrap_until or surveys.pending(now)):
        turn.emit(e.ThreadClosed(thread.id))
    return Answer(True, "resolved")


def left(turn: Turn, asked: i.CustomerLeft) -> Answer:
    """The customer gave up waiting; what somebody has, or is about to answer, stays as it is."""
    thread = _left_thread(turn, asked)
    if thread is None or thread.phase not in OPEN:
        return refused("unknown_thread", thread=asked.thread)
    if thread.phase in OWNED or thread.held:
        return refused("taken", by=thread.agent or thread.last_agent)
    if thread.phase is Phase.RESOLVED:
        return refused("resolved")
    window = turn.state.queue(thread.queue).resume_window_ms
    if window and thread.live:
        turn.emit(e.CustomerAway(thread.id, turn.at + window))
    else:
        abandon(turn, thread.id)
    return Answer(True, "left")


def _left_thread(turn: Turn, asked: i.CustomerLeft) -> Thread | None:
    """What the customer waits for who left; nothing if they are back, or wait elsewhere."""
    state = turn.state
    if not asked.handle:
        return state.threads.get(asked.thread)
    handle = state.handles.get(asked.handle)
    customer = state.customers.get(handle.customer) if handle is not None else None
    thread = state.threads.get(customer.open or 0) if customer is not None else None
    if thread is None or thread.handle != asked.handle:
        return None
    back = any(v.handle == asked.handle and v.at > asked.since for v in thread.voices)
    return None if back else thread


def abandon(turn: Turn, id: ThreadId) -> None:
    """Close what a customer has left before anybody took it; what they write next is new."""
    end_offers(turn, id, "cancelled", reason="left")
    turn.emit(e.ThreadAbandoned(id))


def reopen(turn: Turn, asked: i.ReopenAsked) -> Answer:
    """Take a resolved thread up again."""
    thread = turn.thread(asked.thread)
    if thread.phase is not Phase.RESOLVED:
        return refused("not_resolved")
    if not may_reply(turn, asked.agent, thread):
        return refused("reads_only", agent=asked.agent, queue=thread.queue)
    if is_silenced(turn, asked.agent, thread):
        return refused("handed_off")
    turn.emit(e.ThreadReopened(thread.id, "agent"))
    assign(turn, thread.id, asked.agent, "claim")
    return Answer(True, "reopened")


def tag(turn: Turn, asked: i.TagsChanged) -> Answer:
    """Add and remove tags."""
    thread = turn.thread(asked.thread)
    kept = [t for t in thread.tags if t not in asked.remove]
    tags = tuple(dict.fromkeys((*kept, *asked.add)))
    if tags != thread.tags:
        turn.emit(e.TagsSet(thread.id, tags))
    return Answer(True, "tagged")


def copy(turn: Turn, asked: i.ParticipantsAsked) -> Answer:
    """Say who gets a copy of what is answered: for whoever may answer."""
    thread = turn.thread(asked.thread)
    if thread.phase in OWNED and thread.agent != asked.agent and not leads(turn, asked.agent):
        return refused("not_yours", by=thread.agent)
    if not may_reply(turn, asked.agent, thread):
        return refused("reads_only", agent=asked.agent, queue=thread.queue)
    return have(turn, asked)


def prioritise(turn: Turn, asked: i.PriorityChanged) -> Answer:
    """Set the priority."""
    thread = turn.thread(asked.thread)
    if asked.priority != thread.priority:
        turn.emit(e.PrioritySet(thread.id, asked.priority, asked.agent))
    return Answer(True, "prioritised")


def boost(turn: Turn, asked: i.BoostAsked) -> Answer:
    """Move a thread in line, for those who lead; how long it has waited stays as it is."""
    thread = turn.thread(asked.thread)
    if not leads(turn, asked.agent):
        return refused("leads_only")
    if thread.phase not in UNOWNED:
        return refused("not_waiting")
    turn.emit(e.AgeMoved(thread.id, thread.routing_since - asked.by, asked.agent))
    return Answer(True, "boosted")
