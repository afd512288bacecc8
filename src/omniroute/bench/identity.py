"""Who is who, on lists of people with known duplicates: ``python -m omniroute.bench.identity DIR``.

*DIR* holds folders ``identity-*`` with ``cases.jsonl``: a line for each record, with its fields and
the person it is of.  What joins by itself is measured with the real core: each record is imported
with its number, a kind of address of which a person has one.  What is merely suggested is measured
by `likeness` on names, as for two customers.  Figures are pairs of records: of those joined (or
suggested), how many are one person's, and of those that are, how many were found.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import click
import msgspec

from omniroute.application.likeness import LEAST, Reach, likeness, name_key
from omniroute.core.engine import decide
from omniroute.core.inputs import PersonImported, Seen
from omniroute.core.state import State

NUMBER = "soc_sec_id"
AT = 1_772_442_900_000
MOST = 50  # records under one name that are compared with one another


class Case(msgspec.Struct, frozen=True):
    """A record and whose it is."""

    id: str
    record: dict[str, str]
    expected: dict[str, str]


class Figures(msgspec.Struct, frozen=True):
    """Pairs: found, right among them, and all there are."""

    found: int
    right: int
    pairs: int

    @property
    def precision(self) -> float:
        """Of the pairs found, the share that is one person's."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Of the pairs that are one person's, the share that was found."""
        return self.right / self.pairs if self.pairs else 1.0


def joined(cases: Sequence[Case]) -> Figures:
    """What comes of importing them: records with one number are one customer."""
    state = State()
    for number, case in enumerate(cases):
        handles = [Seen(f"record:{case.id}", "record")]
        if value := case.record.get(NUMBER):
            handles.append(Seen(f"{NUMBER}:{value}", NUMBER, unique=True))
        decide(state, PersonImported(f"k{number}", AT + number, tuple(handles)))
    customers = {case.id: state.handles[f"record:{case.id}"].customer for case in cases}
    return _figures(cases, _within(customers))


def suggested(cases: Sequence[Case]) -> Figures:
    """Whom a person would be asked about: equal full names, whatever their order."""
    names = {case.id: _name(case.record) for case in cases}
    found = set()
    for one, other in _within({id: name_key(name) for id, name in names.items() if name_key(name)}):
        score, _ = likeness(
            [Reach("record", one, names[one])], [Reach("record", other, names[other])]
        )
        if score >= LEAST:
            found.add((one, other))
    return _figures(cases, found)


def _name(record: Mapping[str, str]) -> str:
    return f"{record.get('given_name', '')} {record.get('surname', '')}".strip()


def _within(groups: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """The pairs of records in one group."""
    members: dict[str, list[str]] = defaultdict(list)
    for id, group in sorted(groups.items()):
        members[group].append(id)
    for ids in members.values():
        yield from combinations(ids[:MOST], 2)


def _figures(cases: Sequence[Case], pairs: Iterable[tuple[str, str]]) -> Figures:
    entity = {case.id: case.expected["entity"] for case in cases}
    found = set(pairs)
    right = sum(entity[one] == entity[other] for one, other in found)
    return Figures(len(found), right, sum(1 for _ in _within(entity)))


def main(folder: Path) -> None:
    """Print a line for each list."""
    decoder = msgspec.json.Decoder(Case)
    lists = sorted(folder.glob("identity-*/cases.jsonl"))
    if not lists:
        raise SystemExit(f"{folder}: holds no lists of people (identity-*/cases.jsonl)")
    for path in lists:
        lines = path.read_bytes().splitlines()
        cases = [decoder.decode(line) for line in lines if line]
        by_itself, asked = joined(cases), suggested(cases)
        click.echo(
            f"{path.parent.name}: {len(cases)} records, "
            f"joined precision {by_itself.precision:.1%} recall {by_itself.recall:.1%}, "
            f"suggested precision {asked.precision:.1%} recall {asked.recall:.1%}"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
