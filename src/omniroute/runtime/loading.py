"""From the store's rows to the core's state, and from the journal's events to the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from omniroute.core.evolve import evolve
from omniroute.core.state import State
from omniroute.runtime.record import Entry, decode, strange
from omniroute.stores.api import Corrupt, Reader, Record, Store
from omniroute.stores.tiered import beginning

PAGE = 1000
CORE_ROWS = ("h/", "c/", "t/", "tc/", "a/", "n/")


def load(store: Store) -> State:
    """The state at the store's head: all open work and all agents; the rest stays cold.

    Raises `Corrupt` naming the row that cannot be read.
    """
    state = State()
    head = store.head()
    for prefix in State.PREFIXES:
        after = ""
        while rows := store.scan(prefix, after, PAGE, head):
            for key, row in rows:
                _absorb(state, key, row)
            after = rows[-1][0]
    return state


def _absorb(state: State, key: str, row: bytes) -> None:
    try:
        state.absorb(key, row)
    except msgspec.DecodeError as error:
        fix = "`omniroute verify` says what else is damaged; then restore the last good copy"
        raise Corrupt(f"row {key}", f"cannot be read: {error}", fix) from error


def every(reader: Reader, prefix: str) -> Iterator[tuple[str, bytes]]:
    """All rows whose keys begin with *prefix*, a page at a time."""
    after = ""
    while rows := reader.scan(prefix, after, PAGE):
        yield from rows
        after = rows[-1][0]


def fold(
    reader: Reader,
    progress: Callable[[int, int], None] = lambda done, all: None,
    *,
    last: int | None = None,
    on_entry: Callable[[int, Entry], None] = lambda seq, entry: None,
) -> State:
    """The state that the journal's events alone give, nothing let go.

    With *last*, only up to that record.  *on_entry* is shown each.  Raises `Corrupt` naming the
    record that cannot be folded, and where the beginning of the journal is lost for good.
    """
    if (begins := beginning(reader)).record > 1:
        raise Corrupt("the journal", f"cannot be folded: {begins}")
    state, after = State(), 0
    last = reader.head()[0] if last is None else last
    while after < last and (records := reader.tail(after, min(PAGE, last - after))):
        for record in records:
            on_entry(record.seq, _evolve(state, record))
        after = records[-1].seq
        progress(after, last)
    return state


def _evolve(state: State, record: Record) -> Entry:
    try:
        entry = decode(record.body)
        for event in entry.ev:
            evolve(state, event, entry.at)
        return entry
    except Exception as error:
        fault, fix = f"cannot be folded: {type(error).__name__}: {error}", ""
        if isinstance(error, msgspec.ValidationError) and (kinds := strange(record.body)):
            fault = f"holds {', '.join(kinds)}, which this version does not know"
            fix = "read it with the version that wrote it, or a newer one"
        raise Corrupt(f"journal record {record.seq}", fault, fix, record.seq) from error


def differences(reader: Reader, state: State, limit: int = 20) -> list[Corrupt]:
    """Where the rows of the store are not what the journal's events make of them."""
    folded = {key: row for key, row in state.changed().items() if row is not None}
    found: list[Corrupt] = []
    for prefix in CORE_ROWS:
        after = ""
        while rows := reader.scan(prefix, after, PAGE):
            for key, row in rows:
                expected = folded.pop(key, None)
                if expected is None:
                    found.append(Corrupt(f"row {key}", "is there, and the journal knows it not"))
                elif expected != row:
                    found.append(Corrupt(f"row {key}", "differs from what the journal makes of it"))
                if len(found) >= limit:
                    return found
            after = rows[-1][0]
    found += [Corrupt(f"row {key}", "is missing") for key in list(folded)[: limit - len(found)]]
    return found
