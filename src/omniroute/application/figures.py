"""Figures in words: how a reading is shown on a page, on a terminal and in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from omniroute.application.measures import BY_NAME, MEASURES, Measure, Unit
from omniroute.application.reporting import Group, Reading, Readings, Report
from omniroute.application.words import span

NONE: Final = "–"
FEW: Final = 5
"""Of fewer samples than these a figure says little, and pages mark it so."""

COLUMNS: Final = ("period", "since", "until", "group", "measure", "number", "value", "p90", "p95")
_LENGTHS: Final = (Unit.SPAN, Unit.TIME)


def shown(name: str, reading: Reading | None) -> str:
    """What a measure comes to, in a word.

    >>> shown("first_reply", Reading(3, 540_000)), shown("opened", Reading(2, 2))
    ('9 min', '2')
    >>> shown("occupancy", Reading(1, 0.625)), shown("first_reply", None)
    ('62 %', '–')
    """
    if BY_NAME[name].unit is Unit.COUNT:
        return str(reading.number if reading is not None else 0)
    if reading is None or reading.value is None:
        return NONE
    match BY_NAME[name].unit:
        case Unit.SPAN | Unit.TIME:
            return span(round(reading.value))
        case Unit.MEAN:
            return f"{reading.value:.2f}".rstrip("0").rstrip(".")
        case _:
            return f"{100 * reading.value:.0f} %"


def change(name: str, now: Reading | None, before: Reading | None) -> str:
    """How a figure stands to the one before: in percent, or in points where it is a share.

    >>> change("opened", Reading(6, 6), Reading(4, 4)), change("opened", Reading(6, 6), None)
    ('+50 %', '')
    >>> change("occupancy", Reading(1, 0.5), Reading(1, 0.75))
    '-25 points'
    """
    if now is None or before is None or now.value is None or before.value is None:
        return ""
    match BY_NAME[name].unit:
        case Unit.COUNT | Unit.SPAN | Unit.TIME:
            return f"{100 * (now.value / before.value - 1):+.0f} %" if before.value else ""
        case Unit.MEAN:
            return f"{now.value - before.value:+.2f}"
        case _:
            return f"{100 * (now.value - before.value):+.0f} points"


def said_of(groups: Iterable[Group]) -> list[Measure]:
    """The measures that say anything of *groups*; what has no name is no group of its own."""
    said = {name for group in groups if group.key for name in group.readings}
    return [measure for measure in MEASURES if measure.name in said]


def sampled(name: str) -> bool:
    """Whether a figure is of samples, whose number says how much it tells."""
    return BY_NAME[name].unit not in (Unit.COUNT, Unit.OCCUPANCY) and (
        BY_NAME[name].unit is not Unit.TIME or bool(BY_NAME[name].per)
    )


def as_csv(report: Report) -> str:
    """A report as a table for spreadsheets: a row for each figure; lengths in seconds."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_rows(report))
    return out.getvalue()


def _rows(report: Report) -> Iterator[tuple[object, ...]]:
    now, before = (report.since, report.until), (report.before, report.since)
    yield from _figures("now", *now, "", report.readings)
    yield from _figures("before", *before, "", report.earlier)
    for group in report.groups:
        yield from _figures("now", *now, _safe(group.name), group.readings)
        yield from _figures("before", *before, _safe(group.name), group.before)


def _figures(
    period: str, since: int, until: int, group: str, readings: Readings
) -> Iterator[tuple[object, ...]]:
    for measure in MEASURES:
        if (reading := readings.get(measure.name)) is not None:
            scale = 1000 if measure.unit in _LENGTHS else 1
            values = (reading.value, reading.p90, reading.p95)
            told = ("" if value is None else f"{value / scale:.6g}" for value in values)
            place = (period, _iso(since), _iso(until), group)
            yield (*place, measure.name, reading.number, *told)


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds")


def _safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
