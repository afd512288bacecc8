"""Where the signature of a message begins: the part that an author does not write each time.

Looked for from the end upwards, and only within the last lines.  Each kind has marks of its own;
without one nothing is cut, and something of the author's always stays above.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from omniroute_email.reading import phrases
from omniroute_email.reading.visible.dividers import is_rule

MOST: Final = 40  # non-empty lines that are looked at
LONGEST: Final = 15  # non-empty lines of a signature without the standard mark
WIDEST: Final = 120  # characters of its lines
MOST_PARAGRAPHS: Final = 6  # that a server adds
LONGEST_DISCLAIMER: Final = 3000  # characters that are looked at
SEEN: Final = 500  # characters of a line that are looked at

_CONTACT = re.compile(
    r"\S@\S+\.\w|https?://|www\.\w|\+?\(?\d[\d\s()./\u2010-\u2015-]{6,}\d"
    r"|^\W{0,3}(?:tel|t|p|m|f|fax|phone|mobile?|mob|cell|handy|office|direct|skype|web|mail|e-?mail"
    r"|telefon|telefax|téléphone|tél|teléfono|telefono|telefoon|internet|twitter|linkedin)\b\s?[.:|]",
    re.IGNORECASE,
)
_POSTSCRIPT = re.compile(r"\W{0,3}(?:p\.?\s?){1,3}s\b\.?\s?[:.\-– ]", re.IGNORECASE)
_SIGNED = re.compile(r"[-–—~/]{1,2}\s?[^\W\d_a-z][\w.'’-]*(?:\s[\w.'’-]+){0,3}")
_BULLETS = ("-", "–", "—", "*", "•", "/")
_WORD = re.compile(r"\w+")
_STOPS = re.compile(r"[.!?。！？…:;,]\s*$")  # noqa: RUF001 - full-width marks are meant
_LIST_FOOTER = re.compile(
    r"mailing[- ]?list|unsubscribe|listinfo|google groups|list archive|abbestellen|désinscri"
    r"|_{10,}|to post to this",
    re.IGNORECASE,
)
# Whose device it is, or what it is called: a letter may well be “Sent from London”.
_DEVICE = re.compile(
    r"\b(?:my|mein\w*|mon|ma|mi|meu|minha|mio|mia|mijn|moj\w+|min|mitt|můj|mé\w*|minun)\b"
    r"|phone|handy|smart|tablet|mobil|móvil|device|gerät|ipad|ipod|mac\b|android|blackberry|galaxy"
    r"|samsung|huawei|xiaomi|nokia|htc|outlook|mail|yahoo|proton|windows|browser|app\b|telefon"
    r"|моего|iphone|我的|내 |나의|送信|gönderildi|https?:|sparrow|acompli|spark|notes",
    re.IGNORECASE,
)
_DEVICE_START = tuple(phrase.casefold() for phrase in phrases.DEVICES)
_DISCLAIMER_START = tuple(phrase.casefold() for phrase in phrases.DISCLAIMERS)


def start(lines: Sequence[str], author: str = "", *, whole: bool = False) -> int:
    """The line at which the signature begins; the number of lines where there is none.

    *author* is the name that the message bears, if it is known.  With *whole* it may be all there
    is, since something else of the author's stands elsewhere.
    """
    lines = [line[:SEEN] for line in lines]
    begin, end = len(lines), _last(lines, len(lines)) + 1
    for _ in range(4):  # one kind may stand above another
        found = min(finder(lines[:end], author) for finder in _FINDERS)
        if found >= end or _announced(lines, found):
            break
        end = _last(lines, found) + 1
        if not end:
            return _first(lines) if whole else begin
        begin = found
    return begin


def _announced(lines: Sequence[str], at: int) -> bool:
    """Whether the line above announces what follows: “You can reach my wife:”"""
    above = _last(lines, at)
    return above >= 0 and lines[above].rstrip().endswith((":", "："))  # noqa: RUF001


def _marked(lines: Sequence[str], _author: str) -> int:
    """“-- ” on a line of its own; without the space, or as a rule, it must look like one, too."""
    for at, below in _upwards(lines):
        bare = lines[at].rstrip("\r")
        if bare == "-- ":
            return at if below else len(lines)
        if bare.strip() in ("--", "—", "––", "- --") and _is_somebody(below):
            return at
        if is_rule(bare) and _is_compact(below) and _is_footer(below):
            return at
    return len(lines)


def _is_somebody(below: Sequence[str]) -> bool:
    """Whether lines begin with a name, or say how to reach somebody."""
    if not below or not _is_compact(below):
        return False
    return _is_name(below[0]) or any(_CONTACT.search(line) for line in below)


def _is_footer(below: Sequence[str]) -> bool:
    return any(_CONTACT.search(line) or _LIST_FOOTER.search(line) for line in below)


def _closed(lines: Sequence[str], author: str) -> int:
    """“Kind regards” and a name below."""
    for at, below in _upwards(lines):
        if len(below) > LONGEST:
            break
        if not _is_closing(lines[at]) or not below:
            continue
        if _is_name(below[0], author) and _is_compact(below[1:]):
            return at
    return len(lines)


def _is_closing(line: str) -> bool:
    bare = line.strip(" \t\xa0*_,.!;-–—~:)")
    return len(bare) <= 50 and bare.casefold() in phrases.CLOSINGS


def _is_name(line: str, author: str = "") -> bool:
    bare = line.strip(" \t\xa0*_-–—|/,")
    if author and bare.casefold() == author.casefold():
        return True
    if not bare or len(bare) > 60 or _POSTSCRIPT.match(bare) or bare[-1] in "?!:;。？！":  # noqa: RUF001
        return False
    words = _WORD.findall(bare)
    if any(char.isdigit() for char in bare) or len(words) > 6:
        return False
    return not (bare.endswith(".") and len(words) > 3)


def _device(lines: Sequence[str], _author: str) -> int:
    """“Sent from my telephone”, and what its program adds below."""
    for at, below in _upwards(lines):
        if len(below) > 4 or not all(len(line) <= WIDEST for line in below):
            break
        if _is_device(lines[at]):
            return at
    return len(lines)


def _is_device(line: str) -> bool:
    bare = line.strip(" \t\xa0*_-–—>[]()")
    folded = bare.casefold()
    if not folded.startswith(_DEVICE_START) or len(bare) > WIDEST:
        return False
    plain = re.sub(r"\([^()]*\)|<[^<>]*>|https?://\S+", "", bare).strip()
    if len(plain.split()) > 8 or re.search(r"[,;?!]|\.\s*$", plain):
        return False
    return _DEVICE.search(bare) is not None


def _signed(lines: Sequence[str], author: str) -> int:
    """“-Ana” or “/Ana” on the last line, where no list stands above it; or the whole name."""
    for at, below in _upwards(lines):
        if len(below) > 8:
            break
        bare = lines[at].strip()
        if author and len(author) > 3 and bare.strip("*_-, ").casefold() == author.casefold():
            if below and _is_compact(below):
                return at
        elif not below and _SIGNED.fullmatch(bare) and len(bare) <= 40:
            above = _last(lines, at)
            if above >= 0 and not lines[above].lstrip().startswith(("-", "–", "—", "*", "•")):
                return at
    return len(lines)


def _contacts(lines: Sequence[str], author: str) -> int:
    """A paragraph at the end: a name, then nothing but how to reach its bearer."""
    first = len(lines)
    while first > 0 and lines[first - 1].strip() and len(lines) - first <= LONGEST:
        first -= 1
    paragraph = [line for line in lines[first:] if line.strip()]
    if len(paragraph) < 3 or not _is_name(paragraph[0], author) or _STOPS.search(paragraph[0]):
        return len(lines)
    reached = sum(bool(_CONTACT.search(line)) for line in paragraph[1:])
    if reached >= 2 and 2 * reached >= len(paragraph) - 1 and _is_compact(paragraph):
        return first
    return len(lines)


def _disclaimed(lines: Sequence[str], _author: str) -> int:
    """What a company's server adds: paragraphs at the end, the first of which begins as such do."""
    found, end = len(lines), _last(lines, len(lines)) + 1
    for _ in range(MOST_PARAGRAPHS):
        first = end
        while first > 0 and lines[first - 1].strip() and not is_rule(lines[first - 1]):
            first -= 1
        text = " ".join(line.casefold() for line in lines[first:end])[:LONGEST_DISCLAIMER]
        stems = sum(stem in text for stem in phrases.DISCLAIMER_STEMS)
        begins = text.strip(" \t\xa0*_|-").startswith(_DISCLAIMER_START)
        if begins and (stems > 1 or any(stem in text[:60] for stem in phrases.DISCLAIMER_STEMS)):
            found = first
        elif stems < 2:
            break
        end = first
        while end > 0 and (not lines[end - 1].strip() or is_rule(lines[end - 1])):
            end -= 1
    return found


_FINDERS: tuple[Callable[[Sequence[str], str], int], ...] = (
    _marked,
    _closed,
    _device,
    _signed,
    _contacts,
    _disclaimed,
)


def _upwards(lines: Sequence[str]) -> list[tuple[int, list[str]]]:
    """Non-empty lines from the last one upwards, each with the non-empty ones below it."""
    found: list[tuple[int, list[str]]] = []
    below: list[str] = []
    at = len(lines)
    while (at := _last(lines, at)) >= 0 and len(found) < MOST:
        found.append((at, below))
        below = [lines[at], *below]
    return found


def _is_compact(below: Sequence[str]) -> bool:
    """Whether lines are few and short, as those of a signature are, and ask nothing."""
    return len(below) <= LONGEST and all(
        len(line) <= WIDEST and not _POSTSCRIPT.match(line) and not line.rstrip().endswith("?")
        for line in below
    )


def _last(lines: Sequence[str], end: int) -> int:
    """The last non-empty line before *end*, or -1."""
    at = end - 1
    while at >= 0 and not lines[at].strip():
        at -= 1
    return at


def _first(lines: Sequence[str]) -> int:
    """The first non-empty line."""
    return next((at for at, line in enumerate(lines) if line.strip()), len(lines))
