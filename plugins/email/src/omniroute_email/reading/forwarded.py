"""A message passed on: who first wrote it, and what.

It stands in the text, below a line or a head that says so, or it is attached whole.  The sender it
names is what somebody wrote there: it vouches for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from omniroute_email.reading import bodies
from omniroute_email.reading.addresses import Mailbox
from omniroute_email.reading.headers import words
from omniroute_email.reading.mailboxes import mailboxes
from omniroute_email.reading.mime import Part, read_parts
from omniroute_email.reading.texts import Remarks, joined
from omniroute_email.reading.visible import dividers, fieldblock

MAX_LINES: Final = 3000  # in which a message passed on is looked for
MAX_ATTACHED: Final = 4 * 1024 * 1024  # bytes of an attached message that are read
MAX_SUBJECT: Final = 998
NEAR: Final = 8  # lines between the line that announces it and its head

_MAILTO = re.compile(r"[\[<(]\s*mailto:\s*([^\]>)\s]{3,320})\s*[\]>)]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The message that was passed on."""

    author: Mailbox
    subject: str
    text: str


def forwarded(text: str, subject: str, files: Sequence[Part]) -> Forwarded | None:
    """The message that *text* or one of *files* passes on, or none."""
    passes_on = dividers.is_forward_subject(subject)
    found = _inline(text, passes_on)
    if found is None and (passes_on or not text.strip()):
        found = _attached(files)
    return found


def _inline(text: str, passes_on: bool) -> Forwarded | None:
    lines = text.split("\n")
    announced = -1
    for at, line in enumerate(lines[:MAX_LINES]):
        bare = _unmarked(line)
        if dividers.is_forwarded(bare):
            announced = at
        elif passes_on or 0 <= announced < at <= announced + NEAR:
            found = _at(lines, at)
            if found is not None:
                return found
    return None


def _at(lines: Sequence[str], at: int) -> Forwarded | None:
    """The message whose head begins at a line, if one does and names its author."""
    if ":" not in lines[at][: fieldblock.MAX_LABEL + 10] and "：" not in lines[at][:50]:  # noqa: RUF001
        return None
    window = [_unmarked(line) for line in lines[at : at + fieldblock.MAX_LINES]]
    taken = fieldblock.height(window, 0, announced=True)
    values = fieldblock.values(window, 0, taken) if taken else {}
    if not values.get("from"):
        return None
    author = _author(values["from"])
    if author is None:
        return None
    rest = "\n".join(_unmarked(line) for line in lines[at + taken :])
    return Forwarded(author, values.get("subject", "")[:MAX_SUBJECT], rest.strip("\n").rstrip())


def _author(value: str) -> Mailbox | None:
    """“Kim <kim@x.example>”, “Kim [mailto:kim@x.example]”, “kim@x.example <mailto:…>”"""
    plain = _MAILTO.sub(
        lambda found: "" if "@" in value[: found.start()] else f"<{found[1]}>", value
    )
    return next(iter(mailboxes([plain])), None)


def _attached(files: Sequence[Part]) -> Forwarded | None:
    for part in files:
        if part.media_type not in ("message/rfc822", "message/global"):
            continue
        content, _ = part.content()
        root, _ = read_parts(content[:MAX_ATTACHED])
        authors = mailboxes(root.headers.all("from"))
        if authors:
            subject = words(root.headers.first("subject"), MAX_SUBJECT)
            return Forwarded(authors[0], subject, joined(bodies.sort(root).text, Remarks()))
    return None


def _unmarked(line: str) -> str:
    """A line without one mark of quotation, since some programs mark what they pass on."""
    return line[1:].removeprefix(" ") if line.startswith(">") else line
