"""The suite of stores that can let go of what an archive has."""

from __future__ import annotations

import pytest

from omniroute.stores.api import GENESIS, Head, Moved, Record, chain, verify_chain
from omniroute.stores.tiered import Trimmable

ROWS = {"b/1": b"said", "b/2": b"more", "tc/1": b"closed", "t/2": b"open"}


class TrimContract:
    """Subclass it with a fixture *store*, fresh."""

    @pytest.fixture
    def filled(self, store: Trimmable) -> Head:
        return store.commit(GENESIS, [b"one", b"two", b"three"], ROWS)

    def test_what_is_as_given_goes_and_the_head_stays(self, store: Trimmable, filled: Head) -> None:
        assert store.trim(filled, {"b/1": b"said", "tc/1": b"closed"}, 2, {"u/note": b"n"}) == 2
        assert store.head() == filled
        left = {"b/2": b"more", "t/2": b"open", "u/note": b"n"}
        assert dict(store.scan("", "", 10, filled)) == left
        assert store.get([*ROWS, "u/note"], filled) == left
        assert [record.seq for record in store.tail(0, 10)] == [3]
        assert store.tail(0, 10) == store.tail(2, 10)
        assert store.tail(3, 10) == []

    def test_what_is_not_as_given_stays(self, store: Trimmable, filled: Head) -> None:
        assert store.trim(filled, {"b/1": b"other", "b/2": b"", "b/9": b""}, 0, {}) == 0
        assert dict(store.scan("", "", 10, filled)) == ROWS
        assert len(store.tail(0, 10)) == 3

    def test_whoever_stands_at_another_head_changes_nothing(
        self, store: Trimmable, filled: Head
    ) -> None:
        with pytest.raises(Moved):
            store.trim((3, bytes(16)), {"b/1": b"said"}, 2, {"u/note": b"n"})
        assert dict(store.scan("", "", 10, filled)) == ROWS
        assert len(store.tail(0, 10)) == 3

    def test_the_last_record_stays_and_the_journal_goes_on(
        self, store: Trimmable, filled: Head
    ) -> None:
        assert store.trim(filled, {}, 99, {}) == 0
        assert [record.body for record in store.tail(0, 10)] == [b"three"]
        head = store.commit(filled, [b"four"], {"b/1": b"again"})
        assert [record.seq for record in store.tail(0, 10)] == [3, 4]
        assert [record.seq for record in store.tail(3, 10)] == [4]
        store.trim(head, {}, 1, {})  # what is gone already
        assert [record.seq for record in store.tail(0, 1)] == [3]
        assert store.get(["b/1"], head) == {"b/1": b"again"}

    def test_a_journal_may_begin_in_the_middle_of_a_fresh_store(self, store: Trimmable) -> None:
        seventh = Record(7, chain(b"of the sixth", b"seven"), b"seven")
        eighth = Record(8, chain(seventh.hash, b"eight"), b"eight")
        head = store.begin([seventh, eighth], ROWS)
        assert head == store.head() == (8, eighth.hash)
        assert store.tail(0, 10) == store.tail(6, 10) == [seventh, eighth]
        assert dict(store.scan("", "", 10, head)) == ROWS
        with pytest.raises(Moved):
            store.begin([seventh], {})
        head = store.commit(head, [b"nine"], {})
        reader = store.reader()
        assert verify_chain(reader, begins=7) is None
        assert "record 1: is missing" in str(verify_chain(reader))
        assert "record 6: is missing" in str(verify_chain(reader, begins=6))
        reader.close()
        store.trim(head, {}, 7, {})
        assert [record.seq for record in store.tail(0, 10)] == [8, 9]
