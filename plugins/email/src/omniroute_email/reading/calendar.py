"""Invitations (``text/calendar``, RFC 5545): what an agent needs to know of one, as a line of text.

The file itself stays attached.  Only the first event is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from omniroute_email.reading.charset import one_line

MAX_CONTENT: Final = 256 * 1024  # characters that are read
MAX_VALUE: Final = 300

_LINE = re.compile(r"([A-Za-z-]{1,40})((?:;[^:\r\n]{0,300})?):(.*)")
_ESCAPED = re.compile(r"\\([\\;,nN])")
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")
_METHODS: Final = {
    "REQUEST": "Invitation",
    "CANCEL": "Cancelled",
    "REPLY": "Answer to an invitation",
    "COUNTER": "Another time proposed",
}


def summary(content: str) -> str:
    """“Invitation: Call, 2026-03-01 13:00 (Europe/Berlin), Room 2”; empty if no event is in it."""
    found: dict[str, str] = {}
    inside, method = False, ""
    for name, parameters, value in _lines(content[:MAX_CONTENT]):
        if name == "METHOD" and not method:
            method = value.strip().upper()
        elif (name, value.strip().upper()) == ("BEGIN", "VEVENT"):
            inside = True
        elif (name, value.strip().upper()) == ("END", "VEVENT"):
            break
        elif inside and name in ("SUMMARY", "LOCATION"):
            found.setdefault(name, one_line(_plain(value), MAX_VALUE))
        elif inside and name == "DTSTART":
            found.setdefault(name, _time(value, parameters))
    if not inside:
        return ""
    what = _METHODS.get(method, "Event")
    told = [found.get(name, "") for name in ("SUMMARY", "DTSTART", "LOCATION")]
    return f"{what}: {', '.join(text for text in told if text)}".removesuffix(": ")


def _lines(content: str) -> Iterator[tuple[str, str, str]]:
    """Content lines with their parameters, those that were folded made whole."""
    whole = re.sub(r"\r?\n[ \t]", "", content)
    for line in whole.split("\n"):
        found = _LINE.match(line[: 4 * MAX_VALUE])
        if found:
            yield found[1].upper(), found[2], found[3].rstrip("\r")


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], value)


def _time(value: str, parameters: str) -> str:
    found = _TIME.match(value.strip())
    if found is None:
        return ""
    day = f"{found[1]}-{found[2]}-{found[3]}"
    if found[4] is None:
        return day
    zone = re.search(r"TZID=\"?([^;:\"]{1,60})", parameters)
    where = "UTC" if found[6] else one_line(zone[1], 60) if zone else ""
    return f"{day} {found[4]}:{found[5]}" + (f" ({where})" if where else "")
