"""What colleagues and customers answer: to the script by the script, to the rest politely."""

import random

import pytest

from omniroute.demo.script import (
    JOE,
    LOST_FOR_WORDS,
    MATTERS,
    RESERVED,
    Matter,
    answer_to,
    customers,
    named,
    said,
    thanks_for,
)

EVERY = [pytest.param(m, id=m.subject) for language in MATTERS.values() for m in language]


@pytest.mark.parametrize("matter", EVERY)
def test_a_matter_of_the_script_gets_its_answer(matter: Matter) -> None:
    by = named("Maya Costa", "en", 4711)
    assert answer_to(said(matter.asks, by)) == said(matter.answer, by)
    assert answer_to(said(matter.asks, by)[:90]) == said(matter.answer, by)  # as lists show it


@pytest.mark.parametrize("matter", EVERY)
def test_an_answer_of_the_script_gets_its_thanks(matter: Matter) -> None:
    by = named("Maya Costa", "en", 4711)
    assert thanks_for(said(matter.answer, by)) == matter.thanks
    assert answer_to(matter.thanks) == ""


def test_what_no_script_foresees() -> None:
    assert answer_to("Do you sell rocket fuel to private persons?") == LOST_FOR_WORDS["en"]
    assert answer_to("Haben Sie auch Pferde? Ich suche und suche.") == LOST_FOR_WORDS["de"]
    assert thanks_for("Whatever the visitor typed") == ""
    assert answer_to("") == LOST_FOR_WORDS["en"]


def test_customers_are_different_people_and_none_of_the_scene() -> None:
    people = customers(random.Random(1), 240)
    assert people[0] == JOE
    assert len({person.email for person in people}) == len({p.name for p in people}) == 240
    assert not {person.name for person in people} & RESERVED
    assert {person.language for person in people} == {"en", "de"}
    assert all(person.email.endswith(".example") for person in people)
