"""Colours that stand on one another can be told apart: WCAG 2.2, 1.4.3 and 1.4.11."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from omniroute_contactform.pages import luminance

TEXT, SHAPE = 4.5, 3.0
"""How many times as light one must be as the other: for text; for a field's edge, for a sign."""

GROUNDS = ("paper", "surface", "raised", "sunk")
CONSOLE = [
    *((ink, ground, TEXT) for ink in ("ink", "soft", "quiet", "accent-text") for ground in GROUNDS),
    *((ink, "surface", TEXT) for ink in ("good", "warn", "bad")),
    *((ink, f"{ink}-soft", TEXT) for ink in ("good", "warn", "bad")),
    ("accent-text", "accent-soft", TEXT), ("ink", "accent-soft", TEXT),
    ("accent-ink", "accent", TEXT), ("note-ink", "note", TEXT), ("ink", "note", TEXT),
    *(("line-strong", ground, SHAPE) for ground in GROUNDS),
    *(("accent", ground, SHAPE) for ground in GROUNDS),
]  # fmt: skip
CHAT = [
    *((ink, ground, TEXT) for ink in ("ink", "quiet") for ground in ("paper", "surface")),
    ("ink", "theirs", TEXT), ("quiet", "ground", TEXT), ("ink", "still", TEXT),
    *((ink, "paper", TEXT) for ink in ("good", "bad", "wait")),
    ("field-edge", "paper", SHAPE), ("field-edge", "surface", SHAPE),
]  # fmt: skip
SHEETS = {
    "console": (files("omniroute.web") / "static/css/look.css", CONSOLE),
    "chat": (files("omniroute_webchat") / "static/chat.css", CHAT),
}


def contrast(one: str, other: str) -> float:
    """How many times as light one colour is as the other, from 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def palette(sheet: str, *, dark: bool) -> dict[str, str]:
    """The colours of a style sheet; where it is dark, those of light that stay."""
    whole = sheet.partition("@media (prefers-color-scheme: dark)")
    said = whole[0] + (whole[2].partition("\n}")[0] if dark else "")
    found = re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", said)
    return dict(found)


@pytest.mark.parametrize("name", SHEETS)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_is_read_and_shapes_are_seen(name: str, dark: bool) -> None:
    sheet, pairs = SHEETS[name]
    colours = palette(sheet.read_text(), dark=dark)
    faint = [
        f"{front} on {ground}: {found:.2f} of {least}"
        for front, ground, least in pairs
        if (found := contrast(colours[front], colours[ground])) < least
    ]
    assert not faint


def test_black_on_white_is_the_most_and_a_colour_on_itself_nothing() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast("#123456", "#123456") == 1.0
