"""Private conditions: numbers out, no text."""

import pytest

from omniroute.core.conditions import Clock, Domain, Is, Known, Leaf, Pattern, Test, Words
from omniroute.core.observations import Observer, Reading, Texts, in_domain

REFUND = Texts(
    text="Where is my REFUND?\nOrder 1182",
    subject="Order 1182",
    emails=("Joe@Mail.Acme.example",),
    name="Joe Miller",
)


def observed(test: Test, fact: str, texts: Texts = REFUND) -> bool:
    return Observer([Leaf(3, fact, test)]).observe(texts) == (3,)


def test_each_leaf_is_answered_by_its_number() -> None:
    observer = Observer(
        [
            Leaf(4, "message.text", Words(("refund", "chargeback"))),
            Leaf(1, "message.text", Pattern(r"(?i)order \d+")),
            Leaf(2, "message.subject", Words(("refund",))),
            Leaf(9, "customer.email", Domain(("*.acme.example",))),
            Leaf(5, "channel", Is(("email",))),
        ]
    )
    assert observer.observe(REFUND) == (1, 4, 9)
    assert observer.observe(Texts()) == ()


def test_what_was_met_can_be_shown_to_an_admin() -> None:
    observer = Observer(
        [
            Leaf(0, "message.text", Words(("chargeback", "Refund"))),
            Leaf(1, "message.text", Pattern(r"\d+")),
            Leaf(2, "customer.email", Domain(("*.acme.example",))),
            Leaf(3, "message.subject", Words(("refund",))),
        ]
    )
    shown = [observer.shown(number, REFUND) for number in range(4)]
    assert shown == ["Refund", "1182", "joe@mail.acme.example", None]


def test_several_rule_sets_are_asked_about_one_reading() -> None:
    words = Observer([Leaf(0, "message.text", Words(("order 1182",)))])
    others = Observer(
        [
            Leaf(0, "message.subject", Words(("order",))),
            Leaf(1, "message.text", Words(("refund",))),
            Leaf(2, "message.text", Pattern("REFUND")),
        ]
    )
    read = Reading(REFUND)
    found = [observer.observe(read) for observer in (words, others, words)]
    assert found == [(0,), (0, 1, 2), (0,)]
    assert read.marked("message.text") is read.marked("message.text")


@pytest.mark.parametrize(
    ("domains", "inside"),
    [
        (("acme.example",), False),
        (("mail.acme.example",), True),
        (("MAIL.ACME.EXAMPLE",), True),
        (("*.acme.example",), True),
        (("*.example",), True),
        (("*.cme.example",), False),
    ],
)
def test_domains(domains: tuple[str, ...], inside: bool) -> None:
    assert observed(Domain(domains), "customer.email") is inside


def test_the_last_at_sign_begins_the_domain() -> None:
    assert not in_domain("ceo@acme.example@evil.example", ["acme.example"])
    assert not in_domain("ceo@acme.example.evil.example", ["acme.example"])
    assert not in_domain("ceo@notacme.example", ["*.acme.example"])


def test_names_and_addresses_are_equal_in_whatever_case() -> None:
    assert observed(Is(("joe@mail.acme.example",)), "customer.email")
    assert observed(Is((" JOE MILLER",)), "customer.name")
    assert not observed(Is(("joe",)), "customer.name")


def test_known_is_having_something_to_read() -> None:
    assert observed(Known(True), "message.subject")
    assert observed(Known(False), "message.subject", Texts(subject="  "))
    assert observed(Known(False), "customer.email", Texts())


def test_one_address_of_several_is_enough() -> None:
    both = Texts(emails=("joe@home.example", "joe@acme.example"))
    assert observed(Domain(("acme.example",)), "customer.email", both)


def test_a_question_that_makes_no_sense_is_a_bug_and_not_a_no() -> None:
    with pytest.raises(ValueError, match=r"message\.text"):
        Observer([Leaf(0, "message.text", Clock("office", inside=True))])


BY_LANGUAGE = Words(
    ("gift", "present", "Gift", "giftig"), (("en", ("gift", "present")), ("de", ("Gift", "giftig")))
)


@pytest.mark.parametrize(
    ("language", "text", "holds"),
    [
        ("en", "a present for my mother", True),
        ("en", "das ist giftig", False),
        ("de", "das ist giftig", True),
        ("de-AT", "das ist giftig", True),
        ("de", "a present", False),
        ("fr", "a present", True),  # no list of its own: all of them count
        ("", "das ist giftig", True),
    ],
)
def test_words_of_the_message_s_own_language(language: str, text: str, holds: bool) -> None:
    observer = Observer([Leaf(3, "message.text", BY_LANGUAGE)])
    texts = Texts(text=text, language=language)
    assert observer.observe(texts) == ((3,) if holds else ())
    assert (observer.shown(3, texts) is not None) is holds
