"""Plain words for states and times."""

import doctest
from types import ModuleType

import pytest
from tests.web.people import row

from omniroute.application.pages import AgentView, Item
from omniroute.web import guard, words

NOW = 1_772_442_900_000
MINUTE = 60_000


@pytest.mark.parametrize("module", [guard, words], ids=lambda module: module.__name__)
def test_the_examples_in_the_docstrings_hold(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


@pytest.mark.parametrize(
    ("phase", "waiting", "word"),
    [
        ("queued", True, "in the queue"),
        ("offered", True, "being offered"),
        ("stranded", True, "nobody can take it"),
        ("assigned", True, "waiting for us"),
        ("assigned", False, "waiting for customer"),
        ("snoozed", False, "snoozed"),
        ("resolved", False, "solved"),
        ("closed", False, "solved"),
        ("folded", False, "joined to another thread"),
    ],
)
def test_a_phase_is_told_by_who_has_to_act(phase: str, waiting: bool, word: str) -> None:
    assert words.phase(row(1, "x", "", NOW, phase=phase, waiting=waiting)).word == word


@pytest.mark.parametrize(
    ("left", "word", "tone"),
    [
        (40 * MINUTE, "due in 40 min", "calm"),
        (9 * MINUTE, "due in 9 min", "soon"),
        (0, "due in 0 s", "soon"),
        (-1, "late by 0 s", "late"),
        (-26 * 60 * MINUTE, "late by 26 h", "late"),
    ],
)
def test_a_deadline_has_a_word_and_a_tone(left: int, word: str, tone: str) -> None:
    mark = words.due(NOW + left, NOW)
    assert mark is not None
    assert (mark.word, mark.tone) == (word, tone)


def test_no_deadline_no_mark() -> None:
    assert words.due(0, NOW) is None


def test_a_channel_of_an_unknown_kind_is_shown_by_its_name() -> None:
    assert words.channel("slack:T123").word == "Slack"
    assert words.channel("carrier_pigeon").word == "carrier pigeon"
    assert words.channel("").word == "elsewhere"


def test_priorities_between_the_words_are_rounded_up() -> None:
    assert [words.priority(n).word for n in (1, 10, 11, 25, 40, 99)] == [
        "low", "low", "normal", "high", "urgent", "urgent",
    ]  # fmt: skip


def test_who_missed_two_offers_is_shown_as_away() -> None:
    eva = AgentView("eva", "Eva", "agent", "online", True, 0, 5, (), {})
    assert words.status(eva).word == "away, missed offers"


def test_every_state_of_a_reply_has_a_mark() -> None:
    for state in ("held", "sending", "sent", "failed", "withdrawn"):
        assert words.delivery(Item(1, 0, "reply", "", state=state)) is not None
    assert words.delivery(Item(1, 0, "note", "")) is None


def test_sizes() -> None:
    assert [words.size(n) for n in (0, 999, 48_213, 2_400_000)] == [
        "0 B", "999 B", "48 KB", "2.4 MB",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a/b\\c.pdf", "c.pdf"),
        ("x\u202egpj.exe", "xgpj.exe"),
        ("\x00\n", "attachment"),
        ("..", "attachment"),
        ("a" * 500, "a" * 120),
    ],
)
def test_a_file_is_called_by_its_plain_name(given: str, shown: str) -> None:
    assert words.plain_name(given) == shown


def test_an_unbalanced_snippet_is_harmless() -> None:
    assert words.snippet("a ‹b") == [("a ", False), ("b", False)]
    assert words.snippet("") == []
