"""Mail about our own mail: which message it is about, and what the agent is told."""

from __future__ import annotations

import pytest

from omniroute import Undelivered
from omniroute_email.envelope import Envelope
from omniroute_email.reading.reports import Failure, Kind, Report
from omniroute_email.returned import return_path, undelivered
from omniroute_email.settings import Config, Mailboxes, mailboxes

KIM = Failure("kim@x.example", "5.1.1", "550 5.1.1 no such user")


def ours(**settings: str) -> Mailboxes:
    config = Config(addresses=["help@demo.example"], **settings)  # type: ignore[arg-type]
    return mailboxes(config, "channels.email", b"a secret")


VERP = ours(bounce_address="bounces@demo.example")


def envelope(to: str = "help@demo.example") -> Envelope:
    return Envelope(peer="", trusted=True, mail_from="", rcpt_to=(to,), received_at=0)


def test_each_message_has_an_address_to_come_back_to() -> None:
    own = return_path("a1.2", VERP)
    assert own.startswith("bounces+a1.2.")
    assert own.endswith("@demo.example")
    assert return_path("x" * 100, VERP) == "bounces@demo.example"
    assert return_path("a1", ours()) == "help@demo.example"
    assert VERP.takes(own)
    assert not VERP.takes("bounces+a1.2@demo.example")
    assert VERP.takes("bounces@demo.example")
    assert not VERP.takes("bounces+a1@other.example")
    assert not VERP.takes("help+a1@demo.example")
    assert not ours().takes("+a1@demo.example")
    assert not ours().takes("")


def test_the_address_tells_which_message_it_was() -> None:
    report = Report(Kind.BOUNCE, (KIM,), "another@demo.example")
    [said] = undelivered(report, envelope(return_path("a1.2", VERP)), VERP)
    assert said == Undelivered("a1.2", "kim@x.example: 550 5.1.1 no such user", to="kim@x.example")


@pytest.mark.parametrize(
    "to", ["help@demo.example", "bounces@demo.example", "bounces+x@demo.example"]
)
def test_another_address_tells_nothing(to: str) -> None:
    report = Report(Kind.BOUNCE, (KIM,), "a1@demo.example")
    [said] = undelivered(report, envelope(to), VERP)
    assert said.of == "a1"


@pytest.mark.parametrize(
    ("report", "of"),
    [
        (Report(Kind.BOUNCE, (KIM,), "a1@Demo.Example"), "a1"),
        (Report(Kind.BOUNCE, (KIM,), "a1@other.example"), ""),
        (Report(Kind.BOUNCE, (KIM,), "", "a1"), "a1"),
        (Report(Kind.BOUNCE, (KIM,), "", "not a key"), ""),
        (Report(Kind.BOUNCE, (KIM,)), ""),
    ],
)
def test_what_was_returned_tells_which_message_it_was(report: Report, of: str) -> None:
    [said] = undelivered(report, envelope(), ours())
    assert said.of == of


def test_late_is_not_lost() -> None:
    late = Failure("kim@x.example", "4.4.1", permanent=False)
    [said] = undelivered(Report(Kind.BOUNCE, (late,), "a1@demo.example"), envelope(), ours())
    assert said == Undelivered("a1", "kim@x.example: 4.4.1", permanent=False, to="kim@x.example")
    [said] = undelivered(Report(Kind.BOUNCE, (late, KIM)), envelope(), ours())
    assert said.permanent


def test_a_complaint() -> None:
    report = Report(Kind.FEEDBACK, (), "a1@demo.example")
    [said] = undelivered(report, envelope(), ours())
    assert said == Undelivered("a1", "the recipient has reported it as spam", complaint=True)


def test_where_all_went_well_there_is_nothing_to_tell() -> None:
    for kind in (Kind.DELIVERED, Kind.READ):
        assert undelivered(Report(kind), envelope(), ours()) == []


def test_the_reason_is_one_line_of_bounded_length() -> None:
    many = tuple(Failure(f"k{n}@x.example", reason="a\nb" * 100) for n in range(50))
    [said] = undelivered(Report(Kind.BOUNCE, many), envelope(), ours())
    assert len(said.reason) <= 400
    assert "\n" not in said.reason
