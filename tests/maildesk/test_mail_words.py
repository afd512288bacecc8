"""The desk's words are those of all desks, and its guide says each of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from omniroute.core.commands import USAGE
from omniroute_email.desk import words

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "work-from-mail.md"


def test_the_desk_knows_every_verb() -> None:
    assert set(words.VERBS) == set(USAGE)


@pytest.mark.parametrize("verb", [*words.VERBS, *words.OURS])
def test_the_guide_says_each_command(verb: str) -> None:
    rows = [line for line in GUIDE.read_text(encoding="utf-8").splitlines() if line[:3] == "| `"]
    assert any(re.search(rf"`#{verb}\b", row.split("|")[1]) for row in rows), f"#{verb} is missing"


def test_the_guide_says_no_command_that_there_is_not() -> None:
    rows = [line for line in GUIDE.read_text(encoding="utf-8").splitlines() if line[:3] == "| `"]
    said = {verb for row in rows for verb in re.findall(r"`#([a-z]+)", row.split("|")[1])}
    assert said == {*words.VERBS, *words.OURS}
