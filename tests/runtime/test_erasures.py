"""An address that was erased is found in what lies on a disk, by a mark that does not tell it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.runtime.clock import SystemClock
from omniroute.runtime.erasures import SKEW, Erased, Erasures, Search, has_any
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.spool import Spool

KEYED = Keyed(bytes(32))
SMALL = st.text("ab@.", max_size=12)


def marks(*values: str, at: int = 0) -> list[Erased]:
    with closing(sqlite3.connect("")) as db:
        erasures = Erasures(db, KEYED, SystemClock(lambda: at * 1_000_000))
        erasures.note(values)
        return erasures.marks()


@given(SMALL, SMALL.filter(bool))
def test_it_is_found_wherever_it_stands_and_nowhere_else(text: str, value: str) -> None:
    found = has_any(text.encode(), marks(value), KEYED.derive("erased"))
    assert found == (value in text)


def test_a_mark_does_not_tell_the_address() -> None:
    (mark,) = marks("Joe@mail.example")
    assert (mark.length, mark.mailbox, len(mark.mac)) == (16, True, 16)
    assert not has_any(b"joe@mail.example", [mark], Keyed(bytes(31) + b"x").derive("erased"))


@pytest.fixture
async def spool(tmp_path: Path) -> AsyncIterator[Spool]:
    made = Spool(tmp_path / "spool", min_free=0)
    yield made
    await made.close()


async def letter(spool: Spool, raw: bytes, at: int = 1) -> int:
    id = await spool.append("email", "help", raw, at=at)
    await spool.bury(id, "odd")
    return id


async def left(spool: Spool) -> set[int]:
    """The letters there are, once what is being deleted is gone."""
    await letter(spool, b"another")  # written after what was asked before
    return {each.id for each in await spool.dead()}


async def test_letters_that_name_somebody_go_and_those_that_came_later_stay(spool: Spool) -> None:
    joe = await letter(spool, b"From: JOE@mail.example")
    call = await letter(spool, b"call +4915112345 back")
    kim = await letter(spool, b"From: kim@mail.example")
    anew = await letter(spool, b"From: joe@mail.example", at=9 + SKEW)
    search = Search(spool, KEYED)
    assert await search.drop(marks("joe@mail.example", "+4915112345", at=5)) == 2
    assert {joe, call, kim, anew} & await left(spool) == {kim, anew}
    assert await search.drop(marks("joe@mail.example", at=10)) == 1, "erased a second time"
    assert {kim, anew} & await left(spool) == {kim}
