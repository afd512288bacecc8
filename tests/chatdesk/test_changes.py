"""What an agent changes or deletes after it has gone out changes at the customer's, or they are
told before that it cannot."""

from __future__ import annotations

from pathlib import Path

from tests.chatdesk import scene as telegram
from tests.chatdesk.slack_scene import Scene, scene

from omniroute import Address
from omniroute.application.authorize import SYSTEM
from omniroute.application.pages import Item
from omniroute.testing.mail_sink import MailSink


async def said(desk: Scene | telegram.Scene, text: str) -> Item:
    """A line of the first thread."""
    page = await desk.server.application.query.thread(SYSTEM, 1)
    return next(item for item in page.items if item.text == text)


async def test_in_slack_an_edited_answer_changes_and_a_deleted_one_goes(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        joe.says("My refund, please")
        place = await ana.takes()
        answer = place.says("It comes on Munday")
        await joe.sees("It comes on Munday")
        await place.has(answer, "white_check_mark")

        place.edits(answer, "It comes on *Monday*")
        await joe.sees("It comes on *Monday*")
        assert joe.from_app() == ["It comes on *Monday*"]
        wrong = place.says("Your sister has ordered, too")
        await joe.sees("Your sister has ordered, too")
        await place.has(wrong, "white_check_mark")
        place.deletes(wrong)
        await desk.fake.until(lambda: joe.from_app() == ["It comes on *Monday*"])

        await desk.server.application.up_to_date()
        line = await said(desk, "It comes on **Monday**")
        assert line.former == ("It comes on Munday",)
        assert "Your sister has ordered, too" in (await said(desk, "(deleted)")).former


async def test_in_telegram_by_an_edit_and_by_a_command(tmp_path: Path) -> None:
    async with telegram.scene(tmp_path) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        joe.says("My refund, please")
        await ana.own.sees("Why you")
        await ana.own.presses("Accept")
        answer = ana.own.says("It comes on Munday")
        await joe.sees("It comes on Munday")
        await desk.has(ana.own, answer, "👌")
        ana.own.edits(answer, "It comes on Monday")
        await joe.sees("It comes on Monday")
        ana.own.says("/edit It comes on Tuesday", quotes=answer)
        await joe.sees("It comes on Tuesday")
        ana.own.says("/delete", quotes=answer)
        await desk.fake.until(lambda: joe.from_bot() == [])


async def test_of_mail_the_agent_is_told_before_and_nothing_is_sent(tmp_path: Path) -> None:
    async with scene(tmp_path, sink=(sink := MailSink())) as desk:
        ana = await desk.agent("ana", "Ana Ruiz")
        await desk.mail("joe@mail.example", "I was charged twice, I want a refund")
        place = await ana.takes()
        await place.sees("What has gone out there cannot be changed.")
        answer = place.says("It comes on Munday")
        await sink.wait_for(1)
        await place.has(answer, "white_check_mark")
        place.edits(answer, "It comes on Monday")
        await place.sees("By e-mail nothing can be changed once it is out")
        place.says("Monday, I mean")
        first, second = await sink.wait_for(2)
        assert "Munday" in first.get_content()
        assert second.get_content().startswith("Monday, I mean")


async def test_a_note_that_is_changed_stays_a_note(tmp_path: Path) -> None:
    async with scene(tmp_path, triage=True) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        joe.says("My refund, please")
        assert desk.triage is not None
        team = desk.team(ana, await ana.person.chat(desk.triage).sees("My refund, please"))
        place = await ana.takes()
        note = place.says("note he is rude")
        await place.has(note, "memo")
        await team.sees("📝 Ana Ruiz, inside: he is rude")
        place.edits(note, "note he is in a hurry")
        await team.sees("📝 Ana Ruiz, inside (edited, was “he is rude”): he is in a hurry")
        assert joe.from_app() == []


async def test_a_change_that_fails_says_so_beside_the_message(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        joe.says("My refund, please")
        place = await ana.takes()
        answer = place.says("It comes on Munday")
        await joe.sees("It comes on Munday")
        await place.has(answer, "white_check_mark")
        joe.person.user["deleted"] = True
        place.edits(answer, "It comes on Monday")
        await place.sees("⚠ The customer still has it as it was.")
        await place.has(answer, "x")


async def test_whoever_writes_is_shown_to_the_other_and_not_too_often(tmp_path: Path) -> None:
    async with telegram.scene(tmp_path) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        joe.says("My refund, please")
        await ana.own.sees("Why you")
        application = desk.server.application
        for _ in range(3):
            await application.writes(SYSTEM, 1)
        shown = [given for name, given in desk.fake.calls if name == "sendChatAction"]
        assert [one["action"] for one in shown] == ["typing"]
        async with application.subscribe(SYSTEM) as changes:
            sender = Address("telegram", str(joe.person.id), verified=True)
            for _ in range(3):
                desk.server.node.signs.customer(sender)
            desk.server.node.signs.customer(Address("telegram", "1", verified=True))
            assert (await anext(changes)).writing == (1,)
