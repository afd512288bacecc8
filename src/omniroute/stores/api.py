"""The store contract: ordered rows, a hash-chained journal, and a commit that compares and swaps.

The *head* is the number and the hash of the last record.  It names everything the store holds: two
stores with the same head have taken the same records in the same order.  A value is valid only at
the head it was read at, so the writer says with each call which head it stands on, and learns by
`Moved` that another has written.  Number and hash are compared, both: after a lost suffix another
record may carry the same number.

A `Store` belongs to one writer thread.  Everyone else reads through a `Reader`.

Keys are non-empty text without lone surrogates, ordered by code point, which is also the order of
their UTF-8 bytes.  Values and records are bytes that no driver looks into.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol, TypeVar, runtime_checkable

from omniroute.errors import StoreError

T = TypeVar("T")

Head = tuple[int, bytes]
"""Number and hash of the last record."""

GENESIS: Head = (0, bytes(16))
"""The head of a store that holds nothing; the first record gets the number 1."""


class Record(NamedTuple):
    """One link of the journal; ``hash == chain(hash of the record before, body)``."""

    seq: int
    hash: bytes
    body: bytes


class Reader(Protocol):
    """A view for everyone but the writer; safe to share between threads.

    Each call is answered from one committed head, the latest at that moment; two calls may be
    answered from two heads.  Any call may raise `Unavailable` or `Corrupt`.
    """

    def head(self) -> Head:
        """The head of the last commit."""

    def get(self, keys: Sequence[str]) -> dict[str, bytes]:
        """The values of *keys*, all from one head; a key that is absent is left out."""

    def scan(self, prefix: str, after: str = "", limit: int = 1000) -> list[tuple[str, bytes]]:
        """At most *limit* rows whose keys start with *prefix* and are greater than *after*.

        Ordered by key.  To page, pass the last key of one page as *after* of the next.
        """

    def tail(self, after: int, limit: int = 1000) -> list[Record]:
        """At most *limit* records with a number greater than *after*, in order."""

    def snapshot(self) -> AbstractContextManager[Reader]:
        """A reader whose calls are all answered from one head, while the context lasts."""

    def damage(self) -> Iterator[Corrupt]:
        """What the driver itself finds wrong with what it keeps, and only it can find.

        Nothing where the database looks after that by itself.
        """

    def close(self) -> None:
        """Let go of what the reader holds; closing twice is harmless."""


class Store(Protocol):
    """The writer's side; owned by one thread.

    Any call may raise `Unavailable` (nothing has changed; it may work later) or `Corrupt`.
    """

    def head(self) -> Head:
        """The head of the last commit, by whomever; `GENESIS` in a fresh store."""

    def get(self, keys: Sequence[str], at: Head) -> dict[str, bytes]:
        """The values of *keys* at the head *at*; an absent key is left out.

        Raises `Moved` if the head is another.
        """

    def scan(self, prefix: str, after: str, limit: int, at: Head) -> list[tuple[str, bytes]]:
        """As `Reader.scan`, at the head *at*; raises `Moved` if the head is another."""

    def tail(self, after: int, limit: int) -> list[Record]:
        """At most *limit* records with a number greater than *after*, in order."""

    def commit(self, at: Head, records: Sequence[bytes], puts: Mapping[str, bytes | None]) -> Head:
        """Append *records* and write *puts*, all or nothing, and return the new head.

        A put of ``None`` deletes the key, absent or not.  When the call returns, both are as
        durable as the driver promises.  Records are at least one, else `ValueError`: a change of
        rows without a record would leave the head as it was, and nobody would notice it.

        Raises `Moved` if the head is not *at*: nothing has changed.  Raises `InDoubt` if nobody
        can say whether the commit happened: ask for the head before trying again.
        """

    def reader(self) -> Reader:
        """A new view for other threads; whoever asks for it closes it."""

    def close(self) -> None:
        """Settle what is open and let go of the store; closing twice is harmless."""


@runtime_checkable
class Logged(Protocol):
    """What writes ahead into a log of its own, where what was deleted stands for a while."""

    def clear_log(self) -> None:
        """Have the log emptied: soon, and without keeping anybody waiting."""


class Moved(StoreError):
    """Somebody else has committed: the head is *found*, not *expected*.  Nothing has changed."""

    def __init__(self, expected: Head, found: Head) -> None:
        super().__init__(expected, found)
        self.expected, self.found = expected, found

    def __str__(self) -> str:
        return f"the head has moved: expected {_said(self.expected)}, found {_said(self.found)}"


class InDoubt(StoreError):
    """A commit was sent and no answer came: it may have happened or not."""

    def __init__(self, place: str, fault: str, fix: str = "") -> None:
        super().__init__(place, fault, fix)
        self.place, self.fault, self.fix = place, fault, fix

    def __str__(self) -> str:
        return _sentence(self.place, self.fault, self.fix)


class Unavailable(StoreError):
    """The store cannot do this now and has changed nothing; *fault* is the cause in plain words."""

    def __init__(self, place: str, fault: str, fix: str = "") -> None:
        super().__init__(place, fault, fix)
        self.place, self.fault, self.fix = place, fault, fix

    def __str__(self) -> str:
        return _sentence(self.place, self.fault, self.fix)


class Corrupt(StoreError):
    """What was written is not what is there; *seq* is the first bad record where that is known."""

    def __init__(self, place: str, fault: str, fix: str = "", seq: int | None = None) -> None:
        super().__init__(place, fault, fix, seq)
        self.place, self.fault, self.fix, self.seq = place, fault, fix, seq

    def __str__(self) -> str:
        return _sentence(self.place, self.fault, self.fix)


def chain(previous: bytes, record: bytes) -> bytes:
    """The hash of *record* after a record whose hash is *previous*: 16 bytes of BLAKE2b."""
    return hashlib.blake2b(previous + record, digest_size=16).digest()


def chained(at: Head, records: Iterable[bytes]) -> list[Record]:
    """*records* as links of the journal after the head *at*."""
    links = []
    previous = at[1]
    for seq, body in enumerate(records, at[0] + 1):
        previous = chain(previous, body)
        links.append(Record(seq, previous, body))
    return links


def read_at(at: Head, found: Head, rows: T) -> T:
    """*rows*, which were read at the head *found*; raises `Moved` if that is not *at*."""
    if found != at:
        raise Moved(at, found)
    return rows


def check_keys(keys: Iterable[str]) -> None:
    """Raise `ValueError`, naming the key, if one is empty or holds a lone surrogate."""
    for key in keys:
        if not key:
            raise ValueError("a key is empty; a key needs at least one character")
        if not key.isascii():
            try:
                key.encode()
            except UnicodeEncodeError:
                raise ValueError(
                    f"key {key!r} holds a lone surrogate, which no store can write; "
                    "clean text where it enters"
                ) from None


def check_page(limit: int, *texts: str) -> None:
    """Raise `ValueError` if *limit* is less than one or a prefix or key to start after is unfit."""
    if limit < 1:
        raise ValueError(f"limit is {limit}; it must be at least 1")
    check_keys(text for text in texts if text)


_RESTORE = "restore the last good copy; records before this one are sound"


def verify_chain(reader: Reader, page: int = 1000, begins: int = 1) -> Corrupt | None:
    """Walk the whole journal and say what is wrong with its first bad record, or ``None``.

    Finds a changed, missing, added or unreadable record, and a head that is not the last record.
    May run while others commit: it walks up to the head it found when it began.  Where the journal
    is known to have lost the records before number *begins*, that one's hash is taken as it is.
    """
    goal = reader.head()
    at = GENESIS
    if begins > 1:
        first = reader.tail(begins - 1, 1)
        if not first or first[0].seq != begins:
            return _bad(begins, "is missing")
        at = first[0].seq, first[0].hash
    while at[0] < goal[0]:
        try:
            records = reader.tail(at[0], min(page, goal[0] - at[0]))
        except Corrupt as unreadable:
            if page > 1:
                page = 1  # from here on record by record, to name the one that cannot be read
                continue
            return _bad(at[0] + 1, f"cannot be read: {unreadable.fault}")
        if not records:
            return _bad(at[0] + 1, "is missing")
        for record in records:
            if record.seq != at[0] + 1:
                return _bad(at[0] + 1, "is missing")
            if record.hash != chain(at[1], record.body):
                return _bad(record.seq, "does not match its hash")
            at = (record.seq, record.hash)
    if at != goal:
        fault = f"the head says {_said(goal)}, the journal ends with {_said(at)}"
        return Corrupt("head", fault, _RESTORE)
    return None


def _bad(seq: int, fault: str) -> Corrupt:
    return Corrupt(f"journal record {seq}", fault, _RESTORE, seq)


def _said(head: Head) -> str:
    return f"{head[0]}:{head[1].hex()}"


def _sentence(place: str, fault: str, fix: str) -> str:
    said = f"{place}: {fault}" if place else fault
    return f"{said} — {fix}" if fix else said
