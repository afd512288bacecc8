"""The report: what came and went, how fast, what was promised, who did it; and how queues stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final, get_args
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from omniroute.application import figures
from omniroute.application.measures import BY_NAME, MEASURES, PARTS, Measure
from omniroute.application.reporting import (
    DAY,
    MINUTE,
    Asked,
    By,
    Group,
    Reading,
    Readings,
    Report,
)
from omniroute.application.words import span
from omniroute.errors import Refused, did_you_mean
from omniroute.web.answers import Values, console_of, page
from omniroute.web.viewer import Viewer
from omniroute.web.visits import Visit

PERIODS: Final = (7, 30, 90)  # days
GROUPS: Final[Mapping[str, str]] = {
    "day": "day", "queue": "queue", "channel": "channel", "agent": "agent", "tag": "tag",
    "topic": "topic", "promise": "promise",
}  # fmt: skip
"""What a report may be grouped by, and how that is called."""

ONLY: Final[tuple[str, ...]] = ("queue", "channel", "agent", "tag", "topic")
"""What a report may be narrowed to."""

SHOWN: Final = "first_reply"  # the measure that is drawn, unless another is asked for
MOST_DRAWN: Final = 92  # days that are drawn


class Line(msgspec.Struct, frozen=True):
    """One measure as the page shows it: in words, beside before, and how it went day by day."""

    measure: Measure
    value: str
    more: str
    number: str
    few: bool
    before: str
    change: str
    days: tuple[tuple[float, str], ...] = ()  # height from 0 to 1, and the figure in words


async def show(request: Request, visit: Visit) -> Response:
    """The report over the period that is asked for, by the groups that are."""
    asked, query = read(request, visit.viewer)
    ask = console_of(request).application.query
    found = await ask.report(visit.actor, asked)
    days: tuple[Group, ...] = ()
    if asked.until - asked.since <= MOST_DRAWN * DAY:
        days = found.groups if asked.by == "day" else await ask.by_day(visit.actor, asked)
    chosen = _one_of(request, "show", SHOWN, BY_NAME)
    values: Values = {
        "periods": PERIODS,
        "groups": GROUPS,
        "asked": asked,
        "limit": asked.limit // MINUTE,
        "only": {name: value for name in ONLY if (value := getattr(asked, name)) is not None},
        "first_day": f"{visit.viewer.moment(asked.since):%Y-%m-%d}",
        "last_day": f"{visit.viewer.moment(asked.until - 1):%Y-%m-%d}",
        "link": lambda **other: _link({**query, **other}),
        "csv": _link(query, "/report.csv"),
        "report": found,
        "call": _call,
        "parts": [
            (title, [_line(found, days, m) for m in MEASURES if m.part == part])
            for part, title in PARTS.items()
        ],
        "tables": _tables(found),
        "chosen": BY_NAME[chosen],
        "drawn": _drawn(found, chosen),
        "few": figures.FEW,
        "stats": await ask.stats(visit.actor, asked.since, asked.until),
    }
    stats = values["stats"]
    values["longest"] = max((queue.waiting for queue in stats.queues), default=0)  # type: ignore[attr-defined]
    return await page(request, visit, "report.html", values)


async def as_csv(request: Request, visit: Visit) -> Response:
    """The same as a table for spreadsheets."""
    asked, _ = read(request, visit.viewer)
    found = await console_of(request).application.query.report(visit.actor, asked)
    name = f"report-{visit.viewer.moment(asked.since):%Y-%m-%d}-by-{asked.by or 'all'}.csv"
    return Response(
        figures.as_csv(found),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def read(request: Request, see: Viewer) -> tuple[Asked, dict[str, str]]:
    """What a page's address asks for, and how it says so.  Raises `Refused`."""
    given = {name: value for name, value in request.query_params.items() if value}
    since, until, query = _period(given, see)
    by = _one_of(request, "by", "day", get_args(By))
    only: dict[str, str] = {name: given[name] for name in ONLY if name in given}
    query.update(only, by=by)
    limit = given.get("limit", "5")
    if not limit.isdecimal() or len(limit) > 6:
        raise Refused("invalid", f"“{limit[:20]}” is no number of minutes.")
    if limit != "5":
        query["limit"] = limit
    asked = Asked(
        since=since,
        until=until,
        by=msgspec.convert(by, By),
        limit=int(limit) * MINUTE,
        zone=see.zone_name,
    )
    return msgspec.structs.replace(asked, **only), query


