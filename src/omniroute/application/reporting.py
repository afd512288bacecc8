"""Reports: every measure over a period, beside the period before, in groups if wanted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from omniroute.application.measures import MEASURES, Measure, Unit, promise
from omniroute.application.projections.fold import json
from omniroute.application.satisfaction import wilson
from omniroute.errors import Refused

By = Literal["", "day", "queue", "channel", "agent", "tag", "topic", "promise"]

MINUTE: Final = 60_000
DAY: Final = 86_400_000  # ms
LIMIT: Final = 5 * MINUTE  # of the service level, unless another is asked for
MOST_DAYS: Final = 400  # of a report day by day
NOW, BEFORE = "now", "before"

_ROOT: Final = """
    LEFT JOIN threads AS t ON t.id = s.thread LEFT JOIN threads AS root ON root.id = t.root
"""
_GROUPS: Final[Mapping[str, tuple[str, str]]] = {  # what to join, and what to group by
    "": ("", "''"),
    "day": ("", "''"),
    "queue": ("", "s.queue"),
    "channel": ("", "s.channel"),
    "agent": ("", "s.agent"),
    "promise": ("", "s.about"),
    "topic": (_ROOT, "COALESCE(root.topic, '')"),
    "tag": (_ROOT + "LEFT JOIN json_each(root.tags) AS tag", "COALESCE(tag.value, '')"),
}
_ONLY: Final[Mapping[str, str]] = {
    "queue": "s.queue = :queue",
    "channel": "s.channel = :channel",
    "agent": "s.agent = :agent",
    "topic": "root.topic = :topic",
    "tag": "EXISTS (SELECT 1 FROM json_each(root.tags) WHERE value = :tag)",
}
_PERIODS: Final = """
    WITH periods AS (
      SELECT json_extract(value, '$[0]') AS name, json_extract(value, '$[1]') AS since,
        json_extract(value, '$[2]') AS until FROM json_each(:periods)
    )
"""
# Nearest rank: the smallest sample that so many of a hundred do not exceed.
_SAMPLED: Final = """
    {periods}, chosen AS (
      SELECT p.name AS period, {key} AS key, s.measure, s.value
      FROM periods AS p CROSS JOIN ({source}) AS s {join}
      WHERE s.at >= p.since AND s.at < p.until AND {only}
    ), ranked AS (
      SELECT *, ROW_NUMBER() OVER (PARTITION BY period, key, measure ORDER BY value) AS rank,
        COUNT(*) OVER (PARTITION BY period, key, measure) AS number FROM chosen
    )
    SELECT period, key, measure, number, SUM(value) AS total, SUM(value <= :limit) AS within,
      MAX(CASE WHEN rank = (number + 1) / 2 THEN value END) AS median,
      MAX(CASE WHEN rank = (number * 90 + 99) / 100 THEN value END) AS p90,
      MAX(CASE WHEN rank = (number * 95 + 99) / 100 THEN value END) AS p95
    FROM ranked GROUP BY period, key, measure
"""
_SPENT: Final = """
    {periods}
    SELECT p.name AS period, {key} AS key, s.kind AS measure, SUM(
      MIN(CASE s.until WHEN 0 THEN :now ELSE s.until END, p.until) - MAX(s.since, p.since)
    ) AS total
    FROM periods AS p CROSS JOIN spans AS s {join}
    WHERE s.since < MIN(p.until, :now) AND (s.until > p.since OR s.until = 0) AND {only}
    GROUP BY period, key, measure
