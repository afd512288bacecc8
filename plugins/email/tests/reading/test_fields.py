from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.reading.fields import MAX_IDS, message_ids, sent_at

RECEIVED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("<1@x.example>", ("1@x.example",)),
        (" <1@x> <2@x>\t<3@x>", ("1@x", "2@x", "3@x")),
        ("your message of today <1@x>", ("1@x",)),
        ("1@x.example", ("1@x.example",)),
        ("<<<1@x>>>", ("1@x",)),
        ("<>", ()),
        ("", ()),
        ("<" + "x" * 2000 + ">", ()),
    ],
)
def test_ids(value: str, ids: tuple[str, ...]) -> None:
    assert message_ids(value) == ids


def test_of_very_many_ids_the_first_and_the_newest_remain() -> None:
    ids = message_ids(" ".join(f"<{n}@x>" for n in range(50_000)))
    assert len(ids) == MAX_IDS
    assert (ids[0], ids[1], ids[-1]) == ("0@x", "49951@x", "49999@x")


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("Sun, 1 Mar 2026 12:30:00 +0100", datetime(2026, 3, 1, 11, 30, tzinfo=UTC)),
        ("1 Mar 2026 11:30 GMT", datetime(2026, 3, 1, 11, 30, tzinfo=UTC)),
        ("Sun, 1 Mar 2026 11:30:00 -0000", datetime(2026, 3, 1, 11, 30, tzinfo=UTC)),
        ("Sun, 1 Mar 2026 12:09:00 +0000 (a clock ahead)", datetime(2026, 3, 1, 12, 9, tzinfo=UTC)),
        ("Mon, 1 Jan 2040 00:00:00 +0000", RECEIVED),
        ("Mon, 1 Jan 99999 00:00:00 +0000", RECEIVED),
        ("Mon, 1 Jan 2020 00:00:00 +99999999999999", RECEIVED),
        ("yesterday", RECEIVED),
        ("", RECEIVED),
    ],
)
def test_the_date_counts_if_it_can_be(value: str, at: datetime) -> None:
    assert sent_at([value], RECEIVED) == at


def test_of_several_dates_the_first_that_is_one_counts() -> None:
    values = ["soon", "Sun, 1 Mar 2026 11:30:00 +0000", "Sun, 1 Mar 2026 10:00:00 +0000"]
    assert sent_at(values, RECEIVED) == datetime(2026, 3, 1, 11, 30, tzinfo=UTC)


@given(st.text() | st.text(st.sampled_from("0123456789:+- ,JanMo()")))
def test_no_date_raises(value: str) -> None:
    assert sent_at([value], RECEIVED).tzinfo is UTC