def _period(given: Mapping[str, str], see: Viewer) -> tuple[int, int, dict[str, str]]:
    """From the first day asked for to the end of the last; else so many days up to now."""
    if "from" in given or "to" in given:
        try:
            first = see.from_field(given.get("from") or f"{see.moment(see.now):%Y-%m-%d}")
            last = see.from_field(given["to"]) if "to" in given else see.now
        except ValueError:
            raise Refused("invalid", "A day is written as 2026-03-02.") from None
        end = see.moment(last).replace(tzinfo=None) + timedelta(days=1)
        until = see.from_field(f"{end:%Y-%m-%d}")
        if not 0 <= first < until:
            raise Refused("invalid", "The period ends before it begins — swap the two days.")
        return first, until, {name: given[name] for name in ("from", "to") if name in given}
    asked = given.get("days", str(PERIODS[0]))
    if asked not in map(str, PERIODS):
        raise Refused(
            "invalid", f"There is no report over “{asked[:20]}” — choose 7, 30 or 90 days."
        )
    return see.now - int(asked) * DAY, see.now, {"days": asked}


def _one_of(
    request: Request, name: str, usual: str, known: Sequence[str] | Mapping[str, object]
) -> str:
    value = request.query_params.get(name) or usual
    if value not in known:
        hint = did_you_mean(value, known) or f"there are: {', '.join(filter(None, known))}"
        raise Refused("invalid", f"A report knows no “{value[:40]}” — {hint}.")
    return value


def _call(group: Group, by: str) -> str:
    """What a group is called: a day as people write it."""
    if by != "day":
        return group.name
    day = date.fromisoformat(group.key)
    return f"{day:%a} {day.day} {day:%b}"


def _link(query: Mapping[str, str], path: str = "/report") -> str:
    return f"{path}?{urlencode({name: value for name, value in query.items() if value})}"


def _line(found: Report, days: Sequence[Group], measure: Measure) -> Line:
    now, before = found.readings.get(measure.name), found.earlier.get(measure.name)
    return Line(
        measure=measure,
        value=figures.shown(measure.name, now),
        more=_more(now),
        number=str(now.number) if now is not None and figures.sampled(measure.name) else "",
        few=now is not None and figures.sampled(measure.name) and now.number < figures.FEW,
        before=figures.shown(measure.name, before),
        change=figures.change(measure.name, now, before),
        days=tuple(_heights(measure.name, [day.readings for day in days])),
    )


def _more(reading: Reading | None) -> str:
    if reading is not None and reading.low is not None and reading.high is not None:
        return f"of all: {reading.low:.0%} to {reading.high:.0%}"
    if reading is None or reading.p90 is None or reading.p95 is None:
        return ""
    return f"90 %: {span(reading.p90)} · 95 %: {span(reading.p95)}"


def _heights(name: str, days: Sequence[Readings]) -> list[tuple[float, str]]:
    """How tall each day stands beside the tallest, and its figure in words."""
    readings = [day.get(name) for day in days]
    values = [0.0 if one is None or one.value is None else one.value for one in readings]
    most = max(values, default=0.0)
    return [
        (max(value, 0.0) / most if most > 0 else 0.0, figures.shown(name, one))
        for value, one in zip(values, readings, strict=True)
    ]


class Table(msgspec.Struct, frozen=True):
    """Measures of one part, group by group; *rows* have a cell for each, in words, and of how
    many samples it is where that tells how much it says."""

    title: str
    measures: tuple[Measure, ...]
    rows: tuple[tuple[Group, tuple[tuple[str, str], ...]], ...]


def _tables(found: Report) -> list[Table]:
    """Every part that says anything of the groups, with the measures that do."""
    tables = []
    said = figures.said_of(found.groups)
    for part, title in PARTS.items():
        measures = tuple(measure for measure in said if measure.part == part)
        rows = tuple(
            (group, tuple(_cell(group.readings, m) for m in measures))
            for group in found.groups
            if group.key or any(m.name in group.readings for m in measures)
        )
        if measures:
            tables.append(Table(title, measures, rows))
    return tables


def _cell(readings: Readings, measure: Measure) -> tuple[str, str]:
    reading = readings.get(measure.name)
    number = str(reading.number) if reading and figures.sampled(measure.name) else ""
    return figures.shown(measure.name, reading), number


def _drawn(found: Report, name: str) -> list[tuple[Group, float, Line]]:
    """The chosen measure, group by group: how long its bar is, and what it says."""
    heights = _heights(name, [group.readings for group in found.groups])
    return [
        (group, height, _of_group(group, name))
        for group, (height, _) in zip(found.groups, heights, strict=True)
    ]


def _of_group(group: Group, name: str) -> Line:
    now, before = group.readings.get(name), group.before.get(name)
    sampled = figures.sampled(name) and now is not None
    return Line(
        measure=BY_NAME[name],
        value=figures.shown(name, now),
        more=_more(now),
        number=str(now.number) if sampled and now is not None else "",
        few=sampled and now is not None and now.number < figures.FEW,
        before=figures.shown(name, before),
        change=figures.change(name, now, before),
    )
