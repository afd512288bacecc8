"""How it was, as agents see it: in the thread, on the card, in what is exported and erased."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import msgspec
from tests.application.conftest import actor

from omniroute.application.authorize import Actor, Kind
from omniroute.application.pages import Rating
from omniroute.application.reporting import DAY, Asked
from omniroute.core import inputs as i
from omniroute.core.rules import SurveyRule
from omniroute.runtime.rows import Body

if TYPE_CHECKING:
    from tests.application.conftest import Desk

FRIEDA = Actor(Kind.AGENT, "frieda", "admin")
REPLIES = {"ask": {"en": "How was it?"}, "thanks": {"en": "Thanks!"}}


def helped(desk: Desk) -> int:
    """Joe was helped by Ana, says that it was not good, and why."""
    scene = desk.scene
    rules = dataclasses.replace(
        scene.state.rules,
        version="r2",
        surveys=(SurveyRule("after", ask="ask", thanks="thanks"),),
        replies=REPLIES,
    )
    scene.state.adopt(rules)
    scene.decide(lambda at: i.RulesLoaded("r2", at, "r2"))
    scene.online("ana")
    thread = scene.writes("joe@x.org", "My refund?", name="Joe Miller")
    scene.replies("ana", thread, "It is on its way.")
    scene.resolves("ana", thread)
    scene.wait(minutes=10)
    survey = scene.state.threads[thread].survey
    assert survey is not None
    about = survey.message, survey.handle
    scene.decide(lambda at: i.SurveyScored("score", at, *about, 2, "page"))
    words = {"b/words": msgspec.json.encode(Body("Three days for an answer"))}
    scene.decide(lambda at: i.SurveyRemarked("words", at, *about, "words"), words)
    return thread


async def test_the_timeline_tells_it_and_so_does_the_card_of_their_next_thread(desk: Desk) -> None:
    first = helped(desk)
    desk.scene.wait(days=30)
    second = desk.scene.writes("joe@x.org", "And my other refund?")
    await desk.seen()
    page = await desk.application.query.thread(actor("ana"), first)
    told = [item.text for item in page.items if item.kind == "event"][-4:]
    assert told == [
        "Asked the customer how it was",
        "The customer answered 2 of 5 (satisfaction)",
        "How it was, in their words: “Three days for an answer”",
        "Closed",
    ]
    again = await desk.application.query.thread(actor("ana"), second)
    (line,) = [line for line in again.card if line.startswith("Rated")]
    assert line == "Rated  2 of 5 2 Mar  “Three days for an answer”"
    assert again.rating == Rating(
        "csat", 2, again.rating.at if again.rating else 0, first, "ana", "Three days for an answer"
    )


async def test_words_are_exported_and_erased_and_the_number_stays(desk: Desk) -> None:
    thread = helped(desk)
    await desk.seen()
    people = desk.application.customers
    everything = await people.export(FRIEDA, "joe@x.org")
    assert "Three days for an answer" in [message.text for message in everything.messages]
    assert [(r.measure, r.score, r.thread) for r in everything.ratings] == [("csat", 2, thread)]
    await people.erase(FRIEDA, "joe@x.org")
    await desk.seen()
    assert not desk.scene.reader.get(["b/words"])
    page = await desk.application.query.thread(actor("ana"), thread)
    assert "The customer answered 2 of 5 (satisfaction)" in [item.text for item in page.items]
    assert not any("Three days" in item.text for item in page.items)
    assert page.rating is not None
    assert (page.rating.score, page.rating.remark) == (2, "")


async def test_a_report_says_how_many_were_satisfied_and_how_sure_that_is(desk: Desk) -> None:
    helped(desk)
    desk.scene.wait(days=8)
    await desk.seen()
    now = desk.scene.clock.now()
    asked = Asked(since=now - 9 * DAY, until=now, by="agent")
    found = await desk.application.query.report(FRIEDA, asked)
    csat = found.readings["csat"]
    assert (csat.number, csat.value, csat.low) == (1, 0.0, 0.0)
    assert csat.high is not None
    assert round(csat.high, 2) == 0.79
    assert found.readings["responses"].value == 1.0
    assert found.readings["fcr"].value == 1.0
    (ana,) = [group for group in found.groups if group.key == "ana"]
    assert (ana.readings["csat"].number, ana.readings["fcr"].number) == (1, 1)
