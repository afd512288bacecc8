"""A store of open work with the archive behind it: what has left the one is read from the other.

Rows of the `COLD` kinds and the first records may leave a store once the archive has them (`trim`).
Whoever reads does not notice: a row that the store lacks is asked of the archive, and so are the
records before the store's first.  Three rules make that exact:

- a row leaves only while the archive has it as the store does, and nobody has written it since;
- where a row of these kinds is deleted an empty one stays, until the archive has none either;
- what the archive says of a row counts only if the store still lacks it afterwards, and has let
  go of nothing newer meanwhile.

A row that comes back is written to the store as any other, and the archive's is not asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Final, NamedTuple, Protocol, runtime_checkable

import msgspec

from omniroute.stores.api import GENESIS, Corrupt, Head, Reader, Record, Store, Unavailable, chain

COLD: Final = ("b/", "s/", "tc/")
"""Kinds of rows that may be in the archive alone: what was said, what was sent, closed threads."""

GONE: Final = b""
"""The value of a row that was deleted and that the archive may still have."""

TRIMMED: Final = "u/trimmed"
"""The row that says up to which record the archive was when something last left for it."""

RELIES: Final = "u/relies"
"""The row that says up to which record an archive must be to go with this store.

With it stands the other row's number: what left without a word here asks for all of that.
"""

BEGINS: Final = "u/begins"
"""The row that says what is lost for good, where the journal no longer begins at its first record.

It says so in JSON, in the store and in the archive: see `Beginning`.
"""

TOUCHED: Final = 100_000
"""Rows written and not yet archived; of more it is known only that some were."""


@runtime_checkable
class Trimmable(Store, Protocol):
    """A store that can let go of what the archive has."""

    def trim(
        self, at: Head, rows: Mapping[str, bytes], through: int, puts: Mapping[str, bytes]
    ) -> int:
        """Drop those of *rows* that are as given, and records up to number *through*.

        How many rows went.  *puts* are written with that, and the head stays what it is; so does
        the last record.  Raises `Moved` if the head is not *at*: nothing has changed.
        """

    def begin(self, records: Sequence[Record], puts: Mapping[str, bytes | None]) -> Head:
        """As `commit` in a fresh store, of a journal whose beginning is lost: taken as they are.

        Raises `Moved` if it is not fresh.
        """


class Beginning(msgspec.Struct, frozen=True):
    """Where the journal begins, and what somebody said is lost before that."""

    record: int = 1  # the first that there is
    at: int = 0  # ms: when that was decided; all before it is lost
    since: int = 0  # ms: when the first customer known came, 0 if there is none: it began earlier
    threads: int = 0  # closed ones that are lost, with what was said in them
    accepted: int = 0  # ms: when somebody said so

    def __str__(self) -> str:
        return (
            f"the journal begins at record {self.record}: the {self.record - 1} before it are"
            f" lost, and with them {self.threads} closed threads"
        )


class Held(NamedTuple):
    """What the archive holds when its last record has the number *at*.

    *rows* as the store had them at that time (`GONE`: neither has any); records up to *through*,
    of which the last stays, so that it is seen that the archive follows.  All of it was so already
    when the archive's last record was number *since*: one that is set back to that has it, too.
    """

    at: int
    rows: Mapping[str, bytes]
    through: int = 0
    since: int | None = None  # as *at* where nobody can say


def cold(key: str) -> bool:
    """Whether the row may be in the archive alone."""
    return key.startswith(COLD)


class TieredReader:
    """A `Reader` of both; each call is answered from one head of the store."""

    def __init__(self, store: Reader, archive: Reader) -> None:
        """*store* is closed with it; *archive* is the caller's."""
        self._store, self._archive = store, archive

    @property
    def archived(self) -> int:
        """How many of the first records are the archive's: the store has let go of them."""
        return first_kept(self._store) - 1

    def head(self) -> Head:
        return self._store.head()

    def get(self, keys: Sequence[str]) -> dict[str, bytes]:
        return joined(keys, self._store.get, self._archive)

    def scan(self, prefix: str, after: str = "", limit: int = 1000) -> list[tuple[str, bytes]]:
        store = self._store
        return merged(prefix, after, limit, store.get, store.scan, self._archive)

    def tail(self, after: int, limit: int = 1000) -> list[Record]:
        return continued(after, limit, self._store.tail, self._archive)

    @contextmanager
    def snapshot(self) -> Iterator[TieredReader]:
        """As `Reader.snapshot`.  What is in the archive alone is as the archive has it just after.

        Of the core's rows that makes no difference: a thread that is closed does not change.
        """
        with self._store.snapshot() as still, self._archive.snapshot() as behind:
            yield TieredReader(still, behind)

    def damage(self) -> Iterator[Corrupt]:
        """Of both."""
        yield from self._store.damage()
        yield from self._archive.damage()

    def close(self) -> None:
        self._store.close()


