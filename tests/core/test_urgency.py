"""Business calendars, held against a walk along the wall clock, minute by minute."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omniroute.core.urgency import DAY, HORIZON_DAYS, HOUR, MINUTE, Calendar, Span, due

NINE_TO_FIVE = {day: [(9 * HOUR, 17 * HOUR)] for day in range(5)}
ALL_WEEK = {day: [(0, DAY)] for day in range(7)}

# A zone and an instant about which something odd happens to its clock.
ODD = {
    "Europe/Berlin forward": ("Europe/Berlin", "2025-03-30T01:00"),
    "Europe/Berlin back": ("Europe/Berlin", "2025-10-26T01:00"),
    "half an hour's summer time": ("Australia/Lord_Howe", "2025-04-05T15:00"),
    "change at midnight": ("Asia/Beirut", "2025-03-29T22:00"),
    "a day left out": ("Pacific/Apia", "2011-12-30T10:00"),
    "half-hour zone": ("Asia/Kolkata", "2025-06-13T13:00"),
    "quarter-hour zone": ("Asia/Kathmandu", "2025-06-13T13:00"),
}


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def wall(text: str, zone: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


def walked(zone: str, week: dict[int, list[Span]], start: int, minutes: int) -> list[bool]:
    """Whether each of so many minutes from *start* is open, by the clock on the wall."""
    tz = ZoneInfo(zone)
    found: list[bool] = []
    for minute in range(minutes):
        local = datetime.fromtimestamp((start + minute * MINUTE) / 1000, tz)
        since = (local.hour * 60 + local.minute) * MINUTE
        found.append(any(a <= since < b for a, b in week.get(local.weekday(), [])))
    return found


def test_over_night() -> None:
    office = Calendar(UTC, NINE_TO_FIVE)
    assert office.add(ms("2025-03-03T16:00"), 4 * HOUR) == ms("2025-03-04T12:00")


def test_over_a_weekend_and_a_holiday() -> None:
    office = Calendar(ZoneInfo("Europe/Berlin"), NINE_TO_FIVE, [(2025, 10, 3)])
    friday_is_closed = office.add(wall("2025-10-02T16:30", "Europe/Berlin"), HOUR)
    assert friday_is_closed == wall("2025-10-06T09:30", "Europe/Berlin")


def test_a_day_may_be_closed_every_year() -> None:
    office = Calendar(UTC, ALL_WEEK, [(0, 12, 25)])
    assert not office.is_open(ms("2025-12-25T12:00"))
    assert not office.is_open(ms("2031-12-25T12:00"))
    assert office.is_open(ms("2031-12-26T00:00"))


def test_a_span_that_ends_at_closing_time_ends_then_and_not_next_morning() -> None:
    office = Calendar(UTC, NINE_TO_FIVE)
    assert office.add(ms("2025-03-04T15:00"), 2 * HOUR) == ms("2025-03-04T17:00")


def test_opening_hours_are_half_open() -> None:
    office = Calendar(UTC, NINE_TO_FIVE)
    assert office.is_open(ms("2025-03-04T09:00"))
    assert not office.is_open(ms("2025-03-04T17:00"))
    assert office.next_open(ms("2025-03-04T17:00")) == ms("2025-03-05T09:00")
    assert office.next_open(ms("2025-03-05T10:30")) == ms("2025-03-05T10:30")


def test_the_clock_stops_while_we_wait_for_the_customer() -> None:
    office = Calendar(UTC, NINE_TO_FIVE)
    stops = [(ms("2025-03-04T16:30"), ms("2025-03-05T09:30"))]
    assert office.add(ms("2025-03-04T16:00"), 2 * HOUR, stops) == ms("2025-03-05T11:00")
    assert office.worked(ms("2025-03-04T16:00"), ms("2025-03-05T11:00"), stops) == 2 * HOUR


def test_without_a_calendar_the_wall_clock_counts() -> None:
    assert due(None, ms("2025-03-08T12:00"), DAY) == ms("2025-03-09T12:00")


def test_a_calendar_that_never_opens_is_refused() -> None:
    weeks: list[dict[int, list[Span]]] = [{}, {0: []}, {0: [(HOUR, HOUR)]}]
    for week in weeks:
        with pytest.raises(ValueError, match="never open"):
            Calendar(UTC, week)


def test_a_promise_that_would_take_for_ever_ends_at_the_horizon() -> None:
    mondays_first_minute = Calendar(UTC, {0: [(0, MINUTE)]})
    start = ms("2025-03-04T00:00")
    assert mondays_first_minute.add(start, 366 * DAY) == start + HORIZON_DAYS * DAY


def test_at_the_end_of_time_nothing_breaks() -> None:
    office = Calendar(UTC, NINE_TO_FIVE)
    last = 253_370_764_800_000  # 9999-01-01
    assert office.add(last, HOUR) == last + HORIZON_DAYS * DAY


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize(
    "week",
    [ALL_WEEK, {day: [(2 * HOUR + 30 * MINUTE, 5 * HOUR), (22 * HOUR, DAY)] for day in range(7)}],
    ids=["around the clock", "at night"],
)
def test_odd_clocks_are_read_as_they_hang_on_the_wall(
    name: str, week: dict[int, list[Span]]
) -> None:
    zone, instant = ODD[name]
    start = ms(instant) - 30 * HOUR
    calendar = Calendar(ZoneInfo(zone), week)
    truth = walked(zone, week, start, 60 * 60)
    assert [calendar.is_open(start + n * MINUTE) for n in range(60 * 60)] == truth
    assert calendar.worked(start, start + 60 * HOUR) == sum(truth) * MINUTE


spans = st.lists(st.integers(0, 24 * 4), min_size=2, max_size=4, unique=True).map(
    lambda quarters: [
        (a * 15 * MINUTE, b * 15 * MINUTE)
        for a, b in zip(sorted(quarters)[::2], sorted(quarters)[1::2], strict=False)
    ]
)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(sorted(ODD)),
    st.dictionaries(st.integers(0, 6), spans, min_size=1, max_size=4),
    st.integers(0, 3 * 24 * 60),
    st.integers(1, 12 * 60),
)
def test_what_is_added_has_been_worked(
    name: str, week: dict[int, list[Span]], minute: int, span: int
) -> None:
    zone, instant = ODD[name]
    start = ms(instant) + (minute - 36 * 60) * MINUTE
    calendar = Calendar(ZoneInfo(zone), week)
    end = calendar.add(start, span * MINUTE)
    assert calendar.worked(start, end) == span * MINUTE
    assert calendar.is_open(end - 1)
    truth: Sequence[bool] = walked(zone, week, start, min((end - start) // MINUTE, 4000))
    if (end - start) // MINUTE <= 4000:
        assert sum(truth) == span
