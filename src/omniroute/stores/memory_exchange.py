"""An exchange in memory: the model that every other must equal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence

from omniroute.stores.api import GENESIS, Head
from omniroute.stores.exchange import ALIVE, PARCELS, Began, Heard, Mark, Parcel
from omniroute.stores.memory import MemoryStore


class MemoryExchange:
    """One lock makes each call whole."""

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        store: MemoryStore | None = None,
        horizon: int = 0,
    ) -> None:
        """*now* tells seconds; *store* is whose nodes meet here, if anybody asks for its head."""
        self.horizon = horizon
        self._store = store or MemoryStore()
        self._now, self._lock = now, threading.Lock()
        self._lease: tuple[str, float] = ("", 0.0)
        self._parcels: dict[Mark, Parcel] = {}
        self._outcomes: dict[Mark, str] = {}
        self._reports: dict[str, tuple[bytes, float]] = {}
        self._agreed: dict[str, bytes] = {}
        self.said = GENESIS  # where the archive is said to be
        self._server = 0  # another after each time that it may have forgotten something
        self._began: tuple[int, Began] | None = None  # on which server, and what was told
        self._testimonies: dict[str, bytes] = {}  # since then
        self._seen: dict[str, float] = {}  # when each node last heard something

    def lease(self, node: str, seconds: float) -> str:
        with self._lock:
            holder, until = self._lease
            if holder in ("", node) or until <= self._now():
                self._lease = holder, _ = node, self._now() + seconds
            return holder

    def release(self, node: str) -> None:
        with self._lock:
            if self._lease[0] == node:
                self._lease = ("", 0.0)

    def begin(self, at: int, known: Head, since: int) -> Began | None:
        with self._lock:
            if not self._holds(known):
                return None
            if self._began is None or self._began[0] != self._server:
                self._began = self._server, Began(at, since)
                self._testimonies = {}
            return self._began[1]

    def testify(self, node: str, began: int, known: Head, what: bytes) -> bool:
        with self._lock:
            if heard := began == self._here().at and self._holds(known):
                self._testimonies[node] = what
            return heard

    def testimonies(self, began: int) -> dict[str, bytes]:
        with self._lock:
            return dict(self._testimonies) if began == self._here().at else {}

    def hand(self, parcels: Sequence[Parcel]) -> None:
        with self._lock:
            for parcel in parcels:
                self._parcels.setdefault(parcel.mark, parcel)

    def handed(self, known: Collection[Mark], limit: int = PARCELS) -> list[Parcel]:
        with self._lock:
            settled, known = self._outcomes, set(known)
            waiting = [p for m, p in self._parcels.items() if m not in settled and m not in known]
            return waiting[:limit]

    def settle(self, outcomes: Mapping[Mark, str], known: Head = GENESIS) -> bool:
        with self._lock:
            if holds := self._holds(known):
                self._outcomes |= {m: why for m, why in outcomes.items() if m in self._parcels}
            return holds

    def hear(self, node: str, known: Head = GENESIS) -> Heard:
        with self._lock:
            ended = {id: why for (of, id), why in self._outcomes.items() if of == node}
            now = self._seen[node] = self._now()
            nodes = frozenset(name for name, at in self._seen.items() if now - at < ALIVE)
            first = self._store.tail(0, 1)
            return Heard(
                self._store.head(),
                self._holds(known),
                ended,
                self._here(),
                nodes,
                archived=self.said[0] if self._holds(self.said) else 0,
                first=first[0].seq if first else 1,
            )

    def archived(self, at: Head) -> None:
        with self._lock:
            self.said = at

    def clear(self, node: str, ids: Collection[int] | None = None) -> None:
        with self._lock:
            marks = [m for m in self._parcels if m[0] == node and (ids is None or m[1] in ids)]
            for mark in marks:
                del self._parcels[mark]
                self._outcomes.pop(mark, None)

    def report(self, node: str, about: bytes, seconds: float) -> None:
        with self._lock:
            self._reports[node] = about, self._now() + seconds

    def reports(self) -> dict[str, bytes]:
        with self._lock:
            now = self._now()
            return {node: about for node, (about, until) in self._reports.items() if until > now}

    def waiting(self) -> int:
        with self._lock:
            return len(self._parcels) - len(self._outcomes)

    def agree(self, name: str, value: bytes) -> bytes:
        with self._lock:
            return self._agreed.setdefault(name, value)

    def copy(self) -> MemoryExchange:
        """Another with the same content, from one moment."""
        other = MemoryExchange(self._now, self._store, self.horizon)
        other.become(self)
        return other

    def become(self, other: MemoryExchange) -> None:
        """Hold what *other* holds: a server that goes on with a copy."""
        with self._lock:
            self._lease = other._lease
            self._parcels, self._outcomes = dict(other._parcels), dict(other._outcomes)
            self._reports, self._agreed = dict(other._reports), dict(other._agreed)
            self._server, self._began = self._server + 1, other._began
            self._testimonies, self._seen = dict(other._testimonies), dict(other._seen)
            self.said = other.said

    def _here(self) -> Began:
        """Of the server as it is."""
        began = self._began
        return began[1] if began is not None and began[0] == self._server else Began()

    def _holds(self, known: Head) -> bool:
        there = self._store.tail(known[0] - 1, 1) if known[0] else []
        return known == GENESIS or any(record[:2] == known for record in there)

    def forget(self) -> None:
        """Lose everything, as a server may that was cut off."""
        with self._lock:
            self._lease = ("", 0.0)
            self._parcels.clear()
            self._outcomes.clear()
            self._reports.clear()
            self._began, self.said = None, GENESIS
            self._testimonies, self._seen = {}, {}

    def close(self) -> None:
        """The content outlives whoever asks."""
