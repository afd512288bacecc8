"""The catalogue of faults has every number once, and each row names tests that are there."""

import re
from functools import cache

from tests.docs.pages import ROOT, page

ROW = re.compile(r"^\| ([FBI]\d+) \| (?:.+?) \| (?:.+?) \| (.+?) \|$", re.MULTILINE)
ROWS = ROW.findall(page("reference/faults.md").text)
NONE = "–"

OPEN: set[str] = set()
"""What no test shows yet; a test takes its number out of here."""


def test_every_number_stands_once_and_in_order() -> None:
    last = {"F": 80, "B": 56, "I": 28}
    numbers = [f"{kind}{n}" for kind, most in last.items() for n in range(1, most + 1)]
    assert [number for number, _ in ROWS] == numbers


@cache
def functions(path: str) -> set[str]:
    """The functions of a file, those in classes, too."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return set(re.findall(r"^ *(?:async )?def (\w+)", text, re.MULTILINE))


def test_every_test_that_a_row_names_is_there() -> None:
    named = [
        (number, *test.split("::"))
        for number, tests in ROWS
        if tests != NONE
        for test in tests.split(", ")
    ]
    assert [row for row in named if row[2] not in functions(row[1])] == []


def test_what_has_no_test_is_known() -> None:
    assert {number for number, test in ROWS if test == NONE} == OPEN


def test_no_test_carries_the_number_of_an_incident_that_is_not_told() -> None:
    files = [*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("plugins/*/tests/**/test_*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    carried = {f"I{number}" for number in re.findall(r"def test_\w*?incident_(\d+)_", text)}
    assert carried <= {number for number, _ in ROWS}
