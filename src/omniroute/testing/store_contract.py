"""The suite that every store passes.  Bind it to a driver in a few lines:

    class TestMyStore(StoreContract):
        def open(self, folder: Path) -> Store:
            return MyStore(folder / "store")

`open` is called with a fresh folder for a fresh store, and with the same folder again to reopen it.
A driver that keeps nothing when it is closed says ``persistent = False``, and is held to that, too.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from omniroute.stores.api import GENESIS, Head, Moved, Record, Store, chain, verify_chain
from omniroute.stores.memory import MemoryStore

ROWS = {"t/1": b"one", "t/2": b"two", "t/3": b"three", "u/1": b"other"}


class StoreContract:
    """Subclass it, name the subclass ``Test…``, and say how to `open`."""

    persistent: ClassVar[bool] = True
    examples: ClassVar[int] = 60
    """Random histories that are compared with the model's."""

    def open(self, folder: Path) -> Store:
        """A store whose content lies in *folder*; what was there before is there again."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        """A fresh store."""
        store = self.open(tmp_path)
        yield store
        store.close()

    # -- the head ----------------------------------------------------------------------------------

    def test_a_fresh_store_stands_at_genesis(self, store: Store) -> None:
        assert store.head() == GENESIS == (0, bytes(16))
        assert store.tail(0, 10) == []
        assert store.scan("", "", 10, GENESIS) == []

    def test_a_commit_moves_the_head_along_the_chain(self, store: Store) -> None:
        first = chain(bytes(16), b"one")
        second = chain(first, b"two")
        assert store.commit(GENESIS, [b"one", b"two"], {}) == (2, second)
        assert store.head() == (2, second)
        assert store.tail(0, 10) == [Record(1, first, b"one"), Record(2, second, b"two")]

    def test_a_commit_at_another_number_changes_nothing(self, store: Store) -> None:
        head = store.commit(GENESIS, [b"one"], {"k": b"kept"})
        with pytest.raises(Moved) as moved:
            store.commit((head[0] + 1, head[1]), [b"two"], {"k": b"lost", "new": b"lost"})
        assert moved.value.found == head
        assert store.head() == head
        assert store.get(["k", "new"], head) == {"k": b"kept"}
        assert store.tail(1, 10) == []

    def test_a_commit_at_another_hash_changes_nothing(self, store: Store) -> None:
        """A history that lost its end may carry the same number again."""
        head = store.commit(GENESIS, [b"one"], {"k": b"kept"})
        with pytest.raises(Moved):
            store.commit((1, chain(bytes(16), b"another")), [b"two"], {"k": b"lost"})
        assert store.head() == head
        assert store.get(["k"], head) == {"k": b"kept"}

    def test_a_commit_without_records_is_refused(self, store: Store) -> None:
        with pytest.raises(ValueError, match="at least one record"):
            store.commit(GENESIS, [], {"k": b"v"})
        assert store.head() == GENESIS
        assert store.get(["k"], GENESIS) == {}

    def test_records_and_values_may_be_any_bytes(self, store: Store) -> None:
        odd = [b"", b"\0", bytes(range(256)), b"x" * 3_000_000]
        puts = {f"k{number}": value for number, value in enumerate(odd)}
        head = store.commit(GENESIS, odd, dict(puts))
        assert [record.body for record in store.tail(0, 10)] == odd
        assert store.get(list(puts), head) == puts

    # -- rows --------------------------------------------------------------------------------------

    def test_absent_keys_are_left_out(self, store: Store) -> None:
        head = store.commit(GENESIS, [b"r"], {**ROWS})
        assert store.get(["t/2", "t/9", "t/1"], head) == {"t/2": b"two", "t/1": b"one"}
        assert store.get([], head) == {}

    def test_many_keys_at_once(self, store: Store) -> None:
        rows: dict[str, bytes | None] = {f"k{number}": b"%d" % number for number in range(1_000)}
        head = store.commit(GENESIS, [b"r"], rows)
        assert store.get([f"k{number}" for number in range(0, 2_000, 2)], head) == {
            f"k{number}": b"%d" % number for number in range(0, 1_000, 2)
        }

    def test_a_put_replaces_and_none_deletes(self, store: Store) -> None:
        head = store.commit(GENESIS, [b"r"], {**ROWS})
        head = store.commit(head, [b"r"], {"t/1": b"new", "t/2": None, "never/was": None})
        assert store.scan("t/", "", 10, head) == [("t/1", b"new"), ("t/3", b"three")]
        head = store.commit(head, [b"r"], {"t/2": b"back"})
        assert store.get(["t/2"], head) == {"t/2": b"back"}

    def test_reading_at_a_moved_head_is_refused(self, store: Store) -> None:
        head = store.commit(GENESIS, [b"r"], {**ROWS})
        store.commit(head, [b"r"], {"t/1": b"new"})
        with pytest.raises(Moved) as moved:
            store.get(["t/1"], head)
        assert moved.value.expected == head
        with pytest.raises(Moved):
            store.scan("t/", "", 10, head)

    def test_a_scan_is_ordered_by_code_point(self, store: Store) -> None:
        keys = ["A", "Z", "a", "a\0b", "aa", "z", "ß", "é", "\ud7ff", "\ue000", "\uffff", "😀"]
        head = store.commit(GENESIS, [b"r"], dict.fromkeys(keys, b"v"))
        assert [key for key, _ in store.scan("", "", 99, head)] == sorted(keys)

    def test_a_scan_stops_where_the_prefix_does(self, store: Store) -> None:
        head = store.commit(GENESIS, [b"r"], {**ROWS, "t": b"", "t0": b"", "t/\U0010ffff": b"end"})
        found = [key for key, _ in store.scan("t/", "", 10, head)]
        assert found == ["t/1", "t/2", "t/3", "t/\U0010ffff"]
        assert store.scan("t/\U0010ffff", "", 10, head) == [("t/\U0010ffff", b"end")]
        assert store.scan("nobody/", "", 10, head) == []

    def test_a_scan_goes_on_after_a_key(self, store: Store) -> None:
        head = store.commit(GENESIS, [b"r"], {**ROWS})
        assert store.scan("t/", "", 2, head) == [("t/1", b"one"), ("t/2", b"two")]
        assert store.scan("t/", "t/2", 2, head) == [("t/3", b"three")]
        assert store.scan("t/", "t/1½", 1, head) == [("t/2", b"two")]  # the key need not exist
        assert store.scan("t/", "a", 1, head) == [("t/1", b"one")]  # nor lie under the prefix
        assert store.scan("t/", "u", 1, head) == []

    @pytest.mark.parametrize("key", ["", "lone \ud800 surrogate"])
    def test_an_unfit_key_is_refused(self, store: Store, key: str) -> None:
        with pytest.raises(ValueError, match="key"):
            store.commit(GENESIS, [b"r"], {"fit": b"v", key: b"v"})
        with pytest.raises(ValueError, match="key"):
            store.get([key], GENESIS)
        assert store.head() == GENESIS

    def test_a_page_has_at_least_one_row(self, store: Store) -> None:
        with pytest.raises(ValueError, match="limit"):
            store.scan("", "", 0, GENESIS)
        with pytest.raises(ValueError, match="limit"):
            store.tail(0, -1)

    # -- the journal -------------------------------------------------------------------------------

    def test_the_tail_comes_in_pages(self, store: Store) -> None:
        head = GENESIS
        for number in range(7):
            head = store.commit(head, [b"%d" % number], {})
        assert [record.seq for record in store.tail(0, 3)] == [1, 2, 3]
        assert [record.body for record in store.tail(3, 3)] == [b"3", b"4", b"5"]
        assert [record.seq for record in store.tail(6, 3)] == [7]
        assert store.tail(7, 3) == []

    def test_the_chain_verifies(self, store: Store) -> None:
        head = GENESIS
        for number in range(5):
            head = store.commit(head, [b"a%d" % number, b"b%d" % number], {f"k{number}": b"v"})
        reader = store.reader()
        assert verify_chain(reader, page=3) is None
        assert list(reader.damage()) == []
        reader.close()

    # -- readers -----------------------------------------------------------------------------------

    def test_a_reader_sees_each_commit(self, store: Store) -> None:
        reader = store.reader()
        assert reader.head() == GENESIS
        head = store.commit(GENESIS, [b"r"], {**ROWS})
        assert reader.head() == head
        assert reader.get(["t/1", "t/9"]) == {"t/1": b"one"}
        assert reader.scan("t/", limit=2) == [("t/1", b"one"), ("t/2", b"two")]
        assert reader.scan("t/", after="t/2") == [("t/3", b"three")]
        assert reader.tail(0) == store.tail(0, 10)
        head = store.commit(head, [b"s"], {"t/1": None})
        assert reader.head() == head
        assert reader.get(["t/1"]) == {}
        reader.close()
        reader.close()

    def test_a_snapshot_stays_while_the_store_goes_on(self, store: Store) -> None:
        first = store.commit(GENESIS, [b"r"], {"t/1": b"one"})
        reader = store.reader()
        with reader.snapshot() as still:
            store.commit(first, [b"s"], {"t/1": b"two", "t/2": b"new"})
            assert still.head() == first
            assert still.scan("t/") == [("t/1", b"one")]
            assert len(still.tail(0)) == 1
        assert reader.get(["t/1"]) == {"t/1": b"two"}
        reader.close()

    def test_a_reader_sees_whole_commits_from_any_thread(self, store: Store) -> None:
        """Rows that always change together may never be seen to differ."""
        keys = [f"k{number}" for number in range(300)]
        head = store.commit(GENESIS, [b"r"], dict.fromkeys(keys, b"0"))
        reader = store.reader()
        seen: list[set[bytes]] = []
        finished = threading.Event()

        def read() -> None:
            while not finished.is_set():
                seen.append(set(reader.get(keys).values()))

        threads = [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(100):
            head = store.commit(head, [b"r"], dict.fromkeys(keys, b"%d" % number))
        finished.set()
        for thread in threads:
            thread.join()
        seen.append(set(reader.get(keys).values()))
        reader.close()
        assert seen[-1] == {b"99"}
        assert [values for values in seen if len(values) != 1] == []

    def test_a_snapshot_stands_still(self, store: Store) -> None:
        head = store.commit(GENESIS, [b"r"], {**ROWS})
        reader = store.reader()
        with reader.snapshot() as still:
            moved = store.commit(head, [b"s"], {"t/1": b"new", "t/2": None, "t/4": b"four"})
            assert still.head() == head
            assert still.get(["t/1", "t/4"]) == {"t/1": b"one"}
            assert still.scan("") == sorted(ROWS.items())
            assert [record.body for record in still.tail(0)] == [b"r"]
            assert verify_chain(still) is None
            assert reader.head() == moved
            assert reader.get(["t/1"]) == {"t/1": b"new"}
        with reader.snapshot() as still:
            assert still.head() == moved
        reader.close()

    # -- what is left ------------------------------------------------------------------------------

    def test_what_was_committed_outlives_the_store_or_says_not(self, tmp_path: Path) -> None:
        store = self.open(tmp_path)
        head = store.commit(GENESIS, [b"one", b"two"], {**ROWS})
        store.close()
        store.close()
        store = self.open(tmp_path)
        if self.persistent:
            assert store.head() == head
            assert store.scan("", "", 10, head) == sorted(ROWS.items())
            assert [record.body for record in store.tail(0, 10)] == [b"one", b"two"]
            assert store.commit(head, [b"three"], {})[0] == 3
        else:
            assert store.head() == GENESIS
            assert store.scan("", "", 10, GENESIS) == []
        store.close()

    def test_it_does_what_the_model_does(self) -> None:
        """Random commits, stale commits, reads and reopenings, beside `MemoryStore`."""

        class Bound(Comparison):
            contract = self

        run_state_machine_as_test(
            Bound,
            settings=settings(max_examples=self.examples, stateful_step_count=25, deadline=None),
        )


KEYS = st.text(st.sampled_from("ab/\0é\U0010ffff"), min_size=1, max_size=4)
PUTS = st.dictionaries(KEYS, st.none() | st.binary(max_size=8), max_size=6)
RECORDS = st.lists(st.binary(max_size=8), min_size=1, max_size=4)
PREFIXES = st.text(st.sampled_from("ab/\0é\U0010ffff"), max_size=2)


class Comparison(RuleBasedStateMachine):
    """A driver and the model, given the same calls."""

    contract: ClassVar[StoreContract]

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="store-contract-")
        self.store = self.contract.open(Path(self.folder.name))
        self.reader = self.store.reader()
        self.model = MemoryStore()
        self.heads: list[Head] = [GENESIS]

    @rule(records=RECORDS, puts=PUTS)
    def commits(self, records: list[bytes], puts: dict[str, bytes | None]) -> None:
        head = self.model.commit(self.heads[-1], records, puts)
        assert self.store.commit(self.heads[-1], records, puts) == head
        self.heads.append(head)

    @precondition(lambda self: len(self.heads) > 1)
    @rule(records=RECORDS, puts=PUTS, back=st.integers(1, 5), number=st.booleans())
    def commits_at_a_stale_head(
        self, records: list[bytes], puts: dict[str, bytes | None], back: int, number: bool
    ) -> None:
        old = self.heads[max(0, len(self.heads) - 1 - back)]
        stale = old if number else (self.heads[-1][0], old[1])
        for store in (self.model, self.store):
            with pytest.raises(Moved):
                store.commit(stale, records, puts)
            with pytest.raises(Moved):
                store.get(list(puts), stale)

    @rule(keys=st.lists(KEYS, max_size=8))
    def gets(self, keys: list[str]) -> None:
        found = self.model.get(keys, self.heads[-1])
        assert self.store.get(keys, self.heads[-1]) == found
        assert self.reader.get(keys) == found

    @rule(prefix=PREFIXES, after=PREFIXES, limit=st.integers(1, 5))
    def scans(self, prefix: str, after: str, limit: int) -> None:
        found = self.model.scan(prefix, after, limit, self.heads[-1])
        assert self.store.scan(prefix, after, limit, self.heads[-1]) == found
        assert self.reader.scan(prefix, after, limit) == found

    @rule(after=st.integers(0, 20), limit=st.integers(1, 5))
    def tails(self, after: int, limit: int) -> None:
        assert self.store.tail(after, limit) == self.model.tail(after, limit)
        assert self.reader.tail(after, limit) == self.model.tail(after, limit)

    @precondition(lambda self: self.contract.persistent)
    @rule()
    def reopens(self) -> None:
        self.reader.close()
        self.store.close()
        self.store = self.contract.open(Path(self.folder.name))
        self.reader = self.store.reader()

    @invariant()
    def stands_at_the_same_head(self) -> None:
        assert self.store.head() == self.reader.head() == self.model.head()

    def teardown(self) -> None:
        everything = self.model.scan("", limit=1_000)
        assert self.reader.scan("", limit=1_000) == everything
        assert verify_chain(self.reader) is None
        self.reader.close()
        self.store.close()
        self.folder.cleanup()
