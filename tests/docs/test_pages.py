"""Every page can be followed as it stands: its files are made, its commands print what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.docs.pages import DOCS, PAGES, Page
from tests.docs.walk import Walk

LANGUAGES = {
    "sh",
    "console",
    "python",
    "toml",
    "yaml",
    "text",
    "html",
    "json",
    "js",
    "mermaid",
    "sql",
    "",
}
START = Page(DOCS / "start.md")
RUN = {"sh", "console", "python"}
BLOCKS = [block for page in PAGES for block in page.blocks]
FOLLOWED = [page for page in PAGES if any(block.language in RUN for block in page.blocks)]


def named(page: Page) -> str:
    return page.name


@pytest.mark.slow
@pytest.mark.parametrize("page", FOLLOWED, ids=named)
def test_a_page_can_be_followed(page: Page, tmp_path: Path) -> None:
    with Walk(tmp_path) as walk:
        if "how-to" in page.path.parts:  # which begin where the start has ended
            walk.follow(block for block in START.blocks if block.file is not None)
        walk.follow(page.blocks)


def test_every_block_says_what_it_is_and_why_it_is_left_alone() -> None:
    strange = [block.place for block in BLOCKS if block.language not in LANGUAGES]
    silent = [block.place for block in BLOCKS if block.left_alone == ""]
    assert (strange, silent) == ([], [])


def test_settings_that_are_shown_are_settings_that_can_be_loaded() -> None:
    for block in BLOCKS:
        if block.language == "toml":
            assert block.file or block.left_alone, f"{block.place}: no file= and no reason"
