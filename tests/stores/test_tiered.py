"""A store with the archive behind it reads as one that has let go of nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from omniroute.stores.api import GENESIS, Moved, Record, Unavailable, chained
from omniroute.stores.memory import MemoryReader, MemoryStore
from omniroute.stores.tiered import GONE, RELIES, TRIMMED, Held, TieredReader, TieredStore

KEYS = ("a/1", "b/1", "b/2", "b/3", "s/1", "t/1", "tc/1", "tc/2", "z")
key = st.sampled_from(KEYS)
value = st.one_of(st.none(), st.sampled_from([b"1", b"2"]))


class Twins(RuleBasedStateMachine):
    """A tiered store, and one that keeps all; an archive that follows when it comes to it."""

    def __init__(self) -> None:
        super().__init__()
        self.alone, self.twin, self.archive = MemoryStore(), MemoryStore(), MemoryStore()
        self.at = self.alone.commit(GENESIS, [b"0"], {"b/1": b"1", "t/1": b"1"})
        self.twin.commit(GENESIS, [b"0"], {"b/1": b"1", "t/1": b"1"})
        self.written: list[dict[str, bytes | None]] = [{"b/1": b"1", "t/1": b"1"}]
        self.open()

    def open(self) -> None:
        self.store = TieredStore(self.alone, MemoryReader(self.archive))

    @rule(puts=st.dictionaries(key, value, max_size=4), count=st.integers(1, 2))
    def commit(self, puts: dict[str, bytes | None], count: int) -> None:
        records = [b"r%d" % n for n in range(count)]
        self.twin.commit(self.at, records, puts)
        self.at = self.store.commit(self.at, records, puts)
        self.written += [{}] * (count - 1) + [puts]

    @rule(count=st.integers(1, 3))
    def archives(self, count: int) -> None:
        """So many records, with the rows they name as the store has them by now."""
        at = self.archive.head()
        records = self.alone.tail(at[0], count)
        if records:
            named = {key for record in records for key in self.written[record.seq - 1]}
            now = self.alone.get(sorted(named))
            rows = {key: now.get(key) or None for key in named}
            self.archive.commit(at, [record.body for record in records], rows)

    @rule(keys=st.sets(key), through=st.integers(0, 20))
    def trims(self, keys: set[str], through: int) -> None:
        """What the store and the archive have the same, whatever else is under way."""
        at, asked = self.archive.head()[0], sorted(keys & {"b/1", "b/2", "b/3", "s/1", "tc/1"})
        known, here = self.archive.get(asked), self.alone.get(asked)
        same = {key: row for key, row in here.items() if known.get(key, GONE) == row}
        self.store.trim(self.at, Held(at, same, through))

    @rule()
    def starts_anew(self) -> None:
        self.open()

    @invariant()
    def reads_the_same(self) -> None:
        reader, at = self.store.reader(), self.at
        assert reader.get(KEYS) == self.store.get(KEYS, at) == self.twin.get(KEYS)
        for prefix in ("", "b/", "t", "tc/", "z"):
            for limit in (1, 2, 100):
                rows, after = [], ""
                while page := self.store.scan(prefix, after, limit, at):
                    assert len(page) <= limit
                    rows += page
                    after = page[-1][0]
                rows = [row for row in rows if row[0] not in (TRIMMED, RELIES)]
                assert rows == self.twin.scan(prefix, "", 100)
        for number in (-1, 0, 3):
            for limit in (1, 100):
                expected, found = self.twin.tail(number, limit), reader.tail(number, limit)
                assert found == expected[: len(found)]
                assert bool(found) == bool(expected)
        with reader.snapshot() as still:
            assert dict(still.scan("b/")) == dict(self.twin.scan("b/"))


def test_it_reads_as_one_that_keeps_all() -> None:
    run_state_machine_as_test(Twins, settings=settings(max_examples=15, stateful_step_count=15))


def trimmed() -> tuple[MemoryStore, MemoryStore]:
    """A store that has let go of a row and a record, and the archive that has them."""
    alone, archive = MemoryStore(), MemoryStore()
    head = alone.commit(GENESIS, [b"one", b"two"], {"b/1": b"said", "b/2": b"said"})
    archive.commit(GENESIS, [b"one", b"two"], {"b/1": b"said", "b/2": b"said"})
    TieredStore(alone, archive.reader()).trim(head, Held(2, {"b/1": b"said"}, 1))
    return alone, archive


def test_a_row_that_was_written_since_the_archive_read_it_stays() -> None:
    alone, archive = trimmed()
    store = TieredStore(alone, archive.reader())
    head = store.commit(alone.head(), [b"three"], {"b/2": b"other"})
    head = store.commit(head, [b"four"], {"b/2": b"said"})  # as it was, and yet not the same
    assert store.trim(head, Held(2, {"b/2": b"said"})) == 0
    assert alone.get(["b/2"]) == {"b/2": b"said"}


def test_a_store_that_was_just_opened_waits_until_the_archive_has_what_came_before() -> None:
    alone, archive = trimmed()
    head = alone.commit(alone.head(), [b"three"], {"b/2": b"said"})
    store = TieredStore(alone, archive.reader())
    assert store.trim(head, Held(2, {"b/2": b"said"})) == 0
    archive.commit(archive.head(), [b"three"], {})
    assert store.trim(head, Held(3, {"b/2": b"said"})) == 1


def test_of_very_many_rows_it_is_known_only_that_some_were_written() -> None:
    alone, archive = trimmed()
    store = TieredStore(alone, archive.reader(), remembered=10)
    many: dict[str, bytes | None] = {f"b/{number}": b"n" for number in range(10, 25)}
    head = store.commit(alone.head(), [b"three"], many)
    assert store.trim(head, Held(2, {"b/2": b"said"})) == 0
    archive.commit(archive.head(), [b"three"], {})
    assert store.trim(head, Held(3, {"b/2": b"said"})) == 1


def test_whoever_writes_beside_it_is_noticed() -> None:
    alone, archive = trimmed()
    store = TieredStore(alone, archive.reader())
    before = alone.head()
    alone.commit(before, [b"three"], {})
    with pytest.raises(Moved):
        store.trim(before, Held(2, {"b/2": b"said"}))
    with pytest.raises(Moved):
        store.get(["b/1"], before)


class Later(MemoryReader):
    """An archive that something happens to, when it has been asked."""

    def __init__(self, store: MemoryStore, happens: Sequence[Mapping[str, bytes]]) -> None:
        super().__init__(store)
        self.alone, self.happens = MemoryStore(), list(happens)

    def get(self, keys: Sequence[str]) -> dict[str, bytes]:
        found = super().get(keys)
        self._happen()
        return found

    def scan(self, prefix: str, after: str = "", limit: int = 1000) -> list[tuple[str, bytes]]:
        found = super().scan(prefix, after, limit)
        self._happen()
        return found

    def _happen(self) -> None:
        if self.happens:
            self.alone.commit(self.alone.head(), [b"more"], self.happens.pop())


@pytest.mark.parametrize("now", [b"other", GONE])
def test_what_comes_back_while_the_archive_is_asked_counts(now: bytes) -> None:
    alone, archive = trimmed()
    expected = {"b/1": now} if now else {}
    later = Later(archive, [{"b/1": now}])
    later.alone = alone
    assert TieredReader(alone.reader(), later).get(["b/1"]) == expected
    alone, archive = trimmed()
    later = Later(archive, [{"b/1": now}])
    later.alone = alone
    rows = dict(TieredReader(alone.reader(), later).scan("b/"))
    assert rows == {"b/2": b"said", **expected}


def test_what_came_back_and_left_again_while_the_archive_was_asked_is_asked_again() -> None:
    alone, archive = trimmed()

    class Twice(Later):
        def _happen(self) -> None:
            if self.happens:
                super()._happen()
                head = archive.commit(archive.head(), [b"more"], {"b/1": b"new"})
                TieredStore(alone, archive.reader()).trim(head, Held(3, {"b/1": b"new"}))

    for ask in ("get", "scan"):
        alone, archive = trimmed()
        later = Twice(archive, [{"b/1": b"new"}])
        later.alone = alone
        reader = TieredReader(alone.reader(), later)
        found = reader.get(["b/1"]) if ask == "get" else dict(reader.scan("b/1"))
        assert found == {"b/1": b"new"}
        assert alone.get(["b/1"]) == {}


class Away(MemoryReader):
    """An archive that cannot be reached."""

    def get(self, keys: Sequence[str]) -> dict[str, bytes]:
        raise Unavailable("the archive", "is away")

    def tail(self, after: int, limit: int = 1000) -> list[Record]:
        raise Unavailable("the archive", "is away")


def test_while_the_archive_is_away_what_is_open_is_read_and_nothing_is_made_up() -> None:
    alone, archive = trimmed()
    reader = TieredReader(alone.reader(), Away(archive))
    assert reader.get(["b/2", "t/7"]) == {"b/2": b"said"}
    assert [record.seq for record in reader.tail(1)] == [2]
    for keys in (["b/1"], ["b/2", "b/1"]):
        with pytest.raises(Unavailable, match="the archive: is away"):
            reader.get(keys)
    with pytest.raises(Unavailable, match="the archive: is away"):
        reader.tail(0)


def test_an_archive_that_lacks_what_has_left_is_refused() -> None:
    alone, archive = trimmed()
    older, other = MemoryStore(), MemoryStore()
    older.commit(GENESIS, [b"one"], {})
    with pytest.raises(Unavailable, match="an archive of 2 records, and this one has 1"):
        TieredStore(alone, older.reader())
    TieredStore(alone, archive.reader()).trim(alone.head(), Held(2, {}, 1))
    other.commit(GENESIS, [b"another", b"two"], {})
    with pytest.raises(Unavailable, match="has not the records before 2"):
        TieredReader(alone.reader(), other.reader()).tail(0)


def test_records_of_both_follow_one_another() -> None:
    links = chained(GENESIS, [b"one", b"two"])
    alone, archive = trimmed()
    reader = TieredReader(alone.reader(), archive.reader())
    assert reader.tail(0) == links
    assert reader.tail(0, 1) == links[:1]
    assert reader.tail(1, 1) == links[1:]
