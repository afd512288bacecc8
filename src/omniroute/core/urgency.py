"""When something is due: business calendars and the words for priorities.

A calendar is given in local wall-clock time and asked in milliseconds since the epoch.  It works
on UTC days: each is cut where the zone's offset changes, and within a piece of one offset the
wall clock is plain arithmetic.  So a minute counts as open exactly when the clock on the wall,
at that minute, says so: an hour that happens twice counts twice, one that is left out counts not
at all, and neither half-hour zones nor clock changes at midnight are special.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TypeAlias

PRIORITIES: Mapping[str, int] = {"low": 10, "normal": 20, "high": 30, "urgent": 40}
ORDER = ("priority", "deadline", "routing_since")  # what a queue goes by, unless it says otherwise
HIGHEST = 1000  # no priority is above it

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
WEEK_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# No search goes further than this; a span of working time that takes longer ends here.
HORIZON_DAYS = 20 * 366
_KEPT_DAYS = 4_096
_LAST = int(datetime(9990, 1, 1, tzinfo=UTC).timestamp() * 1000)

Span: TypeAlias = tuple[int, int]  # half-open, ms: since local midnight, or since the epoch
Closed: TypeAlias = tuple[int, int, int]  # year (0: every year), month, day


class Calendar:
    """Opening hours of a week in a zone, less the days that are closed.

    *week* maps 0 (Monday) to 6 to spans of milliseconds after local midnight; a span ends at 24 h
    at the latest.  *closed* are local dates, with year 0 for every year.  Raises `ValueError` for a
    calendar that is never open.
    """

    __slots__ = ("_closed", "_days", "_opening", "_week", "tz")

    def __init__(
        self, tz: tzinfo, week: Mapping[int, Sequence[Span]], closed: Sequence[Closed] = ()
    ) -> None:
        self.tz = tz
        self._week = {day: _joined(spans) for day, spans in week.items() if spans}
        self._closed = frozenset(closed)
        self._days: dict[int, tuple[Span, ...]] = {}
        self._opening: Span = (0, 0)  # that was asked for last; mostly it is again
        if not any(end > start for spans in self._week.values() for start, end in spans):
            raise ValueError("the calendar is never open")

    def is_open(self, at: int) -> bool:
        """Whether *at* is within opening hours."""
        return any(start <= at < end for start, end in self._day(at // DAY))

    def next_open(self, at: int) -> int:
        """The first open instant from *at* on: *at* itself while open."""
        for start, end in self._from(at):
            if end > at:
                return max(start, at)
        return at + HORIZON_DAYS * DAY

    def closes(self, at: int) -> int:
        """The end of the opening hours that *at* is in, or that come next."""
        end = 0
        for start, stop in self._from(at):
            if end and start > end:  # a day's end in UTC is none on the wall
                break
            end = stop
        return end or at + HORIZON_DAYS * DAY

    def add(self, start: int, span: int, stops: Sequence[Span] = ()) -> int:
        """When *span* ms of open time after *start* are over; *stops* are pauses of the clock."""
        left = span
        if not stops:
            if self._within_one(start, start + span):
                return start + span
            known, first = self._days, start // DAY
            for day in range(first, min(first + HORIZON_DAYS, _LAST // DAY)):
                for a, b in known.get(day) or self._day(day):
                    if b > start:
                        a = max(a, start)
                        if b - a >= left:
                            return a + left
                        left -= b - a
            return start + HORIZON_DAYS * DAY
        paused = sorted(stops)
        for piece_start, piece_end in self._from(start):
            for a, b in _without(max(piece_start, start), piece_end, paused):
                if b - a >= left:
                    return a + left
                left -= b - a
        return start + HORIZON_DAYS * DAY

    def worked(self, a: int, b: int, stops: Sequence[Span] = ()) -> int:
        """Milliseconds of open time in ``[a, b)``, less *stops*; 0 where *b* is not after *a*."""
        total = 0
        if not stops and a <= b and self._within_one(a, b):
            return b - a
        paused = sorted(stops)
        for start, end in self._from(a):
            if start >= b:
                break
            total += sum(y - x for x, y in _without(max(start, a), min(end, b), paused))
        return total

    def _within_one(self, start: int, end: int) -> bool:
        """Whether all of it lies within one opening, as most that is asked for does."""
        a, b = self._opening
        if a <= start and end <= b:
            return True
        for a, b in self._day(start // DAY):
            if a <= start and end <= b:
                self._opening = a, b
                return True
        return False

    def _from(self, at: int) -> Iterator[Span]:
        first = at // DAY
        for day in range(first, min(first + HORIZON_DAYS, _LAST // DAY)):
            for start, end in self._day(day):
                if end > at:
                    yield start, end

    def _day(self, day: int) -> tuple[Span, ...]:
        """Open spans in UTC day number *day*; the last few thousand days asked for are kept."""
        known = self._days.get(day)
        if known is None:
            if len(self._days) >= _KEPT_DAYS:
                self._days.clear()
            known = self._days[day] = self._worked_out(day * DAY, (day + 1) * DAY)
        return known

    def _worked_out(self, start: int, end: int) -> tuple[Span, ...]:
        found: list[Span] = []
        for a, b, offset in _pieces(self.tz, start, end):
            for local in range((a + offset) // DAY, (b + offset - 1) // DAY + 1):
                for opens, closes in self._hours(local):
                    x, y = local * DAY + opens - offset, local * DAY + closes - offset
                    found.append((max(x, a), min(y, b)))
        return _joined(found)

    def _hours(self, local: int) -> Sequence[Span]:
        """Opening hours of a local day, by its number since 1970-01-01 (a Thursday)."""
        spans = self._week.get((local + 3) % 7, ())
        if spans and self._closed:
            day = date(1970, 1, 1) + timedelta(days=local)
            if not self._closed.isdisjoint(
                ((day.year, day.month, day.day), (0, day.month, day.day))
            ):
                return ()
        return spans


def due(calendar: Calendar | None, start: int, span: int) -> int:
    """When *span* is over on a calendar's clock, or on the wall clock where there is none."""
    return start + span if calendar is None else calendar.add(start, span)


def _pieces(tz: tzinfo, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Cut ``[start, end)`` where the zone's offset changes (at most once in a UTC day)."""
    before, after = _offset(tz, start), _offset(tz, end - 1)
    if before == after:
        yield start, end, before
        return
    low, high = start, end - 1  # the offset is `before` at low and another one at high
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(tz, middle) == before:
            low = middle
        else:
            high = middle
    yield start, high, before
    yield high, end, after


def _offset(tz: tzinfo, at: int) -> int:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)
    return (moment.astimezone(tz).utcoffset() or timedelta()) // timedelta(milliseconds=1)


def _joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """In order, without empty ones, touching or overlapping ones made one."""
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span[1] > span[0]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _without(start: int, end: int, stops: Sequence[Span]) -> Iterator[Span]:
    """What is left of a span when sorted *stops* are taken out."""
    for a, b in stops:
        if a < end and b > start:
            if a > start:
                yield start, a
            start = max(start, b)
    if end > start:
        yield start, end
