"""Commands that cannot be meant are refused before anybody thinks about them."""

from __future__ import annotations

import msgspec
import pytest

from omniroute.application import commands as c
from omniroute.application.bounds import (
    MOST_FILES,
    MOST_KEY,
    MOST_REASON,
    MOST_TAGS,
    MOST_TEXT,
    YEAR,
    Invalid,
    check,
    clean,
)
from omniroute.runtime.rows import Attachment

FILE = Attachment("a.txt", "text/plain", 3, "ab" * 32)
NOW = 1_772_442_900_000


@pytest.mark.parametrize(
    "command",
    [
        c.Accept(thread=1, offer="1.1"),
        c.Pass(thread=1, offer="1.1"),
        c.Pass(thread=1, offer="1.1", why="lunch"),
        c.Take(thread=1),
        c.Reply(thread=1, text="x" * MOST_TEXT, seen=0),
        c.Reply(thread=1, text="", seen=0, template="hi", values=("x" * MOST_REASON,)),
        c.Reply(thread=1, text="", seen=0, files=(FILE,) * MOST_FILES),
        c.Note(thread=1, text="", files=(FILE,)),
        c.Undo(thread=1, message="m"),
        c.Note(thread=1, text="✓"),
        c.Transfer(thread=1, why="knows more", to_agent="bo"),
        c.Transfer(thread=1, why="x" * MOST_REASON, to_queue="tech"),
        c.Snooze(thread=1, until=NOW + 1),
        c.Snooze(thread=1, until=NOW + YEAR),
        c.Resolve(thread=1),
        c.Reopen(thread=1),
        c.Tag(thread=1, add=("at-risk", "größe", "v2.1"), remove=("old_one",)),
        c.Prioritise(thread=1, priority=10),
        c.Prioritise(thread=1, priority=40),
        c.SetStatus(status="transfers", key="k" * MOST_KEY),
    ],
)
def test_possible(command: c.AnyCommand) -> None:
    check(command, NOW)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (c.Reply(thread=1, text="", seen=1), "empty"),
        (c.Reply(thread=1, text="hi", seen=1, template="hi"), "template_alone"),
        (
            c.Reply(thread=1, text="", seen=1, template="hi", values=("x" * (MOST_REASON + 1),)),
            "too_long",
        ),
        (c.Reply(thread=1, text="", seen=1, files=(FILE,) * (MOST_FILES + 1)), "too_many_files"),
        (c.Note(thread=1, text="x", files=(FILE,) * (MOST_FILES + 1)), "too_many_files"),
        (c.Reply(thread=1, text=" \n\t\u2028", seen=1), "empty"),
        (c.Reply(thread=1, text="\x00", seen=1), "empty"),
        (c.Reply(thread=1, text="x" * (MOST_TEXT + 1), seen=1), "too_long"),
        (c.Reply(thread=1, text="x", seen=-1), "bad_seen"),
        (c.Note(thread=1, text="  "), "empty"),
        (c.Note(thread=1, text="x" * (MOST_TEXT + 1)), "too_long"),
        (c.Pass(thread=1, offer="1.1", why="x" * (MOST_REASON + 1)), "too_long"),
        (c.Transfer(thread=1, why="", to_agent="bo"), "reason_required"),
        (c.Transfer(thread=1, why=" \n", to_queue="tech"), "reason_required"),
        (c.Transfer(thread=1, why="x" * (MOST_REASON + 1), to_agent="bo"), "too_long"),
        (c.Transfer(thread=1, why="x"), "one_receiver"),
        (c.Transfer(thread=1, why="x", to_agent="bo", to_queue="tech"), "one_receiver"),
        (c.Snooze(thread=1, until=NOW), "past"),
        (c.Snooze(thread=1, until=0), "past"),
        (c.Snooze(thread=1, until=NOW + YEAR + 1), "too_far"),
        (c.Tag(thread=1, add=("two words",)), "bad_tag"),
        (c.Tag(thread=1, add=("",)), "bad_tag"),
        (c.Tag(thread=1, add=("x" * 41,)), "bad_tag"),
        (c.Tag(thread=1, remove=("a\nb",)), "bad_tag"),
        (c.Tag(thread=1, add=tuple(f"t{n}" for n in range(MOST_TAGS + 1))), "bad_tag"),
        (c.Prioritise(thread=1, priority=9), "bad_priority"),
        (c.Prioritise(thread=1, priority=41), "bad_priority"),
        (c.SetStatus(status="asleep"), "bad_status"),
        (c.SetStatus(status="online", key="k" * (MOST_KEY + 1)), "bad_key"),
    ],
)
def test_impossible(command: c.AnyCommand, code: str) -> None:
    with pytest.raises(Invalid) as wrong:
        check(command, NOW)
    assert wrong.value.code == code


def test_what_no_store_can_write_is_taken_out() -> None:
    assert clean("a\x00b\ud800c 👍\n") == "abc 👍\n"


@pytest.mark.parametrize("number", [0, -1, 2**63, 10**18 * 1000])
@pytest.mark.parametrize(
    "command", [c.Take(thread=1), c.Edit(thread=1, message="m", text="x")], ids=["take", "edit"]
)
def test_a_number_that_no_thread_can_have(command: c.OnThread, number: int) -> None:
    with pytest.raises(Invalid) as error:
        check(msgspec.structs.replace(command, thread=number), NOW)  # type: ignore[arg-type]
    assert error.value.code == "unknown_thread"
