"""How numbers, times and names are said in one line of plain text.

The pages of the console have words and marks of their own; these serve cards, reasons and answers,
which look the same on every desk and in a terminal.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo

from omniroute.core.model import Ask
from omniroute.core.requirements import told
from omniroute.core.surveys import SCALES

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000

PRIORITIES = ((10, "low"), (20, "normal"), (30, "high"), (40, "urgent"))

_CHANNELS = {"import": "a list"}
"""What people call kinds of channel: as those that are installed say (`name_channels`)."""

_ICONS: dict[str, str] = {}
"""Their signs."""

_FALSE_MARKS = str.maketrans("", "", "✓✔✅☑🗸")  # a name must not vouch for itself


def span(milliseconds: int) -> str:
    """A length of time in one unit.

    >>> span(300), span(90_000), span(9 * MINUTE), span(5 * HOUR), span(3 * DAY)
    ('0 s', '90 s', '9 min', '5 h', '3 d')
    """
    if milliseconds < 2 * MINUTE:
        return f"{max(milliseconds, 0) // SECOND} s"
    if milliseconds < 2 * HOUR:
        return f"{milliseconds // MINUTE} min"
    if milliseconds < 2 * DAY:
        return f"{milliseconds // HOUR} h"
    return f"{milliseconds // DAY} d"


def moment(at: int, now: int, zone: tzinfo = UTC) -> str:
    """When something was or will be: the hour on the same day, else with the date.

    >>> moment(1_772_442_900_000, 1_772_450_000_000), moment(1_770_000_000_000, 1_772_450_000_000)
    ('09:15', '2 Feb 02:40')
    """
    when, today = _local(at, zone), _local(now, zone)
    if when.date() == today.date():
        return f"{when:%H:%M}"
    if when.year == today.year:
        return f"{when.day} {when:%b %H:%M}"
    return f"{when.day} {when:%b %Y}"


def day(at: int, now: int, zone: tzinfo = UTC) -> str:
    """As `moment`, but the bare date when it was another day."""
    when, today = _local(at, zone), _local(now, zone)
    if when.date() == today.date():
        return f"{when:%H:%M}"
    return f"{when.day} {when:%b}" + ("" if when.year == today.year else f" {when.year}")


def _local(at: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at / 1_000, zone)


def priority(number: int) -> str:
    """The word of the step at or above *number*.

    >>> priority(20), priority(25), priority(99)
    ('normal', 'high', 'urgent')
    """
    return next((word for top, word in PRIORITIES if number <= top), PRIORITIES[-1][1])


def channel(kind: str) -> str:
    """The word for a kind of channel or of handle; ``slack:T123`` is of the kind ``slack``.

    One whose plugin is installed no more is called by its key.

    >>> channel("carrier-pigeon:7"), channel("")
    ('carrier pigeon', 'unknown channel')
    """
    plain = kind.partition(":")[0].replace("_", " ").replace("-", " ")
    return label(kind) or plain or "unknown channel"


def address(kind: str, value: str, display: str) -> str:
    """A handle as a sentence names it: an e-mail address, else who it is and on which channel."""
    if "@" in value:
        return value
    known = display or value
    return f"{known} ({channel(kind)})" if known else channel(kind)


def name_channels(labels: Mapping[str, str], icons: Mapping[str, str] | None = None) -> None:
    """Call and show kinds of channel as those that are installed say of themselves."""
    _CHANNELS.update(labels)
    _ICONS.update(icons or {})


def icon(kind: str) -> str:
    """The sign of a kind of channel, or an empty string where nobody has said."""
    return _said(_ICONS, kind)


def label(kind: str) -> str:
    """The word for a kind of channel, or an empty string for one that nobody named."""
    return _said(_CHANNELS, kind)


def _said(words: Mapping[str, str], kind: str) -> str:
    """A channel's kinds of handle begin with its own: ``webchat-visitor``."""
    family = kind.partition(":")[0]
    return words.get(family) or words.get(family.partition("-")[0], "")


def level(number: float) -> str:
    """A skill's level without needless zeros.

    >>> level(3.0), level(2.5)
    ('3', '2.5')
    """
    return f"{number:g}"


def needs(need: Mapping[str, float], ask: Ask | None = None) -> str:
    """A requirement in words.

    >>> needs({"refunds": 3.0, "lang.de": 2.0}), needs({})
    ('refunds ≥ 3 and lang.de ≥ 2', 'no particular skill')
    """
    said = [f"{skill} ≥ {level(asked)}" for skill, asked in need.items()]
    said += told({}, ask)
    return listed(said) or "no particular skill"


def band(likely: int, late: int) -> str:
    """A wait that is probably between two spans in ms.

    >>> band(230_000, 400_000), band(20_000, 50_000), band(3_600_000, 9_000_000)
    ('about 3-7 min', 'under a minute', 'about 60-150 min')
    """
    shortest, longest = max(likely // 60_000, 1), -(-late // 60_000)
    if longest <= 1:
        return "under a minute"
    return f"about {shortest}-{longest} min" if shortest < longest else f"about {longest} min"


def listed(words: Sequence[str], link: str = "and") -> str:
    """An enumeration.

    >>> listed(["Ana"]), listed(["Ana", "Bo", "Cy"]), listed(["a", "b"], "or")
    ('Ana', 'Ana, Bo and Cy', 'a or b')
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {link} {words[-1]}"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "agent"), counted(2, "agent"), counted(0, "reply", "replies")
    ('1 agent', '2 agents', '0 replies')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"


def one_line(text: str, most: int = 120) -> str:
    """The beginning of *text* on one line, without control and direction marks.

    >>> one_line("I was\\ncharged twice", 9)
    'I was cha…'
    """
    flat = " ".join(text[: most * 4].split())
    if not flat.isprintable():
        flat = " ".join("".join(c if c.isprintable() else " " for c in flat).split())
    return flat if len(flat) <= most else flat[:most].rstrip() + "…"


def person(name: str) -> str:
    """A name as a stranger gave it, fit to be shown: one line, no check marks of its own.

    >>> person("Joe ✓ Miller\\n")
    'Joe Miller'
    """
    return one_line(name.translate(_FALSE_MARKS), 80)


def given(name: str) -> str:
    """What one calls a person in a sentence: the first word of a name, an address whole.

    >>> given("Joe Miller"), given("joe@x.org"), given("")
    ('Joe', 'joe@x.org', 'The customer')
    """
    words = name.split()
    return name if "@" in name else (words[0] if words else "The customer")


def size(octets: int) -> str:
    """``812 B``, ``14 KB``, ``2.4 MB``."""
    if octets < 1_000:
        return f"{octets} B"
    if octets < 1_000_000:
        return f"{octets // 1_000} KB"
    return f"{octets / 1_000_000:.1f} MB"


def plain_name(name: str) -> str:
    """A file's name as it may be shown and saved: no path, no control or direction marks."""
    kept = "".join(
        letter for letter in name if unicodedata.category(letter) not in ("Cc", "Cf", "Zl", "Zp")
    )
    return kept.replace("\\", "/").rpartition("/")[2].strip(" .")[:120] or "attachment"


MEASURES: Mapping[str, str] = {
    "csat": "satisfaction", "nps": "would recommend us", "ces": "ease",
}  # fmt: skip
"""What the answers to the question how it was are about."""


def rated(measure: str, score: int) -> str:
    """An answer to the question how it was.

    >>> rated("csat", 4)
    '4 of 5'
    """
    return f"{score} of {SCALES[measure][-1]}"
