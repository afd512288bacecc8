"""A store in memory: nothing outlives the process.  The model that every driver must equal."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from omniroute.stores.api import (
    GENESIS,
    Corrupt,
    Head,
    Moved,
    Record,
    Unavailable,
    chained,
    check_keys,
    check_page,
)


class MemoryStore:
    """Rows in a dict, their keys in order beside it, the journal in a list."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._head = GENESIS
        self._rows: dict[str, bytes] = {}
        self._order: list[str] = []
        self._journal: list[Record] = []
        self._trimmed = 0  # records that are no longer here
        self._closed = False

    def head(self) -> Head:
        with self._lock:
            self._check_open()
            return self._head

    def get(self, keys: Sequence[str], at: Head | None = None) -> dict[str, bytes]:
        check_keys(keys)
        with self._lock:
            self._check(at)
            return {key: self._rows[key] for key in keys if key in self._rows}

    def scan(
        self, prefix: str, after: str = "", limit: int = 1000, at: Head | None = None
    ) -> list[tuple[str, bytes]]:
        check_page(limit, prefix, after)
        with self._lock:
            self._check(at)
            order, rows = self._order, self._rows
            start = max(bisect_left(order, prefix), bisect_right(order, after))
            page = order[start : start + limit]
            return [(key, rows[key]) for key in page if key.startswith(prefix)]

    def tail(self, after: int, limit: int = 1000) -> list[Record]:
        check_page(limit)
        with self._lock:
            self._check_open()
            start = max(after - self._trimmed, 0)
            return self._journal[start : start + limit]

    def commit(self, at: Head, records: Sequence[bytes], puts: Mapping[str, bytes | None]) -> Head:
        return self._link(at, chained(at, records), puts)

    def begin(self, records: Sequence[Record], puts: Mapping[str, bytes | None]) -> Head:
        return self._link(GENESIS, records, puts)

    def _link(self, at: Head, links: Sequence[Record], puts: Mapping[str, bytes | None]) -> Head:
        """As `commit`, of records that have their numbers and hashes."""
        if not links:
            raise ValueError("a commit needs at least one record")
        check_keys(puts)
        with self._lock:
            self._check(at)
            if not self._journal:
                self._trimmed = links[0].seq - 1
            for key, value in puts.items():
                self._put(key, value)
            self._journal += links
            self._head = (links[-1].seq, links[-1].hash)
            return self._head

    def trim(
        self, at: Head, rows: Mapping[str, bytes], through: int, puts: Mapping[str, bytes]
    ) -> int:
        check_keys((*rows, *puts))
        with self._lock:
            self._check(at)
            same = [key for key, row in rows.items() if self._rows.get(key) == row]
            for key in same:
                self._put(key, None)
            for key, row in puts.items():
                self._put(key, row)
            gone = max(min(through, self._head[0] - 1) - self._trimmed, 0)
            del self._journal[:gone]
            self._trimmed += gone
            return len(same)

    def copy(self) -> MemoryStore:
        """Another store with the same content, from one moment."""
        other = MemoryStore()
        with self._lock:
            self._check_open()
            other._head = self._head
            other._rows, other._order = dict(self._rows), list(self._order)
            other._journal, other._trimmed = list(self._journal), self._trimmed
        return other

    def become(self, other: MemoryStore) -> None:
        """Hold what *other* holds, from one moment: a server that goes on with a copy."""
        copied = other.copy()
        with self._lock:
            self._head, self._journal = copied._head, copied._journal
            self._trimmed = copied._trimmed
            self._rows, self._order = copied._rows, copied._order

    def reader(self) -> MemoryReader:
        return MemoryReader(self)

    def close(self) -> None:
        with self._lock:
            self._closed = True

    def _put(self, key: str, value: bytes | None) -> None:
        if value is not None:
            if key not in self._rows:
                insort(self._order, key)
            self._rows[key] = value
        elif self._rows.pop(key, None) is not None:
            del self._order[bisect_left(self._order, key)]

    def _check(self, at: Head | None) -> None:
        self._check_open()
        if at is not None and at != self._head:
            raise Moved(at, self._head)

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("memory", "the store is closed")


class MemoryReader:
    """A view of a `MemoryStore`; the store's lock makes each call whole."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def head(self) -> Head:
        return self._store.head()

    def get(self, keys: Sequence[str]) -> dict[str, bytes]:
        return self._store.get(keys)

    def scan(self, prefix: str, after: str = "", limit: int = 1000) -> list[tuple[str, bytes]]:
        return self._store.scan(prefix, after, limit)

    def tail(self, after: int, limit: int = 1000) -> list[Record]:
        return self._store.tail(after, limit)

    @contextmanager
    def snapshot(self) -> Iterator[MemoryReader]:
        yield MemoryReader(self._store.copy())

    def damage(self) -> Iterator[Corrupt]:
        """Nothing: memory is believed."""
        return iter(())

    def close(self) -> None:
        """Nothing to let go of."""
