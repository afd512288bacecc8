"""A thread as it stood at a moment of the past."""

from __future__ import annotations

import pytest
from tests.demo.played import Past, desk, past

from omniroute.application.moment import Moment
from omniroute.core.events import ThreadAssigned, ThreadSolved
from omniroute.core.inputs import MessageReceived
from omniroute.errors import Refused
from omniroute.runtime.record import Entry, decode


def entries(found: Past) -> list[Entry]:
    return [decode(body) for body in found.records()]


def refund(found: Past) -> tuple[int, int, int]:
    """A thread that the rule for refunds took: its number, when it came, when somebody had it."""
    came: dict[int, int] = {}
    for entry in entries(found):
        for why in entry.why:
            if why.get("rule") == "refunds" and isinstance(entry.input, MessageReceived):
                came.setdefault(why["thread"], entry.at)
        for event in entry.ev:
            if isinstance(event, ThreadAssigned) and event.thread in came:
                return event.thread, came[event.thread], entry.at
    raise AssertionError("nobody wanted a refund")


def test_before_anybody_had_it_it_waits_and_says_what_is_next() -> None:
    found = past()
    thread, came, had = refund(found)
    then = Moment(found.store.reader(), thread, came, desk().directory())
    first, empty, *lines = then.why().splitlines()
    assert first.startswith("billing, waiting 0 s: needs ")
    assert empty == ""
    assert any(line.startswith("route  ✔ refunds ") for line in lines)
    assert any(line.startswith("needs   ") for line in lines)
    assert any(" no  " in line or " yes " in line for line in lines)
    assert any("rule refunds → billing" in line for line in lines)
    assert lines[-1] == f"rules {desk().rules.version}"
    after = Moment(found.store.reader(), thread, had, desk().directory())
    assert after.why().startswith("With ")
    assert after.why() != then.why()


def test_what_came_later_is_not_told() -> None:
    found = past()
    thread, came, _ = refund(found)
    then = Moment(found.store.reader(), thread, came, desk().directory())
    told = then.as_json()
    assert {reason.at for reason in told["reasons"]} == {came}
    assert (told["thread"].id, told["at"]) == (thread, came)


def test_the_agents_are_those_of_that_time() -> None:
    """Nobody had declared anything when the desk opened."""
    found = past()
    thread, came, _ = refund(found)
    then = Moment(found.store.reader(), thread, came, desk().directory())
    explanation = then.explained()["explanation"]
    status = {agent.id: agent.status for agent in then._agents}
    assert {verdict.agent for verdict in explanation.team} == set(status)  # type: ignore[attr-defined]
    assert f"#{thread}  at " in str(then.explained()["text"]).splitlines()[0]


def test_a_thread_that_was_not_yet() -> None:
    found = past()
    thread, came, _ = refund(found)
    with pytest.raises(Refused, match=rf"There was no thread #{thread} by then"):
        Moment(found.store.reader(), thread, came - 1, desk().directory())
    with pytest.raises(Refused, match="There was no thread #99999"):
        Moment(found.store.reader(), 99_999, found.now, desk().directory())


def test_once_it_was_solved() -> None:
    found = past()
    solved, at = next(
        (event.thread, entry.at)
        for entry in entries(found)
        for event in entry.ev
        if isinstance(event, ThreadSolved)
    )
    then = Moment(found.store.reader(), solved, at, desk().directory())
    assert then.why().startswith("Solved by ")


def test_progress_is_told() -> None:
    found = past()
    thread, came, _ = refund(found)
    told: list[tuple[int, int]] = []
    then = Moment(
        found.store.reader(), thread, came, desk().directory(), lambda d, t: told.append((d, t))
    )
    assert told[-1] == (then.records, then.records)
