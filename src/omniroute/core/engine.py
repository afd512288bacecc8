"""The core's front: `decide`, `evolve`, `keys`.

`decide` answers one input: it emits events, folds each into the state at once, and collects the
effects and the why.  If its commit fails, `State.rollback` takes the whole round back.  `keys`
names the cold rows that must be absorbed first; ask again after absorbing, until it names none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from omniroute.core import (
    clocks,
    depth,
    escalating,
    handing,
    identity,
    importing,
    matters,
    offers,
    opening,
    overflow,
    presence,
    promises,
    quiet,
    resting,
    restraint,
    separating,
    stranding,
    surveys,
    team,
    threads,
    work,
)
from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.evolve import evolve
from omniroute.core.model import CustomerId, HandleId, Phase, Thread, ThreadId
from omniroute.core.reevaluating import reevaluate
from omniroute.core.state import State
from omniroute.core.states import OPEN
from omniroute.core.timers import abandoning, snooze_end
from omniroute.core.trials import Trial
from omniroute.core.turn import Answer, Deciders, Decision, Turn

RETURNED = ("bounced", "rejected")
"""Outcomes of what came back: who keeps being sent such mail is harmed, and so are we."""

__all__ = ["Answer", "Deciders", "Decision", "decide", "evolve", "keys"]


def keys(state: State, input: i.AnyInput) -> list[str]:
    """Rows the next `decide` needs and the state does not have."""
    wanted: dict[str, None] = {}
    _WANTS.get(type(input), _want_of_thread)(state, input, wanted)
    return list(wanted)


def _want_of_message(state: State, input: i.MessageReceived, wanted: dict[str, None]) -> None:
    _want_handle(state, input.sender.id, wanted)
    for claim in input.claims:
        _want_handle(state, claim.handle.id, wanted)
    for handle in input.within:
        _want_handle(state, handle, wanted)


def _want_of_leaving(state: State, input: i.CustomerLeft, wanted: dict[str, None]) -> None:
    if input.handle:
        _want_handle(state, input.handle, wanted)
    else:
        _want_of_thread(state, input, wanted)


def _want_of_delivery(state: State, input: i.Delivered, wanted: dict[str, None]) -> None:
    if input.handle and input.outcome in RETURNED:
        _want_handle(state, input.handle, wanted)
    _want_of_thread(state, input, wanted)


def _want_of_named(state: State, input: i.AnyInput, wanted: dict[str, None]) -> None:
    for id in _NAMED[type(input)](input):
        _want_handle(state, id, wanted)
        _want_folded(state, id, wanted)


def _want_of_thread(state: State, input: i.AnyInput, wanted: dict[str, None]) -> None:
    thread = state.threads.get(getattr(input, "thread", -1))
    if thread is not None and thread.phase in OPEN:
        _want_customer(state, thread.customer, wanted)


_NAMED: dict[type[i.Input], Callable[[Any], tuple[HandleId, ...]]] = {
    i.SurveyScored: lambda input: (input.handle,),
    i.SurveyRemarked: lambda input: (input.handle,),
    i.SplitAsked: lambda input: input.handles,
    i.EraseAsked: lambda input: input.handles,
    i.MergeAsked: lambda input: input.both,
    i.LinkDenied: lambda input: input.both,
    i.ShareDeclared: lambda input: (input.handle,),
    i.HandlesProved: lambda input: (input.a.id, input.b.id),
    i.PersonImported: lambda input: tuple(handle.id for handle in input.handles),
}
"""The handles that somebody says something of."""

_WANTS: dict[type[i.Input], Callable[[State, Any, dict[str, None]], None]] = {
    i.MessageReceived: _want_of_message,
    i.CustomerLeft: _want_of_leaving,
    i.Delivered: _want_of_delivery,
    **dict.fromkeys(_NAMED, _want_of_named),
}
"""All others speak of a thread, or of nobody."""


def _want_handle(state: State, id: HandleId, wanted: dict[str, None]) -> None:
    handle = state.handles.get(id)
    if handle is not None:
        _want_customer(state, handle.customer, wanted)
    elif (key := "h/" + id) not in state.absent:
        wanted[key] = None


def _want_customer(state: State, id: CustomerId, wanted: dict[str, None]) -> None:
    customer = state.customers.get(id)
    if customer is not None:
        for handle in customer.handles:
            if handle not in state.handles and (key := "h/" + handle) not in state.absent:
                wanted[key] = None
    elif (key := "c/" + id) not in state.absent:
        wanted[key] = None


def _want_folded(state: State, id: HandleId, wanted: dict[str, None]) -> None:
    """What was folded into the open thread of whoever has this handle."""
    handle = state.handles.get(id)
    customer = state.customers.get(handle.customer) if handle is not None else None
    thread = state.threads.get(customer.open or -1) if customer is not None else None
    for fold in thread.folds if thread is not None else ():
        if not state.knows(key := f"tc/{fold.thread}"):
            wanted[key] = None


def decide(
    state: State, input: i.AnyInput, deciders: Deciders | None = None, *, events_only: bool = False
) -> Decision:
    """Decide one input on the state as it stands, and leave the state evolved by it.

    With *events_only*, for a simulation, where nothing is done outside and nobody will ask why,
    the events are the same, and there are no effects and no why.
    """
    turn = Turn(state, input, deciders, events_only)
    answer = _answer(turn, input)
    if not answer.ok:
        turn.explain("refused", code=answer.code, **answer.values)
    if state.draining:
        presence.drained(turn)
    clocks.keep(turn)
    if offers.match(turn):
        clocks.keep(turn)
    if state.alerting:
        depth.watch(turn)
    return turn.decision(answer)


def _answer(turn: Turn, input: i.AnyInput) -> Answer:
    if isinstance(input, i.AgentInput):
        agent = turn.state.agents.get(input.agent)
        if agent is None or not agent.employed:
            return handing.refused("no_such_agent", agent=input.agent)
        if not isinstance(input, i.StatusDeclared):
            presence.came_back(turn, input)
        thread = getattr(input, "thread", None)
        if thread is not None and _open(turn.state, thread) is None:
            return handing.refused("unknown_thread", thread=thread)
    return _ANSWERS[type(input)](turn, input)


def _open(state: State, id: ThreadId) -> Thread | None:
    """An open thread; one that was closed in this round is as gone as one closed long ago."""
    thread = state.threads.get(id)
    return thread if thread is not None and thread.phase in OPEN else None


def _time_came(turn: Turn, input: i.TimerDue) -> Answer:
    """Do whatever is due on a thread by now; nothing if it was done before."""
    thread = _open(turn.state, input.thread)
    if thread is None:
        return Answer(True, "nothing_due")
    offers.expire(turn, thread)
    for held in thread.held:
        if held.release <= turn.at:
            work.release(turn, turn.thread(thread.id), held)
    promises.miss(turn, thread.id)
    escalating.time_came(turn, thread.id)
    if (gone := abandoning(turn.thread(thread.id))) is not None and gone <= turn.at:
        work.abandon(turn, thread.id)
        return Answer(True, "timer")
    opening.time_came(turn, thread.id)
    resting.time_came(turn, thread.id)
    clocks.promote(turn, thread.id)
    offers.readmit(turn, thread.id)
    overflow.look(turn, thread.id)
    stranding.remind(turn, thread.id)
    offers.advance(turn, thread.id)
    thread = turn.thread(thread.id)
    if (end := snooze_end(thread)) is not None and end <= turn.at:
        turn.emit(e.ThreadWoken(thread.id, "time"))
        turn.present(thread.id, thread.agent, "told", reason="woken")
    surveys.time_came(turn, thread.id)
    thread = turn.thread(thread.id)
    if thread.phase is Phase.RESOLVED and _can_close(thread, turn.at):
        turn.emit(e.ThreadClosed(thread.id))
    return Answer(True, "timer")


def _can_close(thread: Thread, at: int) -> bool:
    kept = thread.held or thread.wrap_until or surveys.pending(thread)
    return thread.reopen_until <= at and not kept


def _delivered(turn: Turn, input: i.Delivered) -> Answer:
    """Note what became of an effect; an agent whose reply failed is told."""
    thread = _open(turn.state, input.thread)
    if input.offer:
        return _not_presented(turn, input)
    if input.change:
        return _change_delivered(turn, input, thread)
    if input.outcome == "sent":
        again = input.handle if thread is not None and _failing(thread, input.handle) else ""
        turn.emit(
            e.ReplySent(
                input.thread, input.message, input.effect, repeat=input.repeat, handle=again
            )
        )
    else:
        blamed = input.handle if input.outcome != "withdrawn" else ""
        counts = bool(blamed) and input.outcome in RETURNED and (thread is None or not thread.live)
        realm = quiet.realm_of(turn.state.handles.get(blamed)) if counts else None
        turn.emit(
            e.ReplyFailed(
                input.thread, input.message, input.effect, input.outcome,
                handle=blamed, realm=realm,
            )
        )  # fmt: skip
        if realm is not None:
            restraint.came_back(turn, blamed, thread)
        if thread is not None and surveys.undelivered(turn, thread, input.message):
            return Answer(True, "delivered")  # nobody has lost anything by it
        recalled = input.outcome == "withdrawn"
        if thread is not None and not recalled and (told := thread.agent or thread.last_agent):
            turn.present(thread.id, told, "told", reason="failed")
    return Answer(True, "delivered")


def _failing(thread: Thread, handle: HandleId) -> bool:
    """Whether our last message to *handle* did not arrive."""
    return any(voice.handle == handle and voice.failed for voice in thread.voices)


def _change_delivered(turn: Turn, input: i.Delivered, thread: Thread | None) -> Answer:
    """Note whether the customer has the change; whoever has the thread is told if not."""
    how, outcome = input.change, input.outcome
    turn.emit(e.ChangeSettled(input.thread, input.message, input.effect, how, outcome))
    if outcome != "sent" and thread is not None and (told := thread.agent or thread.last_agent):
        turn.present(thread.id, told, "told", reason="unchanged")
    return Answer(True, "delivered")


def _not_presented(turn: Turn, input: i.Delivered) -> Answer:
    """Desks could not take an offer: where none could, it ends, and nobody is barred by that."""
    thread = turn.state.threads.get(input.thread)
    offer = next((o for o in thread.offers if o.id == input.offer), None) if thread else None
    if thread is None or offer is None:
        return Answer(True, "delivered")
    failed = input.outcome != "sent"
    if failed:
        offers.end_offer(turn, thread.id, offer, "failed")
    desks = turn.state.agents[offer.agent].desks
    presence.lose(turn, offer.agent, desks if failed else input.desks)
    return Answer(True, "delivered")


def _amended(turn: Turn, input: i.MessageAmended) -> Answer:
    turn.emit(e.MessageAmended(input.message, input.handle, input.how))
    return Answer(True, "amended")


def _rules_loaded(turn: Turn, input: i.RulesLoaded) -> Answer:
    """Another rule set decides from now on; a trial beside the one before it is over."""
    if turn.state.counters.rules != input.version:
        if turn.state.trial.version:
            turn.emit(e.TrialEnded(turn.state.trial.version, "replaced"))
        turn.emit(e.RulesActivated(input.version))
    moved = reevaluate(turn, input.reseen)
    offers.reconsider(turn)
    return Answer(True, "rules", {"moved": moved} if input.reseen else {})


def _rules_tried(turn: Turn, input: i.RulesTried) -> Answer:
    """Put a rule set on trial, in the place of another, or end the trial."""
    state = turn.state
    trial = Trial(input.version, input.mode, input.share, input.until)
    if trial.version == state.counters.rules:
        return handing.refused("already_live", version=trial.version)
    if trial.version and state.known_rules(trial.version) is None:
        return handing.refused("unknown_rules", version=trial.version)
    if state.trial.version and state.trial != trial:
        how = "replaced" if trial.version else "stopped"
        turn.emit(e.TrialEnded(state.trial.version, how))
    if trial.version and state.trial != trial:
        turn.emit(e.TrialBegan(trial))
    offers.reconsider(turn)
    return Answer(True, "trial")


def _rows_remade(turn: Turn, input: i.RowsRemade) -> Answer:
    """Nothing is otherwise than it was."""
    return Answer(True, "writing")


def _writing_taken(turn: Turn, input: i.WritingTaken) -> Answer:
    """Begin a term, unless the node that wrote last goes on with all that it wrote."""
    tenure = turn.state.tenure
    if tenure.node != input.node or tenure.left or input.least:
        turn.emit(e.WriterChanged(input.node, tenure.term + 1, input.least))
    return Answer(True, "writing")


def _writing_ended(turn: Turn, input: i.WritingEnded) -> Answer:
    """Nothing more is sent in this term."""
    tenure = turn.state.tenure
    if tenure.node == input.node and not tenure.left:
        turn.emit(e.WriterLeft(input.node, tenure.term))
    return Answer(True, "writing")


_ANSWERS: dict[type[i.Input], Callable[[Turn, Any], Answer]] = {
    i.MessageReceived: threads.receive,
    i.MessageAmended: _amended,
    i.SurveyScored: surveys.score,
    i.SurveyRemarked: surveys.remark,
    i.OfferAccepted: work.accept,
    i.OfferDeclined: work.decline,
    i.ThreadClaimed: work.take,
    i.ReplyWritten: work.reply,
    i.ReplyUndone: work.undo,
    i.ChangeAsked: work.change,
    i.NoteWritten: work.note,
    i.TransferAsked: handing.transfer,
    i.SnoozeAsked: work.snooze,
    i.ThreadResolved: work.resolve,
    i.NewMatter: matters.split_off,
    i.ReopenAsked: work.reopen,
    i.WrapUpDone: resting.end_wrap_up,
    i.TagsChanged: work.tag,
    i.ParticipantsAsked: work.copy,
    i.PriorityChanged: work.prioritise,
    i.BoostAsked: work.boost,
    i.StatusDeclared: presence.declare,
    i.CustomerLeft: work.left,
    i.MergeAsked: separating.merge,
    i.LinkDenied: separating.deny,
    i.SplitAsked: separating.split,
    i.EraseAsked: separating.erase,
    i.ShareDeclared: separating.share,
    i.ResumeAsked: restraint.resume,
    i.PersonImported: importing.take_in,
    i.HandlesProved: identity.prove,
    i.TimerDue: _time_came,
    i.AgentTimerDue: presence.time_came,
    i.QueueTimerDue: depth.time_came,
    i.DeskSignal: presence.signalled,
    i.Delivered: _delivered,
    i.TeamLoaded: team.load,
    i.RulesLoaded: _rules_loaded,
    i.RulesTried: _rules_tried,
    i.RowsRemade: _rows_remade,
    i.WritingTaken: _writing_taken,
    i.WritingEnded: _writing_ended,
}
