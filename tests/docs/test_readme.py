"""The first page is short, and what it says is so."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.docs.pages import DOCS, PAGES, ROOT, page

from omniroute.server.settings import Replies

README = page("README.md")
SVG = "{http://www.w3.org/2000/svg}"
PICTURES = sorted((DOCS / "pictures").glob("*.svg"))
PRAISE = re.compile(
    r"\b(blazing|seamless|world-class|revolutionary|cutting-edge|effortless|powerful)", re.I
)
EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u26ff]")


def test_it_is_short() -> None:
    assert len(README.text.splitlines()) < 150


def test_its_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in ("demo", "test", "check", "bench"):
        assert f"make {target}" in README.text
        assert re.search(rf"^{target}:", makefile, re.M)
    assert re.search(r"^demo:.*\n\t@\$\(BIN\)/omniroute demo \$\(DEMO_ARGS\)$", makefile, re.M)


def test_the_time_in_which_an_answer_can_be_taken_back_is_the_one_that_is_set() -> None:
    assert Replies().undo_seconds == 5
    assert "taken back for five seconds" in README.text


def test_every_picture_has_words_for_those_who_do_not_see_it() -> None:
    for each in PAGES:
        for tag in re.findall(r"<img [^>]*>", each.prose):
            assert re.search(r'alt="[^"]{20,}"', tag), each.name
        assert not re.search(r"!\[\]", each.prose), each.name


def test_every_picture_that_is_shown_is_there_and_small_and_every_other_is_not() -> None:
    shown = set()
    for each in PAGES:
        for source in re.findall(r'<img src="([^"]+)"', each.prose):
            path = (each.path.parent / source).resolve()
            assert 0 < path.stat().st_size < 100_000, source
            shown.add(path.name)
    assert shown == {path.name for path in (DOCS / "pictures").iterdir()}


def test_every_agent_s_guide_has_pictures() -> None:
    for guide in ("slack", "telegram", "the-console"):
        assert page(f"how-to/work-from-{guide}.md").prose.count("<img ") >= 2


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_a_picture_stands_by_itself_in_light_and_in_dark(picture: Path) -> None:
    text = picture.read_text()
    root = ET.fromstring(text)  # noqa: S314 - our own file
    named = root.attrib["aria-labelledby"].split()
    assert [root.find(f".//*[@id='{id}']") is not None for id in named] == [True] * len(named)
    assert root.attrib["role"] == "img"
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"@import|@font-face|url\(|<image|<script|href=", text)
    assert {element.tag for element in root.iter() if not element.tag.startswith(SVG)} == set()


def test_colours_of_the_picture_are_defined_for_both() -> None:
    text = (DOCS / "pictures" / "flow.svg").read_text()
    light, dark = re.findall(r"svg \{(.*?)\}", text, re.S)
    names = [set(re.findall(r"(--[\w-]+):", part)) for part in (light, dark)]
    assert names[0] == names[1] == set(re.findall(r"var\((--[\w-]+)\)", text))


def test_pages_speak_plainly() -> None:
    for each in PAGES:
        assert PRAISE.findall(each.prose) == [], each.name
        assert EMOJI.findall(each.text) == [], each.name


def test_lines_can_be_read_in_an_editor() -> None:
    for each in PAGES:
        prose = [line for line in each.prose.splitlines() if not line.startswith(("|", "<img"))]
        assert [line for line in prose if len(line) > 120] == [], each.name
