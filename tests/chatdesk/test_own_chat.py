"""Work in an agent's own chat with the bot: what she writes is what the customer reads."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
from tests.chatdesk.scene import Agent, Scene, scene

from omniroute.application import commands as c
from omniroute.application.authorize import SYSTEM
from omniroute.runtime.rows import Body
from omniroute.testing.mail_sink import MailSink
from omniroute_telegram.testing import Chat


async def test_an_offer_is_accepted_and_answered(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana = await desk.agent("ana", "Ana Ruiz")
        joe = desk.customer("Joe Miller")
        joe.says("I was charged twice, I want a refund")
        card = await ana.own.sees("Why you")
        assert card["text"].startswith("●")
        assert "Joe Miller · Telegram ✓" in card["text"]
        assert "“I was charged twice, I want a refund”" in card["text"]
        assert [label.partition(" ")[0] for label in ana.own.buttons()] == ["Accept", "Pass"]

        assert await ana.own.presses("Accept") == "#1 is yours."
        await ana.own.sees("What you write here goes to Joe Miller by Telegram.")
        answer = ana.own.says("You get it back **today**")
        await joe.sees("You get it back today")
        await desk.has(ana.own, answer, "👌")

        joe.says("thank you!")
        await ana.own.sees("Joe Miller: thank you!")
        await desk.fresh(ana.own, 1, turns=2)
        assert await ana.own.presses("Resolve") == "#1 is solved."
        await ana.own.sees("✔ Solved.")
        assert joe.from_bot() == ["You get it back today"]


async def test_of_two_accepts_one_wins_and_the_other_reads_who(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, bo = await desk.agent("ana", "Ana Ruiz"), await desk.agent("bo", "Bo Lindgren")
        joe = desk.customer("Joe Miller")
        joe.says("My refund, please")
        card = await asked(ana, bo)
        faster, slower = (ana, bo) if card[0] is ana else (bo, ana)
        slower.own.says("/take")
        await slower.own.sees("I do not know which thread you mean")
        row = await desk.server.application.query.threads(SYSTEM)
        taken = await desk.server.application.actor(slower.id)
        await desk.server.application.do(taken, c.Take(thread=row[0].id))
        told = await faster.own.presses("Accept")
        name = slower.person.user["first_name"]
        assert told.startswith(name)
        assert "took it" in told
        await faster.own.sees(f"✋ {name}")
        assert faster.own.buttons() == []


async def asked(*agents: Agent) -> tuple[Agent, dict[str, Any]]:
    """Whom the engine asks, with the card."""
    waits = {asyncio.create_task(agent.own.sees("Why you")): agent for agent in agents}
    done, rest = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    first = next(iter(done))
    return waits[first], first.result()


async def test_an_answer_can_be_taken_back_and_was_never_seen(tmp_path: Path) -> None:
    async with scene(tmp_path, undo=30) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        await taken(ana, joe, "My refund, please")
        wrong = ana.own.says("You idiot")
        await ana.own.sees("To Joe Miller by Telegram. Goes out in")
        await desk.has(ana.own, wrong, "✍")
        assert await ana.own.presses("Undo") == "Taken back; the customer never saw it."
        await desk.has(ana.own, wrong, "🗿")
        changed = ana.own.says("One momemt")
        await desk.has(ana.own, changed, "✍")
        ana.own.edits(changed, "One moment")
        await desk.fake.until(lambda: _held(desk) == ["One moment"])
        assert joe.from_bot() == []


def _held(desk: Scene) -> list[str]:
    state = desk.server.node.state
    held = [held.message for thread in state.threads.values() for held in thread.held]
    rows = desk.server.node.reader.get([f"b/{message}" for message in held])
    return [msgspec.json.decode(row, type=Body).text for row in rows.values()]


async def taken(agent: Agent, customer: Chat, text: str) -> None:
    """The customer writes, the agent accepts and has it before her."""
    customer.says(text)
    await agent.own.sees("Why you")
    await agent.own.presses("Accept")
    await agent.own.sees("What you write here goes to")


async def test_a_note_stays_inside_and_a_misspelt_command_sends_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        await taken(ana, joe, "My refund, please")
        note = ana.own.says("/note he sounds angry")
        await desk.has(ana.own, note, "🙊")
        ana.own.says("/solvd thanks")
        await ana.own.sees("“solvd” is no command")
        ana.own.says("/transfer bo")
        await ana.own.sees("say in a line why bo should have it")
        ana.own.says("/why")
        await ana.own.sees("refunds")
        ana.own.says("/mine")
        await ana.own.sees("#1 Joe Miller")
        ana.own.says("/help")
        await ana.own.sees("/transfer who why")
        assert joe.from_bot() == []


async def test_a_failure_is_shown_at_the_message_with_retry(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        await taken(ana, joe, "My refund, please")
        joe.person.blocks()
        answer = ana.own.says("It is on its way")
        failed = await ana.own.sees("❌ Not delivered: the customer has blocked the bot")
        assert failed["reply_to_message"]["message_id"] == answer["message_id"]
        await desk.has(ana.own, answer, "💔")
        joe.person.blocks(False)
        await ana.own.presses("Retry", failed)
        await joe.sees("It is on its way")
        await desk.has(ana.own, answer, "👌")


async def test_where_telegram_is_blocked_the_next_way_is_offered_by_name(tmp_path: Path) -> None:
    async with scene(tmp_path, mail=True, sink=(sink := MailSink())) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        desk.comes_by_link(joe, "joe@mail.example")
        await taken(ana, joe, "My refund, please")
        joe.person.blocks()
        ana.own.says("It is on its way")
        failed = await ana.own.sees("❌ Not delivered: the customer has blocked the bot")
        await ana.own.sees(
            "What you write here goes to joe@mail.example by e-mail"
            " (Telegram: the customer has blocked the bot)"
        )
        await ana.own.presses("Send to joe@mail.example by e-mail", failed)
        (mail,) = await sink.wait_for(1)
        assert mail["To"] == "joe@mail.example"
        assert "It is on its way" in mail.get_content()
        ana.own.says("/via telegram are you back?")
        await ana.own.sees("❌ Not delivered: the customer has blocked the bot")
        ana.own.says("/via slack hello")
        await ana.own.sees("Nothing leads to this customer by “slack”")
        assert joe.from_bot() == []


async def test_what_the_customer_wrote_meanwhile_is_shown_before_sending(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        await taken(ana, joe, "My refund, please")
        # Hers is on its way to us when his comes.
        early = desk.fake.world.new_message(ana.own.room, ana.person.user, text="It is on its way")
        joe.says("never mind")
        await ana.own.sees("Joe Miller: never mind")
        desk.fake.updates.put("message", early)
        await ana.own.sees("✋ Not sent.")
        assert joe.from_bot() == []
        assert await ana.own.presses("Send anyway") == "Your answer is on its way."
        await joe.sees("It is on its way")


async def test_files_go_both_ways_and_edits_and_reactions_are_seen(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        await taken(ana, joe, "My refund, please")
        receipt = joe.sends(b"%PDF", "receipt.pdf", "application/pdf", "here it is")
        shown = await ana.own.sees("Joe Miller: here it is")
        assert desk.fake.world.files[shown["document"]["file_id"]].data == b"%PDF"
        joe.edits(receipt, "here it is, again")
        await ana.own.sees("Joe Miller (edited, was “here it is”): here it is, again")
        picture = ana.own.sends(b"\x89PNG", "map.png", "image/png", "the way to us", "photo")
        sent = await joe.sees("the way to us")
        assert desk.fake.world.files[sent["photo"][0]["file_id"]].data == b"\x89PNG"
        await desk.has(ana.own, picture, "👌")
        joe.reacts(sent, "👍")
        await ana.own.sees("Joe Miller: 👍")
        ana.own.sends_album(b"\x89PNG1", b"\x89PNG2", caption="both sides")
        await joe.sees("both sides")
        assert sum("photo" in message for message in joe.messages()) == 3
        quoted = await ana.own.sees("Joe Miller: here it is")
        ana.own.says("got it", quotes=quoted)
        answer = await joe.sees("got it")
        assert answer["reply_to_message"]["message_id"] == receipt["message_id"]


async def test_work_goes_on_after_a_restart(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        await taken(ana, joe, "My refund, please")
        await desk.server.stop()
        joe.says("are you there?")
        ana.own.says("Yes, one moment")
        desk.server = desk.made()
        await desk.server.start()
        await ana.own.sees("Joe Miller: are you there?")
        await ana.own.sees("✋ Not sent.")  # she had not seen it
        ana.own.says("Here I am")
        await joe.sees("Here I am")
        assert joe.from_bot() == ["Here I am"]


async def test_whoever_is_no_agent_can_do_nothing_at_the_desk(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        joe.says("/start join-made-up")
        await joe.sees("This code has been used, is too old")
        joe.says("My refund, please")
        card = await ana.own.sees("Why you")
        data = card["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
        assert len(data) <= 64
        fake = desk.fake
        theirs = fake.presses(joe.person.user, {**card, "chat": joe.messages()[0]["chat"]}, data)
        assert await fake.answer(theirs) == "This button is not for this place."
        forged = fake.presses(ana.person.user, card, data.replace("accept", "pass"))
        assert await fake.answer(forged) == "This button is not for this place."
        stranger = fake.presses(joe.person.user, card, data)
        assert (await fake.answer(stranger)).startswith("Nothing was done: I do not know")
        assert await desk.server.bindings.revoke("ana", "frieda") == 1
        gone = fake.presses(ana.person.user, card, data)
        assert (await fake.answer(gone)).startswith("Nothing was done: I do not know")
        assert (await desk.server.application.query.threads(SYSTEM))[0].agent == ""
