"""What is said in a thread: the customer's messages, held and sent answers, notes."""

from __future__ import annotations

from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core.acknowledging import another, chatted, told
from omniroute.core.evolve.changes import Folds, change
from omniroute.core.model import Thread
from omniroute.core.quiet import paused, resumed, with_returned, with_sent
from omniroute.core.state import State
from omniroute.core.states import OPEN
from omniroute.core.voices import answered, arrived, heard, spoken_by, unsaid

FOLDS = Folds()


@FOLDS.of(e.ThreadOpened)
def _(state: State, event: e.ThreadOpened, at: int) -> None:
    customer = state.customers[event.customer]
    state.put_counters(replace(state.counters, next_thread=event.thread + 1))
    state.put_customer(replace(customer, open=event.thread))
    state.put_thread(
        Thread(event.thread, event.customer, at, version=1, last_agent=customer.last_agent)
    )


@FOLDS.of(e.CustomerWrote)
def _(state: State, event: e.CustomerWrote, at: int) -> None:
    """The answer goes to where the customer wrote last; a machine of theirs moves nothing."""
    thread = state.threads[event.thread]
    voices = heard(thread.voices, event, at)
    if event.automatic and thread.turns:
        change(state, event, turns=thread.turns + 1, voices=voices, by_machine=True)
        return
    again = thread.mechanical if thread.waiting else 0
    state.put_thread(
        replace(
            thread,
            version=thread.version + 1,
            voices=voices,
            words=event.words,
            mechanical=thread.mechanical + 1 if event.mechanical else again,
            channel=event.channel,
            handle=event.handle,
            answerable=event.answerable,
            by_machine=event.automatic,
            message=event.message,
            live=event.live,
            turns=thread.turns + 1,
            language=event.language or thread.language,
            away_until=0,
            waiting=True,
        )
    )


@FOLDS.of(e.ParticipantsChanged)
def _(state: State, event: e.ParticipantsChanged, at: int) -> None:
    change(state, event, participants=event.participants)


@FOLDS.of(e.ParticipantWrote)
def _(state: State, event: e.ParticipantWrote, at: int) -> None:
    """What they write is for people to read; the customer's turns and promises stay as they are."""
    thread = state.threads[event.thread]
    now = tuple(
        replace(p, at=at, message=event.message) if p.handle == event.handle else p
        for p in thread.participants
    )
    change(state, event, participants=now, asides=thread.asides + 1)


@FOLDS.of(e.TopicTurned)
def _(state: State, event: e.TopicTurned, at: int) -> None:
    steps = state.shared(event.turned.steps)
    change(state, event, turned=replace(event.turned, steps=steps))


@FOLDS.of(e.MatterSplit)
def _(state: State, event: e.MatterSplit, at: int) -> None:
    """The customer's words go to the new thread from now on; the old one keeps its agent."""
    old = change(state, event, turned=None)
    rest = unsaid(old.voices, old.handle)
    state.put_thread(replace(spoken_by(old, rest), turns=old.turns - 1, replies=old.replies))
    customer = state.customers[old.customer]
    state.put_counters(replace(state.counters, next_thread=event.into + 1))
    beside = (*customer.beside, event.thread)
    state.put_customer(replace(customer, open=event.into, beside=beside))
    wrote = e.CustomerWrote(
        event.into, old.message, old.handle, old.channel, account="", live=old.live
    )
    state.put_thread(
        Thread(
            event.into,
            old.customer,
            at,
            version=1,
            channel=old.channel,
            handle=old.handle,
            message=old.message,
            live=old.live,
            turns=1,
            voices=heard((), wrote, at),
        )
    )


@FOLDS.of(e.NoteAdded)
def _(state: State, event: e.NoteAdded, at: int) -> None:
    change(state, event)


@FOLDS.of(e.ReplyHeld)
def _(state: State, event: e.ReplyHeld, at: int) -> None:
    change(state, event, held=(*state.threads[event.thread].held, event.held))


