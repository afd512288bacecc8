"""The context card: at most nine lines, the same on every desk, in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from omniroute.application import words
from omniroute.application.directory import Directory
from omniroute.application.pages import HandleView, Rating, ThreadRow
from omniroute.core.model import Step

MOST = 9
_EXCERPT = 90
_WHOLE = 240


@dataclass(frozen=True, slots=True)
class Facts:
    """What a card is made of."""

    row: ThreadRow
    topic: str
    replies: int
    wrote_at: int
    handles: Sequence[HandleView]
    before: Sequence[ThreadRow]  # the latest first
    note: tuple[str, str] | None  # agent and text
    step: Step
    why_you: str
    expected: str = ""  # how long it will probably wait, where it waits
    known: Sequence[str] = ()  # what was asked and promised
    rating: Rating | None = None  # how it was for them last
    maybe: str = ""  # who else the customer may be


def card(facts: Facts, directory: Directory, now: int) -> tuple[str, ...]:
    """The lines, without any for buttons."""
    row = facts.row
    lines = [_first(facts, now), _who(row, facts.handles)]
    if row.excerpt:
        when = words.moment(facts.wrote_at, now, directory.zone)
        said = words.one_line(row.excerpt, _EXCERPT)
        lines.append(f"“{said}”  {words.channel(row.channel)} {when}")
    rest = [_cut(line) for line in facts.known]
    if facts.note is not None:
        agent, text = facts.note
        rest.append(f"Note from {agent}  “{words.one_line(text, _EXCERPT)}”")
    if facts.rating is not None:
        rest.append(_rated(facts.rating, directory, now))
    if facts.step.tell:
        rest.append(f"Mind  {facts.step.tell}")
    rest.append(f"Why you  {facts.why_you}")
    if facts.maybe:
        lines.insert(2, _cut(f"Maybe  {facts.maybe}"))
    room = max(1, MOST - len(lines) - len(rest))
    lines += [f"Before  {_before(old, directory, now)}" for old in facts.before[: min(2, room)]]
    return tuple([*lines, *rest][:MOST])


def _rated(rating: Rating, directory: Directory, now: int) -> str:
    said = words.rated(rating.measure, rating.score)
    remark = f"  “{words.one_line(rating.remark, _EXCERPT)}”" if rating.remark else ""
    return f"Rated  {said} {words.day(rating.at, now, directory.zone)}{remark}"


def _cut(line: str) -> str:
    return line if len(line) <= _WHOLE else line[: _WHOLE - 1].rstrip() + "…"


def _first(facts: Facts, now: int) -> str:
    row = facts.row
    parts = [f"● {words.priority(row.priority).upper()}"]
    if facts.topic:
        parts.append(words.one_line(facts.topic, 40))
    if row.deadline:
        which = "next" if facts.replies else "first"
        left = row.deadline - now
        if left >= 0:
            parts.append(f"{which} reply due in {words.span(left)}")
        else:
            parts.append(f"{which} reply late by {words.span(-left)}")
    if facts.expected:
        parts.append(f"wait {facts.expected}")
    return "  ".join([*parts, f"#{row.id}"])


def _who(row: ThreadRow, handles: Sequence[HandleView]) -> str:
    """The name, every identity with its mark, then the tags."""
    identities = [_identity(handle, row.name) for handle in handles]
    named = any(handle.value == row.name for handle in handles)
    parts = [*([] if named else [row.name]), *identities, *row.tags]
    return words.one_line(" · ".join(parts), 240)


def _identity(handle: HandleView, name: str) -> str:
    """How the customer is reached, with ✓ only where somebody vouches for it."""
    mark = "✓" if handle.verified else "unverified"
    kind, value, display = words.channel(handle.kind), handle.value, handle.display
    if "@" in value[1:]:
        return f"{value} {mark}"  # an address that tells what it is
    if value == name:
        return f"{value} ({kind}) {mark}"
    if display == name or not (display or value):
        return f"{kind} {mark}"
    return f"{display or value} ({kind}) {mark}"


def _before(old: ThreadRow, directory: Directory, now: int) -> str:
    when = words.day(old.since, now, directory.zone)
    said = f" “{words.one_line(old.excerpt, 40)}”" if old.excerpt else ""
    how = f", solved by {old.agent_name}" if old.agent and old.phase != "assigned" else ""
    return f"{words.channel(old.channel)} {when}{said}{how}"
