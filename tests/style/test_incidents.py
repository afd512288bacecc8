"""Every incident of other desks that concerns mail or identity has a test that carries its number.

The numbers are those of the project's list of incidents; what must not happen stands with each.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

INCIDENTS = {
    1: "whom a forged mail copies reads a customer's thread",
    2: "a mail that proves who owns the mailbox reaches whoever asked for it",
    3: "an agent's answer is taken on less than token, sender and proof",
    4: "a token that was changed is taken",
    5: "a number in a subject, or a known id, joins a stranger to a thread",
    6: "another field than From gives an agent's powers",
    7: "acknowledgements are mail for strangers",
    8: "two that answer by themselves go on for ever",
    9: "a storm of bounces opens threads, is answered, or goes on",
    10: "a bot and a machine in a chat go on for ever",
    12: "two quick messages open two threads",
    13: "a merge sends an answer astray, or cannot be undone",
    14: "what cannot be read is gone",
    15: "a forged agent is answered",
    16: "one message is two",
    17: "a mail keeps the server busy",
    18: "an attachment acts in a browser",
    19: "a side path leads past the rights",
    20: "a link lasts for ever or works twice",
    24: "a message that comes twice is two",
    25: "what was erased is still somewhere",
    26: "what a mail names is fetched",
    27: "a text brings a header of its own",
}


@pytest.fixture(scope="module")
def labelled() -> set[int]:
    """The numbers that stand in names of tests."""
    files = [*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("plugins/*/tests/**/test_*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return {int(number) for number in re.findall(r"def test_\w*?incident_(\d+)_", text)}


@pytest.mark.parametrize("number", INCIDENTS)
def test_there_is_a_test_that_carries_the_number(number: int, labelled: set[int]) -> None:
    assert number in labelled, f"no test of incident {number}: {INCIDENTS[number]}"


def test_no_test_carries_a_number_that_is_not_told_here(labelled: set[int]) -> None:
    assert labelled <= INCIDENTS.keys()
