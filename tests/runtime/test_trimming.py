"""The store lets go of closed threads and old records, and everything reads as before."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from msgspec import json
from tests.runtime import archive_contract
from tests.runtime.archive_contract import kept, rows_of
from tests.runtime.house import Clock

from omniroute.application.views import Views
from omniroute.core.inputs import RowsRemade
from omniroute.core.states import OPEN
from omniroute.errors import StoreError
from omniroute.runtime.archiver import Archiver
from omniroute.runtime.loading import load
from omniroute.runtime.record import VERSION, Entry, encode
from omniroute.runtime.refilling import RECORDS, refill
from omniroute.runtime.rows import Body, Sent
from omniroute.runtime.trimming import PAGE, PAUSE, Trimming, homes_in
from omniroute.runtime.upgrading import bring_forward
from omniroute.runtime.verify import verify
from omniroute.runtime.writer import Writer
from omniroute.stores.api import Unavailable
from omniroute.stores.archive_sqlite import SqliteArchive, SqliteAsker
from omniroute.stores.memory import MemoryStore
from omniroute.stores.tiered import (
    COLD,
    GONE,
    Held,
    TieredReader,
    TieredStore,
    check_archive,
    first_kept,
)

HOUR = 3_600_000
MONTH = 30 * 24 * HOUR


@lru_cache(maxsize=1)
def past() -> MemoryStore:
    """A few days of a desk, and a month later, when what was solved then is closed."""
    store, clock = archive_contract.past().store.copy(), Clock()
    clock.at = archive_contract.past().now + MONTH
    writer = Writer(store, load(store), clock)
    while writer.behind():
        writer.round([])
    closed = {json.decode(row)["message"] for _, row in store.scan("tc/")}
    sent = encode(Sent(1, next(iter(sorted(closed)))))
    store.commit(store.head(), [naming("s/sent", at=clock.at)], {"s/sent": sent})
    return store


def naming(*rows: str, at: int = 0) -> bytes:
    """A record that names private rows."""
    at = at or archive_contract.past().now + MONTH
    return encode(Entry(VERSION, at, RowsRemade(f"{rows}", at), (), rows=rows))


def records() -> list[bytes]:
    return [record.body for record in past().tail(0, 100_000)]


@dataclass
class Desk:
    """A few days of a desk, the archive of it, and who lets go of what."""

    folder: Path
    alone: Any = field(default_factory=lambda: past().copy())
    depth: int = 0
    fault: StoreError | None = None

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.clock.at = archive_contract.past().now + MONTH
        self.archive = SqliteArchive(self.folder / "archive.db")
        self.asker = SqliteAsker(self.folder / "archive.db")
        self.store = TieredStore(self.alone, self.asker)
        homes = homes_in(self.asker)
        self.trimming = Trimming(self.alone.reader(), self.asker, homes, self.clock, HOUR)

    def copies(self) -> None:
        with closing(self.alone.reader()) as source:
            archiver = Archiver(self.archive, source)
            while archiver.step():
                pass
            archiver.close()

    def lap(self) -> int:
        """How many rows go in one lap."""
        gone, ends = 0, False
        while not ends:
            held, ends = self.trimming.page()
            assert held is None or len(held.rows) <= PAGE
            gone += self.store.trim(self.store.head(), held) if held is not None else 0
        return gone

    async def trim(self, held: Held) -> int:
        if self.fault is not None:
            raise self.fault
        return self.store.trim(self.store.head(), held)

    def close(self) -> None:
        self.trimming.close()
        self.store.close()
        self.archive.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def trimmed(desk: Desk) -> Desk:
    desk.copies()
    desk.lap()
    desk.clock.at += HOUR + 1
    while desk.lap() or first_kept(desk.alone) < desk.alone.head()[0]:
        pass
    return desk


def test_what_is_open_stays_and_what_is_closed_leaves_after_its_time(desk: Desk) -> None:
    desk.copies()
    before = rows_of(desk.alone.reader())
    assert desk.lap() == 0, "nobody has seen it closed for an hour"
    desk.clock.at += HOUR - 1
    assert desk.lap() == 0
    desk.clock.at += 1
    assert desk.lap() > 20
    after = rows_of(desk.alone.reader())
    assert {key for key in before if not key.startswith(COLD)} <= after.keys()
    assert not any(key.startswith(("tc/", "s/")) for key in after)
    home = homes_in(desk.asker)([key[2:] for key in before if key.startswith("b/")])
    open = {thread.id for thread in load(past()).open_threads() if thread.phase in OPEN}
    said = {key for key in before if key.startswith("b/") and home.get(key[2:]) in open}
    assert said
    assert said <= after.keys()
    assert desk.trimming.kept is not None
    assert desk.trimming.kept.closed > 0
    assert desk.lap() == 0
    assert desk.trimming.kept.closed == 0


def test_everything_reads_as_before(desk: Desk, tmp_path: Path) -> None:
    trimmed(desk)
    reader = desk.store.reader()
    assert first_kept(desk.alone) == desk.alone.head()[0], "of the journal the last record stays"
    assert kept(rows_of(reader)) == kept(rows_of(past().reader()))
    assert reader.tail(0, 100_000) == past().tail(0, 100_000)
    views = Views(tmp_path / "views", reader)
    views.catch_up()
    with views.reading() as db:
        said = db.execute("SELECT COUNT(*) FROM messages").fetchone()[0]
    views.close()
    assert said > 20
    verdict = verify(desk.store.reader())
    assert verdict.ok
    assert (verdict.archived, verdict.records) == (desk.alone.head()[0] - 1, past().head()[0])


def test_damage_in_what_only_the_archive_has_is_said_to_lie_there(desk: Desk) -> None:
    trimmed(desk)
    with closing(sqlite3.connect(desk.folder / "archive.db")) as db:
        db.execute("UPDATE journal SET body = body || ' ' WHERE seq = 7")
        db.commit()
    (fault,) = verify(desk.store.reader()).faults
    assert "record 7" in str(fault)
    assert str(fault).endswith("it lies in the archive: restore that from its own backup")


def test_what_the_archive_does_not_have_stays(desk: Desk) -> None:
    assert desk.trimming.page() == (None, True), "it has nothing"
    desk.copies()
    desk.lap()
    desk.clock.at += HOUR
    before = dict(desk.alone.scan("b/"))
    home = homes_in(desk.asker)([key[2:] for key in before])
    late = next(key for key in before if f"tc/{home[key[2:]]}" in dict(desk.alone.scan("tc/")))
    text = encode(Body("changed"))
    desk.store.commit(desk.store.head(), [naming(late)], {late: text})
    assert desk.lap() > 20
    assert desk.alone.get([late]) == {late: text}
    desk.copies()
    assert desk.lap() == 0, "the archive has not had it for an hour"
    desk.clock.at += HOUR
    assert desk.lap() == 1
    assert desk.alone.get([late]) == {}
    assert desk.store.get([late], desk.store.head()) == {late: text}


def test_an_archive_may_be_set_back_to_a_copy_that_is_no_older_than_things_are_kept(
    desk: Desk,
) -> None:
    desk.copies()
    desk.lap()
    copy = desk.folder / "copy.db"
    with closing(sqlite3.connect(desk.folder / "archive.db")) as db:
        db.execute("VACUUM INTO ?", (str(copy),))
    late = next(key for key, _ in desk.alone.scan("b/"))
    edited = {late: encode(Body("changed"))}
    desk.store.commit(desk.store.head(), [naming(late)] * 3, edited)
    desk.copies()
    desk.clock.at += HOUR
    assert desk.lap() > 20
    whole = kept(rows_of(desk.store.reader()))
    with closing(SqliteArchive(copy)) as archive, closing(SqliteAsker(copy)) as asker:
        check_archive(desk.alone.reader(), asker)
        archiver = Archiver(archive, desk.alone.reader())
        while archiver.step():
            pass
        archiver.close()
        assert archive.head() == desk.archive.head()
        with closing(TieredReader(desk.alone.reader(), asker)) as reader:
            assert kept(rows_of(reader)) == whole
            assert verify(reader).ok


def test_an_older_copy_of_the_archive_is_refused(desk: Desk) -> None:
    desk.copies()
    with closing(sqlite3.connect(desk.folder / "archive.db")) as db:
        db.execute("VACUUM INTO ?", (str(desk.folder / "copy.db"),))
    desk.store.commit(desk.store.head(), [naming("b/x")], {})
    trimmed(desk)
    asker = SqliteAsker(desk.folder / "copy.db")
    with closing(asker), pytest.raises(Unavailable, match="name that archive there"):
        check_archive(desk.alone.reader(), asker)


def test_another_journal_is_not_trimmed_by_this_archive(desk: Desk) -> None:
    desk.copies()
    other = MemoryStore()
    other.commit(other.head(), [b'{"at":1}'] * (desk.archive.head()[0] + 1), {})
    trimming = Trimming(other.reader(), desk.asker, homes_in(desk.asker), desk.clock, HOUR)
    assert trimming.page() == (None, True)


def test_what_was_erased_leaves_when_the_archive_has_erased_it(desk: Desk) -> None:
    trimmed(desk)
    gone = next(key for key, _ in past().scan("b/") if key not in dict(desk.alone.scan("b/")))
    desk.store.commit(desk.store.head(), [naming(gone)], {gone: None})
    assert desk.store.get([gone], desk.store.head()) == {}
    assert desk.alone.get([gone]) == {gone: GONE}
    desk.lap()
    assert desk.alone.get([gone]) == {gone: GONE}, "the archive still has it"
    desk.copies()
    desk.lap()
    assert desk.alone.get([gone]) == {gone: GONE}, "a copy of the archive may still be put in place"
    desk.clock.at += HOUR
    desk.lap()
    assert desk.alone.get([gone]) == desk.asker.get([gone]) == {}
    assert desk.store.get([gone], desk.store.head()) == {}


def test_a_record_that_speaks_of_what_has_left_takes_nothing_from_the_archive(desk: Desk) -> None:
    trimmed(desk)
    gone = next(key for key, _ in past().scan("b/") if key not in dict(desk.alone.scan("b/")))
    desk.store.commit(desk.store.head(), [naming(gone)], {})
    desk.copies()
    assert desk.store.get([gone], desk.store.head()) == past().get([gone])


def test_a_store_that_was_lost_comes_back_without_what_stays_in_the_archive(desk: Desk) -> None:
    trimmed(desk)
    lost = MemoryStore()
    refill(lost, desk.asker, behind=True)
    assert not any(key.startswith(COLD) for key in rows_of(lost.reader()))
    again = TieredReader(lost.reader(), desk.asker)
    assert kept(rows_of(again)) == kept(rows_of(past().reader()))
    assert verify(again).ok
    assert first_kept(lost) == max(1, lost.head()[0] - RECORDS)
    with pytest.raises(Unavailable, match="name that archive there"):
        bring_forward(lost, desk.clock)


def test_a_store_that_was_set_back_keeps_what_it_had_and_nothing_stale(desk: Desk) -> None:
    trimmed(desk)
    earlier = MemoryStore()
    stale = next(key for key, _ in past().scan("b/"))
    earlier.commit(earlier.head(), records()[:200], {stale: b"stale"})
    refill(earlier, desk.asker, behind=True)
    assert dict(earlier.scan("b/")) == {stale: past().get([stale])[stale]}
    assert verify(TieredReader(earlier.reader(), desk.asker)).ok


async def test_it_goes_on_by_itself_and_rests_when_all_is_done(desk: Desk) -> None:
    desk.copies()
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        desk.clock.at += HOUR if seconds == PAUSE else 0
        match waits.count(PAUSE):
            case 2:
                desk.fault = Unavailable("the store", "is away")
            case 3:
                desk.fault, desk.depth = None, 7
            case 4:
                raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await desk.trimming.run(desk, sleep)
    assert not any(key.startswith("tc/") for key in rows_of(desk.alone.reader()))
    assert len(set(waits)) == 3, "a short pause, a longer one while others wait, and a rest"
