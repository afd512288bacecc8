"""What the desk remembers."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from omniroute import Site
from omniroute_email.desk.book import Book, Conversation


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(Site(tmp_path, "").database("desk.sqlite"))


def test_it_is_its_owners_alone(book: Book, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "desk.sqlite").stat().st_mode) == 0o600
    book.close()


def test_each_agent_has_a_conversation_of_their_own(book: Book) -> None:
    book.begin(1, "ana@x.example")
    book.begin(1, "ana@x.example")
    book.begin(1, "bo@x.example")
    book.show(1, "ana@x.example", "m1", "")
    book.show(1, "ana@x.example", "m1", "failed")
    assert book.lines(1, "ana@x.example") == {"m1": "failed"}
    assert book.lines(1, "bo@x.example") == {}
    assert [one.address for one in book.conversations(1)] == ["ana@x.example", "bo@x.example"]
    book.end(1, "ana@x.example")
    assert book.conversation(1, "ana@x.example") == Conversation(1, "ana@x.example", True)
    assert book.threads() == [1]
    book.end(1, "bo@x.example")
    assert book.threads() == []


def test_an_offer_is_open_until_it_is_answered(book: Book) -> None:
    book.offer("1.1", "ana@x.example")
    assert book.offered("1.1") == "ana@x.example"
    book.answered("1.1")
    assert book.offered("1.1") == ""


def test_who_is_refused_is_told_once_in_a_while(book: Book) -> None:
    assert book.refuse("eve@x.example", 1000, 100)
    assert not book.refuse("eve@x.example", 1050, 100)
    assert book.refuse("eve@x.example", 1100, 100)


def test_the_first_answer_that_a_link_got_stays(book: Book) -> None:
    assert book.used("a") is None
    book.use("a", "Yours.")
    book.use("a", "Somebody else's.")
    assert book.used("a") == "Yours."


def test_what_waits_is_kept_no_longer_than_its_links_last(book: Book) -> None:
    book.put("a", "You get it back", 1, 1000, 100)
    assert book.get("a") == "You get it back"
    book.drop("a")
    assert book.get("a") == ""
    book.put("a", "You get it back", 1, 1000, 100)
    book.put("b", "Hello", 2, 1100, 100)
    assert (book.get("a"), book.get("b")) == ("", "Hello")


def test_what_is_noted_together_is_noted_or_not(book: Book) -> None:
    def interrupted() -> None:
        with book.at_once():
            book.begin(1, "ana@x.example")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert book.conversations(1) == []


def test_what_is_forgotten_is_gone_and_counted(book: Book) -> None:
    book.begin(1, "ana@x.example")
    book.show(1, "ana@x.example", "m1", "")
    book.show(2, "ana@x.example", "m2", "")
    book.put("a", "You get it back", 1, 1000, 100)
    assert (book.forget(1), book.forget(1)) == (1, 0)
    assert (book.conversations(1), book.lines(1, "ana@x.example"), book.get("a")) == ([], {}, "")
    assert book.lines(2, "ana@x.example") == {"m2": ""}
