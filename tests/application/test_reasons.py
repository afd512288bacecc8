"""Why: the sentence first, then every decision; in words that name people and numbers."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import omniroute
from omniroute.application.authorize import SYSTEM, Actor, Kind
from omniroute.application.directory import Directory
from omniroute.application.reasons import in_words
from omniroute.core import inputs as i
from omniroute.core.model import Status
from omniroute.errors import Refused

if TYPE_CHECKING:
    from tests.application.conftest import Desk

ANA, BO, CY = (Actor(Kind.AGENT, id, "agent") for id in ("ana", "bo", "cy"))


async def headline(desk: Desk, thread: int) -> str:
    await desk.seen()
    return (await desk.application.query.why(SYSTEM, thread)).splitlines()[0]


# --- the screen ---


async def test_the_screen_of_a_waiting_thread(desk: Desk) -> None:
    scene = desk.scene
    scene.online("bo")
    thread = scene.writes("joe@x.org", "My refund?", topic="refund")
    scene.wait(seconds=30)
    await desk.seen()

    assert (await desk.application.query.why(SYSTEM, thread)).splitlines() == [
        (
            "billing, waiting 30 s: needs refunds ≥ 3; only Ana Ruiz meets that, offline."
            " How long it will wait is unknown. In 90 s Bo Berg may take it."
        ),
        "",
        "02 Mar 09:15:00  the sender is new",
        "02 Mar 09:15:00  rule refunds → billing",
        "02 Mar 09:15:00  nobody to ask: 1 is in another team, 2 are not here, 1 lacks a skill",
        "rules r1",
    ]


async def test_a_long_story_stays_on_one_screen(desk: Desk) -> None:
    scene = desk.scene
    thread = scene.writes("joe@x.org", "hello")
    for number in range(30):
        scene.writes("joe@x.org", f"and {number}")
    await desk.seen()
    screen = (await desk.application.query.why(SYSTEM, thread)).splitlines()
    assert len(screen) <= 24
    assert "19 earlier decisions" in screen[2]


async def test_why_of_nothing(desk: Desk) -> None:
    await desk.seen()
    with pytest.raises(Refused) as refused:
        await desk.application.query.why(SYSTEM, 4812)
    assert refused.value.code == "unknown_thread"
    assert refused.value.text == "There is no thread #4812."


# --- the sentence ---


async def test_offered(desk: Desk) -> None:
    desk.scene.online("ana")
    thread = desk.scene.writes("joe@x.org", "My refund?", topic="refund")
    assert await headline(desk, thread) == (
        "billing, waiting 0 s: needs refunds ≥ 3; only Ana Ruiz meets that, at 1/5."
        " Ana Ruiz can accept until 09:16."
    )


async def test_assigned(desk: Desk) -> None:
    thread = desk.scene.writes("joe@x.org", "hello")
    desk.scene.decide(lambda at: i.ThreadClaimed("k", at, "bo", thread))
    assert await headline(desk, thread) == "With Bo Berg; waits for us."
    desk.scene.replies("bo", thread, "hello Joe")
    assert await headline(desk, thread) == "With Bo Berg; waits for the customer."


async def test_snoozed_solved_and_closed(desk: Desk) -> None:
    scene = desk.scene
    thread = scene.writes("joe@x.org", "hello")
    scene.decide(lambda at: i.ThreadClaimed("k", at, "bo", thread))
    scene.decide(lambda at: i.SnoozeAsked("z", at, "bo", thread, at + 3_600_000))
    assert await headline(desk, thread) == "With Bo Berg, put aside until 10:15."
    scene.resolves("bo", thread)
    assert await headline(desk, thread) == "Solved by Bo Berg."
    scene.wait(days=8)
    assert await headline(desk, thread) == "Solved by Bo Berg."


async def test_how_long_it_will_probably_wait(desk: Desk) -> None:
    scene = desk.scene
    scene.team(
        i.Member("ana", ("billing",), {"refunds": 4.0}, capacity=1),
        i.Member("bo", ("billing",), {"refunds": 2.0}),
    )
    scene.online("ana")
    for number in range(6):
        thread = scene.writes(f"past{number}@x.org", "My refund?", topic="refund")
        scene.accepts("ana", thread)
        scene.wait(minutes=4)
        scene.resolves("ana", thread)
    scene.writes("joe@x.org", "My refund?", topic="refund")
    scene.writes("kim@x.org", "My refund?", topic="refund")
    last = scene.writes("lou@x.org", "My refund?", topic="refund")
    said = await headline(desk, last)
    assert "only Ana Ruiz meets that, at 1/1." in said
    assert "It will probably wait 6 min, nine times in ten less than 15 min." in said


async def test_stranded(desk: Desk) -> None:
    scene = desk.scene
    scene.online("ana")
    thread = scene.writes("joe@x.org", "My refund?", topic="refund")
    scene.passes("ana", thread)
    scene.wait(minutes=5)
    assert await headline(desk, thread) == (
        "billing, waiting 5 min: needs refunds ≥ 2;"
        " Ana Ruiz (at 0/5) and Bo Berg (offline) meet that."
        " Stranded: everybody who could take it has passed or missed it;"
        " nothing will change by itself."
    )


async def test_a_need_that_nobody_meets(desk: Desk) -> None:
    scene = desk.scene
    scene.team(i.Member("bo", ("billing",), {"refunds": 2.0}), i.Member("cy", ("tech",)))
    thread = scene.writes("joe@x.org", "My refund?", topic="refund")
    assert await headline(desk, thread) == (
        "billing, waiting 0 s: needs refunds ≥ 3; nobody on the team meets that."
        " In 2 min Bo Berg meets it too, offline."
    )


async def test_only_who_is_here_may_take_it_later(desk: Desk) -> None:
    scene = desk.scene
    lacking = {f"b{n}": i.Member(f"b{n}", ("billing",), {"refunds": 2.0}) for n in range(6)}
    scene.team(*lacking.values(), i.Member("cy", ("tech",)))
    thread = scene.writes("joe@x.org", "My refund?", topic="refund")
    assert (await headline(desk, thread)).endswith(" In 2 min 6 more meet it, none of them here.")
    scene.online("b1", "b2")
    assert (await headline(desk, thread)).endswith(" In 2 min b1 and b2 may take it.")
    scene.online(*lacking)
    assert (await headline(desk, thread)).endswith(" In 2 min 6 more may take it.")
    scene.team(lacking["b3"], lacking["b4"], i.Member("cy", ("tech",)))
    scene.status("b3", Status.AWAY)
    scene.status("b4", Status.OFFLINE)
    said = " In 2 min b3 (away) and b4 (offline) meet it too."
    assert (await headline(desk, thread)).endswith(said)


async def test_presence_is_told(desk: Desk) -> None:
    scene = desk.scene
    scene.status("ana", Status.AWAY)
    scene.writes("x@x.org", "My refund?", topic="refund")
    scene.wait(minutes=1)
    scene.writes("y@x.org", "Mine too", topic="refund")
    scene.wait(minutes=1)
    thread = scene.writes("z@x.org", "And mine", topic="refund")
    assert "only Ana Ruiz meets that, not answering." in await headline(desk, thread)


async def test_a_large_team_is_counted(desk: Desk) -> None:
    scene = desk.scene
    scene.team(*(i.Member(f"a{n}", ("billing",), {"refunds": 4.0}) for n in range(6)))
    thread = scene.writes("joe@x.org", "My refund?", topic="refund")
    assert "6 agents meet that, 0 of them here." in await headline(desk, thread)


# --- the decisions ---


async def test_decisions_in_words(desk: Desk) -> None:
    scene = desk.scene
    scene.online("ana", "di")
    thread = scene.writes("joe@x.org", "hello", tier="vip")
    await desk.seen()

    reasons = await desk.application.query.reasons(ANA, thread)

    assert [reason.text for reason in reasons] == [
        "the sender is new",
        "rule the-rest → general (after vip)",
        "Ana Ruiz is the best choice, before Di Dorn; 2 are not here",
    ]
    assert reasons[1].why["rule"] == "the-rest"
    assert all(reason.at == scene.clock.at for reason in reasons)


async def test_a_step_is_named(desk: Desk) -> None:
    scene = desk.scene
    scene.online("bo")
    thread = scene.writes("joe@x.org", "My refund?", topic="refund")
    scene.wait(minutes=2)
    await desk.seen()
    last = (await desk.application.query.reasons(ANA, thread))[-1]
    assert last.text.startswith("Bo Berg is the best choice at step 2; 1 is in another team")


async def test_a_refused_act_is_told_where_it_was_recorded(desk: Desk) -> None:
    """A refusal alone leaves no record; one that brought an agent back does."""
    scene = desk.scene
    scene.online("ana")
    for number in range(2):
        scene.writes(f"c{number}@x.org", "My refund?", topic="refund")
        scene.wait(minutes=1)
    thread = scene.writes("joe@x.org", "hello")
    scene.decide(lambda at: i.ThreadClaimed("k1", at, "bo", thread))
    assert scene.state.agents["ana"].unresponsive
    scene.decide(lambda at: i.ThreadClaimed("k2", at, "ana", thread))
    await desk.seen()
    texts = [reason.text for reason in await desk.application.query.reasons(ANA, thread)]
    assert "Ana Ruiz was refused: taken (Bo Berg has it)" in texts


# --- why you ---


async def test_why_you_speaks_to_whoever_is_asked_or_has_it(desk: Desk) -> None:
    scene = desk.scene
    scene.online("ana")
    thread = scene.writes("joe@x.org", "My refund?", topic="refund")
    await desk.seen()
    query = desk.application.query

    async def why(who: Actor) -> str:
        return (await query.thread(who, thread)).why_you

    asked = "rule refunds → billing · refunds 4≥3 (by billing) · load 1/5"
    assert await why(ANA) == asked
    assert await why(BO) == asked  # it says why Ana

    scene.passes("ana", thread)
    await desk.seen()
    assert await why(BO) == "rule refunds → billing · needs refunds ≥ 3"

    scene.wait(minutes=1)
    scene.decide(lambda at: i.ThreadClaimed("k", at, "cy", thread))
    await desk.seen()
    assert await why(CY) == "rule refunds → billing · refunds 0<3 · load 1/5"


WHYS = [
    (
        {"about": "escalate", "thread": 1, "rule": "late", "promise": "first_reply", "due": 0},
        "escalation rule late acted: first reply due 01 Jan 00:00",
    ),
    (
        {"about": "unsaid", "thread": 1, "reply": "hello", "because": "told"},
        "no automatic reply hello: they had it within a day",
    ),
    (
        {"about": "identity", "handle": "h", "how": "merged", "by": "ana"},
        "Ana Ruiz said that two addresses are one person's",
    ),
    (
        {"about": "identity", "handle": "h", "how": "imported"},
        "a record of theirs was taken in",
    ),
    (
        {"about": "identity", "handle": "h", "how": "perhaps_shared"},
        "several people may write from the sender's address",
    ),
]


@pytest.mark.parametrize(
    ("why", "said"), WHYS, ids=["escalate", "unsaid", "merged", "imported", "shared"]
)
def test_a_decision_in_words(why: dict[str, Any], said: str) -> None:
    assert in_words(why, "", Directory(agents={"ana": "Ana Ruiz"})) == said


def test_whatever_the_core_explains_has_a_sentence() -> None:
    source = inspect.getsource(in_words)
    for path in (Path(omniroute.__file__).parent / "core").glob("*.py"):
        for about in re.findall(r'turn\.explain\(\s*"(\w+)"', path.read_text()):
            assert f'case "{about}":' in source, f"{path.name} explains {about}"
