"""A long text in parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.runtime.splitting import split


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", [""]),
        ("short", ["short"]),
        ("exactly 10", ["exactly 10"]),
        ("one two three", ["one two", "three"]),
        ("first line\nsecond", ["first line", "second"]),
        ("a b c d\ne f g h i", ["a b c d", "e f g h i"]),
        ("a b\n\nc d e\nf", ["a b\n\nc d e", "f"]),
        ("one\ntwo\n\nx y z", ["one\ntwo", "x y z"]),
        ("abcdefghijklm", ["abcdefghij", "klm"]),
        ("a bcdefghijklm", ["a bcdefghi", "jklm"]),
        ("abcdefghij   ", ["abcdefghij"]),
        ("abcdefghij\n\n\n\n\n\nk", ["abcdefghij", "k"]),
        (" " * 30 + "x", ["x"]),
        (" " * 30, [""]),
    ],
)
def test_the_best_place_for_a_cut_is_between_paragraphs_then_lines_then_words(
    text: str, parts: list[str]
) -> None:
    assert split(text, 10) == parts


def test_a_text_that_fits_is_not_touched() -> None:
    assert split("  indented\n", 20) == ["  indented\n"]


@given(st.text(st.sampled_from("ab \n.é👍"), max_size=200), st.integers(1, 30))
def test_nothing_but_white_space_is_lost_and_no_part_is_too_long(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert all(len(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(parts) or not text.strip()
    assert parts
