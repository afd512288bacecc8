"""An archive begun in the middle: the way on for a store whose archive is lost for good.

What the store has let go of is then nowhere else, and somebody has to say that the desk is to go on
without it.  The new archive takes the records that the store still has, from its first on, and its
rows as they are; a row in both says from then on where the journal begins.  The first record's hash
cannot be checked any more, for it stands on one that is gone; every later one is chained to it.

Of the tables, threads and handles are written as they are by now, and what was said as far as the
records name it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing

import msgspec

from omniroute.core.model import Handle, Thread
from omniroute.core.state import Counters
from omniroute.runtime.archiver import Archiver
from omniroute.runtime.loading import PAGE, every
from omniroute.runtime.record import decode, encode
from omniroute.runtime.refilling import unarchived
from omniroute.runtime.rows import MARK
from omniroute.runtime.sheets import Sheets
from omniroute.runtime.upgrading import ROW, signed
from omniroute.stores.api import Corrupt, Reader, Record, Unavailable
from omniroute.stores.archive import Archive, Asker, Behind, Forked, Gap, compare
from omniroute.stores.tiered import BEGINS, GONE, Beginning, Trimmable, cold, relied_on

_handle = msgspec.json.Decoder(Handle).decode
_thread = msgspec.json.Decoder(Thread).decode
_counters = msgspec.json.Decoder(Counters).decode


def serves(store: Reader, archive: Asker) -> bool:
    """Whether *archive* goes with *store*, so that nothing is to be given up.

    Raises `StoreError` where one of them is away: then nobody can say.
    """
    if (at := archive.head())[0] < relied_on(store):
        return False
    try:
        compare(store, at, archive)
    except (Forked, Gap):
        return False
    except Behind:
        pass  # it has more, which the next start puts back
    return True


def check_left(store: Reader) -> None:
    """Whether an archive can be begun with what *store* has.

    Raises `Corrupt` where it is not whole, `Unavailable` where another version has written it.
    """
    head, rows = store.head(), store.get([MARK, ROW])
    fix = "only a copy of the archive helps"
    if MARK in rows:
        raise Corrupt(f"row {MARK}", "the store was being made from the archive", fix)
    if [record[:2] for record in store.tail(head[0] - 1, 1)] != [head]:
        raise Corrupt(f"journal record {head[0]}", "the store has not even its last record", fix)
    if rows.get(ROW) != signed()[ROW]:
        fix = "do this with that version, and upgrade then"
        raise Unavailable("the store", "another version has written it", fix)


def give_up(store: Trimmable, archive: Archive, now: int) -> Beginning:
    """Fill *archive*, a fresh one, from what *store* still has; what is lost.

    Where the store has all records nothing of the journal is lost, and the archive is filled from
    them as any; what was said in closed threads is.  *now* is in ms.

    Raises what `check_left` does, and `Moved` where somebody works in the store: it may be tried
    again, with another fresh archive.
    """
    with closing(store.reader()) as reader, reader.snapshot() as still:
        check_left(still)
        rows, records = dict(every(still, "")), _records(still)
        lost = _lost(rows, records[0], now)
        if lost.record == 1:
            _fill(archive, still)
            return lost
        told = {BEGINS: encode(lost)}
        store.trim(still.head(), {}, 0, told)
        kept = {key: row for key, row in rows.items() if _goes(key, row)}
        sheets = _sheets(kept, records)
        archive.begin(records, {**kept, **told}, sheets.changes)
    return lost


def _records(reader: Reader) -> list[Record]:
    found = reader.tail(0, PAGE)
    while found and (more := reader.tail(found[-1].seq, PAGE)):
        found += more
    return found


def _lost(rows: Mapping[str, bytes], first: Record, now: int) -> Beginning:
    """Every thread has a number, and every one that is not here was closed."""
    numbers = _counters(rows["n/"]).next_thread - 1 if "n/" in rows else 0
    here = sum(1 for key, row in rows.items() if key.startswith(("t/", "tc/")) and row != GONE)
    since = min((_handle(row).since for key, row in rows.items() if key[:2] == "h/"), default=0)
    return Beginning(first.seq, decode(first.body).at, since, numbers - here, now)


def _goes(key: str, row: bytes) -> bool:
    return not unarchived(key, row) and not (cold(key) and row == GONE)


def _fill(archive: Archive, source: Reader) -> None:
    archiver = Archiver(archive, source)
    try:
        while archiver.step():
            pass
    finally:
        archiver.close()


def _sheets(rows: Mapping[str, bytes], records: Iterable[Record]) -> Sheets:
    """The tables: who and what there is, what the records say of it, and how it stands."""
    sheets = Sheets()
    threads = [_thread(row) for key, row in rows.items() if key.startswith(("t/", "tc/"))]
    sheets.known([_handle(row) for key, row in rows.items() if key.startswith("h/")], threads)
    for record in records:
        sheets.entry(record.seq, decode(record.body), {})
    sheets.rows(rows)
    return sheets