@FOLDS.of(e.ReplyWithdrawn)
def _(state: State, event: e.ReplyWithdrawn, at: int) -> None:
    held = state.threads[event.thread].held
    change(state, event, held=tuple(h for h in held if h.message != event.message))


@FOLDS.of(e.ReplyReleased)
def _(state: State, event: e.ReplyReleased, at: int) -> None:
    thread = state.threads[event.thread]
    held = tuple(h for h in thread.held if h.message != event.message)
    sending = thread.sending
    agent = state.agents.get(event.agent)
    if agent is not None and agent.kind == "bot":
        sending = (*sending, (event.message, event.effect))
        customer = state.customers[thread.customer]
        if thread.live:
            state.put_customer(replace(customer, chats=chatted(customer.chats, at)))
        elif thread.waiting:
            state.put_customer(replace(customer, rounds=another(customer.rounds, at)))
    voices = answered(thread.voices, event.handle)
    change(
        state, event, held=held, replies=thread.replies + 1, waiting=False, voices=voices,
        sending=sending, dormant_at=0, woken_at=0, wake_until=0,
    )  # fmt: skip


@FOLDS.of(e.AutomaticReplyReleased)
def _(state: State, event: e.AutomaticReplyReleased, at: int) -> None:
    thread = change(state, event)
    if not thread.live:
        state.put_automation(with_sent(state.automation, at))
    customer = state.customers[thread.customer]
    state.put_customer(replace(customer, told=told(customer.told, ((event.reply, at),), at)))


@FOLDS.of(e.ArticleProposed)
def _(state: State, event: e.ArticleProposed, at: int) -> None:
    change(state, event, deflected=True)


@FOLDS.of(e.ReplySent)
@FOLDS.of(e.ReplyFailed)
def _(state: State, event: e.ReplySent | e.ReplyFailed, at: int) -> None:
    """A delivery's outcome is for people to read, and says which way is open; only what a bot
    sends could be recalled."""
    if isinstance(event, e.ReplyFailed) and event.realm is not None:
        state.put_automation(with_returned(state.automation, event.realm, at))
    thread = state.threads.get(event.thread)
    if thread is None or thread.phase not in OPEN:  # what is closed is out of reach, come what may
        return
    if event.handle:
        failed = event.outcome if isinstance(event, e.ReplyFailed) else ""
        thread = replace(thread, voices=arrived(thread.voices, event.handle, failed))
        state.put_thread(thread)
    if any(effect == event.effect for _, effect in thread.sending):
        state.put_thread(replace(thread, sending=_without(thread, event.effect)))


@FOLDS.of(e.ReplyRecalled)
def _(state: State, event: e.ReplyRecalled, at: int) -> None:
    change(state, event, sending=_without(state.threads[event.thread], event.effect))


def _without(thread: Thread, effect: str) -> tuple[tuple[str, str], ...]:
    return tuple(one for one in thread.sending if one[1] != effect)


@FOLDS.of(e.WordsChanged)
def _(state: State, event: e.WordsChanged, at: int) -> None:
    change(state, event)


@FOLDS.of(e.ChangeSettled)
def _(state: State, event: e.ChangeSettled, at: int) -> None:
    """For people to read, like a delivery's outcome."""


@FOLDS.of(e.MessageAmended)
def _(state: State, event: e.MessageAmended, at: int) -> None:
    """What a message says is for people to read; it moves nothing in the core."""


@FOLDS.of(e.AutomaticRepliesPaused)
def _(state: State, event: e.AutomaticRepliesPaused, at: int) -> None:
    state.put_automation(paused(state.automation, event.pause))


@FOLDS.of(e.AutomaticRepliesResumed)
def _(state: State, event: e.AutomaticRepliesResumed, at: int) -> None:
    state.put_automation(resumed(state.automation, event.realm))
