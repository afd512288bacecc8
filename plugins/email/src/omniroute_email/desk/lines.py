"""Lines of a thread, as a mail shows them and the book keeps them."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from typing import Final

from omniroute import Door, File, Line, Refused

log = logging.getLogger("omniroute.email")

MOST_ATTACHED: Final = 10 * 1024 * 1024  # bytes that go with one mail; mailboxes refuse more


def is_said(line: Line) -> bool:
    """Whether a line was said, to the customer, by them, or among colleagues."""
    return line.kind != "event" and line.state not in ("withdrawn", "held")


def is_new(line: Line, agent: str, known: str | None) -> bool:
    """Whether *agent* has not been sent a line, or not as it is now."""
    match line.kind:
        case "customer":
            return known is None or known != state_of(line)
        case "note":
            return known is None and line.agent != agent
        case "reply" | "automatic":
            return known is None and line.agent != agent and line.state in ("sending", "sent")
    return False


def has_failed(line: Line, agent: str, known: str | None) -> bool:
    """Whether an answer of *agent*'s was not delivered, and they do not know."""
    mine = line.kind == "reply" and line.agent == agent
    return mine and line.state == "failed" and known != "failed"


def state_of(line: Line) -> str:
    """What of a line may change."""
    if line.kind == "customer":
        return short(line.text) if line.edited else ""
    return line.state


def words_of(line: Line) -> str:
    """A line by itself: who said it stands elsewhere."""
    files = "".join(f"\n📎 {file.name}" for file in line.files)
    edited = "(edited) " if line.edited else ""
    return f"{edited}{line.text}{files}".strip()


async def attached(door: Door, lines: Sequence[Line]) -> Sequence[File]:
    """The files of lines, as many as a mail holds; the others are named in their text anyway."""
    found: list[File] = []
    size = 0
    for kept in (file for line in lines for file in line.files):
        if size + kept.size > MOST_ATTACHED:
            continue
        try:
            found.append(await door.file("", kept))
        except Refused:
            log.warning("a file of a line is gone")
        else:
            size += kept.size
    return found


def short(text: str) -> str:
    """A few characters that stand for a text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
