"""Who takes part besides the customer, who gets a copy, and that it is shown before it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from omniroute.application import commands as c
from omniroute.application.desks import DeskDoor
from omniroute.application.ways import Means
from omniroute.core.effects import Deliver
from omniroute.errors import Refused

if TYPE_CHECKING:
    from tests.application.conftest import Desk

JOE, ANA, BOB = "joe@x.org", "ana@x.org", "bob@x.org"


async def joes(desk: Desk) -> int:
    """Joe has written with Ana in copy; Bo has him."""
    desk.application.ways.means = {"email": Means(opens="help", copies=True)}
    desk.application.ways.conversations.handle = lambda address: f"h:{address.value}"
    thread = desk.scene.writes(JOE, "our order is late", name="Joe Miller", named=(ANA,))
    desk.scene.replies("bo", thread, "which one?")
    await desk.seen()
    return thread


def door(desk: Desk) -> DeskDoor:
    return DeskDoor(desk.application, hold=5_000)


def last(desk: Desk) -> Deliver:
    desk.scene.wait(seconds=6)
    return [e for e in desk.scene.effects.values() if isinstance(e, Deliver)][-1]


async def test_a_participant_s_line_is_theirs_and_moves_no_answer(desk: Desk) -> None:
    thread = await joes(desk)
    assert desk.scene.writes(ANA, "it is 4711", name="Ana Lopez", within=JOE) == thread
    await desk.seen()
    sheet = await door(desk).look("bo", thread)
    said = [(line.author, line.text, line.turn) for line in sheet.lines if line.kind == "customer"]
    assert said == [("Joe Miller", "our order is late", 1), ("Ana Lopez", "it is 4711", 2)]
    assert sheet.to == f"{JOE} by e-mail"
    page = await desk.application.query.thread(await desk.application.actor("bo"), thread)
    assert [item.kind for item in page.items if item.text == "it is 4711"] == ["participant"]
    assert [(one.name, one.how, one.copied) for one in page.participants] == [
        ("Ana Lopez", "named", False)
    ]
    assert page.row.name == "Joe Miller"


async def test_an_answer_that_a_participant_s_words_would_cross_is_not_sent(desk: Desk) -> None:
    thread = await joes(desk)
    await desk.seen()
    seen = (await door(desk).look("bo", thread)).turns
    desk.scene.wait(seconds=20)
    desk.scene.writes(ANA, "never mind, it has come", name="Ana Lopez", within=JOE)
    desk.scene.wait(seconds=4)
    with pytest.raises(Refused, match="Ana wrote 4 s ago: ‘never mind, it has come’"):
        await door(desk).say("bo", thread, "reply it is on its way", seen)
    await door(desk).say("bo", thread, "reply so I close it")
    assert last(desk).message


async def test_who_gets_a_copy_is_shown_and_got_it(desk: Desk) -> None:
    thread = await joes(desk)
    await door(desk).say("bo", thread, "reply for Joe alone")
    assert last(desk).copies == ()
    await door(desk).say("bo", thread, "all for both of you")
    assert last(desk).copies == (f"h:{ANA}",)
    assert await door(desk).say("bo", thread, f"cc {BOB}") == "Noted who gets a copy."
    await desk.seen()
    assert (await door(desk).look("bo", thread)).to == f"{JOE} by e-mail; cc {BOB}"
    await door(desk).say("bo", thread, "reply for Joe and Bob")
    assert last(desk).copies == (f"h:{BOB}",)
    await door(desk).say("bo", thread, f"cc -{BOB}")
    await desk.seen()
    assert (await door(desk).look("bo", thread)).to == f"{JOE} by e-mail"


async def test_a_channel_that_sends_no_copies_says_so(desk: Desk) -> None:
    thread = await joes(desk)
    await door(desk).say("bo", thread, f"cc {BOB}")
    desk.application.ways.means = {}
    await desk.seen()
    assert (await door(desk).look("bo", thread)).to == f"{JOE} by e-mail"
    with pytest.raises(Refused) as refused:
        await door(desk).say("bo", thread, "all hello")
    assert refused.value.text == "No copies go by e-mail; answer by e-mail."


async def test_what_is_no_address_changes_nothing(desk: Desk) -> None:
    thread = await joes(desk)
    for line, code in (
        ("cc ana", "bad_copies"), ("cc -eve@x.org", "no_participant"),
        (f"cc {JOE}", "is_customer"), ("cc", "bad_action"),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            await door(desk).say("bo", thread, line)
        assert refused.value.code == code
    assert [p.how for p in desk.scene.state.threads[thread].participants] == ["named"]


async def test_only_who_may_answer_says_who_gets_a_copy(desk: Desk) -> None:
    thread = await joes(desk)
    with pytest.raises(Refused) as refused:
        await desk.does("ana", c.Copy(thread=thread, add=(BOB,)))
    assert "with Bo Berg" in refused.value.text


async def test_what_a_participant_said_is_given_out_with_them_and_not_with_the_customer(
    desk: Desk,
) -> None:
    thread = await joes(desk)
    desk.scene.writes(ANA, "it is 4711", name="Ana Lopez", within=JOE)
    await desk.seen()
    di = await desk.application.actor("di")
    anas = await desk.application.customers.export(di, ANA)
    joe = await desk.application.customers.export(di, f"#{thread}")
    assert [said.text for said in anas.messages] == ["it is 4711"]
    assert "it is 4711" not in [said.text for said in joe.messages]


async def test_whom_only_the_erased_have_named_is_gone_with_them(desk: Desk) -> None:
    thread = await joes(desk)
    desk.scene.writes(BOB, "my own matter", name="Bob", named=())
    desk.scene.writes(JOE, "and Bob, too", named=(BOB,))
    desk.scene.resolves("bo", thread)
    desk.scene.wait(days=30)
    await desk.seen()
    di = await desk.application.actor("di")
    await desk.application.customers.erase(di, f"#{thread}")
    left = desk.scene.reader.get([f"p/h:{who}" for who in (JOE, ANA, BOB)])
    assert list(left) == [f"p/h:{BOB}"]
