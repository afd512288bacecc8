"""What a customer newly wrote, apart from what their mail program quoted below it.

To lose a word of the customer is worse than to show a quoted one again.  So a cut is made only
where a known mark stands, and never leaves nothing.  One pass over the lines; every test on a line
looks at a bounded number of characters.
"""

from __future__ import annotations

import re

MAX_ATTRIBUTION = 400  # characters, over at most three lines

_OPENING = re.compile(r"(?:On|Am|Le|El|Il|Em|Op|Den|Dne|W dniu|På)\b")
_CLOSING = re.compile(
    r"(?:wrote|schrieb(?: .{1,80})?|a écrit|écrit|escribió|ha scritto|escreveu|schreef(?: .{1,80})?"
    r"|napisał(?:\(a\)|a)?|skrev(?: .{1,80})?|napsal(?:\(a\)|a)?)\s?:$"
)
_DIVIDER = re.compile(
    r"-{2,20} ?(?:Original Message|Original message|Ursprüngliche Nachricht|Message d'origine"
    r"|Mensaje original|Messaggio originale|Mensagem original|Oorspronkelijk bericht) ?-{2,20}$"
)


def cut(text: str) -> tuple[str, str]:
    """The new text and the quoted rest; the rest is empty when nothing is surely quoted."""
    lines = text.split("\n")
    end = _mark(lines)
    new, rest = "\n".join(lines[:end]).rstrip(), "\n".join(lines[end:]).strip("\n")
    return (new, rest) if new.strip() and rest.strip() else (text, "")


def _mark(lines: list[str]) -> int:
    """The line at which the quoted text begins."""
    quoted = _quoted_below(lines)
    for number, line in enumerate(lines):
        if _is_divider(line):
            return number
        height = _attribution(lines, number)
        if height and quoted[number + height]:
            return number
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].startswith(">")):
        end -= 1
    return end


def _quoted_below(lines: list[str]) -> list[bool]:
    """For each line: nothing from it on is an answer, for all is marked “>” or nothing is."""
    verdicts, marked, plain = [True], False, False
    for line in reversed(lines):
        marked |= line.startswith(">")
        plain |= bool(line.strip()) and not line.startswith(">")
        verdicts.append(not (marked and plain))
    return verdicts[::-1]


def _is_divider(line: str) -> bool:
    return line.startswith("--") and len(line) < 120 and bool(_DIVIDER.match(line.strip()))


def _attribution(lines: list[str], number: int) -> int:
    """How many lines “On …, somebody wrote:” takes from *number* on; 0 if it stands not there."""
    if not _OPENING.match(lines[number]):
        return 0
    sentence = ""
    for height in range(1, 4):
        if number + height > len(lines) or len(lines[number + height - 1]) > MAX_ATTRIBUTION:
            return 0
        sentence = f"{sentence} {lines[number + height - 1].strip()}"
        if len(sentence) > MAX_ATTRIBUTION:
            return 0
        if _CLOSING.search(sentence):
            return height
    return 0
