"""The reader who follows the pages notices what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.docs.pages import Block, Page, anchor
from tests.docs.walk import Walk, alike, asked


def block(tmp_path: Path, info: str, text: str) -> Block:
    (tmp_path / "page.md").write_text(f"# A page\n\n```{info}\n{text}```\n")
    (found,) = Page(tmp_path / "page.md").blocks
    return Block(Path(__file__), found.line, found.info, found.text)


def test_a_block_knows_what_becomes_of_it(tmp_path: Path) -> None:
    assert block(tmp_path, "toml file=a.toml", "").file == "a.toml"
    assert block(tmp_path, "console serve", "").serves
    assert block(tmp_path, "sh no-run: needs a domain", "").left_alone == "needs a domain"
    assert block(tmp_path, "sh", "").left_alone is None


def test_a_port_of_ours_that_has_one_of_the_page_s_in_it_stays_whole(tmp_path: Path) -> None:
    with Walk(tmp_path) as walk:
        walk.ports = {"8420": "12525", "2525": "31000"}
        assert walk.adapted("--port 8420 --smtp-port 2525") == "--port 12525 --smtp-port 31000"


def test_headings_are_named_as_links_name_them() -> None:
    assert anchor("3. Say who vouches for senders") == "3-say-who-vouches-for-senders"
    assert anchor("The store's") == "the-stores"
    assert anchor("A hook, `whole`") == "a-hook-whole"


def test_a_console_block_is_commands_and_what_they_print() -> None:
    assert asked("$ one\nfirst\nsecond\n$ two \\\n> more\n") == [
        ("one", "first\nsecond"),
        ("two \\\nmore", ""),
    ]


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        ("at 10:15, waiting 4 s", "at 23:59, waiting 115 s"),
        ("rules 8539557d45ec925c", "rules 0123456789abcdef"),
        ("#1   queued", "#1  queued\n"),
        ("… records, all is well", "12 records, all is well"),
        ("{…}", '{"a":\n1}'),
    ],
)
def test_what_differs_from_run_to_run_may_differ(expected: str, printed: str) -> None:
    assert alike(expected, printed)


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        ("queue billing", "queue general"),
        ("0 errors", "1 error"),
        ("first", "first\nsecond"),
        ("first\nsecond", "first"),
        ("a.b", "a-b"),
    ],
)
def test_what_must_not_differ_is_noticed(expected: str, printed: str) -> None:
    assert not alike(expected, printed)


def test_a_command_that_fails_or_prints_something_else_fails_the_page(tmp_path: Path) -> None:
    with Walk(tmp_path) as walk:
        walk.follow([block(tmp_path, "sh", "true\n")])
        with pytest.raises(AssertionError, match="no such word"):
            walk.follow([block(tmp_path, "sh", "echo no such word; false\n")])
        with pytest.raises(AssertionError, match="it printed:\ntwo"):
            walk.follow([block(tmp_path, "console", "$ echo two\none\n")])
        with pytest.raises(ZeroDivisionError):
            walk.follow([block(tmp_path, "python", "1 / 0\n")])


def test_ports_of_a_page_become_free_ones(tmp_path: Path) -> None:
    with Walk(tmp_path) as walk:
        walk.follow([block(tmp_path, "toml file=a.toml", "port = 8420\n")])
        assert (tmp_path / "a.toml").read_text() == f"port = {walk.ports['8420']}\n"
