"""Answers that come back after the platform had taken them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest
from tests.runtime.house import House, inbounds

from omniroute import Address, Inbound, Undelivered
from omniroute.core import inputs as i
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.record import encode
from omniroute.runtime.rows import Failure, Reached

GONE = "kim@x.example: 550 no such user"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[House]:
    """Joe has written, Ana has answered, and the platform has taken it."""
    async with House(tmp_path).running() as house:
        house.pipe.reads = reads
        await house.goes("ana")
        await house.says("I was charged twice", sender="joe", id="m1")
        await house.read(1)
        await house.replies("you get it back")
        await house.until(lambda: house.events("ReplySent"))
        yield house


def reads(raw: bytes) -> Sequence[Inbound | Undelivered]:
    """Raw bytes of a report are what `Undelivered` has."""
    if b'"of"' in raw:
        return [msgspec.json.decode(raw, type=Undelivered)]
    return inbounds(raw)


async def reports(desk: House, **values: object) -> None:
    await desk.accept(msgspec.json.encode({"of": effect(desk), "reason": GONE, **values}))


def effect(desk: House) -> str:
    sent = desk.events("ReplySent")[0]
    return str(sent.effect)


async def test_the_agent_learns_that_it_came_back_and_why(desk: House) -> None:
    (sent,) = desk.events("ReplySent")
    await reports(desk, of=f"{sent.effect}.1")
    await desk.until(lambda: desk.events("ReplyFailed"))
    (failed,) = desk.events("ReplyFailed")
    assert (failed.thread, failed.message) == (sent.thread, sent.message)
    assert failed.outcome == "bounced"
    row = desk.row("x/" + sent.effect)
    assert msgspec.json.decode(row, type=Failure).reason == GONE
    await desk.until(lambda: desk.bell.shown[-1].reason == "failed")
    await desk.until(lambda: desk.spool.pending() == [])
    assert len(desk.messages()) == 1  # a report is no message of a customer's


async def test_the_same_report_twice_is_one(desk: House) -> None:
    await reports(desk)
    await reports(desk)
    await desk.says("are you there?", sender="joe", id="m2")
    await desk.read(2)
    assert len(desk.events("ReplyFailed")) == 1


async def test_incident_9_a_storm_of_reports_is_one_failure_one_alert_and_no_thread(
    desk: House,
) -> None:
    """Each in other words, as a list's members or a broken mail system send them."""
    shown = len(desk.bell.shown)
    for number in range(60):
        await reports(desk, reason=f"{GONE} (attempt {number})")
    await desk.says("are you there?", sender="joe", id="m2")
    await desk.read(2)
    await desk.until(lambda: desk.spool.pending() == [])
    assert len(desk.events("ReplyFailed")) == 1
    assert [card.reason for card in desk.bell.shown[shown:]].count("failed") == 1
    assert len(desk.events("ThreadOpened")) == 1
    assert len(desk.pipe.sent) == 1


async def test_a_complaint_is_told_as_one(desk: House) -> None:
    await reports(desk, complaint=True)
    await desk.until(lambda: desk.events("ReplyFailed"))
    assert desk.events("ReplyFailed")[0].outcome == "complained"


@pytest.mark.parametrize(("to", "blamed"), [("eve", False), ("joe", True), ("elsewhere", True)])
async def test_where_a_copy_came_back_the_customer_s_address_is_not_to_blame(
    desk: House, to: str, blamed: bool
) -> None:
    other = Keyed(b"k" * 32).handle(Address("pipe", "eve", verified=True))
    row = {"p/" + other: encode(Reached("pipe", "eve"))}
    await desk.do(i.ParticipantsAsked, row, agent="ana", thread=1, add=(other,))
    await desk.replies("to both", copies=(other,))
    await desk.until(lambda: len(desk.events("ReplySent")) == 2)
    await reports(desk, of=desk.events("ReplySent")[1].effect, to=to)
    await desk.until(lambda: desk.events("ReplyFailed"))
    (failed,) = desk.events("ReplyFailed")
    assert bool(failed.handle) == blamed


async def test_late_is_no_failure(desk: House) -> None:
    await reports(desk, permanent=False)
    await desk.says("are you there?", sender="joe", id="m2")
    await desk.read(2)
    assert desk.events("ReplyFailed") == []
    assert await desk.spool.dead() == []


@pytest.mark.parametrize("of", ["", "0" * 26, "1182"])
async def test_a_report_on_a_message_that_nobody_knows_is_shown_to_the_admin(
    desk: House, of: str
) -> None:
    await reports(desk, of=of)
    await desk.until(lambda: desk.spool.pending() == [])
    (letter,) = await desk.spool.dead()
    assert letter.why == f"a report on a message that is not known here: {GONE}"
    assert desk.events("ReplyFailed") == []


async def test_a_report_of_a_wrong_type_is_the_channels_fault(desk: House) -> None:
    desk.pipe.reads = lambda raw: [Undelivered(of=7, reason="x")]  # type: ignore[arg-type]
    await desk.accept(b"x")
    await desk.until(lambda: desk.spool.pending() == [])
    (letter,) = await desk.spool.dead()
    assert "of is a int, not str" in letter.why
