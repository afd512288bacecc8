"""Single bits of a desk's database, flipped one at a time as a bad disk does: is each found?

A flip is *found* if the database is refused or `omniroute verify` names a fault; it is *harmless*
if every row and every record reads as before: it fell into a byte that nobody reads, such as the
free part of a page.  Whatever else happens is a fault of ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from omniroute.bench.past import Past
from omniroute.errors import StoreError
from omniroute.runtime.verify import verify
from omniroute.stores.sqlite import SqliteReader, SqliteStore


@dataclass
class Flips:
    """What became of each; *missed* are the bits by their numbers."""

    found: int = 0
    harmless: int = 0
    missed: list[int] = field(default_factory=list)


def database(path: Path, closed: int = 100, left: int = 50) -> int:
    """A desk that has worked for a while, at *path*; how many bits it has."""
    with closing(SqliteStore(path)) as store:
        past = Past(store)
        for _ in (*past.close(closed), *past.wait(left)):
            pass
    return path.stat().st_size * 8


def flip(
    path: Path,
    bits: Iterable[int],
    move: Callable[[int], None] = lambda done: None,
) -> Flips:
    """Flip each of *bits* of the database at *path* alone; it is whole again at the end."""
    flips, whole = Flips(), _content(path)
    for done, bit in enumerate(bits, 1):
        _turn(path, bit)
        if _is_found(path):
            flips.found += 1
        elif _content(path) == whole:
            flips.harmless += 1
        else:
            flips.missed.append(bit)
        _turn(path, bit)
        move(done)
    return flips


def _turn(path: Path, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(bit // 8)
        (byte,) = file.read(1)
        file.seek(bit // 8)
        file.write(bytes([byte ^ 1 << bit % 8]))


def _is_found(path: Path) -> bool:
    try:
        return not verify(SqliteReader(path)).ok
    except StoreError:
        return True  # refused, which says so as well


def _content(path: Path) -> bytes:
    """A sum of all that anybody can read."""
    content = hashlib.sha256()
    with closing(SqliteReader(path)) as reader:
        seq, after = 0, ""
        while records := reader.tail(seq):
            content.update(repr(records).encode())
            seq = records[-1].seq
        while rows := reader.scan("", after):
            content.update(repr(rows).encode())
            after = rows[-1][0]
        content.update(repr(reader.head()).encode())
    return content.digest()
