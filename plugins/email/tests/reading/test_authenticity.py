from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.reading.authenticity import fails_dmarc, is_spam, vouched
from omniroute_email.reading.headers import Headers


def results(*values: str) -> Headers:
    return Headers(tuple(("authentication-results", value) for value in values))


PASSED = "edge.example; dkim=pass header.d=x.example; spf=fail smtp.mailfrom=list.example"
FAILED = "edge.example; dmarc=fail header.from=x.example; dkim=pass header.d=x.example"


def test_the_edge_vouches_by_handing_it_over() -> None:
    assert vouched(results(), "x.example", "")


@pytest.mark.parametrize(
    "value",
    [
        PASSED,
        "edge.example; dmarc=pass (p=reject) header.from=x.example",
        "edge.example 1; dmarc=pass header.from=x.example",
        "edge.example; spf=pass smtp.mailfrom=joe@x.example",
        "edge.example; spf=pass smtp.mailfrom=x.example; dkim=none",
        "edge.example; dkim=fail header.d=x.example; dkim=pass header.d=x.example",
        'edge.example; dkim=pass reason="good; really" header.i=@x.example',
        "edge.example (edge (the) one); dkim=pass (2048-bit; key) header.d=X.Example.",
        "edge.example;\tdkim/1 = pass header.d=x.example",
        "edge.example; dmarc=none header.from=x.example; dkim=pass header.d=x.example",
        "edge.example; none",
        "edge.example; auth=pass smtp.auth=joe",
    ],
)
def test_what_vouches(value: str) -> None:
    assert vouched(results(value), "x.example", "")


@pytest.mark.parametrize(
    "value",
    [
        FAILED,
        "edge.example; dmarc=fail (p=none) header.from=x.example",
        "edge.example; dkim=fail header.d=x.example; spf=softfail smtp.mailfrom=x.example",
        "edge.example; dkim=none; spf=none",
        "edge.example; dkim=pass header.d=evil.example",
        "edge.example; spf=pass smtp.mailfrom=joe@evil.example",
        "edge.example; dmarc=pass header.from=evil.example",
        "edge.example; dkim=pass header.d=lent.x.example",
        "edge.example; dkim=pass header.d=example",
        "edge.example; dkim=pass header.d=notx.example",
        "edge.example; dkim=pass",
        "edge.example; dkim=temperror header.d=x.example",
        'edge.example; dkim=none reason="dkim=pass header.d=x.example"',
        "edge.example; dkim=none (dkim=pass header.d=x.example)",
        "",
        ";",
        "edge.example; " + "x" * 20_000,
    ],
)
def test_what_does_not(value: str) -> None:
    assert not vouched(results(value), "x.example", "")


def test_a_domain_above_vouches_for_one_below() -> None:
    assert vouched(results(PASSED), "mail.x.example", "")


def test_a_field_that_the_sender_brought_along_does_not_help() -> None:
    checked = "edge.example; dkim=none; spf=fail smtp.mailfrom=x.example"
    assert not vouched(results(checked, PASSED), "x.example", "")
    assert not vouched(results(checked, PASSED.replace("edge", "other")), "x.example", "")


def test_a_failure_counts_wherever_the_same_server_wrote_it() -> None:
    assert not vouched(results(PASSED, FAILED), "x.example", "")
    assert vouched(results(PASSED, FAILED.replace("edge", "other")), "x.example", "")


class TestWithAConfiguredName:
    def test_only_fields_under_that_name_count(self) -> None:
        other = FAILED.replace("edge", "other")
        assert vouched(results(other, PASSED), "x.example", "Edge.Example")
        assert not vouched(results(FAILED, PASSED), "x.example", "edge.example")

    def test_several_fields_of_that_name_are_one(self) -> None:
        spf = "edge.example; spf=fail smtp.mailfrom=list.example"
        assert vouched(results(spf, PASSED), "x.example", "edge.example")

    def test_a_message_that_was_not_looked_at_is_not_vouched_for(self) -> None:
        assert not vouched(results(), "x.example", "edge.example")
        assert not vouched(results(PASSED), "x.example", "other.example")


def test_what_servers_say_of_a_message() -> None:
    assert fails_dmarc(results(PASSED, FAILED))
    assert not fails_dmarc(results(PASSED))
    for name, value in (
        ("x-spam-flag", "YES"),
        ("x-spam-status", "Yes, score=9.2"),
        ("x-ms-exchange-organization-scl", "6"),
    ):
        assert is_spam(Headers(((name, value),)))
    assert not is_spam(Headers((("x-spam-flag", "NO"), ("x-ms-exchange-organization-scl", "-1"))))


@given(st.lists(st.text(max_size=200) | st.text(st.sampled_from('();"\\= adkimpss.'))))
def test_nothing_written_there_raises(values: list[str]) -> None:
    vouched(results(*values), "x.example", "")
    vouched(results(*values), "x.example", "edge.example")
