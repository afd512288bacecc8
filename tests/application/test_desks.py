"""The door as desks know it: words and arguments in, a sentence out."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from omniroute.application import commands as c
from omniroute.application.authorize import Actor, Kind
from omniroute.application.bindings import Bindings
from omniroute.application.desks import ACTIONS, DeskDoor, read
from omniroute.channel import File
from omniroute.desk import Door
from omniroute.errors import Refused

if TYPE_CHECKING:
    from tests.application.conftest import Desk


async def test_an_agent_works_from_a_desk(desk: Desk) -> None:
    door: Door = DeskDoor(desk.application)
    desk.scene.online("ana")
    thread = desk.scene.writes("joe@x.org", "My refund?", name="Joe Miller", topic="refund")

    assert await door.act("ana", "accept", {"thread": "1", "offer": "1.1"}) == "#1 is yours."
    assert await door.act("ana", "note", {"thread": thread, "text": "careful"}) == (
        "Noted, for colleagues only."
    )
    assert await door.act("ana", "status", {"status": "away"}) == "You are away now."
    assert await door.act("ana", "reply", {"thread": 1, "text": "yes", "seen": 1}) == (
        "Goes out in 5 s; you can take it back until then."
    )


async def test_an_agent_says_what_to_do_in_words(desk: Desk) -> None:
    door: Door = DeskDoor(desk.application, hold=0)
    desk.scene.online("ana")
    desk.scene.writes("joe@x.org", "My refund?", name="Joe Miller", topic="refund")

    assert await door.say("ana", 1, "who") == "#1: nobody yet"
    assert await door.say("ana", 1, "/accept") == "#1 is yours."
    assert await door.say("ana", 1, "who") == "#1: Ana Ruiz"
    assert await door.say("ana", 1, "note careful") == "Noted, for colleagues only."
    assert await door.say("ana", 1, "#tag vip") == "The tags are set."
    assert await door.say("ana", 1, "priority high") == "The priority is set."
    assert (await door.say("ana", 1, "why")).startswith("With Ana Ruiz")
    assert "transfer <who|queue> <why>" in await door.say("ana", 1, "help")
    assert await door.say("ana", 1, "reply It is on its way.") == "Your answer is on its way."
    assert await door.say("ana", 1, "status away") == "You are away now."


async def test_a_warm_transfer_asks_and_leaves_it_with_its_owner(desk: Desk) -> None:
    door = DeskDoor(desk.application)
    for agent in ("ana", "bo"):
        desk.scene.online(agent)
    desk.scene.writes("joe@x.org", "hello")
    await door.act("ana", "take", {"thread": 1})
    assert "Bo Berg" in await door.say("ana", 1, "warm bo knows the case")
    assert (await door.look("bo", 1)).owner == "ana"
    await door.say("bo", 1, "accept")
    assert (await door.look("bo", 1)).owner == "bo"


async def test_a_queue_cannot_be_asked_first(desk: Desk) -> None:
    door = DeskDoor(desk.application)
    desk.scene.writes("joe@x.org", "hello")
    await door.act("ana", "take", {"thread": 1})
    with pytest.raises(Refused, match="billing is a queue, and only an agent can be asked"):
        await door.say("ana", 1, "warm billing they know it")


async def test_what_would_be_understood_can_be_asked_before_anything_is_done(desk: Desk) -> None:
    door: Door = DeskDoor(desk.application)
    desk.scene.writes("joe@x.org", "hello")
    door.understood("#transfer bo he knows the case")
    door.understood("resolve")
    with pytest.raises(Refused, match="did you mean “resolve”"):
        door.understood("#resolv")
    with pytest.raises(Refused, match="say in a line why bo should have it"):
        door.understood("#transfer bo")
    door.understood("#transfer billing they know the case")
    with pytest.raises(Refused, match="no queue is called “billin” — did you mean “billing”"):
        door.understood("#transfer billin they know the case")
    assert (await door.look("ana", 1)).phase in ("queued", "stranded")


def _lost(desk: Desk) -> list[str]:
    return list(desk.scene.state.agents["ana"].lost)


async def test_who_is_not_reached_at_a_desk_is_asked_again_once_they_act_there(desk: Desk) -> None:
    door = DeskDoor(desk.application, desk="web")
    desk.scene.online("ana")
    await door.unreachable("ana")
    assert _lost(desk) == ["web"]
    await door.act("ana", "status", {"status": "online"})
    assert _lost(desk) == []


async def test_a_misspelt_command_does_nothing_and_says_so(desk: Desk) -> None:
    desk.scene.writes("joe@x.org", "hello")
    with pytest.raises(Refused) as error:
        await DeskDoor(desk.application).say("ana", 1, "#solvd thanks")
    assert error.value.code == "bad_action"
    assert "“solvd” is no command" in error.value.text


async def test_a_mail_desk_holds_longer(desk: Desk) -> None:
    door = DeskDoor(desk.application, hold=20_000)
    desk.scene.writes("joe@x.org", "hello")
    said = await door.act("ana", "reply", {"thread": 1, "text": "yes", "seen": 1})
    assert said.startswith("Goes out in 20 s")


async def test_what_the_core_refuses_is_raised_with_its_sentence(desk: Desk) -> None:
    door = DeskDoor(desk.application)
    desk.scene.writes("joe@x.org", "hello")
    await door.act("bo", "take", {"thread": 1})
    with pytest.raises(Refused) as error:
        await door.act("ana", "take", {"thread": 1})
    assert (error.value.code, error.value.text) == ("taken", "Bo Berg took it 0 s ago.")


async def test_an_unknown_agent(desk: Desk) -> None:
    with pytest.raises(Refused) as error:
        await DeskDoor(desk.application).act("anna", "status", {"status": "away"})
    assert error.value.code == "no_such_agent"
    assert error.value.text == "Nobody on the team is called anna — did you mean “ana”?"


def test_every_command_has_a_word() -> None:
    assert set(ACTIONS.values()) == set(c.AnyCommand.__args__)


@pytest.mark.parametrize(
    ("action", "arguments", "code", "text"),
    [
        ("acept", {}, "bad_action", "There is no action “acept” — did you mean “accept”?"),
        ("note", {"thread": 1, "texd": "x"}, "bad_arguments",
         "note takes no “texd” — did you mean “text”?"),
        ("take", {"thread": 1, "zz": 1}, "bad_arguments",
         "take takes no “zz” — known are key, thread"),
        ("take", {}, "bad_arguments",
         "take needs thread"),
        ("reply", {"thread": 1}, "bad_arguments", "reply needs text and seen"),
        ("take", {"thread": "one"}, "bad_arguments",
         "take was not understood: thread: expected `int`, got `str`"),
        ("reply", {"thread": 1, "text": None, "seen": 1}, "bad_arguments",
         "reply was not understood: text: expected `str`, got `null`"),
    ],
)  # fmt: skip
def test_misunderstandings(action: str, arguments: dict[str, object], code: str, text: str) -> None:
    with pytest.raises(Refused) as error:
        read(action, arguments)
    assert (error.value.code, error.value.text) == (code, text)


def test_an_action_in_words_lists_what_there_is() -> None:
    with pytest.raises(Refused, match="known are accept, pass, take, reply"):
        read("levitate", {})


async def test_a_desk_looks_at_a_thread(desk: Desk) -> None:
    door = DeskDoor(desk.application, hold=0)
    desk.scene.online("ana")
    desk.scene.writes("joe@x.org", "My refund?", name="Joe Miller", topic="refund")
    seen = await door.look("ana", 1)
    assert (seen.title, seen.offer, seen.turns, seen.phase) == ("Joe Miller", "1.1", 1, "offered")
    assert seen.card[0].startswith("●")
    assert {"accept", "pass"} <= set(seen.can)
    await door.say("ana", 1, "accept")
    said = await door.say("ana", 1, "reply Yes.", key="k1")
    assert (said.code, bool(said.message)) == ("replied", True)
    again = await door.say("ana", 1, "reply Yes.", key="k1")
    assert again.message == said.message
    seen = await door.look("ana", 1)
    spoken = [(x.kind, x.agent, x.turn, x.text) for x in seen.lines if x.kind != "event"]
    assert spoken == [("customer", "", 1, "My refund?"), ("reply", "ana", 0, "Yes.")]
    assert (seen.owner, seen.owner_name) == ("ana", "Ana Ruiz")
    assert [sheet.thread for sheet in await door.mine("ana")] == [1]
    assert (await door.look("", 1)).thread == 1


async def test_a_file_goes_with_an_answer(desk: Desk) -> None:
    door = DeskDoor(desk.application, hold=0)
    desk.scene.writes("joe@x.org", "My refund?")
    await door.act("ana", "take", {"thread": 1})
    kept = await door.keep("ana", File("a.pdf", "application/pdf", b"pdf"))
    await door.say("ana", 1, "reply", files=[kept], key="k1")
    (line,) = [line for line in (await door.look("ana", 1)).lines if line.kind == "reply"]
    assert line.files == (kept,)
    assert (await door.file("ana", kept)).data == b"pdf"
    with pytest.raises(Refused):
        await door.say("ana", 1, "reply")


async def test_whom_to_hand_over_to(desk: Desk) -> None:
    desk.scene.online("ana", "bo")
    found = await DeskDoor(desk.application).receivers("ana")
    assert [(one.id, one.status) for one in found] == [
        ("bo", "online"), ("billing", ""), ("general", ""), ("tech", ""),
    ]  # fmt: skip


async def test_changes_name_the_threads_that_are_new(desk: Desk) -> None:
    changes = DeskDoor(desk.application).changes()
    desk.scene.writes("joe@x.org", "hello")
    await desk.application.up_to_date()
    async with asyncio.timeout(5):
        assert list(await anext(changes)) == [1]
    await changes.aclose()  # type: ignore[attr-defined]


async def test_accounts_are_bound_through_the_door(desk: Desk, tmp_path: Path) -> None:
    bindings = Bindings(tmp_path / "b", lambda agent: agent == "ana", desk.scene.clock.now)
    door = DeskDoor(desk.application, bindings=bindings)
    code = await bindings.invite("ana", "telegram", "di")
    assert await door.bind(code, "telegram", "5001", "Ana") == "ana"
    assert await door.who("telegram", "5001") == "ana"
    bindings.close()
    nobody = DeskDoor(desk.application)
    assert await nobody.who("telegram", "5001") == ""
    with pytest.raises(Refused):
        await nobody.bind(code, "telegram", "5001")


# --- who is who ---


BO = Actor(Kind.AGENT, "bo", "agent")


async def test_two_threads_are_said_to_be_one_persons_and_taken_apart_again(desk: Desk) -> None:
    scene = desk.scene
    joes = scene.writes("joe@x.org", "my parcel")
    sams = scene.writes("sam@x.org", "my parcel, too")
    door = DeskDoor(desk.application)

    said = await door.say("bo", joes, f"merge #{sams} the same order number")
    assert said == "They are one customer now; a split undoes it."
    page = await desk.application.query.thread(BO, sams)
    assert page.row.id == joes
    assert [link.text for link in page.links] == [
        "joe@x.org and sam@x.org are one person: Bo Berg said so (“the same order number”)"
    ]

    with pytest.raises(Refused, match="no address “12345” — theirs are joe@x"):
        await door.say("bo", joes, "split 12345")
    said = await door.say("bo", joes, "split sam@x.org")
    assert said == "They are two customers now, each with what they wrote; a merge undoes it."
    page = await desk.application.query.thread(BO, sams)
    assert (page.row.id, page.links) == (sams, ())
    with pytest.raises(Refused, match="A colleague said that they are two people"):
        await door.say("bo", joes, f"merge {sams}")
