"""Times told the viewer's way."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from omniroute.web.viewer import Viewer

MORNING = 1_772_442_900_000  # Mon 2026-03-02 09:15 UTC
HOUR, DAY = 3_600_000, 86_400_000
BERLIN = Viewer(MORNING, ZoneInfo("Europe/Berlin"), "Europe/Berlin")
HONOLULU = Viewer(MORNING, ZoneInfo("Pacific/Honolulu"), "Pacific/Honolulu")


def test_the_same_moment_in_two_zones() -> None:
    assert BERLIN.clock(MORNING) == "10:15"
    assert HONOLULU.clock(MORNING) == "23:15"
    assert BERLIN.iso(MORNING) == HONOLULU.iso(MORNING) == "2026-03-02T09:15:00+00:00"
    assert BERLIN.full(MORNING) == "Monday 2 March 2026, 10:15:00 CET"


def test_days_are_the_viewers() -> None:
    assert BERLIN.day(MORNING - 11 * HOUR) == "Yesterday"
    assert HONOLULU.day(MORNING - 11 * HOUR) == "Today"
    assert BERLIN.day(MORNING - 5 * DAY) == "Wednesday 25 February"
    assert BERLIN.day(MORNING - 400 * DAY) == "Sunday 26 January 2025"


def test_another_day_is_named() -> None:
    assert BERLIN.when(MORNING) == "10:15"
    assert BERLIN.when(MORNING + DAY) == "3 Mar 10:15"
    assert BERLIN.when(MORNING - 400 * DAY) == "26 Jan 2025 10:15"


def test_a_field_is_read_as_it_is_shown() -> None:
    assert BERLIN.field(MORNING) == "2026-03-02T10:15"
    assert BERLIN.from_field("2026-03-02T10:15") == MORNING
    with pytest.raises(ValueError, match="Invalid isoformat"):
        BERLIN.from_field("tomorrow")


def test_nine_in_the_morning_is_nine_on_both_sides_of_the_clock_change() -> None:
    saturday = Viewer(1_774_688_400_000, ZoneInfo("Europe/Berlin"))  # Sat 2026-03-28 10:00 CET
    assert saturday.clock(saturday.now) == "10:00"
    sunday = saturday.tomorrow(9)
    assert saturday.when(sunday) == "29 Mar 09:00"
    assert sunday - saturday.now == 22 * HOUR  # one hour of the night is missing


def test_a_viewer_nobody_knows_sees_utc() -> None:
    assert Viewer(MORNING).zone is UTC
