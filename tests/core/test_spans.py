import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.core.spans import LONGEST, parse_span, show_span

DAY = 86_400_000


@pytest.mark.parametrize(
    ("text", "ms"),
    [("45s", 45_000), ("2m", 120_000), ("4h", 14_400_000), ("7d", 7 * DAY), ("1h30m", 5_400_000)],
)
def test_spans_as_people_write_them(text: str, ms: int) -> None:
    assert parse_span(text) == ms
    assert show_span(ms) == text


@pytest.mark.parametrize(
    "text", ["", "5", "m", "-5m", "5 m", "1.5h", "5M", "5min", "367d", "٣m", "9" * 5000 + "s"]
)
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(ValueError):
        parse_span(text)


def test_small_and_negative_spans_are_shown() -> None:
    assert show_span(0) == show_span(999) == "0s"
    assert show_span(-60_000) == "-1m"


@given(st.integers(1_000, LONGEST))
def test_what_is_shown_is_near_to_what_it_is(ms: int) -> None:
    shown = parse_span(show_span(ms))
    assert shown <= ms < shown * 2
