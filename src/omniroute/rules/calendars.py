"""``calendars:``: from nodes to business calendars."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from omniroute.core.urgency import DAY, HOUR, MINUTE, WEEK_DAYS, Calendar, Closed, Span
from omniroute.errors import did_you_mean
from omniroute.rules.grammar import DAYS
from omniroute.rules.reading import Reader
from omniroute.rules.secrets import shown
from omniroute.rules.yaml12 import Fields, Node, Scalar

_DAYS = re.compile(DAYS)
_HOURS = re.compile(r"(\d{1,2}):(\d{2}) *- *(\d{1,2}):(\d{2})")
_DATE = re.compile(r"(?:(\d{4})-)?(\d{2})-(\d{2})")


def calendar(reader: Reader, node: Node) -> Calendar | None:
    """One calendar, or None with the faults noted."""
    given = reader.shape(node, "calendar")
    tz = _zone(reader, given["tz"]) if "tz" in given else None
    week = _week(reader, given["open"]) if "open" in given else {}
    closed = closed_days(reader, given["closed"]) if "closed" in given else ()
    if tz is None or not week:
        return None
    try:
        return Calendar(tz, week, closed)
    except ValueError as error:
        reader.fault(node, str(error), "give it at least one span of hours")
        return None


def closed_days(reader: Reader, node: Node) -> tuple[Closed, ...]:
    """The dates of a ``closed`` list that are dates; year 0 stands for every year."""
    found: list[Closed] = []
    for item in reader.several(node):
        text = item.text if isinstance(item, Scalar) else ""
        match = _DATE.fullmatch(text)
        if match is None or not _is_date(match):
            reader.wrong(item, "a date such as 2026-12-24, or 12-25 for every year")
        else:
            found.append((int(match[1] or 0), int(match[2]), int(match[3])))
    return tuple(found)


def _is_date(match: re.Match[str]) -> bool:
    try:
        date(int(match[1] or 2000), int(match[2]), int(match[3]))  # 2000 has a 29 February
    except ValueError:
        return False
    return True


def _zone(reader: Reader, node: Node) -> ZoneInfo | None:
    text = reader.text(node, "a time zone")
    if text is None:
        return None
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = did_you_mean(text[:64], available_timezones()) or "such as Europe/Berlin or UTC"
        reader.fault(node, f"unknown time zone “{shown(text)}”", near)
        return None


def _week(reader: Reader, node: Node) -> dict[int, list[Span]]:
    week: dict[int, list[Span]] = {}
    if not isinstance(node, Fields) or not node.entries:
        reader.wrong(node, "hours by day", 'open: {mon-fri: "09:00-17:00"}')
        return week
    for key, (key_node, value) in node.entries.items():
        days = _days(reader, key, key_node)
        for item in reader.several(value):
            span = _hours(reader, item)
            for day in days if span else ():
                for where, piece in _by_day(day, span or (0, 0)):
                    if any(
                        piece[0] < end and start < piece[1] for start, end in week.get(where, ())
                    ):
                        reader.fault(item, f"these hours overlap others of {WEEK_DAYS[where]}")
                    else:
                        week.setdefault(where, []).append(piece)
    return week


def _days(reader: Reader, text: str, node: Node) -> Sequence[int]:
    if not _DAYS.fullmatch(text):
        fix = f"{', '.join(WEEK_DAYS)}, a range such as mon-fri, or several: “mon, wed-fri”"
        reader.fault(node, f"“{shown(text)}” is no day", fix)
        return ()
    found: dict[int, None] = {}
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        start = WEEK_DAYS.index(first)
        length = (WEEK_DAYS.index(last or first) - start) % 7 + 1
        found.update(dict.fromkeys((start + day) % 7 for day in range(length)))
    return list(found)


def _hours(reader: Reader, node: Node) -> Span | None:
    text = node.text if isinstance(node, Scalar) else ""
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        reader.wrong(node, 'hours such as "09:00-17:00"')
        return None
    hours, minutes = (int(match[1]), int(match[3])), (int(match[2]), int(match[4]))
    start, end = (h * HOUR + m * MINUTE for h, m in zip(hours, minutes, strict=True))
    if max(minutes) > 59 or start >= DAY or end > DAY:
        reader.fault(node, f"there is no time such as “{shown(text)}”", "from 00:00 to 24:00")
        return None
    if start == end:
        reader.fault(node, f"“{shown(text)}” is no time at all", "the whole day is 00:00-24:00")
        return None
    return start, end


def _by_day(day: int, span: Span) -> Iterator[tuple[int, Span]]:
    """A span by day of the week: one that ends before it starts runs into the next day."""
    start, end = span
    if start < end:
        yield day, span
        return
    yield day, (start, DAY)
    if end:
        yield (day + 1) % 7, (0, end)
