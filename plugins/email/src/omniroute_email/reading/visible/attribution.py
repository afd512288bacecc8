"""“On Monday, Ana wrote:” — the sentence that mail programs put before what they quote.

It is known by what it consists of rather than by its wording: a verb of writing, a date, an
address, a colon at its end.  Not all are needed, but a sentence without a date is believed only if
quoted lines follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from omniroute_email.reading import phrases

MAX_LENGTH: Final = 400  # characters, of the whole sentence
MAX_LINES: Final = 6

NONE: Final = 0
WEAK: Final = 1  # is one if quoted lines follow
STRONG: Final = 2


def _any(words: Iterable[str]) -> str:
    """A pattern for any of *words*, the longest first."""
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda w: (-len(w), w)))


_VERB = re.compile(
    rf"(?<!\w)(?:{_any(phrases.WROTE)})(?!\w)|(?:さんは書きました|写道|寫道|작성|쓴 글)"
)
_RUN_ON = re.compile(r"\S(?:wrote|schrieb|a écrit|écrit|escribió)\s?:$")  # “<ana@x>wrote:”
_ON = re.compile(rf"(?:{_any(phrases.ON)})(?!\w)", re.IGNORECASE)
_MYSELF = re.compile(rf"(?<!\w)(?:{_any(phrases.MYSELF)})\s+$", re.IGNORECASE)
_DATE = re.compile(
    r"\d{1,2}[:.h]\d{2}(?!\d)|(?<!\d)(?:19|20)\d\d(?!\d)|\d{1,2}[./-]\d{1,2}(?:[./-]\d{2,4})?"
    r"|\d{1,2}(?:st|nd|rd|th)?[.,]? ?[^\W\d_]{3,9}|[^\W\d_]{3,9}\.? \d{1,2}(?!\d)|\d{1,2} ?[月日時]"
)
_CLOCK = re.compile(r"\d{1,2}[:.h]\d{2}|\d ?[時点點시]|\d ?[ap]\.?m\b", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>()\[\]]{1,100}@[^\s<>()\[\]]{1,100}")
_SENTENCE_ENDS = re.compile(r"[^\W\d_]{5,}[.!?]\s+[^\W\d_a-z]")
_CLOSED = (":", "：", "：")  # noqa: RUF001 - the full-width colon is meant
_INLINE = re.compile(
    r"(?:-{2,}\s?)?\b(?:On|Am|Le|El|Il|Em|Op|Den)\s(?:[^\W\d_]{2,10}[.,]?\s){0,3}\S{0,12}\d[^\n]{3,250}:\s*$"
)


def height(lines: Sequence[str], number: int) -> tuple[int, int]:
    """How many lines a sentence of this kind takes from *number* on, and how sure that is.

    Both are zero where none stands.
    """
    first = lines[number].strip(" \t\xa0\ufeff")
    if len(first) > MAX_LENGTH or not first:
        return 0, NONE
    opens = _opens(first)
    sentence = ""
    best = (0, NONE)
    for taken in range(1, (MAX_LINES if opens else 1) + 1):
        if number + taken > len(lines):
            break
        line = lines[number + taken - 1].strip(" \t\xa0\ufeff")
        if not line and _goes_on(lines, number + taken, sentence):
            continue
        inside = sentence.count("<") > sentence.count(">")  # of an address that takes lines
        if not line or (line[0] == ">" and not inside) or len(sentence) + len(line) > MAX_LENGTH:
            break
        sentence = f"{sentence} {line}" if sentence else line
        sure = _sureness(sentence, opens)
        if sure == STRONG:
            return taken, STRONG
        if sure > best[1]:
            best = (taken, sure)
        if sentence.endswith(_CLOSED):
            break
    return best


def _goes_on(lines: Sequence[str], number: int, sentence: str) -> bool:
    """Whether an address follows after an empty line, as some programs have it."""
    follows = lines[number].lstrip()[:1] if number < len(lines) else ""
    return bool(sentence) and follows == "<" and "<" not in sentence


def inline(line: str) -> int:
    """Where in *line*, after the author's own words, such a sentence begins; -1 if nowhere."""
    if len(line) > MAX_LENGTH or not line.rstrip().endswith(_CLOSED):
        return -1
    found = _INLINE.search(line)
    if found is None or not line[: found.start()].strip():
        return -1
    sentence = found[0].strip("- \t")
    return found.start() if _sureness(sentence, opens=True) == STRONG else -1


def _opens(line: str) -> bool:
    """Whether a sentence of several lines may begin here."""
    bare = line.lstrip("-*_ \"'“«")
    return bare[:1].isdigit() or _ON.match(bare) is not None or "<" in line


def _sureness(sentence: str, opens: bool) -> int:
    bare = sentence.strip("-*_ \t")
    ruled = sentence.startswith("--") and sentence.endswith("--")
    closed = bare.endswith(_CLOSED)
    if not (closed or ruled or _ends_in_verb(bare) or bare.endswith(">")):
        return NONE
    if _SENTENCE_ENDS.search(sentence):
        return NONE
    dated = _DATE.search(bare) is not None
    verb = _verb(bare)
    if ruled:
        return STRONG if verb else NONE
    if verb:
        if dated and opens and (_CLOCK.search(bare) or _ADDRESS.search(bare)):
            return STRONG
        return WEAK if dated or "@" in bare or opens or len(bare) < 80 else NONE
    if dated and opens and _ADDRESS.search(bare):
        starts = bare[:1].isdigit() or _ON.match(bare) is not None
        return (STRONG if closed else WEAK) if starts else NONE
    return NONE


def _verb(sentence: str) -> bool:
    """Whether somebody else than the author is said to have written."""
    for found in _VERB.finditer(sentence):
        if not _MYSELF.search(sentence[: found.start()][-12:]):
            return True
    return _RUN_ON.search(sentence) is not None


def _ends_in_verb(sentence: str) -> bool:
    found = None
    for found in _VERB.finditer(sentence[-40:]):  # noqa: B007 - the last one counts
        pass
    return found is not None and found.end() == len(sentence[-40:])