"""
_WHOLE: Final = frozenset({"", "day", "agent"})
"""Groups in which an agent's time is not shared with another group's."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """From *since* to before *until* (ms), in groups, of what the other fields name.

    *limit* is that of the service level, in ms.
    """

    since: int
    until: int
    by: By = ""
    limit: int = LIMIT
    queue: str | None = None
    channel: str | None = None
    agent: str | None = None
    tag: str | None = None
    topic: str | None = None
    zone: str = ""  # in which a day begins; empty for the desk's

    def check(self) -> None:
        """Raises `Refused` for a period that is none, or is too long day by day."""
        if self.since >= self.until:
            raise Refused("invalid", "The period ends before it begins — swap since and until.")
        if self.by == "day" and self.until - self.since > MOST_DAYS * DAY:
            raise Refused("invalid", f"Day by day a report has {MOST_DAYS} days at most.")


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """A figure: *number* is of how many samples, *value* what they come to in the measure's unit.

    Of spans *value* is the median; of an estimate *low* and *high* are between what the share of
    all may lie.  Without a sample there is no value.
    """

    number: int = 0
    value: float | None = None
    p90: int | None = None
    p95: int | None = None
    low: float | None = None
    high: float | None = None


Readings = dict[str, Reading]


class Group(msgspec.Struct, frozen=True):
    """One queue, agent or day, with its readings by the names of measures, and those before."""

    key: str
    name: str
    readings: Readings
    before: Readings = {}


class Described(msgspec.Struct, frozen=True):
    """What a measure is."""

    name: str
    title: str
    unit: str
    part: str
    definition: str


class Report(msgspec.Struct, frozen=True):
    """Readings from *since* to before *until* (ms), and of as long a time before that."""

    now: int
    since: int
    until: int
    before: int  # since when the readings to compare with
    by: str
    limit: int
    readings: Readings
    earlier: Readings
    groups: tuple[Group, ...] = ()
    measures: tuple[Described, ...] = ()


DESCRIBED: Final = tuple(
    Described(m.name, m.title, m.unit.value, m.part, m.definition) for m in MEASURES
)
Period = tuple[str, int, int]
Found = dict[tuple[str, str], Readings]  # by period and key


def report(
    db: sqlite3.Connection, now: int, asked: Asked, names: Mapping[str, str], zone: tzinfo
) -> Report:
    """What *asked* asks for.  *names* are those of agents, *zone* is where a day begins."""
    before = max(0, asked.since - (asked.until - asked.since))
    both = [(NOW, asked.since, asked.until), (BEFORE, before, asked.since)]
    whole = _read(db, now, msgspec.structs.replace(asked, by=""), both)
    groups: Iterator[Group] = iter(())
    if asked.by == "day":
        groups = iter(by_day(db, now, asked, zone))
    elif asked.by:
        groups = _grouped(_read(db, now, asked, both), _naming(asked.by, names))
    return Report(
        now=now,
        since=asked.since,
        until=asked.until,
        before=before,
        by=asked.by,
        limit=asked.limit,
        readings=whole.get((NOW, ""), {}),
        earlier=whole.get((BEFORE, ""), {}),
        groups=tuple(groups),
        measures=DESCRIBED,
    )


def zone_of(asked: Asked, usual: tzinfo) -> tzinfo:
    """Where a day begins as *asked* wants it.  Raises `Refused`."""
    if not asked.zone:
        return usual
    try:
        return ZoneInfo(asked.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(
            "invalid", f"There is no time zone “{asked.zone[:40]}” — one is Europe/Berlin."
        ) from None


def days(since: int, until: int, zone: tzinfo) -> list[Period]:
    """The days of *zone* from *since* to before *until*, the first and last cut to that."""
    found: list[Period] = []
    day = datetime.fromtimestamp(since / 1000, zone).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    while (begin := int(day.timestamp() * 1000)) < until:
        # The next midnight on the wall, whatever the zone's offset does in between.
        following = (day.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone)
        end = int(following.timestamp() * 1000)
        found.append((day.date().isoformat(), max(begin, since), min(end, until)))
        day = following
    return found


def by_day(db: sqlite3.Connection, now: int, asked: Asked, zone: tzinfo) -> tuple[Group, ...]:
    """Every day of what *asked* asks for, those without a sample too, the first first."""
    wanted = days(asked.since, asked.until, zone)
    found = _read(db, now, msgspec.structs.replace(asked, by="day"), wanted)
    return tuple(Group(name, name, found.get((name, ""), {})) for name, _, _ in wanted)


def _naming(by: str, names: Mapping[str, str]) -> Callable[[str], str]:
    if by == "agent":
        return lambda key: names.get(key, key)
    return promise if by == "promise" else str


def _grouped(found: Found, name: Callable[[str], str]) -> Iterator[Group]:
    """By name, what has none last: nobody is ranked."""
    keys = {key for _, key in found}
    for key in sorted(keys, key=lambda key: (key == "", name(key).casefold())):
        yield Group(key, name(key), found.get((NOW, key), {}), found.get((BEFORE, key), {}))


def _read(db: sqlite3.Connection, now: int, asked: Asked, periods: Sequence[Period]) -> Found:
    """Every measure of every group in every period."""
    join, key = _GROUPS[asked.by]
    only = [sql for name, sql in _ONLY.items() if getattr(asked, name) is not None]
    if (asked.tag is not None or asked.topic is not None) and not join:
        join = _ROOT
    values = {
        "periods": json(periods), "now": now, "limit": asked.limit, "queue": asked.queue,
        "channel": asked.channel, "agent": asked.agent, "tag": asked.tag, "topic": asked.topic,
    }  # fmt: skip
    if asked.by == "promise":
        only.append("s.about != ''")
    put = {"periods": _PERIODS, "key": key, "join": join, "only": " AND ".join(["TRUE", *only])}
    sampled: dict[tuple[str, str, str], sqlite3.Row] = {}
    for source in ("SELECT * FROM samples", *(m.source for m in MEASURES if m.source)):
        for row in db.execute(_SAMPLED.format(**put, source=source), values):
            sampled[row["period"], row["key"], row["measure"]] = row
    spent: dict[tuple[str, str, str], int] = {}
    if asked.by not in _WHOLE:
        put["only"] += " AND s.thread"
    if asked.by != "promise":
        for row in db.execute(_SPENT.format(**put), values):
            spent[row["period"], row["key"], row["measure"]] = row["total"]
    places = dict.fromkeys((period, key) for period, key, _ in (*sampled, *spent))
    return {place: dict(_readings(place, asked, sampled, spent)) for place in places}


def _readings(
    place: tuple[str, str],
    asked: Asked,
    sampled: Mapping[tuple[str, str, str], sqlite3.Row],
    spent: Mapping[tuple[str, str, str], int],
) -> Iterator[tuple[str, Reading]]:
    """The readings of one group in one period; what has no sample is left out."""
    for measure in MEASURES:
        if measure.unit is Unit.TIME:
            reading = _time(measure, place, sampled, spent)
        elif measure.unit is Unit.OCCUPANCY:
            shared = asked.by in _WHOLE and asked.queue is None and asked.channel is None
            reading = _occupancy(place, spent) if shared else None
        else:
            rows = [row for name in measure.counted if (row := sampled.get((*place, name)))]
            reading = _reading(measure, rows)
        if reading is not None:
            yield measure.name, reading


def _reading(measure: Measure, rows: Sequence[sqlite3.Row]) -> Reading | None:
    number = sum(row["number"] for row in rows)
    if not number:
        return None
    match measure.unit:
        case Unit.COUNT:
            return Reading(number, number)
        case Unit.SPAN:
            (row,) = rows
            return Reading(number, row["median"], row["p90"], row["p95"])
        case Unit.WITHIN:
            return Reading(number, sum(row["within"] for row in rows) / number)
        case Unit.ESTIMATE:
            yes = sum(row["total"] for row in rows)
            low, high = wilson(yes, number)
            return Reading(number, yes / number, low=low, high=high)
        case _:
            return Reading(number, sum(row["total"] for row in rows) / number)


def _time(
    measure: Measure,
    place: tuple[str, str],
    sampled: Mapping[tuple[str, str, str], sqlite3.Row],
    spent: Mapping[tuple[str, str, str], int],
) -> Reading | None:
    time = spent.get((*place, measure.counted[0]), 0)
    if not measure.per:
        return Reading(1, time) if time else None
    row = sampled.get((*place, measure.per))
    return Reading(row["number"], time / row["number"]) if row is not None else None


def _occupancy(place: tuple[str, str], spent: Mapping[tuple[str, str, str], int]) -> Reading | None:
    busy, idle = spent.get((*place, "busy"), 0), spent.get((*place, "idle"), 0)
    return Reading(1, busy / (busy + idle)) if busy + idle else None
