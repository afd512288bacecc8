"""Verify: whatever was changed behind the engine's back is named."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from omniroute.core.inputs import RulesLoaded
from omniroute.runtime.record import VERSION, Entry, encode
from omniroute.runtime.verify import Verdict, verify
from omniroute.stores.api import GENESIS, Corrupt, Head
from omniroute.stores.memory import MemoryStore
from omniroute.stores.sqlite import SqliteReader, SqliteStore
from omniroute.testing.histories import History, acts
from omniroute.testing.machine import Machine


@pytest.fixture(scope="module")
def machine() -> Machine:
    return History().play(acts(3, 120))


@pytest.fixture
def database(machine: Machine, tmp_path: Path) -> Path:
    """A database in which a desk has worked for a while."""
    path = tmp_path / "desk.db"
    store = SqliteStore(path)
    records = [
        encode(Entry(VERSION, done.input.at, done.input, done.decision.events))
        for done in machine.journal
        if done.decision.events
    ]
    store.commit(GENESIS, records, machine.rows)
    store.close()
    return path


def tamper(database: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(database)) as db:
        assert db.execute(sql, values).rowcount > 0
        db.commit()


def faults(database: Path) -> list[str]:
    verdict = verify(SqliteReader(database))
    assert not verdict.ok
    return [str(fault) for fault in verdict.faults]


def test_what_nobody_touched_is_well(database: Path, machine: Machine) -> None:
    said: list[tuple[int, int]] = []
    verdict = verify(SqliteReader(database), lambda done, of: said.append((done, of)))
    assert verdict.ok
    count = sum(1 for done in machine.journal if done.decision.events)
    assert verdict.records == count
    assert verdict.threads == sum(key.startswith(("t/", "tc/")) for key in machine.rows)
    assert said[-1] == (count, count)
    assert verdict.as_json() == {
        "ok": True,
        "records": count,
        "threads": verdict.threads,
        "archived": 0,
        "begins": 1,
        "faults": [],
    }


def test_an_empty_store_is_well() -> None:
    assert verify(MemoryStore().reader()) == Verdict(0, 0, ())


def test_a_record_that_was_changed_is_named(database: Path) -> None:
    with closing(sqlite3.connect(database)) as db:
        (seq,) = db.execute("SELECT min(seq) FROM journal WHERE instr(body, 'ana')").fetchone()
    sql = "UPDATE journal SET body = cast(replace(body, 'ana', 'eve') AS BLOB) WHERE seq = ?"
    tamper(database, sql, seq)
    (fault,) = faults(database)
    assert fault.startswith(f"journal record {seq}: does not match its hash")


def test_a_record_that_is_gone_is_named(database: Path) -> None:
    tamper(database, "DELETE FROM journal WHERE seq = 7")
    assert faults(database)[0].startswith("journal record 7: is missing")


def test_records_cut_off_at_the_end_are_missed(database: Path) -> None:
    tamper(database, "DELETE FROM journal WHERE seq > 50")
    assert faults(database)[0].startswith("journal record 51: is missing")


def test_a_row_that_was_changed_is_named(database: Path) -> None:
    sql = "UPDATE kv SET v = cast(replace(v, '\"id\"', '\"ID\"') AS BLOB) WHERE k = 'a/ana'"
    tamper(database, sql)
    assert faults(database) == ["row a/ana: differs from what the journal makes of it"]


def test_rows_that_are_gone_or_that_nobody_wrote_are_named(database: Path) -> None:
    tamper(database, "UPDATE kv SET k = 'a/eve' WHERE k = 'a/ana'")
    assert faults(database) == [
        "row a/eve: is there, and the journal knows it not",
        "row a/ana: is missing",
    ]


def test_a_record_that_makes_no_sense_is_named_though_its_hash_is_right() -> None:
    store = MemoryStore()
    head: Head = store.head()
    for at in range(3):
        entry = Entry(VERSION, at, RulesLoaded(f"rules/{at}", at, "r"), ())
        head = store.commit(head, [encode(entry)], {})
    store.commit(head, [b'{"v":1,"at":3,"in":{"in":"Mystery"},"ev":[]}'], {})
    verdict = verify(store.reader())
    (fault,) = verdict.faults
    assert str(fault).startswith(
        "journal record 4: holds Mystery, which this version does not know"
    )
    assert fault.seq == 4


def test_events_that_cannot_have_happened_are_named() -> None:
    store = MemoryStore()
    resolved = (
        b'{"v":1,"at":3,"in":{"in":"RulesLoaded","key":"k","at":3,"version":"r"},'
        b'"ev":[{"ev":"ThreadClosed","thread":7}]}'
    )
    store.commit(GENESIS, [resolved], {})
    (fault,) = verify(store.reader()).faults
    assert str(fault).startswith("journal record 1: cannot be folded: ")


def test_a_page_of_rows_that_is_damaged_is_a_fault_and_no_crash() -> None:
    class Damaged(MemoryStore):
        def scan(
            self, prefix: str, after: str = "", limit: int = 1000, at: Head | None = None
        ) -> list[tuple[str, bytes]]:
            raise Corrupt("desk.db", "database disk image is malformed", "restore it from a copy")

        def copy(self) -> MemoryStore:
            return self

    verdict = verify(Damaged().reader())
    said = "desk.db: database disk image is malformed — restore it from a copy"
    assert [str(fault) for fault in verdict.faults] == [said]
    assert verdict.as_json()["faults"] == [said]


def test_the_reader_is_let_go_of(database: Path) -> None:
    reader = SqliteReader(database)
    verify(reader)
    with pytest.raises(Exception, match="closed"):
        reader.head()
