"""A store that has lost records, made whole again from the archive, before anything is decided.

The store stands at an earlier record of the same journal, or holds nothing at all.  The records
that it lost are committed once more, as bytes, so it comes to the same head by the same hashes;
with them go the archive's rows.  That takes many commits where it is much; until the last one a row
says that the store is half made, and no node starts on it without the archive.

What an archive does not have is made of the records or goes without: the answers to inputs are
known as given, and cards are drawn anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from omniroute.core.effects import Present
from omniroute.runtime.loading import PAGE
from omniroute.runtime.record import decode, encode
from omniroute.runtime.rows import MARK, owed
from omniroute.runtime.writer import Answered
from omniroute.stores.api import Head, Reader, Record, Store, Unavailable
from omniroute.stores.archive import Behind, compare
from omniroute.stores.tiered import COLD, RELIES, TRIMMED, Trimmable, cold, marks

log = logging.getLogger(__name__)

RECORDS: Final = 10_000
"""That stay in a store that is made whole with the archive behind it."""


def refill(
    store: Store,
    archive: Reader,
    progress: Callable[[int, int], None] = lambda done, all: None,
    page: int = PAGE,
    *,
    behind: bool = False,
) -> int:
    """Give *store* the records that it lost; how many those were, and 0 where it lost none.

    With each commit go *page* rows, as far as there is a record for so many commits.  Where the
    archive stays *behind* the store, what it may keep alone stays there, but rows that are in the
    store as well.

    Raises `Forked` or `Gap` where it has other records than the archive, and what a commit raises.
    """
    reader = store.reader()
    try:
        at, goal = store.head(), archive.head()
        try:
            compare(reader, goal, archive)
            return 0
        except Behind as lost:
            log.warning("%s: it is made whole from there", lost)
        every = sum(map(len, _pages(archive, page)))
        gone = _gone(reader, archive)
        here = _here(reader) if behind else None
    finally:
        reader.close()
    first = max(at[0], archive.tail(0, 1)[0].seq - 1)  # it may begin later: see `surrender`
    commits, done = max(1, min(goal[0] - first, every // page + 1)), first
    rows = _pages(archive, page, here)
    left = marks(goal[0], goal[0]) if behind else {}
    for number in range(1, commits + 1):
        last = first + (goal[0] - first) * number // commits
        records = _records(archive, done, last)
        puts: dict[str, bytes | None] = {MARK: b"1", **left}
        for record in records:
            entry = decode(record.body)
            puts[f"d/{entry.input.key}"] = encode(Answered(record.seq, True, "ok", {}))
        puts.update(next(rows, {}))
        if number == commits:
            for more in rows:
                puts.update(more)
            puts |= {**dict.fromkeys(gone), MARK: None}
        at = _written(store, at, records, puts)
        done = at[0]
        if behind and isinstance(store, Trimmable) and at[0] > RECORDS:
            store.trim(at, {}, at[0] - RECORDS, left)
        progress(number, commits)
    log.warning("the store has %d records again", at[0])
    return at[0] - first


def _written(
    store: Store, at: Head, records: Sequence[Record], puts: Mapping[str, bytes | None]
) -> Head:
    if records[0].seq == at[0] + 1:
        return store.commit(at, [record.body for record in records], puts)
    if isinstance(store, Trimmable):
        return store.begin(records, puts)
    fault = f"begins at record {records[0].seq}, and this kind of store at the first"
    raise Unavailable("the archive", fault, "name the kind of store that it was filled from")


def _gone(reader: Reader, archive: Reader) -> list[str]:
    """Rows that the store still has and that were deleted by what it lost."""
    found: list[str] = []
    after = ""
    while page := reader.scan("", after, PAGE):
        keys = [key for key, row in page if not unarchived(key, row)]
        known = archive.get(keys) if keys else {}
        found += [key for key in keys if key not in known]
        after = page[-1][0]
    return found


def unarchived(key: str, row: bytes) -> bool:
    """Whether it may be there although no archive has it: an answer, a card, a note of ours."""
    if key.startswith("o/"):
        return isinstance(owed(row).effect, Present)
    return key.startswith("d/") or key in (TRIMMED, RELIES)


def _here(reader: Reader) -> set[str]:
    """Rows that may be in the archive alone, and are in the store as well."""
    found, after = set[str](), ""
    for kind in COLD:
        while page := reader.scan(kind, after if after.startswith(kind) else "", PAGE):
            found.update(key for key, _ in page)
            after = page[-1][0]
    return found


def _pages(
    archive: Reader, limit: int, here: Collection[str] | None = None
) -> Iterator[dict[str, bytes]]:
    after = ""
    while page := archive.scan("", after, limit):
        after = page[-1][0]
        yield {key: row for key, row in page if here is None or not cold(key) or key in here}


def _records(archive: Reader, after: int, last: int) -> list[Record]:
    found: list[Record] = []
    while after < last:
        found += archive.tail(after, min(PAGE, last - after))
        after = found[-1].seq
    return found
