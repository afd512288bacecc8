"""The question how it was: planned, asked, answered, over."""

from __future__ import annotations

from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core.evolve.changes import Folds, change
from omniroute.core.model import Rated, Survey, Thread
from omniroute.core.state import State

FOLDS = Folds()


@FOLDS.of(e.SurveyPlanned)
def _(state: State, event: e.SurveyPlanned, at: int) -> None:
    change(state, event, survey=Survey(event.survey, event.measure, due=event.due))


@FOLDS.of(e.SurveyAsked)
def _(state: State, event: e.SurveyAsked, at: int) -> None:
    asked = Survey(
        event.survey, event.measure, until=event.until, message=event.message,
        handle=event.handle, agent=event.agent, queue=event.queue, channel=event.channel,
    )  # fmt: skip
    thread = change(state, event, survey=asked)
    state.put_customer(replace(state.customers[thread.customer], surveyed=at))


@FOLDS.of(e.SurveyAnswered)
def _(state: State, event: e.SurveyAnswered, at: int) -> None:
    survey = _survey(state.threads[event.thread])
    thread = change(state, event, survey=replace(survey, score=event.score, until=event.until))
    customer = state.customers[thread.customer]
    mine = Rated(event.measure, event.score, at, survey.handle)
    others = (
        rated
        for rated in customer.rated
        if (rated.measure, rated.handle) != (mine.measure, mine.handle)
    )
    state.put_customer(replace(customer, rated=(*others, mine)))


@FOLDS.of(e.SurveyRemarked)
def _(state: State, event: e.SurveyRemarked, at: int) -> None:
    survey = _survey(state.threads[event.thread])
    change(state, event, survey=replace(survey, remark=event.message))


@FOLDS.of(e.SurveyEnded)
def _(state: State, event: e.SurveyEnded, at: int) -> None:
    survey = _survey(state.threads[event.thread])
    change(state, event, survey=replace(survey, due=0, over=True))


def _survey(thread: Thread) -> Survey:
    assert thread.survey is not None, "nobody was to be asked"
    return thread.survey
