"""Automatic replies as a customer reads them."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from omniroute.core.rules import RuleSet
from omniroute.rules import reply_text

AFTER_HOURS = """
replies:
  after_hours:
    en: "Back {calendar.office.next_open}."
    de: "Wieder da {calendar.office.next_open}."
    pt-BR: "Voltamos {calendar.office.next_open}."
"""


def at(text: str) -> int:
    return (
        int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp())
        * 1000
    )


@pytest.fixture(scope="module")
def desk(rules: Callable[..., RuleSet], ground: str) -> RuleSet:
    lines = [line for line in ground.splitlines() if not line.startswith("replies")]
    return rules(AFTER_HOURS, "\n".join(lines))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Wieder da am Montag um 09:00 Uhr."),
        ("de-AT", "Wieder da am Montag um 09:00 Uhr."),
        ("en", "Back on Monday at 09:00."),
        ("pt-br", "Voltamos 2026-03-30 09:00."),
        ("fi", "Back on Monday at 09:00."),
        ("", "Back on Monday at 09:00."),
    ],
)
def test_in_the_language_of_the_customer_across_a_change_of_clocks(
    desk: RuleSet, language: str, text: str
) -> None:
    assert reply_text(desk, "after_hours", language, at("2026-03-28T20:00"))[0] == text


def test_the_language_chosen_is_told(desk: RuleSet) -> None:
    assert [reply_text(desk, "after_hours", word, 0)[1] for word in ("de-AT", "fi")] == ["de", "en"]


def test_a_reply_that_is_not_there(desk: RuleSet) -> None:
    with pytest.raises(KeyError):
        reply_text(desk, "nope", "en", 0)


WAITS = """
replies:
  hello:
    en: "Expected wait: {expected_wait}."
    de: "Wartezeit: {expected_wait}."
    pt-BR: "Espera: {expected_wait}."
"""


@pytest.mark.parametrize(
    ("language", "wait", "text"),
    [
        ("en", (250_000, 400_000), "Expected wait: about 4\u20137 minutes."),
        ("de", (250_000, 400_000), "Wartezeit: etwa 4\u20137 Minuten."),
        ("pt-br", (250_000, 400_000), "Espera: 4\u20137 min."),
        ("en", (0, 0), "Expected wait: less than a minute."),
        ("en", (110_000, 118_000), "Expected wait: about 1\u20132 minutes."),
        ("de", None, "Wartezeit: unbekannt."),
        ("pt-br", None, "Espera: \u2013."),
    ],
)
def test_how_long_the_customer_will_probably_wait(
    rules: Callable[..., RuleSet],
    ground: str,
    language: str,
    wait: tuple[int, int] | None,
    text: str,
) -> None:
    lines = [line for line in ground.splitlines() if not line.startswith("replies")]
    desk = rules(WAITS, "\n".join(lines))
    assert desk.waiting_told == {"hello"}
    assert reply_text(desk, "hello", language, 0, wait)[0] == text
