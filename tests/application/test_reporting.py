"""What reports say, told as stories: what happened on the left, the figures of it on the right."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
import pytest

from omniroute.application.authorize import SYSTEM, Actor, Kind
from omniroute.application.figures import as_csv
from omniroute.application.measures import BY_NAME, MEASURES, PARTS
from omniroute.application.reporting import (
    DAY,
    DESCRIBED,
    MINUTE,
    Asked,
    Reading,
    Readings,
    Report,
    days,
    report,
)
from omniroute.application.views import Views
from omniroute.core.inputs import ThreadClaimed
from omniroute.core.model import Status
from omniroute.errors import Refused

if TYPE_CHECKING:
    from tests.application.conftest import Desk, Scene

HOUR = 60 * MINUTE


def told(scene: Scene, views: Views, **asked: object) -> Report:
    """The report since the beginning of the scene."""
    views.catch_up()
    now = scene.clock.at + 1
    wanted = Asked(**{"since": now - 2 * DAY, "until": now, **asked})  # type: ignore[arg-type]
    with views.reading() as db:
        return report(db, now, wanted, scene.directory.agents, UTC)


def value(readings: Readings, name: str) -> float | None:
    return readings[name].value if name in readings else None


# --- replies ---


def test_a_burst_starts_one_clock_at_its_first_message(scene: Scene, views: Views) -> None:
    scene.online("ana")
    one = scene.writes("joe@x.org", "hello", topic="other")
    scene.wait(minutes=2)
    scene.writes("joe@x.org", "are you there?")
    scene.accepts("ana", one)
    scene.wait(minutes=1)
    scene.replies("ana", one, "yes")
    scene.wait(minutes=10)
    scene.writes("joe@x.org", "and the other thing?")
    scene.wait(minutes=5)
    scene.replies("ana", one, "that too")
    found = told(scene, views).readings
    assert found["first_reply"] == Reading(1, 3 * MINUTE, 3 * MINUTE, 3 * MINUTE)
    assert found["next_reply"] == Reading(1, 5 * MINUTE, 5 * MINUTE, 5 * MINUTE)
    assert (found["received"].number, found["replies"].number) == (3, 2)


def test_an_answer_that_was_undone_ends_no_clock(scene: Scene, views: Views) -> None:
    scene.online("ana")
    one = scene.writes("joe@x.org", "hello", topic="other")
    scene.accepts("ana", one)
    scene.replies("ana", one, "oops", hold=20_000)
    assert "first_reply" not in told(scene, views).readings
    scene.wait(seconds=20)
    assert told(scene, views).readings["first_reply"].value == 20_000


def test_what_was_asked_before_in_the_same_words_was_asked_twice(
    scene: Scene, views: Views
) -> None:
    scene.online("ana", "bo")
    one = scene.writes("joe@x.org", "hello", topic="other")
    scene.accepts("ana", one)
    scene.replies("ana", one, "Hello! How can I help? Which order was it?")
    scene.replies("ana", one, "How can I help? And where do you live?")  # courtesy is no question
    assert "asked_twice" not in told(scene, views).readings
    scene.replies("ana", one, "which  order was it?")
    found = told(scene, views, by="agent")
    assert {g.key: g.readings["asked_twice"].number for g in found.groups if g.key == "ana"} == {
        "ana": 1
    }


# --- the queue ---


def test_waits_are_real_time_in_the_queue(scene: Scene, views: Views) -> None:
    one = scene.writes("joe@x.org", "hello", topic="other")
    scene.wait(minutes=4)
    scene.online("ana")
    scene.accepts("ana", one)
    scene.wait(minutes=3)
    scene.transfers("ana", one, "tech knows", to_queue="tech")
    scene.wait(minutes=6)
    scene.online("cy")
    scene.accepts("cy", one)
    scene.transfers("cy", one, "yours after all", to_agent="ana")  # straight to her: no wait
    found = told(scene, views, by="queue")
    assert found.readings["wait"] == Reading(2, 4 * MINUTE, 6 * MINUTE, 6 * MINUTE)
    assert found.readings["service_level"] == Reading(2, 0.5)  # within five minutes
    assert found.readings["transfers"].number == 2
    assert {g.key: value(g.readings, "wait") for g in found.groups} == {
        "general": 4 * MINUTE, "tech": 6 * MINUTE,
    }  # fmt: skip
    assert told(scene, views, limit=6 * MINUTE).readings["service_level"].value == 1


def test_resolved_taken_up_again_and_resolved_again(scene: Scene, views: Views) -> None:
    scene.online("ana")
    one = scene.writes("joe@x.org", "hello", topic="other")
    scene.accepts("ana", one)
    scene.wait(minutes=10)
    scene.resolves("ana", one)
    scene.wait(minutes=50)
    scene.writes("joe@x.org", "still broken")
    scene.wait(minutes=5)
    scene.resolves("ana", one)
    found = told(scene, views, by="agent")
    assert found.readings["opened"].number == 1
    assert found.readings["resolved"].number == 2
    # The second time counts from where it was taken up again.
    assert found.readings["resolution"] == Reading(2, 5 * MINUTE, 10 * MINUTE, 10 * MINUTE)
    (ana,) = [group for group in found.groups if group.key == "ana"]
    assert (ana.name, ana.readings["reopened"].number) == ("Ana Ruiz", 1)


# --- promises ---


def test_kept_counts_with_the_answer_and_broken_when_it_fell_due(
    scene: Scene, views: Views
) -> None:
    scene.online("ana")
    kept = scene.writes("joe@x.org", "hello", topic="other")
    broken = scene.writes("eve@x.org", "hello", topic="other")
    scene.accepts("ana", kept)
    scene.accepts("ana", broken)
    scene.wait(minutes=30)
    scene.replies("ana", kept, "here")
    scene.wait(minutes=31)
    assert told(scene, views).readings["first_reply_kept"] == Reading(2, 0.5)
    scene.replies("ana", broken, "at last")  # changes nothing
    found = told(scene, views, by="promise")
    assert found.readings["first_reply_kept"] == Reading(2, 0.5)
    assert [(g.name, g.readings["first_reply_kept"].number) for g in found.groups] == [
        ("First reply within 60 min", 2)
    ]
    assert "first_reply_clock" not in found.readings  # it was promised on the wall clock


# --- work ---


def test_handling_is_while_the_customer_waits_for_us(scene: Scene, views: Views) -> None:
    scene.online("ana")
    scene.wait(minutes=10)  # idle
    one = scene.writes("joe@x.org", "hello", topic="other")
    scene.accepts("ana", one)
    scene.wait(minutes=6)  # busy
    scene.replies("ana", one, "which one?")
    scene.wait(minutes=20)  # idle: it waits for the customer
    scene.writes("joe@x.org", "that one")
    scene.wait(minutes=4)  # busy
    scene.resolves("ana", one)
    scene.status("ana", Status.OFFLINE)
    scene.wait(minutes=60)  # nothing
    found = told(scene, views, by="agent")
    assert value(found.readings, "handling") == 10 * MINUTE
    assert found.readings["handling_each"] == Reading(1, 10 * MINUTE)
    assert value(found.readings, "occupancy") == pytest.approx(0.25)
    (ana,) = [group for group in found.groups if group.key == "ana"]
    assert value(ana.readings, "occupancy") == pytest.approx(0.25)


def test_two_threads_at_once_make_nobody_busier_than_busy(scene: Scene, views: Views) -> None:
    scene.online("ana")
    for who in ("joe@x.org", "eve@x.org"):
        scene.accepts("ana", scene.writes(who, "hello", topic="other"))
    scene.wait(minutes=10)
    found = told(scene, views, by="queue")
    assert value(found.readings, "handling") == 20 * MINUTE + 2
    assert value(found.readings, "occupancy") == 1
    (general,) = [group for group in found.groups if group.key == "general"]
    assert "occupancy" not in general.readings  # her time is not a queue's


def test_a_span_is_cut_to_the_period(scene: Scene, views: Views) -> None:
    scene.online("ana")
    scene.accepts("ana", scene.writes("joe@x.org", "hello", topic="other"))
    scene.wait(minutes=10)
    now = scene.clock.at
    found = told(scene, views, since=now - 3 * MINUTE, until=now - MINUTE)
    assert value(found.readings, "handling") == 2 * MINUTE
    assert value(found.earlier, "handling") == 2 * MINUTE  # the two minutes before


def test_offers_by_what_became_of_them(scene: Scene, views: Views) -> None:
    scene.online("ana")
    one = scene.writes("joe@x.org", "hello", topic="other")
    scene.passes("ana", one)
    two = scene.writes("eve@x.org", "hello", topic="other")
    scene.accepts("ana", two)
    scene.writes("kim@x.org", "hello", topic="other")
    scene.wait(minutes=30)
    found = told(scene, views).readings
    counts = [found[f"offers_{how}"].number for how in ("accepted", "passed", "missed")]
    assert counts == [1, 1, 1]
    assert found["taken"].number == 1


# --- who is one, who is two ---


def test_who_was_joined_waits_since_the_earlier_message(scene: Scene, views: Views) -> None:
    scene.online("ana")
    mail = scene.writes("joe@x.org", "hello", topic="other")
    scene.wait(minutes=5)
    chat = scene.writes("v-17", "hello?", channel="webchat", topic="other")
    scene.writes("v-17", "it is me", channel="webchat", also="joe@x.org")
    kept = min(mail, chat)
    scene.accepts("ana", kept)
    scene.wait(minutes=1)
    scene.replies("ana", kept, "one answer for both")
    found = told(scene, views).readings
    assert found["first_reply"] == Reading(1, 6 * MINUTE, 6 * MINUTE, 6 * MINUTE)


# --- periods and groups ---


def test_beside_the_same_time_before(scene: Scene, views: Views) -> None:
    scene.writes("joe@x.org", "hello")
    scene.wait(days=2)
    scene.writes("eve@x.org", "hello")
    scene.writes("kim@x.org", "hello")
    found = told(scene, views)
    assert (found.readings["opened"].number, found.earlier["opened"].number) == (2, 1)
    assert found.before == found.since - 2 * DAY


def test_day_by_day_every_day_has_its_place(scene: Scene, views: Views) -> None:
    scene.writes("joe@x.org", "hello")
    scene.wait(days=2)
    scene.writes("eve@x.org", "hello")
    found = told(scene, views, since=scene.clock.at - 2 * DAY, by="day")
    assert [(g.key, value(g.readings, "opened")) for g in found.groups] == [
        ("2026-03-02", 1), ("2026-03-03", None), ("2026-03-04", 1),
    ]  # fmt: skip


def test_a_day_is_as_long_as_on_the_wall() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    since = 1_774_652_400_000  # Sat 2026-03-28 00:00 there; clocks change on Sunday
    found = days(since, since + 3 * DAY - HOUR, berlin)
    assert [(name, (end - begin) // HOUR) for name, begin, end in found] == [
        ("2026-03-28", 24), ("2026-03-29", 23), ("2026-03-30", 24),
    ]  # fmt: skip


def test_by_tag_a_thread_counts_for_each_of_its_tags(scene: Scene, views: Views) -> None:
    scene.writes("joe@x.org", "hello", tier="vip")
    scene.writes("eve@x.org", "hello")
    found = told(scene, views, by="tag")
    assert [(g.name, g.readings["opened"].number) for g in found.groups] == [("vip", 1), ("", 1)]
    only = told(scene, views, tag="vip").readings
    assert only["opened"].number == 1
    topics = told(scene, views, by="topic", channel="email")
    assert [(g.name, g.readings["opened"].number) for g in topics.groups] == [("", 2)]


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_every_measure_says_what_it_is(measure: object) -> None:
    assert measure in BY_NAME.values()
    described = next(one for one in DESCRIBED if BY_NAME[one.name] is measure)
    assert described.part in PARTS
    assert described.definition.endswith(".")


def test_a_name_is_no_formula_to_a_spreadsheet(scene: Scene, views: Views) -> None:
    scene.writes("joe@x.org", "hello", topic="=HYPERLINK()")
    table = as_csv(told(scene, views, by="topic"))
    assert ",'=HYPERLINK(),opened,1,1,,\r\n" in table


# --- who may see whom ---


async def test_an_agent_sees_their_own_and_a_lead_everybodys(desk: Desk) -> None:
    scene = desk.scene
    scene.online("ana", "bo")
    for agent, who in (("ana", "joe@x.org"), ("bo", "eve@x.org")):
        one = scene.writes(who, "refund", topic="refund")
        take(scene, agent, one)
    await desk.seen()
    ask = desk.application.query.report
    wanted = Asked(since=scene.clock.at - DAY, until=scene.clock.at + 1, by="agent")
    seen = {}
    for name, role in (("ana", "agent"), ("cy", "lead"), ("di", "admin")):
        found = await ask(Actor(Kind.AGENT, name, role), wanted)
        seen[name] = {g.key for g in found.groups if "taken" in g.readings}
    assert seen == {"ana": {"ana"}, "cy": {"ana", "bo"}, "di": {"ana", "bo"}}
    by_day = msgspec.structs.replace(wanted, by="day")
    assert await desk.application.query.by_day(SYSTEM, wanted) == (await ask(SYSTEM, by_day)).groups
    of_bo = Asked(since=1, until=scene.clock.at + 1, agent="bo")
    with pytest.raises(Refused, match="Only Bo Berg or a lead may see what Bo Berg did"):
        await ask(Actor(Kind.AGENT, "ana", "agent"), of_bo)
    program = Actor(Kind.INTEGRATOR, scopes=frozenset({"stats:read"}))
    assert (await ask(program, Asked(since=1, until=2))).groups == ()
    with pytest.raises(Refused, match="make one with the scope stats:agents"):
        await ask(program, wanted)
    trusted = Actor(Kind.INTEGRATOR, scopes=frozenset({"stats:read", "stats:agents"}))
    assert {g.key for g in (await ask(trusted, wanted)).groups} >= {"ana", "bo"}
    assert (await ask(SYSTEM, of_bo)).readings["taken"].number == 1


def take(scene: Scene, agent: str, thread: int) -> None:
    scene.decide(lambda at: ThreadClaimed(f"k/{scene.next()}", at, agent, thread))


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Asked(since=2, until=2), "ends before it begins"),
        (Asked(since=0, until=401 * DAY, by="day"), "400 days at most"),
        (Asked(since=0, until=1, zone="Europe/Berlim"), "There is no time zone “Europe/Berlim”"),
    ],
)
async def test_what_cannot_be_reported(desk: Desk, asked: Asked, says: str) -> None:
    with pytest.raises(Refused, match=says):
        await desk.application.query.report(SYSTEM, asked)
