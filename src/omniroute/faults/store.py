"""One process's view of a store that fails: refused, in doubt, dying before or after a commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from omniroute.stores.api import Head, InDoubt, Reader, Record, Store, Unavailable
from omniroute.stores.exchange import Exchange
from omniroute.stores.tiered import Trimmable


class Chance(Protocol):
    """Decides what goes wrong at a place; ``""`` for nothing."""

    def at(self, place: str) -> str:
        """Pass *place*.  May raise `Killed`."""


class FaultyExchange:
    """An `Exchange` in front of another that is away now and then."""

    def __init__(self, inner: Exchange, chance: Chance) -> None:
        self._inner, self._chance, self.horizon = inner, chance, inner.horizon

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self._inner, name)

        def ask(*given: Any) -> Any:
            if self._chance.at("exchange"):
                raise Unavailable("the store", "is away")
            return asked(*given)

        return ask


class FaultyStore:
    """A `Store` in front of another; *chance* is asked before and after each call."""

    def __init__(self, inner: Store, chance: Chance) -> None:
        self._inner, self._chance = inner, chance

    def head(self) -> Head:
        self._pass("store.read")
        return self._inner.head()

    def get(self, keys: Sequence[str], at: Head) -> dict[str, bytes]:
        self._pass("store.read")
        return self._inner.get(keys, at)

    def scan(self, prefix: str, after: str, limit: int, at: Head) -> list[tuple[str, bytes]]:
        self._pass("store.read")
        return self._inner.scan(prefix, after, limit, at)

    def tail(self, after: int, limit: int) -> list[Record]:
        self._pass("store.read")
        return self._inner.tail(after, limit)

    def commit(self, at: Head, records: Sequence[bytes], puts: Mapping[str, bytes | None]) -> Head:
        if (how := self._chance.at("store.before_commit")) == "away":
            raise Unavailable("the store", "is away")
        if how:
            raise _doubt()  # it never came there
        to = self._inner.commit(at, records, puts)
        if self._chance.at("store.after_commit"):
            raise _doubt()
        return to

    def trim(
        self, at: Head, rows: Mapping[str, bytes], through: int, puts: Mapping[str, bytes]
    ) -> int:
        self._pass("store.before_trim")
        assert isinstance(self._inner, Trimmable)
        gone = self._inner.trim(at, rows, through, puts)
        self._pass("store.after_trim")
        return gone

    def begin(self, records: Sequence[Record], puts: Mapping[str, bytes | None]) -> Head:
        self._pass("store.before_commit")
        assert isinstance(self._inner, Trimmable)
        return self._inner.begin(records, puts)

    def reader(self) -> Reader:
        return self._inner.reader()

    def close(self) -> None:
        """The content outlives the process."""

    def _pass(self, place: str) -> None:
        if self._chance.at(place):
            raise Unavailable("the store", "is away")


class FaultyReader:
    """A `Reader` of what is away now and then."""

    def __init__(self, inner: Reader, chance: Chance) -> None:
        self._inner, self._chance = inner, chance

    def __getattr__(self, name: str) -> Any:
        if self._chance.at("archive.read"):
            raise Unavailable("the archive", "is away")
        return getattr(self._inner, name)


def _doubt() -> InDoubt:
    return InDoubt("the store", "the answer was lost", "ask for the head")
