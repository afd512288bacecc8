"""Signatures are Twilio's own."""

from __future__ import annotations

import pytest

from omniroute_twilio.signing import is_signed, sign

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FIELDS = [
    ("CallSid", "CA1234567890ABCDE"),
    ("From", "+12349013030"),
    ("To", "+18005551212"),
    ("Caller", "+12349013030"),
    ("Digits", "1234"),
]
"""The example of Twilio's own documentation, with its token 12345."""
SIGNED = "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


def test_it_is_what_twilio_writes() -> None:
    assert sign("12345", URL, FIELDS) == SIGNED
    assert sign("12345", URL, FIELDS[::-1]) == SIGNED


@pytest.mark.parametrize("port", [":443", ""])
def test_a_port_that_goes_without_saying_may_be_said(port: str) -> None:
    url = URL.replace("mycompany.com", f"mycompany.com{port}")
    assert is_signed("12345", url, FIELDS, SIGNED)


@pytest.mark.parametrize(
    ("token", "url", "fields", "shown"),
    [
        ("12346", URL, FIELDS, SIGNED),
        ("12345", URL.replace("foo=1", "foo=2"), FIELDS, SIGNED),
        ("12345", URL, FIELDS[1:], SIGNED),
        ("12345", URL, FIELDS, ""),
        ("12345", URL, FIELDS, "ü"),
    ],
)
def test_anything_else_is_not(
    token: str, url: str, fields: list[tuple[str, str]], shown: str
) -> None:
    assert not is_signed(token, url, fields, shown)
