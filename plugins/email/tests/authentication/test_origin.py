from __future__ import annotations

import pytest
from plugins.email.tests.authentication.names import NameServer

from omniroute_email.authentication.names import Questions
from omniroute_email.authentication.origin import origin


@pytest.mark.parametrize(
    ("record", "outcome"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", "pass"),
        ("v=spf1 a:mail.x.example -all", "pass"),
        ("v=spf1 a:alias.x.example -all", "pass"),
        ("v=spf1 mx -all", "pass"),
        ("v=spf1 include:y.example -all", "pass"),
        ("v=spf1 redirect=y.example", "pass"),
        ("v=spf1 exists:%{ir}.ok.x.example -all", "pass"),
        ("v=spf1 ptr:x.example -all", "pass"),
        ("v=spf1 ip4:198.51.100.1 -all", "fail"),
        ("v=spf1 ip4:198.51.100.1 ~all", "softfail"),
        ("v=spf1 ?all", "neutral"),
        ("v=spf1 ip4:no -all", "permerror"),
        ("v=spf1 include:x.example -all", "permerror"),  # itself, for ever
        ("v=spf1 a:n1.example a:n2.example a:n3.example -all", "permerror"),  # of nobody
        ("hello", "none"),
    ],
)
def test_what_the_owner_of_the_return_path_says(
    server: NameServer, questions: Questions, record: str, outcome: str
) -> None:
    server.says("x.example", "TXT", record)
    server.says("x.example", "MX", "10 mail.x.example.")
    server.says("mail.x.example", "A", "192.0.2.7")
    server.says("alias.x.example", "A", "192.0.2.7")
    server.says("y.example", "TXT", "v=spf1 ip4:192.0.2.7 -all")
    server.says("7.2.0.192.ok.x.example", "A", "127.0.0.2")
    server.says("7.2.0.192.in-addr.arpa", "PTR", "mail.x.example.")
    assert origin("192.0.2.7", "joe@x.example", "mail.x.example", questions) == (
        outcome,
        "joe@x.example",
    )


def test_a_peer_with_a_long_address(server: NameServer, questions: Questions) -> None:
    server.says("x.example", "TXT", "v=spf1 a:six.x.example -all")
    server.says("six.x.example", "AAAA", "2001:db8::7")
    assert origin("2001:db8::7", "joe@x.example", "h", questions)[0] == "pass"
    assert origin("2001:db8::8", "joe@x.example", "h", questions)[0] == "fail"
    assert origin("fe80::1%eth0", "joe@x.example", "h", questions)[0] in ("permerror", "fail")


def test_a_null_sender_stands_for_the_peer_itself(server: NameServer, questions: Questions) -> None:
    server.says("mail.x.example", "TXT", "v=spf1 ip4:192.0.2.7 -all")
    assert origin("192.0.2.7", "", "mail.x.example", questions) == (
        "pass",
        "postmaster@mail.x.example",
    )


@pytest.mark.parametrize("helo", ["", "[192.0.2.7]", "ü", "\x00", "%{d}", "a" * 300])
def test_a_peer_may_call_itself_anything(questions: Questions, helo: str) -> None:
    assert origin("192.0.2.7", "", helo, questions)[0] != "pass"
    assert origin("192.0.2.7", "joe@x.example", helo, questions)[0] == "fail"


@pytest.mark.parametrize(
    "sender", ["joe@ü.example", "@", "joe@", "joe@nobody.example", "a@b@x..example", '"@"@.']
)
def test_a_return_path_without_a_record(questions: Questions, sender: str) -> None:
    assert origin("192.0.2.7", sender, "h", questions)[0] in ("none", "permerror")


def test_while_dns_does_not_answer_nothing_is_known(
    server: NameServer, questions: Questions
) -> None:
    server.broken.add("x.example")
    assert origin("192.0.2.7", "joe@x.example", "h", questions)[0] == "temperror"
