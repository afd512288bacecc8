"""A long text in parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.runtime.splitting import size, split


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


def test_a_platform_that_counts_halves_gets_parts_that_fit() -> None:
    parts = split("👍👍👍 👍👍👍", 8, "utf16")
    assert parts == ["👍👍👍", "👍👍👍"]
    assert [size(part, "utf16") for part in parts] == [6, 6]


def test_a_platform_that_counts_bytes_gets_parts_that_fit() -> None:
    text = "Grüße aus Köln, " * 10
    parts = split(text, 40, "bytes")
    assert all(len(part.encode()) <= 40 for part in parts)
    assert " ".join(parts).split() == text.split()


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("", 0),
        ("Grüße, Ålesund @ 5 £", 20),
        ("5 €", 4),  # from the second table
        ("{[~]}", 10),
        ("ç", 3),  # not Ç: one such letter, and every letter takes 16 bits
        ("x" * 66 + "ç", 153),  # one whole part of a long text that is wide
        ("👍", 5),  # two units of UTF-16
    ],
)
def test_an_sms_is_counted_in_its_own_letters(text: str, letters: int) -> None:
    assert size(text, "gsm") == letters


@given(st.text(st.sampled_from("ab \n€ç👍"), max_size=60), st.integers(5, 40))
def test_no_part_is_longer_than_its_platform_takes(text: str, limit: int) -> None:
    for unit in ("utf16", "bytes", "gsm"):
        assert all(size(part, unit) <= limit for part in split(text, limit, unit))


def test_a_character_that_is_longer_than_a_part_goes_alone() -> None:
    assert split("👍👍", 1, "bytes") == ["👍", "👍"]
