from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.reading.addresses import Mailbox
from omniroute_email.reading.mailboxes import MAX_MAILBOXES, mailboxes


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("joe@x.example", [("joe@x.example", "")]),
        ("Joe <joe@x.example>", [("joe@x.example", "Joe")]),
        ('"Miller, Joe" <JOE@X.example>', [("joe@x.example", "Miller, Joe")]),
        ("joe@x.example (Joe)", [("joe@x.example", "Joe")]),
        ("Joe joe@x.example", [("joe@x.example", "Joe")]),
        ("=?utf-8?q?J=C3=B6?= <joe@x.example>", [("joe@x.example", "Jö")]),
        ("a@x.example, b@x.example", [("a@x.example", ""), ("b@x.example", "")]),
        ("a@x.example; b@x.example;", [("a@x.example", ""), ("b@x.example", "")]),
        ("Team: a@x.example, B <b@x.example>;", [("a@x.example", ""), ("b@x.example", "B")]),
        ("undisclosed-recipients:;", []),
        ("<@relay.example:joe@x.example>", [("joe@x.example", "")]),
        ("joe @ x.example", [("joe@x.example", "")]),
        ("Joe <joe@x.example", [("joe@x.example", "Joe")]),
        ("'joe@x.example'", [("joe@x.example", "")]),
        ("mailto:joe@x.example", [("joe@x.example", "")]),
        ("a@x.example, A <a@x.example>", [("a@x.example", "")]),
        ("Moderator-Address", [("", "Moderator-Address")]),
        ("<root>", [("root", "")]),
        ('"" (Mail Delivery System)', [("", "Mail Delivery System")]),
        ("", []),
    ],
)
def test_who_is_named(field: str, found: list[tuple[str, str]]) -> None:
    assert [(who.address, who.display) for who in mailboxes([field])] == found


def test_several_fields_are_one_list() -> None:
    assert mailboxes(["a@x.example", "b@x.example"]) == (
        Mailbox("a@x.example", ""),
        Mailbox("b@x.example", ""),
    )


@pytest.mark.parametrize("piece", ["a@b:", "(", '"', "<", "<>", ",", ":", "a@b.example,", "\\"])
def test_a_field_of_any_length_is_read(piece: str) -> None:
    assert len(mailboxes([piece * 200_000])) <= MAX_MAILBOXES


@given(st.text(st.sampled_from('<>()",;:@\\ ab.=?') | st.characters()))
def test_any_field_is_read(field: str) -> None:
    for who in mailboxes([field]):
        assert who.address or who.display
        assert "\n" not in who.address + who.display
