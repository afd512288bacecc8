"""Cards to agents: on the first desk that takes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.runtime.house import PATIENCE, House

from omniroute import NotAuthorised, Rejected, Retry
from omniroute.core.inputs import Member
from omniroute.runtime.presenting import GIVE_UP
from omniroute.stores.api import Unavailable


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[House]:
    """Ana is online, on a bell and on a horn; nobody has written."""
    async with House(tmp_path).running() as house:
        await house.goes("ana")
        yield house


async def ended(desk: House) -> str:
    """Wait until the offer has ended; how."""
    await desk.until(lambda: desk.events("OfferEnded"))
    return str(desk.events("OfferEnded")[0].how)


async def test_a_card_is_shown_on_the_first_desk(desk: House) -> None:
    await desk.says("hello")
    await desk.until(lambda: desk.bell.shown)
    (card,) = desk.bell.shown
    (made,) = desk.events("OfferMade")
    assert (card.agent, card.kind, card.thread, card.offer) == ("ana", "offer", 1, made.offer.id)
    assert card.until == made.offer.until
    assert desk.horn.shown == []


async def test_what_was_shown_is_forgotten_with_the_next_commit(desk: House) -> None:
    await desk.says("hello")
    await desk.until(lambda: desk.bell.shown)
    async with asyncio.timeout(PATIENCE):
        while desk.owed():
            await desk.erase()  # a commit, the first perhaps before the desk's answer is known


@pytest.mark.parametrize(
    "answer",
    [
        Rejected("no such channel"),
        NotAuthorised("reinstall the app"),
        Retry("too many requests", 1.0),
        ValueError("a bug"),
        SystemExit(1),
        asyncio.CancelledError(),
    ],
)
async def test_what_one_desk_cannot_show_the_next_does(desk: House, answer: BaseException) -> None:
    desk.bell.answers.append(answer)
    await desk.says("hello")
    await desk.until(lambda: desk.horn.shown)
    assert desk.bell.shown == []
    assert desk.slept == []
    assert desk.events("OfferEnded") == []


async def test_a_desk_that_hangs_is_passed_by(tmp_path: Path) -> None:
    async with House(tmp_path, call=0.05).running() as desk:
        desk.bell.hangs = True
        await desk.goes("ana")
        await desk.says("hello")
        await desk.until(lambda: desk.horn.shown)


async def test_an_offer_that_no_desk_takes_ends_and_the_agent_is_not_asked_again(
    desk: House, caplog: pytest.LogCaptureFixture
) -> None:
    desk.bell.answers.append(Rejected("no such channel"))
    desk.horn.answers.append(NotAuthorised("reinstall the app"))
    await desk.says("hello")
    assert await ended(desk) == "failed"
    assert [event.desks for event in desk.events("DesksLost")] == [("bell", "horn")]
    assert "desk horn: not authorised: reinstall the app" in caplog.messages
    assert "agent ana could not be shown thread 1: reinstall the app" in caplog.messages


async def test_an_agent_without_a_desk_cannot_be_shown_anything(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.team = (Member("ana", desks=("slack",)),)
    async with house.running():
        await house.goes("ana")
        await house.says("hello")
        assert await ended(house) == "failed"


async def test_a_desk_that_asks_for_time_gets_it_as_long_as_the_offer_stands(desk: House) -> None:
    desk.bell.answers.extend([Retry("too many requests", 2.0), Retry("too many requests", 3.0)])
    desk.horn.answers.extend([Rejected("no such channel")] * 2)
    await desk.says("hello")
    await desk.until(lambda: desk.bell.shown)
    assert desk.slept == [2.0, 3.0]
    assert desk.events("OfferEnded") == []


async def test_an_offer_is_not_shown_when_it_is_over(desk: House) -> None:
    desk.bell.answers.append(Retry("too many requests", 90.0))
    desk.horn.answers.append(Rejected("no such channel"))

    def it_takes_long() -> None:
        desk.clock.at += 90_000

    desk.on_sleep = it_takes_long
    await desk.says("hello")
    await desk.until(lambda: desk.slept)
    await desk.erase()  # the writer looks at the clock
    assert await ended(desk) == "expired"
    await desk.until(lambda: "withdrawn" in desk.bell.kinds)
    assert "offer" not in desk.bell.kinds


async def test_a_card_that_nobody_can_show_is_given_up_in_the_end(desk: House) -> None:
    await desk.says("hello")
    await desk.until(lambda: desk.bell.shown)
    await desk.replies("I see to it")
    desk.bell.answers.extend([Retry("try later", 60.0)] * 100)
    desk.horn.answers.extend([Rejected("no such channel")] * 100)

    def a_minute_passes() -> None:
        desk.clock.at += 60_000

    desk.on_sleep = a_minute_passes
    await desk.says("thank you")  # she has the thread and is told
    await desk.until(lambda: len(desk.slept) == GIVE_UP / 60)
    await desk.until(lambda: desk.node.outbox.depth == 0)
    await desk.erase()
    assert desk.owed() == []


async def test_the_end_of_an_offer_waits_for_a_store_that_fails(desk: House) -> None:
    desk.bell.answers.append(Retry("try later", 1.0))
    desk.bell.answers.extend([Rejected("no such channel")] * 3)
    desk.horn.answers.extend([Rejected("no such channel")] * 4)

    def the_disk_fills_up() -> None:
        if len(desk.slept) < 3:
            desk.store.faults.append(Unavailable("disk", "is full"))

    desk.on_sleep = the_disk_fills_up
    await desk.says("hello")
    assert await ended(desk) == "failed"
    assert len(desk.slept) == 3


async def test_cards_come_again_after_a_crash(desk: House) -> None:
    desk.awake.clear()
    desk.bell.answers.append(Retry("too many requests", 2.0))
    desk.horn.answers.append(Rejected("no such channel"))
    await desk.says("hello")
    await desk.until(lambda: desk.slept)
    await desk.again()
    await desk.until(lambda: desk.bell.shown)
    assert desk.bell.kinds == ["offer"]


async def test_a_desk_that_will_not_take_cards_is_known_and_asked_last(desk: House) -> None:
    desk.bell.answers.append(Rejected("the agent has blocked us"))
    await desk.says("hello")
    await desk.until(lambda: desk.events("DesksLost"))
    assert [event.desks for event in desk.events("DesksLost")] == [("bell",)]
    assert desk.events("OfferEnded") == []
    await desk.says("are you there?", sender="kim")
    await desk.until(lambda: len(desk.horn.shown) == 2)
    assert desk.bell.shown == []


async def test_a_card_goes_where_its_agent_was_seen_last(desk: House) -> None:
    desk.node.outbox.whereabouts.seen("ana", "bell")
    desk.node.outbox.whereabouts.seen("ana", "horn")
    await desk.says("hello")
    await desk.until(lambda: desk.horn.shown)
    assert desk.bell.shown == []
    desk.node.outbox.whereabouts.seen("ana", "bell")
    await desk.says("are you there?", sender="kim")
    await desk.until(lambda: desk.bell.shown)


async def test_an_offer_without_an_answer_is_shown_elsewhere_and_taken_back_everywhere(
    desk: House,
) -> None:
    await desk.says("hello")
    await desk.until(lambda: desk.bell.shown and desk.halves)
    (made,) = desk.events("OfferMade")
    assert desk.halves == [(made.offer.until - made.offer.at) / 2000]
    assert desk.horn.shown == []
    desk.half.set()
    await desk.until(lambda: desk.horn.shown)
    assert desk.horn.shown[0].offer == desk.bell.shown[0].offer
    desk.clock.at = made.offer.until
    await desk.erase()  # the writer looks at the clock
    await desk.until(lambda: "withdrawn" in desk.horn.kinds)
    assert desk.bell.kinds == desk.horn.kinds == ["offer", "withdrawn"]


async def test_an_offer_that_was_answered_is_shown_nowhere_else(desk: House) -> None:
    await desk.says("hello")
    await desk.until(lambda: desk.bell.shown and desk.halves)
    await desk.replies("I see to it")
    desk.half.set()
    await desk.says("thank you")
    await desk.until(lambda: "message" in desk.bell.kinds)
    assert "offer" not in desk.horn.kinds
