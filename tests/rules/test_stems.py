"""Words in any of their forms, as a rule asks for them."""

from __future__ import annotations

import pytest

from omniroute.core.forms import MOST, FormList
from omniroute.core.observations import Texts
from omniroute.core.rules import RuleSet
from omniroute.core.words import marked
from omniroute.errors import ConfigErrors
from omniroute.rules.load import accepted, draft
from omniroute.rules.stems import ALGORITHMS, stem_of

RULES = """
version: 1
defaults: {queue: general}
queues: {general: {}, billing: {}}
route:
  - id: refunds
    when: {message.text: {any_form_of: WORDS}}
    to: {queue: billing}
  - {id: rest, to: {queue: general}}
"""
LISTED = "{en: [refund, cancel], de: [Erstattung, kündigen]}"


def rules(words: str = LISTED) -> RuleSet:
    return accepted(draft({"rules.yaml": RULES.replace("WORDS", words).encode()}))


def met(text: str, language: str = "") -> str | None:
    """The listed word that a message meets."""
    observer = rules().observer
    texts = Texts(text, language=language)
    (number,) = observer.observe(texts) or (None,)
    return None if number is None else observer.shown(number, texts)


@pytest.mark.parametrize(
    ("text", "language", "listed"),
    [
        ("Two REFUNDS, please", "en", "refund"),
        ("I was never refunded.", "en", "refund"),
        ("refunding", "", "refund"),  # of a language that is not known, all lists count
        ("about my cancellation", "en", "cancel"),
        ("Wo bleiben die Erstattungen?", "de", "Erstattung"),
        ("Ich habe gekauft und kündige", "de-AT", "kündigen"),
        ("la refund", "fr", "refund"),  # nor has this one a list
        ("refunds", "de", None),  # of German only the German words count
        ("Erstattungen", "en", None),
        ("a refundable fare", "en", "refund"),
        ("a fundraiser", "en", None),
        ("", "en", None),
    ],
)
def test_a_word_is_met_in_its_forms(text: str, language: str, listed: str | None) -> None:
    assert met(text, language) == listed


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("[refund]", "words by language"),
        ("{xx: [refund]}", "no forms of words are known for “xx”"),
        ("{en: [my refund]}", "“my refund” is not one word"),
        ("{en: [refund*]}", "“refund*” is not one word"),
        ("{}", "no words"),
    ],
)
def test_what_has_no_forms_is_refused_with_its_place(words: str, fault: str) -> None:
    with pytest.raises(ConfigErrors) as refused:
        rules(words)
    assert fault in str(refused.value)
    assert "rules.yaml:7" in str(refused.value)


@pytest.mark.parametrize("language", ALGORITHMS)
def test_every_language_has_a_stemmer_that_keeps_the_beginning(language: str) -> None:
    stem = stem_of(language)
    assert stem("information")[0] == "i"
    assert stem("") == ""


def test_a_long_text_is_looked_at_so_far() -> None:
    asked: list[str] = []

    def stem(word: str) -> str:
        asked.append(word)
        return word

    listed = FormList(["refund"], stem)
    asked.clear()
    assert listed.found(marked("other " * 9_000 + "refund")) == "refund"
    assert asked == ["refund"]  # the others begin otherwise
    assert listed.found(marked("rather " * MOST + "refund")) is None
