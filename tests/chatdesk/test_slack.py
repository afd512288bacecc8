"""Work in Slack: cards in the app's chat, and the thread under each as the place of work."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
from tests.chatdesk.slack_scene import Agent, Scene, scene

from omniroute import Secret
from omniroute.application import commands as c
from omniroute.application.authorize import SYSTEM
from omniroute.runtime.rows import Body
from omniroute.testing.mail_sink import MailSink
from omniroute_telegram import testing as telegram


async def test_a_customer_writes_in_slack_and_an_agent_answers_there(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana = await desk.agent("ana", "Ana Ruiz")
        joe = desk.customer("Joe Miller")
        joe.says("I was charged twice, I want a refund")
        card = await ana.asked()
        assert card["text"].startswith("●")
        assert "Joe Miller · Slack ✓" in card["text"]
        assert len(card["blocks"]) <= 12
        assert [label.partition(" ")[0] for label in ana.own.buttons()] == ["Accept", "Pass"]

        ana.own.presses("Accept")
        assert await ana.own.reads_aside("is yours") == "#1 is yours."
        place = ana.own.thread(card)
        await place.sees("What you write here goes to Joe Miller by Slack.")
        answer = place.says("You get it back *today*")
        await joe.sees("You get it back *today*")
        await place.has(answer, "white_check_mark")

        joe.says("thank you!")
        await place.sees("Joe Miller: thank you!")
        place.calls("resolve")
        await place.sees("#1 is solved.")
        assert joe.from_app() == ["You get it back *today*"]


async def test_a_note_and_talk_outside_a_thread_never_go_out(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        joe.says("My refund, please")
        place = await ana.takes()
        note = place.says("note the bank confirmed it")
        await place.has(note, "memo")
        letter = place.sends(b"%PDF", "bank.pdf", "application/pdf", "note here is their letter")
        await place.has(letter, "memo")
        page = await desk.server.application.query.thread(SYSTEM, 1)
        assert [file.name for item in page.items for file in item.files] == ["bank.pdf"]
        ana.own.says("Where is everybody?")
        await ana.own.sees("I do not know which thread you mean")
        place.calls("solvd")
        await place.sees("⚠")
        place.says("reply: Done.")
        await joe.sees("Done.")
        assert joe.from_app() == ["Done."]
        assert not any(message.get("files") for message in joe.messages())


async def test_of_two_accepts_one_wins_and_the_other_reads_who(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, bo = await desk.agent("ana", "Ana Ruiz"), await desk.agent("bo", "Bo Lindgren")
        desk.customer("Joe Miller").says("My refund, please")
        offered, card = await first_asked(ana, bo)
        slower = bo if offered is ana else ana
        row = await desk.server.application.query.threads(SYSTEM)
        taken = await desk.server.application.actor(slower.id)
        await desk.server.application.do(taken, c.Take(thread=row[0].id))
        offered.own.presses("Accept", card)
        name = slower.person.user["real_name"].partition(" ")[0]
        assert (await offered.own.reads_aside("took it")).startswith(name)
        await offered.own.sees(f"✋ {name}")
        assert offered.own.buttons() == []


async def first_asked(*agents: Agent) -> tuple[Agent, dict[str, Any]]:
    """Whom the engine asks, with the card."""
    waits = {asyncio.create_task(agent.asked()): agent for agent in agents}
    done, rest = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    first = next(iter(done))
    return waits[first], first.result()


async def test_an_answer_can_be_taken_back_or_changed_while_it_is_held(tmp_path: Path) -> None:
    async with scene(tmp_path, undo=30) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        joe.says("My refund, please")
        place = await ana.takes()
        wrong = place.says("You idiot")
        await place.sees("To Joe Miller by Slack. Goes out in")
        await place.has(wrong, "hourglass_flowing_sand")
        place.presses("Undo")
        assert await ana.own.reads_aside("never saw it")
        await place.has(wrong, "leftwards_arrow_with_hook")
        changed = place.says("One momemt")
        await place.has(changed, "hourglass_flowing_sand")
        place.edits(changed, "One moment")
        await desk.fake.until(lambda: held(desk) == ["One moment"])
        assert joe.from_app() == []


def held(desk: Scene) -> list[str]:
    """What agents wrote that has not gone out and was not taken back."""
    state = desk.server.node.state
    ids = [held.message for thread in state.threads.values() for held in thread.held]
    rows = desk.server.node.reader.get([f"b/{id}" for id in ids])
    return [msgspec.json.decode(row, type=Body).text for row in rows.values()]


async def test_a_transfer_by_form_needs_a_reason_and_its_reader_sees_it_first(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        joe.says("My refund, please")
        place = await ana.takes()
        bo = await desk.agent("bo", "Bo Lindgren")
        place.presses("Transfer")
        form = await ana.person.form("transfer")
        assert [block["block_id"] for block in form["blocks"]] == ["who", "why"]
        ana.person.hands_in(form, who="bo", why="he knows the bank")
        card = await bo.own.sees("he knows the bank")
        assert "My refund, please" in card["text"]
        work = bo.own.thread(card)
        await work.sees("Joe Miller: My refund, please")
        work.says("Bo here, it is done")
        await joe.sees("Bo here, it is done")
        await place.sees("Bo Lindgren has it now.")
        place.says("and me?")
        await place.sees("nothing was sent")
        assert "and me?" not in joe.from_app()


async def test_a_snooze_by_form(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        joe.says("My refund, please")
        place = await ana.takes()
        place.presses("Snooze")
        ana.person.hands_in(await ana.person.form("snooze"), when="4h")
        await place.sees("💤 Put aside by Ana Ruiz.")


async def test_all_of_it_comes_by_http_as_well(tmp_path: Path) -> None:
    async with scene(tmp_path, http=True) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        joe.says("My refund, please")
        place = await ana.takes()
        place.presses("Snooze")
        ana.person.hands_in(await ana.person.form("snooze"), when="1h")
        await place.sees("💤 Put aside by Ana Ruiz.")
        told = await desk.fake.answer(ana.person.commands("mine"))
        assert told == "Nothing is yours at the moment."
        await desk.fake.until(lambda: not desk.fake.waiting)
        assert set(desk.fake.pushed) == {200}


async def test_home_and_commands(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        joe.says("My refund, please")
        await ana.takes()
        ana.person.opens_home()
        await desk.fake.until(lambda: len(ana.person.home()) >= 2)
        assert "Joe Miller" in ana.person.home()[1]
        joe.person.opens_home()
        await desk.fake.until(lambda: joe.person.home())
        assert "a person answers" in joe.person.home()[0]
        assert "#1 Joe Miller" in await desk.fake.answer(ana.person.commands("mine"))
        told = await desk.fake.answer(joe.person.commands("mine"))
        assert "I do not know this account" in told


async def test_in_the_teams_channel_plain_text_is_a_note(tmp_path: Path) -> None:
    async with scene(tmp_path, triage=True) as desk:
        ana, bo = await desk.agent("ana", "Ana Ruiz"), await desk.agent("bo", "Bo Lindgren")
        joe = desk.customer("Joe Miller")
        joe.says("My refund, please")
        assert desk.triage is not None
        card = await ana.person.chat(desk.triage).sees("My refund, please")
        for agent in (ana, bo):
            team = desk.team(agent, card)
            await team.sees("What is written here stays inside, whoever writes it.")
            note = team.says("I know him from last year")
            await team.has(note, "memo")
        assert joe.from_app() == []


async def test_a_mailing_customer_an_agent_in_slack_and_nothing_is_lost(tmp_path: Path) -> None:
    async with scene(tmp_path, sink=(sink := MailSink())) as desk:
        ana = await desk.agent("ana", "Ana Ruiz")
        await desk.mail("joe@mail.example", "I was charged twice, I want a refund")
        place = await ana.takes()
        place.says("You get it back today")
        (mail,) = await sink.wait_for(1)
        assert "You get it back today" in mail.get_content()
        assert mail["To"] == "joe@mail.example"


async def test_a_transfer_from_slack_to_telegram_loses_nothing(tmp_path: Path) -> None:
    async with telegram.serving(telegram.FakeTelegram()) as phones:
        account = {"kind": "telegram", "token": Secret(phones.token), "api_url": phones.url}
        sink = MailSink()
        async with scene(
            tmp_path, sink=sink, channels={"telegram": account}, bos_desk="telegram"
        ) as desk:
            ana = await desk.agent("ana", "Ana Ruiz")
            await desk.mail("joe@mail.example", "I was charged twice, I want a refund")
            place = await ana.takes()
            note = place.says("note the bank confirmed it")
            await place.has(note, "memo")
            place.says("Which order was it?")
            (asked,) = await sink.wait_for(1)
            assert "Which order was it?" in asked.get_content()

            bo = phones.person("Bo Lindgren").chat()
            invitation = await desk.server.enrolment.invite(SYSTEM, "bo", "telegram")
            link = invitation.text.removesuffix(" and press Start.").rpartition(" ")[2]
            bo.says(f"/start {link.rpartition('?start=')[2]}")
            await bo.sees("This account is bo's now")
            bo.says("/status online")
            await bo.sees("You are online now.")

            place.calls("transfer bo he knows the bank")
            await place.sees("Bo Lindgren has it now.")
            seen = await bo.sees("the bank confirmed it")
            for said in ("I was charged twice", "Which order was it?"):
                assert said in seen["text"]
            assert "he knows the bank" in "\n".join(bo.from_bot())
            bo.says("I see both charges; it is on its way")
            _, answer = await sink.wait_for(2)
            assert "I see both charges" in answer.get_content()
            assert "the bank confirmed" not in answer.get_content() + asked.get_content()


async def test_a_deactivated_agent_is_let_in_nowhere_and_what_she_had_goes_on(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        joe.says("My refund, please")
        place = await ana.takes()
        bo = await desk.agent("bo", "Bo Lindgren")
        frieda = await desk.server.application.actor("frieda")
        await desk.server.enrolment.deactivate(frieda, "ana")
        card = await bo.asked()
        assert "My refund, please" in card["text"]
        place.says("It comes on Monday")
        bo.own.presses("Accept", card)
        work = bo.own.thread(card)
        await work.sees("What you write here goes to")
        work.says("Bo here: on Tuesday")
        await joe.sees("Bo here: on Tuesday")
        assert joe.from_app() == ["Bo here: on Tuesday"]


async def test_the_shortcut_answers_one_message_or_notes_something_about_it(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        joe.says("My refund, please, and where is my parcel?")
        place = await ana.takes()
        joe.says("It was due on Monday")
        asked = await place.sees("It was due on Monday")
        place.uses("omniroute_answer", asked)
        form = await ana.person.form("answer")
        ana.person.hands_in(form, way="note", text="the carrier has lost it")
        await place.sees("Noted, for colleagues only.")
        place.uses("omniroute_answer", asked)
        ana.person.hands_in(await ana.person.form("answer"), way="reply", text="It comes today")
        await joe.sees("It comes today")
        assert joe.from_app() == ["It comes today"]

        said = ana.own.says("hello?")
        await ana.own.sees("I do not know which thread you mean")
        ana.own.uses("omniroute_answer", said)
        await ana.own.reads_aside("Nothing was sent: this message belongs to no thread")


async def test_home_is_kept_in_step_while_it_may_be_looked_at(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        ana.person.opens_home()
        await desk.fake.until(lambda: ana.person.home() and "Nothing" in ana.person.home()[0])
        joe.says("My refund, please")
        await ana.takes()
        await desk.fake.until(lambda: "Joe Miller" in "\n".join(ana.person.home()), 20)


async def test_in_the_teams_channel_a_thread_is_taken_and_undo_is_seen_by_its_writer_alone(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path, triage=True, undo=60) as desk:
        bo, joe = await desk.agent("bo", "Bo Lindgren"), desk.customer("Joe Miller")
        joe.says("My refund, please")
        assert desk.triage is not None
        card = await bo.person.chat(desk.triage).sees("My refund, please")
        team = desk.team(bo, card)
        await team.sees("What is written here stays inside")
        team.presses("Take")
        await bo.own.sees("What you write here goes to Joe Miller")
        team.calls("reply It comes today")
        await team.reads_aside("Goes out in")
        assert not any("Goes out in" in text for text in team.texts())
        team.presses("Undo")
        await team.reads_aside("Taken back; the customer never saw it.")
        assert joe.from_app() == []


async def test_a_failure_is_shown_at_the_message_and_what_was_written_meanwhile_before(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        joe.says("My refund, please")
        place = await ana.takes()
        place.calls("transfer bo")
        await place.sees("say in a line why bo should have it")

        joe.person.user["deleted"] = True
        answer = place.says("It is on its way")
        failed = await place.sees("❌ Not delivered: this Slack account is deactivated")
        await place.has(answer, "x")
        joe.person.user["deleted"] = False
        place.presses("Retry", failed)
        await joe.sees("It is on its way")
        await place.has(answer, "white_check_mark")

        # Hers is on its way to us when his comes.
        thread = place.thread_ts
        early = desk.fake.world.put(place.room, ana.person.id, "Tomorrow, I think", thread)
        joe.says("never mind")
        await place.sees("Joe Miller: never mind")
        desk.fake.told(place.room, **early)
        await place.sees("✋ Not sent.")
        assert joe.from_app() == ["It is on its way"]
        place.presses("Send anyway")
        await joe.sees("Tomorrow, I think")


async def test_two_offers_without_an_answer_make_an_agent_away_until_she_says_she_is_back(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path, offers="1s") as desk:
        ana = await desk.agent("ana", "Ana Ruiz")
        desk.customer("Joe Miller").says("My refund, please")
        desk.customer("Kim Berg").says("My refund, please")
        away = await ana.own.sees("You missed two offers, so you are shown as away", 20)
        ana.own.presses("I'm back", away)
        await ana.own.reads_aside("You are online now.", 20)
        desk.customer("Max Schmidt").says("My refund, please")
        await ana.own.sees("Max Schmidt", 20)
