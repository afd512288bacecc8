"""Every code has its sentence: those of the core, and those of the door."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import omniroute
from omniroute.application.directory import Directory
from omniroute.application.sentences import DONE, INVALID, REFUSED, Told, sentence

ROOT = Path(omniroute.__file__).parent
NOT_FOR_PEOPLE = {
    "received", "timer", "nothing_due", "desk", "delivered", "team", "rules", "trial",
    "left", "amended", "imported", "proved", "writing",
    "scored",
}  # fmt: skip
"""Answers to inputs that no agent made."""

NOW = 1_772_442_900_000
TOLD = Told(
    Directory(agents={"ana": "Ana Ruiz", "bo": "Bo Berg"}),
    NOW,
    thread=4812,
    values={
        "by": "ana", "to": "bo", "agent": "bo", "queue": "bilings", "release": NOW + 5_000,
        "until": NOW + 3_600_000, "status": "away", "into": 4807, "most": 50_000,
        "action": "fly", "fault": "until: expected int", "version": "9c41",
    },
    since=NOW - 3_000,
    customer="Joe Miller",
    wrote="never mind",
    wrote_at=NOW - 4_000,
)  # fmt: skip


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
            if called == name:
                yield node


def core_codes() -> tuple[set[str], set[str]]:
    """The codes with which the core says yes and no, as they stand in its source."""
    yes, no = set[str](), set[str]()
    for path in (ROOT / "core").glob("*.py"):
        tree = ast.parse(path.read_text())
        for call in calls(tree, "refused"):
            no.add(ast.literal_eval(call.args[0]))
        for call in calls(tree, "Answer"):
            if all(isinstance(argument, ast.Constant) for argument in call.args[:2]):
                ok, code = map(ast.literal_eval, call.args[:2])
                (yes if ok else no).add(code)
    return yes, no


def test_the_core_says_yes_in_codes_that_have_a_sentence() -> None:
    yes, _ = core_codes()
    assert yes >= {"accepted", "passed", "held"}  # the source is read rightly
    assert yes - NOT_FOR_PEOPLE - set(DONE) == set()
    assert set(DONE) - yes == {"edited", "deleted"}  # as the change was: one name for either


def test_the_core_says_no_in_codes_that_have_a_sentence() -> None:
    _, no = core_codes()
    assert no >= {"taken", "expired", "customer_wrote"}
    assert no - set(REFUSED) == set()
    assert set(REFUSED) - no == {"not_offered", "folded", "closed"}


def test_the_door_refuses_in_codes_that_have_a_sentence() -> None:
    used = set[str]()
    for path in (ROOT / "application").glob("*.py"):
        tree = ast.parse(path.read_text())
        for name in ("Invalid", "refused"):
            codes = (call.args[0] for call in calls(tree, name))
            used |= {str(code.value) for code in codes if isinstance(code, ast.Constant)}
    assert used >= {"empty", "reason_required", "unknown_file"}
    assert used - set(INVALID) - set(REFUSED) == set()


@pytest.mark.parametrize(
    ("ok", "code"),
    [*((True, code) for code in DONE), *((False, code) for code in {**INVALID, **REFUSED})],
)
def test_a_sentence_is_one(ok: bool, code: str) -> None:
    for told in (TOLD, Told(Directory(), NOW)):
        text = sentence(ok, code, told)
        assert text[0].isupper() or text[0] == "#"
        assert text[-1] in ".?’"
        assert "None" not in text
        assert "{" not in text


@pytest.mark.parametrize(
    ("ok", "code", "text"),
    [
        (True, "accepted", "#4812 is yours."),
        (True, "held", "Goes out in 5 s; you can take it back until then."),
        (True, "snoozed", "#4812 is put aside until 10:15."),
        (True, "transferred", "#4812 goes to Bo Berg."),
        (True, "status", "You are away now."),
        (False, "taken", "Ana Ruiz took it 3 s ago."),
        (False, "customer_wrote", "Joe wrote 4 s ago: ‘never mind’"),
        (False, "not_yours", "#4812 is with Ana Ruiz; ask them, or a lead, to hand over."),
        (False, "folded", "#4812 was joined to #4807; go on there."),
        (False, "closed", "#4812 is closed; it is history now."),
        (False, "unknown_thread", "There is no thread #4812."),
        (False, "no_such_queue", "There is no queue bilings."),
        (False, "too_long", "That is too long; at most 50000 characters."),
        (False, "moon_is_full", "Not done: moon is full."),
        (True, "moon_is_full", "Done."),
    ],
)
def test_sentences(ok: bool, code: str, text: str) -> None:
    assert sentence(ok, code, TOLD) == text
