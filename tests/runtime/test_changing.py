"""Changes of what was sent: after it, in their order, made again after a crash."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from typing import ClassVar

import pytest
from tests.runtime.house import House, Pipe

from omniroute import Amendment, Cap, Rejected, Retry
from omniroute.core import inputs as i
from omniroute.core.effects import Deliver
from omniroute.runtime.changing import TOO_LONG
from omniroute.runtime.record import encode
from omniroute.runtime.rows import Body


class Slate(Pipe):
    """A channel on which what was sent can be wiped and written anew."""

    caps: ClassVar[Cap] = Cap.LIVE | Cap.EDIT_OUT | Cap.DELETE_OUT

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[tuple[str, str]] = []  # id, and what it says now
        self.faults: deque[Exception] = deque()

    async def edit(self, change: Amendment) -> None:
        if self.faults:
            raise self.faults.popleft()
        self.changes += [(id, change.text) for id in change.external_ids]

    async def delete(self, change: Amendment) -> None:
        await self.edit(change)


class Study(House):
    """A house whose channel is a slate."""

    slate: Slate

    def on_slate(self) -> Study:
        self.pipe = self.slate = Slate()
        self.node = self.made()
        return self

    async def changes(self, message: str, text: str = "") -> None:
        """Ana edits an answer, or deletes it."""
        sent = [e for commit in self.commits for e in commit.effects if isinstance(e, Deliver)]
        effect = next(e for e in sent if e.message == message)
        how = "edited" if text else "deleted"
        row = {"b/" + message: encode(Body(text=text or "(deleted)"))}
        about = {"how": how, "author": "ana", "handle": effect.handle, "effect": effect.id}
        await self.do(i.ChangeAsked, row, agent="ana", thread=1, message=message, **about)

    def outcomes(self) -> list[tuple[str, str]]:
        return [(event.how, event.outcome) for event in self.events("ChangeSettled")]


@pytest.fixture
async def study(tmp_path: Path) -> AsyncIterator[Study]:
    """Joe has written."""
    async with Study(tmp_path).on_slate().running() as study:
        await study.says("hello")
        await study.read(1)
        yield study  # type: ignore[misc]


async def test_a_change_waits_for_the_answer_and_the_next_for_it(study: Study) -> None:
    study.awake.clear()
    study.slate.answers.append(Retry("too many", 1.0))
    message = await study.replies("on Munday")
    await study.until(lambda: study.slept)
    await study.changes(message, "on Monday")
    await study.changes(message)
    assert study.slate.changes == []
    study.awake.set()
    await study.until(lambda: len(study.outcomes()) == 2)
    id = study.slate.sent[-1].idempotency_key
    assert [one for one, _ in study.slate.changes] == [id, id]
    assert study.slate.changes[-1] == (id, "")
    assert study.outcomes() == [("edited", "sent"), ("deleted", "sent")]
    assert study.owed() == []


async def test_a_long_answer_is_changed_part_by_part_and_grows_by_none(study: Study) -> None:
    long = " ".join(["word"] * 30)  # two parts of at most 100 characters
    message = await study.replies(long)
    await study.changes(message, "short")
    await study.until(lambda: len(study.outcomes()) == 1)
    first, second = (out.idempotency_key for out in study.slate.sent)
    assert study.slate.changes == [(first, "short"), (second, "")]
    await study.changes(message, long + " " + long)
    await study.until(lambda: len(study.outcomes()) == 2)
    assert study.outcomes()[1] == ("edited", "rejected")
    assert len(study.slate.changes) == 2
    assert TOO_LONG.encode() in study.row(study.rows("x/")[0])


async def test_what_cannot_be_changed_is_told_to_whoever_has_the_thread(study: Study) -> None:
    message = await study.replies("on Munday")
    study.slate.faults.extend([Retry("away", 2.0), Rejected("it is older than two days")])
    await study.changes(message, "on Monday")
    await study.until(lambda: study.outcomes())
    assert study.outcomes() == [("edited", "rejected")]
    assert study.slept == [2.0]
    await study.until(lambda: "told" in study.bell.kinds)
    assert study.bell.shown[-1].reason == "unchanged"


async def test_of_what_never_went_out_nothing_is_changed(study: Study) -> None:
    study.slate.answers.append(Rejected("they blocked us"))
    message = await study.replies("on Munday")
    await study.changes(message, "on Monday")
    await study.until(lambda: study.outcomes())
    assert study.outcomes() == [("edited", "rejected")]
    assert study.slate.changes == []


async def test_a_change_is_made_again_after_a_crash(study: Study) -> None:
    message = await study.replies("on Munday")
    await study.until(lambda: study.rows("s/"))
    study.awake.clear()
    study.slate.faults.append(Retry("away", 2.0))
    await study.changes(message, "on Monday")
    await study.until(lambda: study.slept)
    assert study.slate.changes == []
    await study.again()
    await study.until(lambda: study.outcomes())
    assert study.slate.changes == [(study.slate.sent[0].idempotency_key, "on Monday")]
