from __future__ import annotations

import pytest
from plugins.email.tests.authentication.names import NameServer

from omniroute_email.authentication.names import MOST_QUESTIONS, Names, Unanswered


def test_a_text_in_pieces_is_one(server: NameServer, names: Names) -> None:
    server.records["x.example", "TXT"] = ['"one " "text"', '"another"']
    assert sorted(names.questions(10).texts("x.example")) == [b"another", b"one text"]


@pytest.mark.parametrize(
    "name", ["nobody.example", "s._domainkey.x.example..", "a" * 70 + ".example", ".", "ü\udc80.de"]
)
def test_a_name_that_says_nothing_says_nothing(names: Names, name: str) -> None:
    assert names.questions(10).texts(name) == []


def test_an_answer_is_remembered(server: NameServer, names: Names) -> None:
    for _ in range(3):
        assert names.questions(10).texts("x.example")
    assert server.asked == [("x.example", "TXT")]


def test_a_server_that_fails_has_not_answered(server: NameServer, names: Names) -> None:
    server.broken.add("x.example")
    with pytest.raises(Unanswered, match=r"x\.example"):
        names.questions(10).texts("x.example")


def test_a_server_that_is_silent_is_waited_for_until_the_deadline(
    server: NameServer, names: Names
) -> None:
    server.silent.add("x.example")
    questions = names.questions(0.05)
    with pytest.raises(Unanswered):
        questions.texts("x.example")
    with pytest.raises(Unanswered, match="no time is left"):
        questions.texts("other.example")
    assert ("other.example", "TXT") not in server.asked


def test_one_message_asks_so_much_and_no_more(names: Names) -> None:
    questions = names.questions(100)
    for _ in range(MOST_QUESTIONS):
        questions.texts("x.example")
    with pytest.raises(Unanswered):
        questions.texts("x.example")
