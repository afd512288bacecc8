"""A whole engine with one number: what a customer texts and calls comes together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from tests.runtime.house import House, Pipe

from omniroute import Address
from omniroute_twilio.testing import FakeTwilio, Phone


@pytest.fixture
async def desk(bench_of: Any, tmp_path: Path) -> AsyncIterator[House]:
    """Ana is there."""
    channel = bench_of().channel
    (tmp_path / "house").mkdir()
    house = House(tmp_path / "house")
    house.more = [cast(Pipe, channel)]
    house.node = house.made()
    async with house.running() as desk:
        await desk.goes("ana")
        yield desk
    channel.memory.close()


def handle(desk: House, number: str, *, verified: bool) -> str:
    return desk.node.parts.keyed.handle(Address("phone", number, verified=verified))


async def test_a_call_is_proposed_as_the_customer_who_texts_and_joins_them_once_and_for_all(
    desk: House, joe: Phone
) -> None:
    await joe.says("where is my order?")
    await desk.read(1)
    await (await joe.calls()).ends()
    await desk.read(2)
    assert [event.thread for event in desk.events("ThreadOpened")] == [1, 2]
    (suggested,) = desk.events("LinkSuggested")
    texts, calls = (handle(desk, joe.number, verified=sure) for sure in (True, False))
    assert {suggested.link.a, suggested.link.b} == {texts, calls}

    await desk.merges(texts, calls)
    call = await joe.calls()
    await call.presses("1")
    await desk.read(3)
    assert len(desk.events("ThreadOpened")) == 2
    assert len(desk.node.state.threads) == 1


async def test_an_answer_to_a_call_is_a_text_and_its_fate_is_told(
    desk: House, joe: Phone, fake: FakeTwilio
) -> None:
    await (await joe.calls(attested=True)).ends()
    await desk.read(1)
    message = await desk.replies("You called us?")
    await fake.until(joe.inbox)
    assert joe.texts() == ["You called us?"]
    await desk.until(lambda: desk.events("ReplySent"))
    await fake.reports(joe.inbox()[0], "undelivered", 30006)
    await desk.until(lambda: desk.events("ReplyFailed"))
    (failed,) = desk.events("ReplyFailed")
    assert (failed.message, failed.outcome) == (message, "bounced")
    (voice,) = desk.node.state.threads[1].voices
    assert voice.failed == "bounced"  # the next answer is proposed another way
