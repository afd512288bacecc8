"""Copies the journal into the archive: each record once, with all that was written with it.

The core's rows are made here of the events, as `omniroute verify` makes them, so that they are
those of the record, however far the store has gone on; it takes a state of its own for that, of
open work alone.  Private rows are copied by the names that the record gives.  One that has changed
since is copied as it is by now: a later record names it again.  So an erased word never comes into
an archive that is behind, and leaves one that had it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from omniroute.core import events as e
from omniroute.core.effects import Present
from omniroute.core.engine import keys
from omniroute.core.evolve import evolve
from omniroute.core.inputs import AnyInput
from omniroute.core.state import State
from omniroute.runtime.loading import load
from omniroute.runtime.record import Entry, decode
from omniroute.runtime.rows import owed
from omniroute.runtime.sheets import Sheets
from omniroute.runtime.upgrading import OURS, ROW, signed
from omniroute.runtime.vocabulary import ROW as WORDS
from omniroute.runtime.vocabulary import check
from omniroute.stores.api import GENESIS, Corrupt, Head, Moved, Reader, Record, Unavailable, chain
from omniroute.stores.archive import Archive, Gap, compare
from omniroute.stores.tiered import TRIMMED, cold

BATCH: Final = 500
"""Records in one transaction."""

SIGNED: Final = signed()


class Archiver:
    """Fills *archive* from *source*; belongs to one thread."""

    def __init__(self, archive: Archive, source: Reader) -> None:
        """Raises `Corrupt` for an archive whose rows cannot be read."""
        self._archive, self._source = archive, source
        self._known = archive.asker()
        self._begin()

    def close(self) -> None:
        """Let go of what it reads by; archive and source are the caller's."""
        self._known.close()

    @property
    def at(self) -> Head:
        """The last record that the archive has."""
        return self._at

    def step(self, limit: int = BATCH) -> bool:
        """Copy at most *limit* records; whether there was something to copy.

        Raises `Behind`, `Forked` or `Gap` where the store's journal does not go on from the
        archive's, and `StoreError` where one of them is away: nothing has changed then.
        """
        records = self._source.tail(self._at[0], limit)
        if not records or not _follows(self._at, records[0]):
            compare(self._source, self._at, self._known)
            if records:
                raise Gap(records[0].seq, self._at)
            return False
        try:
            self._copy(records)
        except BaseException as error:
            self._state.rollback()
            if isinstance(error, Moved):  # somebody else has copied: go on from there
                self._begin()
                return True
            raise
        self._state.settle()
        self._state.index.forget()
        return True

    def _begin(self) -> None:
        self._at = self._archive.head()
        known = self._archive.get(list(SIGNED), self._at)
        if self._at != GENESIS and known.get(ROW) != SIGNED[ROW]:
            fault, fix = "another version has filled it", "`omniroute archive remake`"
            raise Unavailable("the archive", fault, fix)
        check(OURS, known.get(WORDS))
        self._signs = {key: row for key, row in SIGNED.items() if known.get(key) != row}
        self._state: State = load(self._archive)

    def _copy(self, records: Sequence[Record]) -> None:
        sheets, wanted = Sheets(), dict[str, None]()
        for record in records:
            entry = self._evolve(record)
            sheets.entry(record.seq, entry, self._state.threads)
            wanted |= dict.fromkeys(entry.rows or self._likely(entry))
            wanted |= dict.fromkeys(f"o/{effect}" for effect in entry.ef)
        rows = {**self._private(list(wanted)), **self._state.changed(), **self._signs}
        sheets.rows(rows)
        bodies = [record.body for record in records]
        self._at = self._archive.append(self._at, bodies, rows, sheets.changes)
        self._signs = {}

    def _private(self, wanted: Sequence[str]) -> dict[str, bytes | None]:
        """The private rows as the store has them; None where it has none, or says that it is gone.

        What the store has let go of, it says nothing of: that is as the archive has it.
        """
        found = self._source.get([*wanted, TRIMMED])
        trimmed = found.pop(TRIMMED, None) is not None
        rows: dict[str, bytes | None] = {
            key: found.get(key) or None
            for key in wanted
            if key in found or not (trimmed and cold(key))
        }
        for key, row in found.items():
            if key.startswith("o/") and isinstance(owed(row).effect, Present):
                rows[key] = None  # a card: an agent's desk draws it anew
        return rows

    def _likely(self, entry: Entry) -> list[str]:
        """Private rows of a record that names none: written before records did, or there are none.

        What only a platform's id leads to (``e/``, ``w/``) is not found.
        """
        found: list[str] = []
        for event in entry.ev:
            for kind, name in (("b/", "message"), ("p/", "handle"), ("b/", "note")):
                if value := getattr(event, name, ""):
                    found.append(kind + (value if isinstance(value, str) else value.id))
            match event:
                case e.ReplyHeld(held=held):
                    found += [f"b/{held.message}", f"p/{held.handle}"]
                case e.ReplySent(effect=effect) | e.ReplyFailed(effect=effect):
                    found += [f"{kind}/{effect}" for kind in "osx"]
                case e.CustomerErased(handles=handles, messages=messages):
                    found += [f"p/{handle}" for handle in handles]
                    found += [f"b/{message}" for message in messages]
                case e.HandleShared(handle=handle):
                    found.append(f"y/{handle}")
                case e.RulesActivated() | e.TrialBegan() | e.TrialEnded():
                    found += [key for kind in ("r/", "v/") for key, _ in self._source.scan(kind)]
        return found

    def _evolve(self, record: Record) -> Entry:
        try:
            entry = decode(record.body)
            self._absorb(entry.input)
            for event in entry.ev:
                evolve(self._state, event, entry.at)
            return entry
        except (msgspec.DecodeError, LookupError, ValueError, AssertionError) as error:
            fault = f"cannot be folded: {type(error).__name__}: {error}"
            raise Corrupt(f"journal record {record.seq}", fault, "", record.seq) from error

    def _absorb(self, input: AnyInput) -> None:
        """Take in the cold rows that an input names, as the writer did."""
        while missing := keys(self._state, input):
            rows: Mapping[str, bytes] = self._archive.get(missing, self._at)
            for key in missing:
                if not self._state.knows(key):
                    self._state.absorb(key, rows.get(key))


def _follows(at: Head, record: Record) -> bool:
    """Whether *record* is the next after the head *at*."""
    return record.seq == at[0] + 1 and record.hash == chain(at[1], record.body)
