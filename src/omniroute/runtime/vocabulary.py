"""In which words a store is written, so that a program that does not know them all keeps away.

Whoever writes decides; everybody else folds what was decided.  So two versions on one store come to
the same as long as each understands what the other has written.  An event of an unknown kind could
not be folded, and a field that is not known would be passed over in silence, which is worse: the
newest writer leaves a list of its kinds and their fields in the store, and whoever lacks one of
them does not begin to write (F36).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from itertools import chain
from typing import Final, TypeAlias

import msgspec

from omniroute.core.model import Agent, Customer, Handle, Thread
from omniroute.runtime.record import Entry
from omniroute.runtime.rows import Body, Failure, Owed, Reached, RulesAct, Sent, Writers
from omniroute.stores.api import Unavailable

Kinds: TypeAlias = Mapping[str, tuple[str, ...]]
Standing: TypeAlias = tuple[int, int, str]
"""Of a version among others: the form of its rows, how many words it has, and a mark of them.

Words are added and never taken away, so of two versions the newer one's is greater.
"""

ROW: Final = "u/words"
NAMED: Final = 3  # words that a refusal names
FIX: Final = "run that version here, too, or another that is as new"


class Words(msgspec.Struct, frozen=True):
    """What a version writes, kinds with their fields."""

    version: str  # of the program
    form: int  # of the core's rows; of an earlier form they are made anew
    journal: Kinds
    rows: Kinds
    beside: Kinds = {}  # rows that are never made anew

    @property
    def standing(self) -> Standing:
        """By which another node knows whether we know as much as it does."""
        every = [*chain(self.journal.items(), self.rows.items(), self.beside.items())]
        mark = hashlib.blake2b(msgspec.json.encode(every), digest_size=4).hexdigest()
        return self.form, sum(1 + len(fields) for _, fields in every), mark

    def lacks(self, theirs: Words) -> list[str]:
        """What we do not know of their words: `OfferMade`, or `OfferMade.until`."""
        lacking = _unknown(self.journal, theirs.journal) + _unknown(self.beside, theirs.beside)
        if theirs.form > self.form:
            return [*lacking, f"rows of form {theirs.form}"]
        return lacking + (_unknown(self.rows, theirs.rows) if theirs.form == self.form else [])


def words_of(version: str, form: int) -> Words:
    """Those of this program."""
    rows = _kinds(Handle, Customer, Thread, Agent, Owed)
    beside = _kinds(Body, Failure, Reached, RulesAct, Sent, Writers)
    return Words(version, form, _kinds(Entry), rows, beside)


def check(ours: Words, row: bytes | None) -> bool:
    """Whether the store has all our words; *row* is what the newest writer left there.

    Raises `Unavailable` where we do not know all of theirs.
    """
    if row is None:
        return False
    theirs = msgspec.json.decode(row, type=Words)
    if lacking := ours.lacks(theirs):
        named = ", ".join(lacking[:NAMED]) + (" and others" if len(lacking) > NAMED else "")
        fault = f"OmniRoute {theirs.version} has written it, and {ours.version} does not know"
        raise Unavailable("store", f"{fault} {named}", FIX)
    return not theirs.lacks(ours)


@cache
def _kinds(*of: type) -> Kinds:
    """Every struct that may stand in *of*, with the names of its fields."""
    _, components = msgspec.json.schema_components(of)
    found: dict[str, set[str]] = {}
    for name, schema in components.items():
        if properties := schema.get("properties"):
            found.setdefault(name.rpartition(".")[2], set()).update(properties)
    return {name: tuple(sorted(fields)) for name, fields in sorted(found.items())}


def _unknown(known: Kinds, used: Kinds) -> list[str]:
    found: list[str] = []
    for kind, fields in used.items():
        if kind not in known:
            found.append(kind)
        else:
            found += [f"{kind}.{field}" for field in fields if field not in known[kind]]
    return found