class TieredStore:
    """A `Store` of both; owned by the writer's thread."""

    def __init__(self, store: Trimmable, archive: Reader, remembered: int = TOUCHED) -> None:
        """Both are closed with it; of so many rows at most it is *remembered* when they changed.

        Raises `Unavailable` if the store has let go of what this archive does not have.
        """
        self._store, self._archive = store, archive
        with closing(store.reader()) as reader:
            check_archive(reader, archive)
        self._since = store.head()[0]  # what was written up to there is not known here
        self._remembered = remembered
        self._touched: dict[str, int] = {}  # rows of the cold kinds: by which record, the latest

    def head(self) -> Head:
        return self._store.head()

    def get(self, keys: Sequence[str], at: Head) -> dict[str, bytes]:
        return joined(keys, lambda keys: self._store.get(keys, at), self._archive)

    def scan(self, prefix: str, after: str, limit: int, at: Head) -> list[tuple[str, bytes]]:
        def get(keys: Sequence[str]) -> dict[str, bytes]:
            return self._store.get(keys, at)

        def page(prefix: str, after: str, limit: int) -> list[tuple[str, bytes]]:
            return self._store.scan(prefix, after, limit, at)

        return merged(prefix, after, limit, get, page, self._archive)

    def tail(self, after: int, limit: int) -> list[Record]:
        return continued(after, limit, self._store.tail, self._archive)

    def commit(self, at: Head, records: Sequence[bytes], puts: Mapping[str, bytes | None]) -> Head:
        touched = dict.fromkeys(filter(cold, puts), at[0] + len(records))
        marks = {key: GONE for key in touched if puts[key] is None}
        to = self._store.commit(at, records, {**puts, **marks})
        self._touched |= touched
        if len(self._touched) > self._remembered:
            self._touched, self._since = {}, to[0]
        return to

    def trim(self, at: Head, held: Held) -> int:
        """Let go of what the archive holds; how many rows went.

        A row that was written after the archive's record stays; so does everything if this store
        was opened later than that.  Raises `Moved` if the head is not *at*.
        """
        if held.at < self._since:
            return 0
        self._touched = {key: seq for key, seq in self._touched.items() if seq > held.at}
        rows = {key: row for key, row in held.rows.items() if key not in self._touched}
        if not (rows or held.through):
            return 0
        puts = marks(held.at, held.at if held.since is None else held.since)
        return self._store.trim(at, rows, min(held.through, held.at - 1), puts)

    def reader(self) -> TieredReader:
        return TieredReader(self._store.reader(), self._archive)

    def close(self) -> None:
        self._store.close()
        self._archive.close()


def marks(at: int, since: int) -> dict[str, bytes]:
    """The rows of a store that has let go of something: see `TRIMMED` and `RELIES`."""
    return {TRIMMED: b"%d" % at, RELIES: b"%d %d" % (since, at)}


