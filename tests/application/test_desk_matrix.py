"""Who may do what from a desk, on a thread that is Bo's: by every button, and by every word that is
typed or mailed.

Columns: a stranger (an account that is nobody's on the team), an agent, a lead, an admin; ``y`` it
is let through, whatever becomes of it then, ``n`` it is not.  A verb without a row fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from omniroute.application import commands as c
from omniroute.application.desks import ACTIONS, DeskDoor
from omniroute.core.commands import USAGE
from omniroute.errors import Refused

if TYPE_CHECKING:
    from tests.application.conftest import Desk

WHO = ("stranger", "ana", "cy", "di")
BUTTONS = """
    accept     n y y y
    pass       n y y y
    take       n y y y
    reply      n n y y
    undo       n y y y
    edit       n y y y
    delete     n y y y
    note       n y y y
    transfer   n n y y
    snooze     n n y y
    resolve    n n y y
    reopen     n y y y
    tag        n y y y
    cc         n n y y
    priority   n n y y
    done       n n y y
    boost      n n y y
    new        n n y y
    merge      n y y y
    not-same   n y y y
    split      n y y y
    status     n n y y
"""
WORDS = """
    accept     n y y y
    pass       n y y y
    take       n y y y
    reply      n n y y
    via        n n y y
    all        n n y y
    template   n y y y
    cc         n n y y
    note       n y y y
    transfer   n n y y
    warm       n n y y
    snooze     n n y y
    resolve    n n y y
    reopen     n y y y
    tag        n y y y
    priority   n n y y
    done       n n y y
    boost      n n y y
    new        n n y y
    merge      n y y y
    split      n y y y
    status     n y y y
    undo       n y y y
    edit       n y y y
    delete     n y y y
    why        n y y y
    who        n y y y
    help       y y y y
"""
GIVEN: dict[str, dict[str, Any]] = {
    "accept": {"offer": "1.1"}, "pass": {"offer": "1.1"}, "reply": {"text": "x", "seen": 1},
    "undo": {"message": "m"}, "edit": {"message": "m", "text": "x"}, "delete": {"message": "m"},
    "note": {"text": "x"}, "transfer": {"why": "x", "to_queue": "general"},
    "snooze": {"until": 1_772_500_000_000}, "tag": {"add": ["x"]}, "priority": {"priority": 20},
    "boost": {"by": 1}, "cc": {"add": ["x@mail.example"]}, "merge": {"a": "x", "b": "y"},
    "split": {"handles": ["x"]}, "not-same": {"a": "x", "b": "y"},
    "status": {"status": "away", "agent": "bo"},
}  # fmt: skip
"""What buttons carry beside the thread."""

LINES = {
    "pass": "pass busy", "reply": "reply x", "via": "via email x", "all": "all x", "note": "note x",
    "cc": "cc x@mail.example", "transfer": "transfer general x", "warm": "warm di x",
    "snooze": "snooze 2h", "tag": "tag x", "priority": "priority high", "boost": "boost 10m",
    "new": "new matter", "merge": "merge #1 x", "split": "split joe@x.org", "edit": "edit x",
    "status": "status away", "template": "template",
}  # fmt: skip
"""How a word is said, where it is not said alone."""


def rows(table: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split()[1:] for line in table.strip().splitlines()}


def test_every_button_and_every_word_has_a_row() -> None:
    assert set(rows(BUTTONS)) == set(ACTIONS)
    assert set(rows(WORDS)) == set(USAGE)


async def bos(desk: Desk) -> int:
    """A thread that Bo has."""
    thread = desk.scene.writes(f"{desk.scene.next()}@x.org", "hello")
    await desk.does("bo", c.Take(thread=thread))
    return thread


async def letter(doing: Any) -> str:
    try:
        await doing
    except Refused as refused:
        return "n" if refused.code in ("forbidden", "no_such_agent") else "y"
    return "y"


@pytest.mark.parametrize("action", ACTIONS)
async def test_by_a_button(desk: Desk, action: str) -> None:
    door, found = DeskDoor(desk.application), []
    desk.scene.online("di")
    for who in WHO:
        given = dict(GIVEN.get(action, {}))
        if "thread" in ACTIONS[action].__struct_fields__:
            given["thread"] = await bos(desk)
        found.append(await letter(door.act(who, action, given)))
    assert found == rows(BUTTONS)[action]


@pytest.mark.parametrize("word", USAGE)
async def test_by_a_word(desk: Desk, word: str) -> None:
    door, line = DeskDoor(desk.application), LINES.get(word, word)
    desk.scene.online("di")
    desk.scene.writes("joe@x.org", "the first")
    found = [await letter(door.say(who, await bos(desk), line)) for who in WHO]
    assert found == rows(WORDS)[word]
