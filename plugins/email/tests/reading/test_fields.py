from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.reading.fields import MAX_IDS, is_automatic, message_ids, sent_at
from omniroute_email.reading.headers import Headers

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
    assert sent_at(value, RECEIVED) == at


@given(st.text() | st.text(st.sampled_from("0123456789:+- ,JanMo()")))
def test_no_date_raises(value: str) -> None:
    assert sent_at(value, RECEIVED).tzinfo is UTC


PERSON = ("from", "joe@x.example")


def automatic(
    *fields: tuple[str, str], path: str = "joe@x.example", who: str = "joe@x.example"
) -> bool:
    return is_automatic(Headers((PERSON, *fields)), path, who, frozenset({"help@demo.example"}))


@pytest.mark.parametrize(
    "field",
    [
        ("auto-submitted", " auto-replied"),
        ("auto-submitted", "auto-generated; owner-email=x"),
        ("precedence", "Bulk"),
        ("precedence", "junk"),
        ("precedence", "list"),
        ("list-id", "<news.x.example>"),
        ("list-unsubscribe", "<mailto:x>"),
        ("x-auto-response-suppress", "All"),
        ("x-autoreply", "yes"),
        ("content-type", 'multipart/report; report-type="delivery-status"'),
    ],
)
def test_machines_are_known_by_what_they_say(field: tuple[str, str]) -> None:
    assert automatic(field)


def test_and_by_where_they_come_from() -> None:
    assert automatic(path="")
    assert automatic(path="<>")
    for who in (
        "MAILER-DAEMON@x",
        "no-reply@x",
        "noreply+1@x",
        "do-not-reply@x",
        "help@demo.example",
    ):
        assert automatic(who=who)
    assert automatic(*[("received", "by x")] * 51)


def test_people_are_not() -> None:
    assert not automatic()
    assert not automatic(("auto-submitted", "no"), ("precedence", "normal"), ("received", "by x"))
    assert not automatic(who="noreen@x.example")
