"""Changing what an agent has said."""

from __future__ import annotations

import pytest
from tests.application.conftest import Desk, actor

from omniroute.application import commands as c
from omniroute.application.pages import Item
from omniroute.channel import Cap
from omniroute.core.effects import Deliver
from omniroute.errors import Refused


@pytest.fixture
async def anas(desk: Desk) -> int:
    """A thread of Ana's, on a channel where what went out can be changed."""
    desk.application.caps = lambda kind: (
        Cap.EDIT_OUT | Cap.DELETE_OUT if kind == "email" else Cap.NONE
    )
    scene = desk.scene
    scene.online("ana")
    thread = scene.writes("joe@x.org", "refund?", topic="refund")
    scene.accepts("ana", thread)
    return thread


async def item(desk: Desk, thread: int, message: str, agent: str = "ana") -> Item:
    await desk.seen()
    page = await desk.application.query.thread(actor(agent), thread)
    return next(item for item in page.items if item.message == message)


async def refused(desk: Desk, agent: str, command: c.AnyCommand) -> str:
    with pytest.raises(Refused) as error:
        await desk.does(agent, command)
    return error.value.code


async def test_an_edit_goes_the_way_of_the_answer_and_its_past_is_kept(
    desk: Desk, anas: int
) -> None:
    message = desk.scene.replies("ana", anas, "on Munday")
    desk.scene.delivered(anas, message)
    edit = c.Edit(thread=anas, message=message, text="on Monday", key="k")
    for _ in range(2):
        assert (await desk.does("ana", edit)).text == "Changed."
    (sent,) = [e for e in desk.scene.effects.values() if isinstance(e, Deliver)]
    (changed,) = desk.scene.changes()
    assert (changed.effect, changed.handle, changed.how) == (sent.id, sent.handle, "edited")

    line = await item(desk, anas, message)
    assert (line.text, line.former, line.change) == ("on Monday", ("on Munday",), "editing")
    desk.scene.change_settled(anas, message)
    assert (await item(desk, anas, message)).change == "edited"


async def test_a_change_that_fails_is_told_to_whoever_has_the_thread(desk: Desk, anas: int) -> None:
    message = desk.scene.replies("ana", anas, "on Munday")
    desk.scene.delivered(anas, message)
    await desk.does("ana", c.Delete(thread=anas, message=message))
    desk.scene.change_settled(anas, message, "rejected", words="it is older than two days")
    line = await item(desk, anas, message)
    assert (line.change, line.reason) == ("unchanged", "it is older than two days")
    told = [getattr(effect, "reason", "") for effect in desk.scene.effects.values()]
    assert "unchanged" in told


async def test_a_note_is_changed_where_it_is_and_nothing_is_sent(desk: Desk, anas: int) -> None:
    desk.scene.notes("ana", anas, "he is rude")
    await desk.seen()
    page = await desk.application.query.thread(actor("ana"), anas)
    note = next(one for one in page.items if one.kind == "note")
    assert note.can == ("edit", "delete")
    await desk.does("ana", c.Edit(thread=anas, message=note.message, text="he is in a hurry"))
    assert desk.scene.changes() == []
    line = await item(desk, anas, note.message)
    assert (line.text, line.change) == ("he is in a hurry", "edited")


async def test_only_whoever_wrote_it_or_a_lead_may(desk: Desk, anas: int) -> None:
    message = desk.scene.replies("ana", anas, "on Munday")
    desk.scene.delivered(anas, message)
    assert await refused(desk, "bo", c.Delete(thread=anas, message=message)) == "forbidden"
    assert (await item(desk, anas, message, "bo")).can == ()
    assert (await item(desk, anas, message, "cy")).can == ("edit", "delete")
    assert (await desk.does("cy", c.Delete(thread=anas, message=message))).ok
    again = c.Edit(thread=anas, message=message, text="x")
    assert await refused(desk, "ana", again) == "already_deleted"


async def test_what_cannot_be_changed_says_why(desk: Desk, anas: int) -> None:
    held = desk.scene.replies("ana", anas, "wait", hold=5_000)
    assert await refused(desk, "ana", c.Delete(thread=anas, message=held)) == "still_held"
    failed = desk.scene.replies("ana", anas, "lost")
    desk.scene.delivered(anas, failed, "rejected")
    assert await refused(desk, "ana", c.Delete(thread=anas, message=failed)) == "never_sent"
    assert await refused(desk, "ana", c.Delete(thread=anas, message="m1")) == "unknown_message"
    gone = desk.scene.replies("ana", anas, "by mail")
    desk.scene.delivered(anas, gone)
    desk.application.caps = lambda kind: Cap.NONE
    with pytest.raises(Refused, match="By e-mail nothing can be changed once it is out"):
        await desk.does("ana", c.Edit(thread=anas, message=gone, text="x"))
    page = await desk.application.query.thread(actor("ana"), anas)
    assert page.lasting
