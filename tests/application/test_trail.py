"""A place in the journal, and a journal that has lost its end and grown anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.application import trail
from omniroute.application.authorize import SYSTEM
from omniroute.application.feed import Feed
from omniroute.application.trail import Back
from omniroute.errors import Refused
from omniroute.stores.api import GENESIS, Head, Record
from omniroute.stores.memory import MemoryReader, MemoryStore


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with closing(fresh()) as db:
        yield db


def fresh() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    db.executescript(trail.TABLES)
    trail.begin(db, GENESIS)
    return db


def journal(*records: str) -> MemoryReader:
    store = MemoryStore()
    at: Head = GENESIS
    for record in records:
        at = store.commit(at, [record.encode()], {})
    return MemoryReader(store)


def walk(db: sqlite3.Connection, reader: MemoryReader, step: int = 2) -> list[str]:
    """What comes next, up to the end."""
    seen: list[str] = []
    while records := trail.ahead(db, reader, step):
        seen += [record.body.decode() for record in records]
        trail.passed(db, records)
    return seen


def test_what_is_new_comes_once(db: sqlite3.Connection) -> None:
    assert walk(db, journal("a", "b", "c")) == ["a", "b", "c"]
    assert walk(db, journal("a", "b", "c", "d")) == ["d"]
    assert walk(db, journal("a", "b", "c", "d")) == []


def test_a_journal_that_lost_its_end_goes_on_from_what_is_common(db: sqlite3.Connection) -> None:
    walk(db, journal("a", "b", "c", "d"))
    anew = journal("a", "B", "C", "D", "E")
    assert trail.ahead(db, anew, 9) is None
    assert trail.go_back(db, anew) == Back(4, 1, sure=True)
    assert walk(db, anew) == ["B", "C", "D", "E"]


def test_one_that_is_shorter_is_noticed_before_it_grows(db: sqlite3.Connection) -> None:
    walk(db, journal("a", "b", "c"))
    assert trail.ahead(db, journal("a"), 9) is None
    assert trail.go_back(db, journal("a")) == Back(3, 1, sure=True)
    assert walk(db, journal("a", "B")) == ["B"]


def test_one_that_has_nothing_in_common_is_told_from_its_beginning(db: sqlite3.Connection) -> None:
    walk(db, journal("a", "b"))
    assert trail.go_back(db, journal("X")) == Back(2, 0, sure=True)
    assert walk(db, journal("X", "Y")) == ["X", "Y"]


def test_where_more_is_lost_than_is_known_that_is_said(db: sqlite3.Connection) -> None:
    reader = journal("a", "b", "c", "d")
    trail.begin(db, (3, reader.tail(2, 1)[0].hash))
    walk(db, reader)
    assert trail.go_back(db, journal("a", "B", "C", "D")) == Back(4, 2, sure=False)
    assert walk(db, journal("a", "B", "C", "D")) == ["C", "D"]
    assert trail.go_back(db, journal("X")) == Back(4, 1, sure=False)


def test_a_file_of_an_older_version_knows_its_place_by_number(db: sqlite3.Connection) -> None:
    walk(db, journal("a", "b"))
    db.execute("DELETE FROM trail")
    assert walk(db, journal("a", "b", "c")) == ["c"]
    db.execute("UPDATE place SET seq = 5")
    assert trail.ahead(db, journal("a"), 9) is None
    assert trail.go_back(db, journal("a")) == Back(5, 1, sure=False)


def test_records_that_are_no_longer_in_the_store_are_no_loss(db: sqlite3.Connection) -> None:
    class Trimmed(MemoryReader):
        def tail(self, after: int, limit: int = 1000) -> list[Record]:
            return super().tail(max(after, 3), limit)

    store = MemoryStore()
    store.commit(GENESIS, [b"a", b"b", b"c", b"d"], {})
    walk(db, journal("a", "b"))
    assert walk(db, Trimmed(store)) == ["d"]


@given(st.data())
def test_whatever_is_lost_the_walk_is_the_journal(data: st.DataObject) -> None:
    """However often it loses its end: what was told and not lost is what it has."""
    told: list[str] = []
    has: list[str] = []
    with closing(fresh()) as db:
        for turn in range(data.draw(st.integers(1, 6))):
            has = has[: data.draw(st.integers(0, len(has)))]
            has += [f"{turn}.{n}" for n in range(data.draw(st.integers(0, 4)))]
            reader = journal(*has)
            if trail.ahead(db, reader, 1) is None:
                back = trail.go_back(db, reader)
                assert back.sure
                del told[back.common :]
            told += walk(db, reader, data.draw(st.integers(1, 3)))
            assert told == has


async def test_who_reads_the_record_is_told_that_it_has_lost_the_place() -> None:
    def line(agent: str) -> str:
        return msgspec.json.encode({"at": 1, "ev": [{"ev": "AgentLeft", "agent": agent}]}).decode()

    async def reached(seq: int) -> None:
        """Nobody waits here."""

    before = await Feed(journal(line("a"), line("b")), reached).page(SYSTEM)
    feed = Feed(journal(line("a"), line("x"), line("y")), reached)
    first, second = (event.id for event in before.items)
    with pytest.raises(Refused, match="ask after an earlier event") as lost:
        await feed.page(SYSTEM, second)
    assert lost.value.code == "lost_place"
    page = await feed.page(SYSTEM, first)
    assert [event.agent for event in page.items] == ["x", "y"]
    assert second not in {event.id for event in page.items}
    shorter = Feed(journal(line("a")), reached)
    with pytest.raises(Refused):
        await shorter.page(SYSTEM, before.next)
    by_number = await feed.page(SYSTEM, "1.1")  # as they were called before
    assert by_number.items == page.items
