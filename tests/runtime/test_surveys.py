"""The question how it was on its way out and back: by a press, in words, by a plain number."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from tests.runtime.house import House

from omniroute import Cap, Outbound
from omniroute.core.inputs import ThreadResolved
from omniroute.rules.load import parse_rules

RULES = parse_rules({
    "rules.yaml": b"""
version: 1
queues: {general: {}}
defaults: {queue: general}
surveys: [{id: after, when: always}]
route: [{id: rest, to: {queue: general}}]
"""
})  # fmt: skip
TEN = 600_000


async def is_helped(house: House) -> None:
    """Joe has been helped, and it is time to ask how it was."""
    await house.says("Where is my parcel?")
    await house.read(1)
    await house.goes("ana")
    await house.replies("On its way.")
    await house.do(ThreadResolved, agent="ana", thread=1)
    house.clock.at += TEN
    await house.goes("ana")  # whatever is due is done first


async def is_asked(house: House) -> Outbound:
    """And he is asked."""
    await is_helped(house)
    await house.until(lambda: len(house.events("ReplySent")) == 2)
    return house.pipe.sent[-1]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    made.rules = RULES
    async with made.running():
        yield made


async def test_a_press_and_a_few_words(house: House) -> None:
    house.pipe.caps |= Cap.BUTTONS  # type: ignore[misc]
    out = await is_asked(house)
    assert out.text == "How was our help? 1 is very bad, 5 is very good."
    question = out.question
    assert question is not None
    assert [(choice.value, choice.means) for choice in question.choices] == [
        ("1", "very bad"), ("2", ""), ("3", ""), ("4", ""), ("5", "very good"),
    ]  # fmt: skip
    assert (question.more, question.thanks) == ("What could we do better?", "Thank you!")
    until = datetime.fromtimestamp((house.clock.at + 7 * 86_400_000) / 1000, UTC)
    assert question.until == until
    press = {"kind": "choice", "answers": out.idempotency_key}
    await house.says("4", sender="eve", id="p1", **press)  # whoever else has the key
    await house.says("4", id="p2", **press)
    await house.says("much", id="p3", **press)
    await house.says("Be quicker", id="p4", kind="remark", answers=out.idempotency_key)
    await house.until(lambda: house.events("SurveyRemarked"))
    (answer,) = house.events("SurveyAnswered")
    assert (answer.score, answer.how) == (4, "button")
    (remark,) = house.events("SurveyRemarked")
    assert house.body(remark.message).text == "Be quicker"
    await house.until(lambda: house.pipe.texts[-1] == "Thank you!")


async def test_where_nothing_can_be_pressed_it_says_how_to_answer(house: House) -> None:
    out = await is_asked(house)
    assert out.question is None
    assert out.text.endswith("\n\nJust answer with a number from 1 to 5.")
    await house.says("5!", id="m2")
    await house.until(lambda: house.events("SurveyAnswered"))
    assert house.events("ThreadReopened") == []
    assert msgspec.json.decode(house.row("t/1"))["phase"] == "resolved"


async def test_who_wants_nothing_there_is_not_asked(house: House) -> None:
    house.pipe.unwanted = lambda to: True  # type: ignore[attr-defined]
    await is_helped(house)
    await house.until(lambda: house.events("SurveyEnded"))
    assert [ended.how for ended in house.events("SurveyEnded")] == ["undelivered"]
    assert house.pipe.texts == ["On its way."]
