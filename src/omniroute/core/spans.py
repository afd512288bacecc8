"""Spans of time as people write them: ``45s``, ``2m``, ``4h``, ``7d``, ``1h30m``."""

from __future__ import annotations

import re

UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
LONGEST = 366 * UNITS["d"]

_SPAN = re.compile(r"(?:\d{1,9}(?:ms|s|m|h|d))+", re.ASCII)
_PART = re.compile(r"(\d+)(ms|s|m|h|d)", re.ASCII)


def parse_span(text: str) -> int:
    """Milliseconds of a span.  Raises `ValueError` unless it is one, of at most 366 days.

    >>> parse_span("1h30m")
    5400000
    """
    if not _SPAN.fullmatch(text):
        raise ValueError("not a span")
    span = sum(int(number) * UNITS[unit] for number, unit in _PART.findall(text))
    if span > LONGEST:
        raise ValueError("a span of more than 366 days")
    return span


def show_span(span: int) -> str:
    """A span in its two largest units.

    >>> show_span(5400000), show_span(180000), show_span(0)
    ('1h30m', '3m', '0s')
    """
    if span < 0:
        return f"-{show_span(-span)}"
    said: list[str] = []
    for unit in ("d", "h", "m", "s"):
        number, span = divmod(span, UNITS[unit])
        if number:
            said.append(f"{number}{unit}")
        if len(said) == 2 or (said and not number):
            break
    return "".join(said[:2]) or "0s"
