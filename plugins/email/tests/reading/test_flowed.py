from __future__ import annotations

import pytest

from omniroute_email.reading.flowed import unflowed


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("I was \ncharged \ntwice.\n\nJoe", "I was charged twice.\n\nJoe"),
        ("Yes.\n>> When \n>> was it?\n> Monday\nno", "Yes.\n>> When was it?\n> Monday\nno"),
        (" From me\n  indented", "From me\n indented"),
        ("Yes \n-- \nJoe", "Yes \n-- \nJoe"),
        ("a \n> b", "a \n> b"),
        (">\n> x", ">\n> x"),
        ("", ""),
    ],
)
def test_paragraphs_are_whole_again(text: str, whole: str) -> None:
    assert unflowed(text, delsp=False) == whole


def test_where_the_space_is_no_space() -> None:
    assert unflowed("東京 \n都", delsp=True) == "東京都"


def test_marks_without_end_are_bounded() -> None:
    assert len(unflowed("> \n" * 1000 + ">" * 10_000, delsp=False)) < 3100
