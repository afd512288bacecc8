"""“From: … Sent: … To: … Subject: …” — the head of a message that stands in the text of another.

A customer may well write “From: London, To: Paris, Date: 3 May”.  So at least two fields are
needed, one of them of the sender, and either a subject, a word that only mail programs use, or an
address.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from omniroute_email.reading import phrases

MAX_LINES: Final = 30
MAX_BETWEEN: Final = 3  # lines in a row that continue a field
MAX_LABEL: Final = 40  # characters until the colon

_KINDS: Final = {
    label.casefold(): kind for kind, labels in phrases.FIELDS.items() for label in labels
}


def field(line: str) -> tuple[str, str]:
    """The kind of field that *line* is, such as ``from``, and its value; empty if it is none."""
    head = line[:MAX_LABEL]
    at = head.find(":")
    if at < 0:
        at = head.find("：")  # noqa: RUF001 - the full-width colon is meant
    if at < 0:
        return "", ""
    kind = _KINDS.get(head[:at].strip(" \t\xa0*_>|").casefold(), "")
    return (kind, line[at + 1 :].strip(" \t\xa0*_")) if kind else ("", "")


def height(lines: Sequence[str], number: int, *, announced: bool = False) -> int:
    """How many lines the head of a message takes from *number* on; 0 if none stands there.

    Where it was *announced* it may begin with any field.
    """
    kind, _ = field(lines[number])
    if not kind or not (announced or kind in ("from", "sent", "date")):
        return 0
    kinds, end, between, addressed = {kind}, number + 1, 0, "@" in lines[number][:1000]
    for at in range(number + 1, min(number + MAX_LINES, len(lines))):
        line = lines[at]
        found, _ = field(line)
        if found:
            kinds.add(found)
            end, between = at + 1, 0
            addressed = addressed or "@" in line[:1000]
            continue
        between += 1
        if between > MAX_BETWEEN or len(line) > 300:
            break
        if between == 1 and line.strip() and "@" in line:
            addressed = True
    return end - number if _is_head(kinds, addressed) else 0


def _is_head(kinds: set[str], addressed: bool) -> bool:
    if len(kinds) < 2 or not (
        kinds & {"from"} or {"sent", "to"} <= kinds or {"date", "to"} <= kinds
    ):
        return False
    return addressed or "subject" in kinds or "sent" in kinds


def values(lines: Sequence[str], number: int, taken: int) -> dict[str, str]:
    """The first value of each kind of field in a head of *taken* lines, continued ones joined."""
    found: dict[str, str] = {}
    current = ""
    for line in lines[number : number + taken]:
        kind, value = field(line)
        if kind:
            current = kind if kind not in found else ""
            if current:
                found[kind] = value
        elif current and line.strip():
            found[current] = f"{found[current]} {line.strip(' *_')}"
    return found
