"""What an author newly wrote: `cut` takes quotations and the signature away and keeps them.

To lose a word of the author's is worse than to show a quoted one again.  So lines are cut only
where a known mark stands, never so that nothing is left, and all that was cut is handed back.  One
pass over the lines; every look at a line is at a bounded number of its characters.

The marks, in the order in which they are looked for: a line that asks to write above it; a
message passed on (which the author wants to be read: nothing below it is cut); the head of the
message answered; “Ana wrote:”; lines that begin with “>”.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Final

from omniroute_email.reading.visible import attribution, dividers, fieldblock, signature

MAX_LINES: Final = 2_000  # that are looked at; what follows is as the last of them
MAX_INDENT: Final = 3  # before a mark of quotation
WRAPPED_FROM: Final = 65  # characters of a line that a mail program may have broken
NO_TAIL: Final = 40  # characters that such a broken-off tail does not reach

# An address that a mail program has put behind a linked word; people write theirs without brackets.
_LINK = re.compile(r"\s{0,9}[(<]https?://[^\s()<>]{1,1000}[)>][\s>]{0,9}")


@dataclass(frozen=True, slots=True)
class Visible:
    """A body, taken apart.

    *cut* is all that is not in *reply*: quotation and signature, or, where answers stand amid a
    quotation, the whole body, since they are understood only there.
    """

    reply: str
    quoted: str = ""
    signature: str = ""
    cut: str = ""


class _Is(IntEnum):
    NEW = 0
    QUOTED = 1
    SIGNATURE = 2
    PASSED_ON = 3  # of a message passed on: shown, and not searched for a signature


def cut(text: str, *, author: str = "", passes_on: bool = False) -> Visible:
    """Take *text* apart.

    *author* is the name of its author, if known.  *passes_on* says that the subject calls it a
    message passed on; then the head of a message does not begin a quotation.
    """
    lines = text.split("\n")
    body = _Body(lines[:MAX_LINES])
    body.look(passes_on)
    body.sign(author)
    labels = body.labels
    if len(lines) > MAX_LINES:
        labels += [labels[-1]] * (len(lines) - MAX_LINES)
        body.lines += lines[MAX_LINES:]
    return _taken_apart(text, body.lines, labels)


class _Body:
    """Lines, and what each of them is."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.labels = [_Is.NEW] * len(lines)
        self._marked = [_is_marked(line) for line in lines]
        self._blank = [not line or line.isspace() for line in lines]
        self._said = False  # something of the author's stands above

    # --- quotations -------------------------------------------------------------------------------

    def look(self, passes_on: bool) -> None:
        """Label quotations."""
        at, attributed = 0, False
        asked = dividers.says_reply_above("\n".join(self.lines))  # or no line has to be looked at
        while at < len(self.lines):
            if self._blank[at] or self._marked[at]:
                at += 1
            elif asked and self._said and dividers.is_reply_above(self.lines[at]):
                return self._rest(at)
            elif self._passed_on(at, passes_on):
                self.labels[at:] = [_Is.PASSED_ON] * (len(self.lines) - at)
                break
            elif self._said and self._head(at):
                return self._rest(at)
            elif taken := self._attribution(at):
                if taken < 0:
                    return self._rest(at)
                self._quote(at, at + taken)
                at, attributed = at + taken, True
            else:
                self._said = True
                at += max(1, fieldblock.height(self.lines, at))
        self._marks(attributed)
        return None

    def _passed_on(self, at: int, passes_on: bool) -> bool:
        line = self.lines[at]
        if dividers.is_forwarded(line):
            return True
        return passes_on and self._head(at)

    def _head(self, at: int) -> bool:
        """Whether the head of another message begins here, or a line that announces one."""
        line = self.lines[at]
        return dividers.is_original(line) or fieldblock.height(self.lines, at) > 0

    def _attribution(self, at: int) -> int:
        """Lines of “Ana wrote:”, 0 for none; negative if all that follows is quoted."""
        begins = attribution.inline(self.lines[at])
        if begins >= 0 and self._next_is_marked(at + 1):
            self._split(at, begins)
            self._said = True
            return 0
        taken, sure = attribution.height(self.lines, at)
        if not taken:
            return 0
        if self._next_is_marked(at + taken):
            return taken
        return -1 if sure == attribution.STRONG and self._said else 0

    def _next_is_marked(self, at: int) -> bool:
        while at < len(self.lines) and self._blank[at]:
            at += 1
        return at < len(self.lines) and self._marked[at]

    def _split(self, at: int, begins: int) -> None:
        """Give the end of a line a line of its own."""
        line = self.lines[at]
        self.lines[at : at + 1] = [line[:begins].rstrip(), line[begins:].lstrip("- ")]
        for of_lines, value in ((self._marked, False), (self._blank, False)):
            of_lines.insert(at, value)
        self.labels.insert(at, _Is.NEW)

    def _quote(self, start: int, end: int) -> None:
        self.labels[start:end] = [_Is.QUOTED] * (end - start)

    def _rest(self, at: int) -> None:
        """Everything from *at* on is quoted, and so is a rule drawn above it."""
        before = at
        while before > 0 and (self._blank[before - 1] or dividers.is_rule(self.lines[before - 1])):
            before -= 1
        self._marks(attributed=True)
        self._quote(before, len(self.lines))

    def _marks(self, attributed: bool) -> None:
        """Label lines that begin with “>”; one alone may be anything."""
        marked = [at for at, is_marked in enumerate(self._marked) if is_marked]
        if len(marked) < 2 and not attributed:
            return
        for at in marked:
            if self.labels[at] is _Is.NEW:
                self.labels[at] = _Is.QUOTED
        for at, after in pairwise(marked):
            if 2 <= after - at <= 3 and self._is_broken_off(at, after):
                self._quote(at + 1, after)

    def _is_broken_off(self, at: int, after: int) -> bool:
        """Whether the lines between two marked ones are the tail of the first, badly wrapped."""
        if any(self._blank[at + 1 : after]):
            return False
        line, tail = self.lines[at][:2000], " ".join(self.lines[at + 1 : after])
        if _LINK.fullmatch(tail):
            return True
        if line.count("(") > line.count(")") or line.rfind("<") > line.rfind(">", 1):
            return len(tail) < 300 and (")" in tail or ">" in tail or " " not in tail)
        return len(line) >= WRAPPED_FROM and len(tail) < NO_TAIL and not tail[:1].isupper()

    # --- the signature ----------------------------------------------------------------------------

    def sign(self, author: str) -> None:
        """Label the signature: of the first and of the last stretch that the author wrote."""
        runs = self._runs()
        for first, last in dict.fromkeys([*runs[:1], *runs[-1:]]):
            whole = first != runs[0][0]
            begin = first + signature.start(self.lines[first:last], author, whole=whole)
            self.labels[begin:last] = [_Is.SIGNATURE] * (last - begin)

    def _runs(self) -> list[tuple[int, int]]:
        """Stretches of new lines that say something."""
        found: list[tuple[int, int]] = []
        at = 0
        while at < len(self.lines):
            start = at
            while at < len(self.lines) and self.labels[at] is _Is.NEW:
                at += 1
            if not all(self._blank[start:at]):
                found.append((start, at))
            at += 1
        return found