def relied_on(store: Reader) -> int:
    """Up to which record an archive must be to go with *store*; 0 if it has let go of nothing."""
    found = store.get([TRIMMED, RELIES])
    at = found.get(TRIMMED, b"0")
    since, _, of = found.get(RELIES, b"").partition(b" ")
    return int(since if of == at else at)


def joined(
    keys: Sequence[str], get: Callable[[Sequence[str]], dict[str, bytes]], archive: Reader
) -> dict[str, bytes]:
    """The rows of *keys*, of the store by *get*, or else of the archive."""
    asked = [*keys, TRIMMED]
    found = get(asked)
    while away := [key for key in keys if cold(key) and key not in found]:
        if not (old := archive.get(away)):
            break
        before, found = found, get(asked)
        if found.get(TRIMMED) == before.get(TRIMMED):
            found = {**old, **found}
            break
    if TRIMMED not in keys:
        found.pop(TRIMMED, None)
    return {key: row for key, row in found.items() if row != GONE or not cold(key)}


def merged(
    prefix: str,
    after: str,
    limit: int,
    get: Callable[[Sequence[str]], dict[str, bytes]],
    scan: Callable[[str, str, int], list[tuple[str, bytes]]],
    archive: Reader,
) -> list[tuple[str, bytes]]:
    """A page of rows, of the store by *get* and *scan*, and between them those of the archive."""
    if not any(kind.startswith(prefix) or prefix.startswith(kind) for kind in COLD):
        return scan(prefix, after, limit)
    while True:
        before, here = get([TRIMMED]), dict(scan(prefix, after, limit))
        old = dict(archive.scan(prefix, after, limit))
        now = dict(scan(prefix, after, limit)) if old.keys() - here.keys() else here
        if get([TRIMMED]) != before:
            continue
        ends = [max(page) for page in (now, old) if len(page) == limit]
        last = min(ends, default="")
        both = {key: row for key, row in old.items() if cold(key)} | now
        page = [(key, both[key]) for key in sorted(both) if not ends or key <= last]
        rows = [(key, row) for key, row in page if row != GONE or not cold(key)][:limit]
        if rows or not ends:
            return rows
        after = last


def continued(
    after: int, limit: int, tail: Callable[[int, int], list[Record]], archive: Reader
) -> list[Record]:
    """Records after number *after*, of the store by *tail*, and before them the archive's.

    Raises `Unavailable` where the archive lacks what should come between, or has another journal.
    """
    here = tail(after, limit)
    after = max(after, 0)
    if not here or here[0].seq == after + 1:
        return here
    first = here[0]
    old = archive.tail(after, min(limit, first.seq - 1 - after))
    ends = old[-1].seq == first.seq - 1 if old else False
    if not old or (ends and chain(old[-1].hash, first.body) != first.hash):
        fault = f"has not the records before {first.seq}, which the store has let go of"
        raise Unavailable("the archive", fault, "name the one that was filled, in store.archive")
    return [*old, *here][:limit] if ends else old


def check_archive(store: Reader, archive: Reader | None) -> None:
    """Whether *archive*, if there is one, has all that the store has let go of.

    Raises `Unavailable` if not.
    """
    least = relied_on(store)
    has = archive.head()[0] if archive is not None and least else 0
    if has < least:
        fault = f"closed threads of this store are in an archive of {least} records"
        fault += f", and this one has {has}" if archive is not None else ""
        fix = "name that archive there, or a copy; if it is lost for good, "
        raise Unavailable("store.archive", fault, fix + "`omniroute archive remake --accept-loss`")


def beginning(store: Reader) -> Beginning:
    """Where the journal begins; at its first record, unless somebody gave up what was before."""
    row = store.get([BEGINS]).get(BEGINS)
    return Beginning() if row is None else msgspec.json.decode(row, type=Beginning)


def first_kept(store: Store | Reader) -> int:
    """The number of the first record that the store itself has; 1 if it has all, or none."""
    first = store.tail(GENESIS[0], 1)
    return first[0].seq if first else 1
