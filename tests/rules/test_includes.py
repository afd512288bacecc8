"""Files that bring others: in which order, from where, and what is said of those that cannot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from omniroute.errors import ConfigErrors
from omniroute.rules import load, parse_rules, sources

Written = Callable[..., Path]
TOP = "version: 1\nqueues: {general: {}}\ndefaults: {queue: general}\n"

OUTSIDE = "lies outside the folder of rules — name a file in the folder of rules, or below it"


def rule(id: str, include: str = "") -> str:
    """A file with one enriching rule that applies to everything."""
    head = f"include: {include}\n" if include else ""
    return f"version: 1\n{head}enrich: [{{id: {id}, when: always, set: {{tags: {id}}}}}]\n"


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A folder with these files; top.yaml has the queue."""

    def folder(files: Mapping[str, str]) -> Path:
        for name, text in {"top.yaml": TOP, **files}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path

    return folder


def ids(folder: Path) -> list[str]:
    return [rule.id for rule in load(folder).enrich]


def refused(folder: Path) -> str:
    with pytest.raises(ConfigErrors) as error:
        load(folder)
    return str(error.value)


def test_files_count_in_the_order_of_their_names(written: Written) -> None:
    assert ids(written({"b.yaml": rule("b"), "a.yaml": rule("a")})) == ["a", "b"]


def test_what_is_included_counts_just_before_its_includer(written: Written) -> None:
    folder = written(
        {
            "a.yaml": rule("a", "[more/z.yaml, y.yaml]"),
            "more/z.yaml": rule("z", "deep.yaml"),
            "more/deep.yaml": rule("deep"),
            "y.yaml": rule("y"),
            "b.yaml": rule("b"),
        }
    )
    assert ids(folder) == ["deep", "z", "y", "a", "b"]
    assert load(folder).places["deep"] == "more/deep.yaml:2"


def test_a_folder_in_the_order_of_names_without_tests_and_team(written: Written) -> None:
    folder = written(
        {
            "a.yaml": rule("a", "more/"),
            "more/2.yaml": rule("two"),
            "more/1.yaml": rule("one"),
            "more/team.yaml": "version: 1\nagents: {}",
            "more/x.test.yaml": "tests: []",
            "other/not.yaml": rule("not"),
        }
    )
    assert ids(folder) == ["one", "two", "a"]


def test_a_version_holds_what_it_includes_and_needs_no_disk(
    written: Written,
) -> None:
    folder = written({"a.yaml": rule("a", "more/z.yaml"), "more/z.yaml": rule("z")})
    rules = load(folder)
    assert b"--- more/z.yaml" in sources(folder)
    files = {p: (folder / p).read_bytes() for p in ("a.yaml", "more/z.yaml", "top.yaml")}
    assert parse_rules(files).version == rules.version
    (folder / "more" / "z.yaml").write_text(rule("other"))
    assert load(folder).version != rules.version


def test_a_single_file_brings_what_it_includes(written: Written) -> None:
    folder = written({"one.yaml": TOP + "include: more/z.yaml\n", "more/z.yaml": rule("z")})
    assert ids(folder / "one.yaml") == ["z"]


def test_the_same_id_in_two_files_is_told_with_both_places(written: Written) -> None:
    folder = written({"a.yaml": rule("same", "more/z.yaml"), "more/z.yaml": rule("same")})
    assert refused(folder) == (
        "a.yaml:3: a second rule “same”, the first is in more/z.yaml:2"
        " — give each rule an id of its own"
    )


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"a.yaml": rule("a", "mroe/z.yaml"), "more/z.yaml": rule("z")},
            "a.yaml:2: there is no “mroe/z.yaml” to include — files of rules end in .yaml",
        ),
        (
            {"a.yaml": rule("a", "c.yaml"), "b.yaml": rule("b", "c.yaml"), "c.yaml": rule("c")},
            "b.yaml:2: “c.yaml” is included a second time, first in a.yaml:2",
        ),
        (
            {"a.yaml": rule("a", "b.yaml"), "b.yaml": rule("b", "a.yaml")},
            "b.yaml:2: files include each other in a circle: a.yaml → b.yaml → a.yaml",
        ),
        (
            {"a.yaml": rule("a", "../secret.yaml")},
            f"a.yaml:2: “../secret.yaml” {OUTSIDE}",
        ),
        (
            {"a.yaml": rule("a", "/etc/passwd")},
            f"a.yaml:2: “/etc/passwd” {OUTSIDE}",
        ),
        (
            {"a.yaml": rule("a", "{b: c}")},
            "a.yaml:2: a mapping stands where the name of a file or a folder is due",
        ),
    ],
)
def test_what_cannot_be_included(written: Written, files: Mapping[str, str], said: str) -> None:
    assert refused(written(files)) == said
