"""The chain, and how each error reads to the person who meets it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from omniroute.errors import StoreError
from omniroute.stores.api import (
    GENESIS,
    Corrupt,
    Head,
    InDoubt,
    Moved,
    Reader,
    Record,
    Unavailable,
    chain,
    chained,
    verify_chain,
)
from omniroute.stores.memory import MemoryStore


class Journal:
    """A reader of a journal that somebody has tampered with."""

    def __init__(self, records: list[Record], head: Head, unreadable: int = 0) -> None:
        self.records, self.at, self.unreadable = records, head, unreadable

    def head(self) -> Head:
        return self.at

    def tail(self, after: int, limit: int = 1000) -> list[Record]:
        page = [record for record in self.records if record.seq > after][:limit]
        if any(record.seq == self.unreadable for record in page):
            raise Corrupt("some.db", "is damaged")
        return page

    def get(self, keys: object) -> dict[str, bytes]:
        raise NotImplementedError

    def scan(self, prefix: str, after: str = "", limit: int = 1000) -> list[tuple[str, bytes]]:
        raise NotImplementedError

    def snapshot(self) -> AbstractContextManager[Reader]:
        raise NotImplementedError

    def damage(self) -> Iterator[Corrupt]:
        raise NotImplementedError

    def close(self) -> None: ...


RECORDS = chained(GENESIS, [b"a", b"b", b"c", b"d", b"e"])
HEAD: Head = (5, RECORDS[-1].hash)


def found(reader: Reader) -> tuple[int | None, str]:
    fault = verify_chain(reader, page=2)
    assert fault is not None
    return fault.seq, str(fault)


def test_a_chain_depends_on_all_that_came_before() -> None:
    assert chain(bytes(16), b"a") == RECORDS[0].hash
    assert chain(RECORDS[0].hash, b"b") == RECORDS[1].hash
    assert chain(bytes(16), b"b") != RECORDS[1].hash
    assert len(RECORDS[0].hash) == 16


def test_a_sound_journal_has_nothing_to_say() -> None:
    assert verify_chain(Journal(RECORDS, HEAD), page=2) is None
    assert verify_chain(Journal([], GENESIS)) is None


def test_a_changed_record_is_named() -> None:
    changed = [*RECORDS[:2], RECORDS[2]._replace(body=b"C"), *RECORDS[3:]]
    seq, said = found(Journal(changed, HEAD))
    assert seq == 3
    assert said.startswith("journal record 3: does not match its hash — restore")


def test_a_changed_hash_is_named() -> None:
    changed = [*RECORDS[:2], RECORDS[2]._replace(hash=bytes(16)), *RECORDS[3:]]
    assert found(Journal(changed, HEAD))[0] == 3


@pytest.mark.parametrize("missing", range(5))
def test_a_missing_record_is_named(missing: int) -> None:
    left = [*RECORDS[:missing], *RECORDS[missing + 1 :]]
    seq, said = found(Journal(left, HEAD))
    assert (seq, "is missing" in said) == (missing + 1, True)


def test_a_record_that_cannot_be_read_is_named() -> None:
    seq, said = found(Journal(RECORDS, HEAD, unreadable=4))
    assert seq == 4
    assert "journal record 4: cannot be read: is damaged" in said


def test_a_head_that_is_not_the_last_record_is_told_from_it() -> None:
    seq, said = found(Journal(RECORDS, (5, bytes(16))))
    assert seq is None
    assert said.startswith(f"head: the head says 5:{bytes(16).hex()}, the journal ends with 5:")


def test_records_after_the_head_it_began_with_are_not_its_business() -> None:
    """Others commit while the chain is walked."""
    assert verify_chain(Journal(RECORDS, (3, RECORDS[2].hash)), page=2) is None


def test_the_store_verifies_while_it_grows() -> None:
    store = MemoryStore()
    head = store.commit(GENESIS, [b"a", b"b"], {})
    assert verify_chain(store.reader()) is None
    store.commit(head, [b"c"], {})
    assert verify_chain(store.reader()) is None


def test_every_error_is_a_store_error_and_reads_as_a_sentence() -> None:
    errors: list[tuple[StoreError, str]] = [
        (Moved((1, b"\x01"), (2, b"\x02")), "the head has moved: expected 1:01, found 2:02"),
        (Unavailable("a.db", "the disk is full"), "a.db: the disk is full"),
        (Unavailable("a.db", "is shut", "open it"), "a.db: is shut — open it"),
        (InDoubt("a.db", "no answer", "ask"), "a.db: no answer — ask"),
        (Corrupt("record 7", "is bad"), "record 7: is bad"),
    ]
    assert [str(error) for error, _ in errors] == [said for _, said in errors]