def _is_marked(line: str) -> bool:
    """Whether “>” begins the line, as mail programs mark what they quote."""
    if not line:
        return False
    bare = line.lstrip(" \t\xa0\ufeff") if line[0] != ">" else line
    if bare[:1] != ">" or len(line) - len(bare) > MAX_INDENT:
        return False
    return not bare[-200:].rstrip().endswith("<")  # “>>> here it is <<<”


def _taken_apart(text: str, lines: Sequence[str], labels: Sequence[_Is]) -> Visible:
    if _Is.QUOTED not in labels and _Is.SIGNATURE not in labels:
        return Visible(text)
    shown = (_Is.NEW, _Is.PASSED_ON)
    reply = _joined(lines, labels, shown)
    if not reply:
        return Visible(text)
    quoted = _joined(lines, labels, (_Is.QUOTED,))
    signature_ = _joined(lines, labels, (_Is.SIGNATURE,))
    if _is_interleaved(lines, labels):
        away = text.strip("\n")
    else:
        away = _joined(lines, labels, (_Is.QUOTED, _Is.SIGNATURE))
    return Visible(reply if quoted or signature_ else text, quoted, signature_, away)


def _joined(lines: Sequence[str], labels: Sequence[_Is], wanted: Sequence[_Is]) -> str:
    """The lines that are *wanted*; where others stood between them, an empty one."""
    kept: list[str] = []
    gap = False
    for line, label in zip(lines, labels, strict=True):
        if label in wanted:
            if gap and not line.strip() and not (kept and kept[-1].strip()):
                continue  # one empty line is enough where something is missing
            if gap and kept and kept[-1].strip() and line.strip():
                kept.append("")
            kept.append(line)
            gap = False
        else:
            gap = True
    return "\n".join(kept).strip("\n").rstrip()


def _is_interleaved(lines: Sequence[str], labels: Sequence[_Is]) -> bool:
    """Whether the author's words stand both above and below a quotation."""
    stretches, inside = 0, False
    for line, label in zip(lines, labels, strict=True):
        if label is _Is.QUOTED:
            inside = False
        elif label is not _Is.SIGNATURE and line.strip() and not inside:
            stretches, inside = stretches + 1, True
    return stretches > 1
