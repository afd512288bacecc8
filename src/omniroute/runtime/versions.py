"""Rule sets that were live or on trial: their sources, and what was done with them, from the rows.

A version is the hash of what its files say, so the same files are the same version whenever and by
whomever they are brought.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from omniroute.core.rules import RuleSet
from omniroute.errors import ConfigErrors, Refused
from omniroute.rules.load import parse_rules
from omniroute.runtime.rows import RulesAct
from omniroute.stores.api import Reader

SHORTEST = 4
"""Letters of a version that may stand for the whole, where no other begins so."""

_act = msgspec.json.Decoder(RulesAct).decode


def acts(reader: Reader) -> list[RulesAct]:
    """Everything that was done, the oldest first."""
    return [_act(row) for _, row in _scan(reader, "v/")]


def kept(reader: Reader) -> list[str]:
    """Every version whose sources are there."""
    return [key.removeprefix("r/") for key, _ in _scan(reader, "r/")]


def sources(reader: Reader, version: str) -> bytes | None:
    """What a version's files say, or ``None`` where it is not kept."""
    row = f"r/{version}"
    return reader.get([row]).get(row)


def meant(reader: Reader, named: str) -> str:
    """The version that *named* is, or begins.  Raises `Refused`."""
    found = [version for version in kept(reader) if version.startswith(named)]
    if named in found:
        return named
    if len(named) < SHORTEST or not found:
        raise Refused("unknown_rules", f"There are no rules of version {named}.")
    if len(found) > 1:
        raise Refused("ambiguous_rules", f"{named} may be {' or '.join(found)}.")
    return found[0]


def before(done: Sequence[RulesAct], live: str) -> str:
    """The version that decided before *live* did; empty where none has."""
    last = last_deciding(done)
    if last is not None and last.version == live and last.replaced:
        return last.replaced
    deciding = [act.version for act in done if act.decides]
    while deciding and deciding[-1] == live:
        deciding.pop()
    return deciding[-1] if deciding else ""


def last_deciding(done: Sequence[RulesAct]) -> RulesAct | None:
    """What made the present rules decide."""
    return next((act for act in reversed(done) if act.decides), None)


def files_in(sources: bytes) -> Iterator[tuple[str, bytes]]:
    """The files in what `omniroute.rules.load.canonical` made of them."""
    while sources:
        head, _, rest = sources.partition(b"\n")
        name, _, size = head.removeprefix(b"--- ").rpartition(b" ")
        yield name.decode(), rest[: int(size)]
        sources = rest[int(size) :]


def kept_rules(reader: Reader, version: str) -> tuple[RuleSet, bytes]:
    """A version that is kept, with its sources.

    Raises `Refused` where it is not, or where this program can no longer read it.
    """
    found = sources(reader, version)
    if found is None:
        raise Refused("unknown_rules", f"There are no rules of version {version}.")
    try:
        return parse_rules(dict(files_in(found))), found
    except ConfigErrors as error:
        raise Refused("unreadable_rules", f"Version {version} cannot be read: {error}") from None


def _scan(reader: Reader, prefix: str) -> Iterator[tuple[str, bytes]]:
    after = ""
    while rows := reader.scan(prefix, after):
        yield from rows
        after = rows[-1][0]
