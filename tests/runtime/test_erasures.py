"""An address that was erased is found in what lies on a disk, by a mark that does not tell it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.runtime.clock import SystemClock
from omniroute.runtime.erasures import SKEW, Erased, Erasures, Search, has_any, names_any
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.spool import Spool
from omniroute.runtime.spool_kept import Known

KEYED = Keyed(bytes(32))
SMALL = st.text("ab@.", max_size=12)


def marks(*values: str, at: int = 0) -> list[Erased]:
    with closing(sqlite3.connect("")) as db:
        erasures = Erasures(db, KEYED, SystemClock(lambda: at * 1_000_000))
        erasures.note(values)
        return erasures.marks()


def has(text: str, value: str) -> bool:
    """Whether *value* stands in *text*, and no word goes on over an end of it."""
    before = "(?<![ab])" if value[0] in "ab" else ""
    after = "(?![ab])" if value[-1] in "ab" else ""
    return re.search(before + re.escape(value) + after, text) is not None


@given(SMALL, SMALL.filter(bool))
def test_it_is_found_where_it_stands_as_words_and_nowhere_else(text: str, value: str) -> None:
    found = has_any(text.encode(), marks(value), KEYED.derive("erased"))
    assert found == has(text, value) == names_any(text.encode(), [value])


@pytest.mark.parametrize(
    ("said", "it_is"),
    [
        (b'{"from": "4915112345"}', True),
        (b"From=whatsapp%3A%2B4915112345&To=1", True),
        (b"call +4915112345.", True),
        (b"order 149151123457", False),
    ],
)
def test_a_telephone_is_found_with_and_without_its_sign(said: bytes, it_is: bool) -> None:
    assert has_any(said, marks("+4915112345"), KEYED.derive("erased")) is it_is
    assert names_any(said, ["+4915112345"]) is it_is


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


async def test_what_is_decided_and_not_yet_stable_goes_too(spool: Spool) -> None:
    """Else a store that forgets its last commits would have it fed in again."""
    spool.keep(lambda: 3)
    joe = await spool.append("email", "help", b"From: joe@mail.example", at=1)
    kim = await spool.append("email", "help", b"From: kim@mail.example", at=1)
    late = await spool.append("email", "help", b"From: joe@mail.example", at=9 + SKEW)
    spool.done([joe, kim, late])
    await letter(spool, b"another")  # written after what was asked before
    search = Search(spool, KEYED)
    assert await search.drop(marks("joe@mail.example", at=5)) == 1
    assert await spool.kept() == [(kim, 1), (late, 9 + SKEW)]
    assert (await spool.feed_again(9, Known())).entries == 2
    assert [entry.id for entry in spool.pending()] == [kim, late]
