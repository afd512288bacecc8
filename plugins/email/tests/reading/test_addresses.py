from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.reading.addresses import Mailbox, normalised, sender


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("Joe@X.Example", "joe@x.example"),
        (" joe@x.example. ", "joe@x.example"),
        ('"joe"@x.example', "joe@x.example"),
        ('"Joe Doe"@x.example', '"joe doe"@x.example'),
        ("joe+tag@x.example", "joe+tag@x.example"),
        ("j.o.e@x.example", "j.o.e@x.example"),
        ("help@demo", "help@demo"),
        ("joe@Bücher.example", "joe@xn--bcher-kva.example"),
        ("joe@xn--bcher-kva.example", "joe@xn--bcher-kva.example"),
        ("Jörg@x.example", "jörg@x.example"),
        ("jo\u0308rg@x.example", "jörg@x.example"),
        ("joe@[192.0.2.1]", "joe@[192.0.2.1]"),
    ],
)
def test_one_address_has_one_spelling(written: str, address: str) -> None:
    assert normalised(written) == address
    assert normalised(address) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "joe",
        "@x.example",
        "joe@",
        "joe doe@x.example",
        "joe@x example",
        "joe@x..example",
        "joe@-",
        "joe@x.example\r\nBcc: eve@x.example",
        "joe\0@x.example",
        "a,b@x.example",
        "<joe@x.example>",
        "joe@x.example>",
        "joe@" + "x" * 64,
        "j" * 400 + "@x.example",
        "joe@\ud800.example",
        "joe@\uff45xample.com",  # would turn into example.com
    ],
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert normalised(text) == ""


def test_lookalikes_are_not_equal() -> None:
    cyrillic = normalised("joe@\u0430pple.example")
    assert cyrillic.startswith("joe@xn--")
    assert normalised("j\u043ee@x.example") != normalised("joe@x.example")


@given(st.text() | st.from_regex(r"[a-zA-Z.\"\\ ]*@[a-zA-Z.\[\]:-]*", fullmatch=True))
def test_a_spelling_is_final(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


# --- the From field -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "address", "display"),
    [
        ("joe@x.example", "joe@x.example", ""),
        ("<joe@x.example>", "joe@x.example", ""),
        ("Joe Doe <Joe@X.example>", "joe@x.example", "Joe Doe"),
        ('"Doe, Joe (\\"JD\\")" <joe@x.example>', "joe@x.example", 'Doe, Joe ("JD")'),
        ("Doe, Joe <joe@x.example>", "joe@x.example", "Doe, Joe"),
        ("joe@x.example (Joe (the) Doe)", "joe@x.example", "Joe (the) Doe"),
        ("Joe (sales) <joe@x.example>", "joe@x.example", "Joe"),
        ("=?utf-8?q?J=C3=B6rg?= <joerg@x.example>", "joerg@x.example", "Jörg"),
        ('"=?utf-8?b?SsO2cmc=?=" <joerg@x.example>', "joerg@x.example", "Jörg"),
        ("Jörg <joerg@x.example>", "joerg@x.example", "Jörg"),
        ("<@relay.example,@b.example:joe@x.example>", "joe@x.example", ""),
        ('"joe doe"@x.example', '"joe doe"@x.example', ""),
        ("joe@x.example <JOE@x.example>", "joe@x.example", "joe@x.example"),
        ("'joe@x.example' <joe@x.example>", "joe@x.example", "'joe@x.example'"),
    ],
)
def test_a_field_names_one_mailbox(field: str, address: str, display: str) -> None:
    mailbox, wrong = sender([field])
    assert (mailbox, wrong) == (Mailbox(address, display), "")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ([], "no From field"),
        (["joe@x.example", "joe@x.example"], "several From fields"),
        ([" "], "an empty From field"),
        (["joe"], "a From field without a valid address"),
        (["<>"], "a From field without a valid address"),
        (["Joe <joe@x.example"], "a From field without a valid address"),
        (["Joe <<joe@x.example>>"], "a From field without a valid address"),
        (["joe@x.example, ann@x.example"], "a From field that names not exactly one address"),
        (["<a@x.example> <b@x.example>"], "a From field that names not exactly one address"),
        (["a@x.example, Joe <b@x.example>"], "a From field that names not exactly one address"),
        (["Friends: a@x.example, b@x.example;"], "a From field that names not exactly one address"),
        (["Joe joe@x.example"], "a From field that names not exactly one address"),
        (["=?utf-8?q?joe=40x.example?="], "a From field without a valid address"),
        (["Joe <joe @x.example>"], "a From field without a valid address"),
        (['"Joe <joe@x.example>'], "a From field without a valid address"),
        (["(" * 3000], "a From field without a valid address"),
        (["x" * 5000 + "@x.example"], "a From field too long to be one"),
    ],
)
def test_otherwise_there_is_nobody_and_a_reason(fields: list[str], why: str) -> None:
    assert sender(fields) == (None, why)


def test_a_name_that_pretends_to_be_another_address_is_not_shown() -> None:
    mailbox, wrong = sender(['"boss@demo.example" <eve@x.example>'])
    assert (mailbox, wrong) == (Mailbox("eve@x.example", ""), "")


def test_where_two_addresses_could_be_meant_nobody_can_vouch() -> None:
    mailbox, wrong = sender(["boss@demo.example <eve@x.example>"])
    assert mailbox == Mailbox("eve@x.example", "")
    assert wrong == "a From field with another address beside its address"


@given(st.text(max_size=300) | st.text(st.sampled_from('<>"()\\@,:; aJ=?'), max_size=60))
def test_whatever_it_says_there_is_one_address_or_a_reason(field: str) -> None:
    mailbox, wrong = sender([field])
    assert mailbox is not None or wrong
    if mailbox is not None:
        assert normalised(mailbox.address) == mailbox.address
        assert "\n" not in mailbox.display
