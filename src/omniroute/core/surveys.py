"""The question how it was: asked seldom, answered by one gesture, and never in the way.

An agent solves a thread; a survey of the rules that fits plans the question for a while later.  It
goes to where the customer wrote from, unless something speaks against that when the time comes.  A
number answers it, and may be changed for a while; whoever writes anything else goes on with their
thread as ever.  While a question is to be asked or answered its thread is not closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.answers import score_in
from omniroute.core.autoreplies import reply_by_itself
from omniroute.core.conditions import Facts
from omniroute.core.folding import queue_like
from omniroute.core.lasting import ANSWERED
from omniroute.core.model import (
    Customer,
    HandleId,
    MessageId,
    Phase,
    Survey,
    Thread,
    ThreadId,
    Voice,
)
from omniroute.core.paths import written_from
from omniroute.core.restraint import why_quiet
from omniroute.core.rules import SurveyRule
from omniroute.core.telling import tell_named
from omniroute.core.turn import Answer, Turn

SCALES: Final[Mapping[str, range]] = {"csat": range(1, 6), "nps": range(11), "ces": range(1, 8)}
"""What a customer may answer: how satisfied they are, would recommend us, found it easy."""

CHANGES: Final = 24 * 3_600_000  # ms, in which an answer may be changed, and words be added
PAGE, BUTTON, NUMBER = "page", "button", "number"


def pending(thread: Thread) -> Survey | None:
    """The question that is to be asked, or can be answered."""
    return thread.survey if thread.survey is not None and not thread.survey.over else None


def plan(turn: Turn, thread: Thread) -> None:
    """Have the customer asked how it was, now that an agent has solved *thread*."""
    for rule in turn.state.rules.surveys:
        if not _fits(turn, thread, rule):
            continue
        if because := _why_not(turn, thread, rule):
            turn.explain("survey", thread=thread.id, survey=rule.id, because=because)
            return
        turn.explain("survey", thread=thread.id, survey=rule.id)
        due = turn.at + rule.after_ms
        turn.emit(e.SurveyPlanned(thread.id, rule.id, rule.measure, due))
        return


def _fits(turn: Turn, thread: Thread, rule: SurveyRule) -> bool:
    if rule.queues and thread.queue not in rule.queues:
        return False
    facts: Facts = {"channel": thread.channel, "tags": thread.tags, ANSWERED: thread.answered}
    return turn.state.rules.holds(rule, facts, turn.at)


def _why_not(turn: Turn, thread: Thread, rule: SurveyRule) -> str:
    """What speaks against asking: a machine, nobody's answer, that they were asked of late, or
    that nothing leads to them."""
    customer = turn.state.customers[thread.customer]
    if thread.by_machine:
        return "machine"
    if not thread.answerable:
        return "unverified"
    if not thread.replies:
        return "unanswered"
    if customer.surveyed and turn.at - customer.surveyed < rule.every_ms:
        return "asked_lately"
    return "" if _way(turn, thread) is not None else "unreachable"


def _way(turn: Turn, thread: Thread) -> Voice | None:
    """Where the question goes: to where the customer wrote last, or else to another address of
    theirs in the thread; never to one at which our last message failed, or a machine wrote."""
    known = turn.state.handles
    for voice in written_from(thread):
        handle = known.get(voice.handle)
        if voice.at and not voice.failed and handle is not None and handle.verified:
            return voice
    return None


def keep(turn: Turn, thread: Thread) -> None:
    """A thread that goes on is not asked about; what was answered stands."""
    survey = pending(thread)
    if survey is not None and survey.score is None and thread.phase is not Phase.RESOLVED:
        turn.emit(e.SurveyEnded(thread.id, survey.rule, "cancelled"))


def cancel(turn: Turn, thread: Thread, how: str = "cancelled") -> None:
    """Nothing is asked any more, and no answer counts."""
    if (survey := pending(thread)) is not None:
        ended = how if survey.score is None else "done"
        turn.emit(e.SurveyEnded(thread.id, survey.rule, ended))


def time_came(turn: Turn, id: ThreadId) -> None:
    """Ask, or no longer wait for an answer, if it is time to."""
    thread = turn.thread(id)
    survey = pending(thread)
    if survey is None or thread.phase is not Phase.RESOLVED:
        return
    if survey.due and survey.due <= turn.at:
        _ask(turn, thread, survey)
    elif not survey.due and survey.until <= turn.at:
        cancel(turn, thread, "expired")


def _ask(turn: Turn, thread: Thread, survey: Survey) -> None:
    rule = turn.state.rules.survey(survey.rule)
    because = "no_rule" if rule is None else _why_not(turn, thread, rule) or why_quiet(turn, thread)
    voice = _way(turn, thread)
    if rule is None or because or voice is None:
        turn.explain("survey", thread=thread.id, survey=survey.rule, because=because)
        return cancel(turn, thread, "dropped")
    until = turn.at + rule.open_ms
    message = reply_by_itself(turn, thread, rule.ask, to=voice, survey=rule.id, until=until)
    return turn.emit(
        e.SurveyAsked(
            thread.id, rule.id, rule.measure, message, voice.handle, until,
            agent=thread.agent or thread.last_agent, queue=thread.queue, channel=voice.channel,
        )
    )  # fmt: skip


def undelivered(turn: Turn, thread: Thread, message: MessageId) -> bool:
    """Whether *message*, which did not arrive, was the question: then nobody was asked."""
    survey = pending(thread)
    if survey is None or survey.message != message:
        return False
    cancel(turn, thread, "undelivered")
    return True


# --- answers ---


def hear(turn: Turn, customer: Customer, said: i.MessageReceived) -> Answer | None:
    """Take a message that is a number, and nothing beside it, for the answer; None for any other,
    which is a message like all."""
    thread = turn.state.threads.get(customer.open) if customer.open is not None else None
    survey = pending(thread) if thread is not None else None
    if thread is None or survey is None or thread.phase is not Phase.RESOLVED or said.automatic:
        return None
    if survey.handle != said.sender.id or survey.until <= turn.at:
        return None
    score = score_in(said.observed_under(turn.state.rules.version))
    if score is None or score not in SCALES[survey.measure]:
        return None
    return _take(turn, thread, survey, score, NUMBER, said.message)


def score(turn: Turn, given: i.SurveyScored) -> Answer:
    """Take what somebody pressed below the question."""
    thread = _asked_in(turn, given.handle, given.question)
    survey = pending(thread) if thread is not None else None
    if thread is None or survey is None or survey.until <= turn.at:
        return Answer(False, "survey_over")
    if given.score not in SCALES[survey.measure]:
        return Answer(False, "bad_score")
    return _take(turn, thread, survey, given.score, given.how)


def remark(turn: Turn, made: i.SurveyRemarked) -> Answer:
    """Keep what they said in words, once."""
    thread = _asked_in(turn, made.handle, made.question)
    survey = pending(thread) if thread is not None else None
    if thread is None or survey is None or survey.until <= turn.at or survey.remark:
        return Answer(False, "survey_over")
    turn.emit(e.SurveyRemarked(thread.id, survey.rule, made.message, made.handle))
    return Answer(True, "scored", {"thread": thread.id})


def _asked_in(turn: Turn, handle: HandleId, question: MessageId) -> Thread | None:
    """The open thread of whoever has *handle* in which that question was asked."""
    known = turn.state.handles.get(handle)
    customer = turn.state.customers.get(known.customer) if known is not None else None
    for id in (customer.open, *customer.beside) if customer is not None else ():
        thread = turn.state.threads.get(id) if id is not None else None
        if thread is not None and thread.survey is not None and thread.survey.message == question:
            return thread
    return None


def _take(
    turn: Turn, thread: Thread, survey: Survey, score: int, how: str, message: MessageId = ""
) -> Answer:
    told = Answer(True, "scored", {"thread": thread.id, "score": score})
    if survey.score == score and not message:
        return told
    until = min(survey.until, turn.at + CHANGES) if survey.score is None else survey.until
    turn.emit(
        e.SurveyAnswered(
            thread.id, survey.rule, survey.measure, score, until, how, message=message,
            agent=survey.agent, queue=survey.queue, channel=survey.channel,
        )
    )  # fmt: skip
    rule = turn.state.rules.survey(survey.rule)
    if rule is None:
        return told
    if survey.score is None and how != PAGE:
        _thank(turn, turn.thread(thread.id), rule, survey)
    low = rule.low
    before = survey.score is not None and low is not None and survey.score <= low.at_most
    if low is not None and score <= low.at_most and not before:
        _act(turn, turn.thread(thread.id), rule, score)
    return told


def _thank(turn: Turn, thread: Thread, rule: SurveyRule, survey: Survey) -> None:
    """Thank whoever waits on the other side; nobody gets a mail for a number."""
    voice = next((voice for voice in thread.voices if voice.handle == survey.handle), None)
    if voice is not None and voice.live:
        reply_by_itself(turn, thread, rule.thanks, to=voice)


def _act(turn: Turn, thread: Thread, rule: SurveyRule, score: int) -> None:
    """Do what the rule wants after a bad answer."""
    low = rule.low
    assert low is not None
    turn.explain("survey", thread=thread.id, survey=rule.id, low=score)
    tags = tuple(dict.fromkeys((*thread.tags, *low.tags)))
    if tags != thread.tags:
        turn.emit(e.TagsSet(thread.id, tags))
    owner = thread.agent or thread.last_agent
    if low.reopen and thread.phase is Phase.RESOLVED:
        turn.emit(e.ThreadReopened(thread.id, "survey"))
        again = turn.thread(thread.id)
        queue_like(turn, again, again)
    if low.priority is not None and low.priority > turn.thread(thread.id).priority:
        turn.emit(e.PrioritySet(thread.id, low.priority, ""))
    names = tuple(owner if name == "owner" else name for name in low.notify)
    tell_named(turn, thread.id, names, f"low:{rule.measure}:{score}")
