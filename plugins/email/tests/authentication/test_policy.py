from __future__ import annotations

import pytest
from plugins.email.tests.authentication.names import NameServer

from omniroute_email.authentication.names import Questions, Unanswered
from omniroute_email.authentication.policy import policy, record_for


def says(server: NameServer, **records: str) -> None:
    """Records by domain; underscores stand for dots."""
    for domain, record in records.items():
        server.says(f"_dmarc.{domain.replace('_', '.')}", "TXT", record)


def test_the_domain_of_the_author_itself_counts(questions: Questions) -> None:
    assert policy("x.example", ["x.example"], [], questions) == "pass"
    assert policy("x.example", [], ["x.example"], questions) == "pass"
    assert policy("x.example", [], [], questions) == "fail"
    assert policy("x.example", ["evil.example"], ["y.example"], questions) == "fail"


def test_of_a_domain_that_says_nothing_nothing_is_said(questions: Questions) -> None:
    assert policy("y.example", ["y.example"], [], questions) == "none"


@pytest.mark.parametrize(
    ("author", "signer"),
    [
        ("x.example", "mail.x.example"),
        ("news.x.example", "x.example"),
        ("a.x.example", "b.c.x.example"),
    ],
)
def test_domains_of_one_organisation_vouch_for_each_other(
    questions: Questions, author: str, signer: str
) -> None:
    assert policy(author, [signer], [], questions) == "pass"
    assert policy(author, [], [signer], questions) == "pass"


def test_unless_their_owner_is_strict(server: NameServer, questions: Questions) -> None:
    says(server, x_example="v=DMARC1; p=none; adkim=s; aspf=s")
    assert policy("x.example", ["mail.x.example"], ["mail.x.example"], questions) == "fail"
    assert policy("x.example", ["x.example"], [], questions) == "pass"


def test_what_ends_alike_is_not_one_organisation(server: NameServer, questions: Questions) -> None:
    says(server, a_co_example="v=DMARC1; p=reject", b_co_example="v=DMARC1; p=reject")
    assert policy("a.co.example", ["b.co.example"], [], questions) == "fail"


def test_the_public_suffix_says_that_it_is_one(server: NameServer, questions: Questions) -> None:
    says(server, co_example="v=DMARC1; p=none; psd=y", a_co_example="v=DMARC1; p=reject")
    assert policy("a.co.example", ["b.co.example"], [], questions) == "fail"
    assert policy("m.a.co.example", ["n.a.co.example"], [], questions) == "pass"
    # One below it that says nothing itself is ruled by it.
    assert policy("c.co.example", ["d.co.example"], [], questions) == "fail"


def test_a_part_may_be_an_organisation_of_its_own(server: NameServer, questions: Questions) -> None:
    says(server, sub_x_example="v=DMARC1; p=reject; psd=n")
    assert policy("sub.x.example", ["x.example"], [], questions) == "fail"
    assert policy("sub.x.example", ["m.sub.x.example"], [], questions) == "pass"


def test_a_long_name_asks_few_questions(server: NameServer, questions: Questions) -> None:
    author = ".".join("abcdefghijklmnopqrst") + ".x.example"
    assert policy(author, ["x.example"], [], questions) == "pass"
    assert sum(name.startswith("_dmarc.") for name, _ in server.asked) <= 8


@pytest.mark.parametrize(
    "record", ["v=DMARC2; p=reject", "v=dmarc1", "p=reject; v=DMARC1", "", "v = DMARC"]
)
def test_what_is_no_record(server: NameServer, questions: Questions, record: str) -> None:
    says(server, y_example=record)
    assert record_for("y.example", questions) is None


def test_two_records_are_none(server: NameServer, questions: Questions) -> None:
    server.says("_dmarc.y.example", "TXT", "v=DMARC1; p=reject", "v=DMARC1; p=none")
    assert policy("y.example", ["y.example"], [], questions) == "none"


def test_while_dns_does_not_answer_nothing_is_known(
    server: NameServer, questions: Questions
) -> None:
    server.broken.add("_dmarc.x.example")
    with pytest.raises(Unanswered):
        policy("x.example", ["x.example"], [], questions)
