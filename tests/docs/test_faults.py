"""The catalogue of faults has every number once, and each row names a test that is there."""

import ast
import re
from functools import cache

from tests.docs.pages import ROOT, page

ROW = re.compile(r"^\| ([FB]\d+) \| (?:.+?) \| (?:.+?) \| (.+?) \|$", re.MULTILINE)
ROWS = ROW.findall(page("reference/faults.md").text)
NONE = "–"

OPEN: set[str] = set()
"""What no test shows yet; a test takes its number out of here."""


def test_every_number_stands_once_and_in_order() -> None:
    numbers = [*(f"F{n}" for n in range(1, 81)), *(f"B{n}" for n in range(1, 57))]
    assert [number for number, _ in ROWS] == numbers


@cache
def functions(path: str) -> set[str]:
    """The functions of a file, those in classes, too."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def test_every_test_that_a_row_names_is_there() -> None:
    named = [(number, *test.split("::")) for number, test in ROWS if test != NONE]
    assert [row for row in named if row[2] not in functions(row[1])] == []


def test_what_has_no_test_is_known() -> None:
    assert {number for number, test in ROWS if test == NONE} == OPEN
