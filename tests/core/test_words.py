"""Words and regular expressions in text that anybody may have written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.core.words import (
    LONGEST_TEXT,
    Automaton,
    Expression,
    PatternError,
    WordList,
    marked,
    readable,
)


def found(words: list[str], text: str) -> str | None:
    return WordList(words).found(marked(readable(text)))


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("refund", "A Refund, please."),
        ("cancel my contract", "I want to CANCEL  my\ncontract!"),
        ("HTTP 500", "we get http 500 again"),
        ("Übergabe", "zur übergabe"),
        ("kündigung", "KÜNDIGUNG"),
        ("straße", "STRASSE"),
        ("C++", "I love C++!"),
        (".NET", "a .net shop"),
        ("don't", "I don’t know"),
        ("café", "cafe\N{COMBINING ACUTE ACCENT}"),
        ("API", "API密钥丢了"),
        ("退款", "我要退款。"),
        ("คืนเงิน", "ขอคืนเงินด้วย"),
        ("возврат", "Где мой возврат?"),
        ("החזר", "רוצה החזר עכשיו"),
    ],
)
def test_a_word_is_found_as_people_write_it(word: str, text: str) -> None:
    assert found(["nothing", word], text) == word


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("API", "rapid"),
        ("HTTP 500", "http 5000"),
        ("cancel", "cancellation"),
        ("über", "gegenüber"),
        ("cafe", "café"),
        ("refund", "re fund"),
        ("refund", ""),
    ],
)
def test_a_word_is_found_whole_or_not_at_all(word: str, text: str) -> None:
    assert found([word], text) is None


def test_a_text_cannot_forge_the_marks_of_words() -> None:
    assert found(["api"], "r\x01api\x01d") == "api"  # white space like any other control
    assert found(["api"], "rapid\x01") is None


@pytest.mark.parametrize("pattern", [r"(a)\1", "(?=a)", "(", "x{1001}", "[", "a**", r"\p{Nope}"])
def test_what_re2_does_not_take_is_refused_with_a_reason(pattern: str) -> None:
    with pytest.raises(PatternError, match=r"\S"):
        Expression(pattern)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(.*)*x", "(a|aa)+b"])
def test_hostile_patterns_meet_hostile_text(pattern: str) -> None:
    assert Expression(pattern).found("a" * 50_000 + "!") is None


def test_ten_thousand_words_are_one_search() -> None:
    words = [f"word{n}" for n in range(10_000)]
    text = marked(readable("there is word9999 in it"))
    assert WordList(words).found(text) == "word9999"
    automaton = Automaton([WordList(words), WordList(["absent"]), WordList(["in it"])])
    assert list(automaton.matching(text)) == [0, 2]


def test_text_is_made_fit_to_be_read() -> None:
    assert readable("\ud800x") == "?x"
    assert len(readable("x" * (LONGEST_TEXT + 1))) == LONGEST_TEXT


@pytest.mark.parametrize("pattern", [r"\pL{900}x", r"(\pL{10}){90}", ".{0,1000}x.{0,1000}y"])
def test_a_pattern_that_would_be_slow_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError, match="too large"):
        Expression(pattern)


@pytest.mark.parametrize("memory", [1024, 1024 * 1024])
def test_patterns_for_which_there_is_no_room_together_are_asked_one_by_one(memory: int) -> None:
    finders = [Expression(f"{letter}.{{0,12}}z") for letter in "abcdefgh"]
    automaton = Automaton([*finders, Expression("needle")], memory)
    assert list(automaton.matching("bz needle")) == [1, 8]


@given(
    st.lists(st.sampled_from(["a", "b", "ab", "a b", "ä", "1"]), min_size=1, max_size=6),
    st.text(alphabet="ab ä1.\n", max_size=30),
)
def test_searched_at_once_or_one_by_one_the_answer_is_the_same(words: list[str], text: str) -> None:
    finders = [WordList([word]) for word in words]
    prepared = marked(readable(text))
    alone = [n for n, finder in enumerate(finders) if finder.found(prepared) is not None]
    assert list(Automaton(finders).matching(prepared)) == alone


@given(st.text(max_size=200))
def test_any_text_at_all_can_be_looked_through(text: str) -> None:
    prepared = readable(text)
    automaton = Automaton([Expression("(?i)refund"), Expression(r"\d+")])
    assert all(n in (0, 1) for n in automaton.matching(prepared))
    assert marked(prepared).count("\x01") % 2 == 0


@pytest.mark.parametrize(
    ("word", "text", "there"),
    [
        ("refund*", "They refunded it, and other REFUNDS", True),
        ("refund*", "a prerefund", False),
        ("refund*", "refund", True),
        ("*erstattung", "Ich bitte um Rückerstattung!", True),
        ("*erstattung", "die Erstattungen", False),
        ("*storn*", "Bitte um Stornierung", True),
        ("cancel my contract*", "please cancel my contracts", True),
        ("übergab*", "die Übergaben", True),
    ],
)
def test_a_word_may_be_left_open_at_an_end(word: str, text: str, there: bool) -> None:
    assert found([word], text) == (word if there else None)
    finders = [WordList([word])]
    assert list(Automaton(finders).matching(marked(readable(text)))) == [0] * there
