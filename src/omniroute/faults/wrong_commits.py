"""Mutants of deciding and committing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from omniroute.errors import StoreError
from omniroute.faults.life import Ways
from omniroute.faults.mutant import Mutant
from omniroute.faults.stepping import SteppedInbox
from omniroute.faults.store import FaultyStore
from omniroute.runtime.inbox import Work
from omniroute.runtime.node import Node
from omniroute.runtime.record import decode, encode
from omniroute.runtime.writer import Answered
from omniroute.stores.api import Head, InDoubt, Moved

Puts = Mapping[str, bytes | None]
YES: Final = Answered(0, True, "ok")


class _NoDeletes(FaultyStore):
    def commit(self, at: Head, records: Sequence[bytes], puts: Puts) -> Head:
        kept = {key: row for key, row in puts.items() if row is not None}
        return super().commit(at, records, kept)


class _NoAnswers(FaultyStore):
    def commit(self, at: Head, records: Sequence[bytes], puts: Puts) -> Head:
        kept = {key: row for key, row in puts.items() if not key.startswith("d/")}
        return super().commit(at, records, kept)


class _NoWords(FaultyStore):
    def commit(self, at: Head, records: Sequence[bytes], puts: Puts) -> Head:
        kept = {key: row for key, row in puts.items() if not key.startswith("b/")}
        return super().commit(at, records, kept)


class _NoDebts(FaultyStore):
    def commit(self, at: Head, records: Sequence[bytes], puts: Puts) -> Head:
        kept = {key: row for key, row in puts.items() if not key.startswith("o/") or row is None}
        return super().commit(at, records, kept)


class _LosesLast(FaultyStore):
    def commit(self, at: Head, records: Sequence[bytes], puts: Puts) -> Head:
        return super().commit(at, records[:-1] if len(records) > 1 else records, puts)


class _ShortRecords(FaultyStore):
    def commit(self, at: Head, records: Sequence[bytes], puts: Puts) -> Head:
        return super().commit(at, [_shorter(record) for record in records], puts)


def _shorter(record: bytes) -> bytes:
    entry = decode(record)
    if len(entry.ev) < 2:
        return record
    return encode(type(entry)(entry.v, entry.at, entry.input, entry.ev[:-1], entry.why))


class _CommitsAgain(FaultyStore):
    def commit(self, at: Head, records: Sequence[bytes], puts: Puts) -> Head:
        try:
            return super().commit(at, records, puts)
        except InDoubt:
            return super().commit(self._inner.head(), records, puts)


class _BelievesInDoubt(FaultyStore):
    def commit(self, at: Head, records: Sequence[bytes], puts: Puts) -> Head:
        try:
            return super().commit(at, records, puts)
        except InDoubt:
            return at


class _Remembers(FaultyStore):
    """A row read once is never read again."""

    _read: dict[str, bytes]

    def get(self, keys: Sequence[str], at: Head) -> dict[str, bytes]:
        self._read = getattr(self, "_read", {})
        unread = [key for key in keys if key not in self._read]
        self._read.update(super().get(unread, at) if unread else {})
        return {key: self._read[key] for key in keys if key in self._read}


class _ForgetsCold(FaultyStore):
    def get(self, keys: Sequence[str], at: Head) -> dict[str, bytes]:
        cold = ("h/", "c/")
        return {k: row for k, row in super().get(keys, at).items() if not k.startswith(cold)}


class _FailureIsYes(SteppedInbox):
    def _tell(self, works: Sequence[Work], error: Exception) -> None:
        for work in works:
            if work.done is not None:
                work.done(YES if isinstance(error, StoreError) else error)


class _TellsTooSoon(SteppedInbox):
    def _decide(self, works: Sequence[Work]) -> bool:
        for work in works:
            if work.done is not None:
                work.done(YES)
            work.done = None
        return super()._decide(works)


class _Stubborn(SteppedInbox):
    """Takes over whatever head there is, and keeps its state."""

    def _fail(self, works: Sequence[Work], error: StoreError) -> None:
        self.failures += 1
        if isinstance(error, InDoubt | Moved):
            self._writer._head = self._writer._store.head()
        self._tell(works, error)


class _LosesFailures(SteppedInbox):
    def _tell(self, works: Sequence[Work], error: Exception) -> None: ...


class _SkipsUndo(SteppedInbox):
    """Says that an answer was taken back, and takes nothing back."""

    def put(self, work: Work) -> None:
        make = work.make
        if "ReplyUndone" in type(make(0)).__name__:
            if work.done is not None:
                work.done(YES)
            return
        super().put(work)


def _never_settled(node: Node) -> None:
    node.state.settle = lambda: None  # type: ignore[method-assign]


def _half_back(node: Node) -> None:
    """Of what failed to commit, the threads stay."""
    node.state._put_back_thread = lambda current, old: None  # type: ignore[method-assign]


def _loads_stay(node: Node) -> None:
    load = node.state._load
    node.state._load = lambda thread, burden, by: (  # type: ignore[method-assign]
        load(thread, burden, by) if by > 0 else None
    )


COMMITS: Final[Mapping[str, Mutant]] = {
    "nodelete": Mutant("rows that should go stay", Ways(_NoDeletes)),
    "noanswer": Mutant("what an input was answered is not kept", Ways(_NoAnswers)),
    "nowords": Mutant("what was said is not written with its decision", Ways(_NoWords)),
    "nodebts": Mutant("what is owed is not written with its decision", Ways(_NoDebts)),
    "loseslast": Mutant("of several records the last is not written", Ways(_LosesLast)),
    "shortrecord": Mutant("a record lacks its last event", Ways(_ShortRecords)),
    "commitsagain": Mutant("a commit in doubt is simply made again", Ways(_CommitsAgain)),
    "doubtisno": Mutant("a commit in doubt is taken for none", Ways(_BelievesInDoubt)),
    "remembers": Mutant("a row that was read is believed for ever", Ways(_Remembers)),
    "forgetscold": Mutant("who has no open thread is not known again", Ways(_ForgetsCold)),
    "failureisyes": Mutant("a commit that failed is told as done", Ways(inbox=_FailureIsYes)),
    "tellstoosoon": Mutant("callers are told before the commit", Ways(inbox=_TellsTooSoon)),
    "stubborn": Mutant("in doubt it goes on from whatever head there is", Ways(inbox=_Stubborn)),
    "mute": Mutant("nobody is told that a commit failed", Ways(inbox=_LosesFailures)),
    "skipsundo": Mutant("an undo is confirmed and not decided", Ways(inbox=_SkipsUndo)),
    "nosettle": Mutant("a commit does not end its round", Ways(changed=_never_settled)),
    "halfback": Mutant("a failed round is taken back in part", Ways(changed=_half_back)),
    "loadsstay": Mutant("what an agent gave away still weighs", Ways(changed=_loads_stay)),
}
