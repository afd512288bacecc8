"""``surveys:`` from its YAML to the core's rule, with its words."""

from __future__ import annotations

import pytest

from omniroute.core.observations import Texts
from omniroute.core.rules import Low, RuleSet
from omniroute.errors import ConfigErrors
from omniroute.rules import explain, tell
from omniroute.rules.load import parse_rules
from omniroute.rules.replies import reply_text
from omniroute.rules.surveys import words

BASE = """
version: 1
queues: {general: {}, vip: {}}
defaults: {queue: general}
replies: {ours: {en: "And?", de: "Und?"}}
route: [{id: rest, to: {queue: general}}]
surveys:
"""


def loaded(survey: str) -> RuleSet:
    return parse_rules({"rules.yaml": (BASE + survey).encode()})


def test_what_is_left_out_is_ten_minutes_thirty_days_and_our_own_words() -> None:
    rules = loaded("  - {id: after, when: always}")
    (survey,) = rules.surveys
    assert (survey.measure, survey.after_ms, survey.every_ms, survey.open_ms) == (
        "csat", 600_000, 30 * 86_400_000, 7 * 86_400_000,
    )  # fmt: skip
    assert reply_text(rules, survey.ask, "de-AT", 0)[0].startswith("Wie war unsere Hilfe?")
    assert reply_text(rules, survey.more, "", 0)[0] == "What could we do better?"


def test_words_of_the_rules_come_before_ours() -> None:
    rules = loaded("  - {id: after, when: always, ask: ours, follow_up: false}")
    (survey,) = rules.surveys
    assert (survey.ask, survey.more) == ("ours", "")
    assert reply_text(rules, survey.thanks, "de", 0)[0] == "Vielen Dank!"


def test_all_of_it_is_read() -> None:
    rules = loaded(
        "  - id: after\n"
        "    measure: ces\n"
        "    when: {queue: [vip], channel: email}\n"
        "    after: 1h\n"
        "    at_most_every: 90d\n"
        "    open_for: 3d\n"
        "    low: {at_most: 3, tags: hard, priority: high, reopen: true}\n"
    )
    (survey,) = rules.surveys
    assert (survey.measure, survey.queues, survey.after_ms) == ("ces", ("vip",), 3_600_000)
    assert survey.low == Low(3, ("hard",), 30, reopen=True)


@pytest.mark.parametrize(
    ("survey", "fault"),
    [
        ("{id: a}", "when"),
        ("{id: a, when: always, measure: stars}", "stars"),
        ("{id: a, when: always, ask: nothing}", "nothing"),
        ("{id: a, when: {queue: nowhere}}", "nowhere"),
        ("{id: a, when: {channle: email}}", "channle"),
        ("{id: a, when: always, low: {at_most: 9, tags: x}}", "5"),
        ("{id: a, when: always, low: {at_most: 2}}", "leads to nothing"),
        ("{id: rest, when: always}", "second rule"),
    ],
)
def test_what_cannot_be_meant_is_a_fault_at_its_line(survey: str, fault: str) -> None:
    with pytest.raises(ConfigErrors) as raised:
        loaded(f"  - {survey}")
    assert fault in str(raised.value)
    assert "rules.yaml:8" in str(raised.value)


def test_each_language_has_all_the_words() -> None:
    spoken = words().languages
    assert {"en", "de"} <= set(spoken)
    english = spoken["en"]
    for language, said in spoken.items():
        same = [name for name in english if language != "en" and said[name] == english[name]]
        assert same == [], f"{language} lacks {same}"


def test_the_explanation_names_the_survey_that_will_ask() -> None:
    rules = loaded("  - {id: mails, when: {channel: email, message.text: {any_of: [parcel]}}}")
    texts = Texts(text="Where is my parcel?")
    said = explain(rules, {"channel": "email"}, at=0, texts=texts)
    assert said.survey == "mails"
    assert "survey  mails, once it is solved" in tell(said, rules)
    assert explain(rules, {"channel": "webchat"}, at=0, texts=texts).survey == ""
