"""The guide to work by mail says every command that there is, and none that there is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from omniroute import COMMANDS
from omniroute_email.desk.words import OURS

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "work-from-mail.md"
ROWS = [line for line in GUIDE.read_text(encoding="utf-8").splitlines() if line[:3] == "| `"]


@pytest.mark.parametrize("verb", [*COMMANDS, *OURS])
def test_the_guide_says_each_command(verb: str) -> None:
    assert any(re.search(rf"`#{verb}\b", row.split("|")[1]) for row in ROWS), f"#{verb} is missing"


def test_the_guide_says_no_command_that_there_is_not() -> None:
    said = {verb for row in ROWS for verb in re.findall(r"`#([a-z]+)", row.split("|")[1])}
    assert said == {*COMMANDS, *OURS}
