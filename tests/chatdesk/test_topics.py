"""Work in the team's group: a topic for each thread, where what others write stays inside."""

from __future__ import annotations

from pathlib import Path

from tests.chatdesk.scene import Agent, scene

from omniroute.application.authorize import SYSTEM
from omniroute_telegram.testing import Chat


async def taken(agent: Agent, customer: Chat, text: str) -> Chat:
    """The customer writes, the agent accepts; her topic."""
    customer.says(text)
    await agent.own.sees("Why you")
    await agent.own.presses("Accept")
    await agent.own.sees("✔ You have it.")
    topic = agent.topic(1)
    await topic.sees("writes to Joe Miller by Telegram here; what others write stays inside.")
    return topic


async def test_only_its_owners_words_leave_a_topic(tmp_path: Path) -> None:
    async with scene(tmp_path, topics=True) as desk:
        ana, bo = await desk.agent("ana", "Ana Ruiz"), await desk.agent("bo", "Bo Lindgren")
        bo.own.says("/status offline")
        await bo.own.sees("You are offline now.")
        kim = desk.fake.person("Kim")  # in the group, and on no team
        assert desk.group is not None
        desk.group.members[kim.id] = "member"
        joe = desk.customer("Joe Miller")
        topic = await taken(ana, joe, "My refund, please")
        await topic.sees("Joe Miller: My refund, please")
        theirs = topic.says("You get it back today")
        await joe.sees("You get it back today")
        await desk.has(topic, theirs, "👌")

        inside = bo.topic(1).says("the bank confirmed it")
        await desk.has(topic, inside, "🙊")
        letter = bo.topic(1).sends(b"%PDF", "bank.pdf", "application/pdf")
        await desk.has(topic, letter, "🙊")
        kim.chat(desk.group, topic.topic).says("hello Joe!")
        await topic.sees("I do not know this account as an agent's")
        kim.chat(desk.group, topic.topic).says("/resolve")
        bo.topic(1).says("/reply I answer for Ana")
        await topic.sees("#1 is with Ana Ruiz; only they or a lead may answer there.")
        joe.says("thanks")
        await topic.sees("Joe Miller: thanks")
        assert joe.from_bot() == ["You get it back today"]
        assert not [message for message in joe.messages() if "document" in message]
        page = await desk.server.application.query.thread(SYSTEM, 1)
        notes = [item for item in page.items if item.kind == "note"]
        assert [(note.text, [file.name for file in note.files]) for note in notes] == [
            ("the bank confirmed it", []), ("", ["bank.pdf"]),
        ]  # fmt: skip


async def test_a_transfer_needs_a_reason_and_loses_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path, topics=True) as desk:
        ana, bo = await desk.agent("ana", "Ana Ruiz"), await desk.agent("bo", "Bo Lindgren")
        bo.own.says("/status transfers")
        await bo.own.sees("You are transfers now.")
        joe = desk.customer("Joe Miller")
        topic = await taken(ana, joe, "My refund, please")
        assert await topic.presses("Transfer") == ""
        await topic.sees("Who shall have #1?")
        await topic.presses("Bo Lindgren")
        ask = await topic.sees("Why should bo have #1?")
        topic.says("order 1182, she was promised an answer today", quotes=ask)
        await topic.sees("#1 goes to Bo Lindgren.")
        await topic.sees("Bo Lindgren has it now.")
        bo.topic(1).says("Hello Joe, I go on from here")
        await joe.sees("Hello Joe, I go on from here")
        inside = topic.says("good luck")
        await desk.has(topic, inside, "🙊")
        header = next(m for m in topic.messages() if m.get("text", "").startswith("●"))
        assert "Note from Ana Ruiz  “order 1182" in header["text"]
        assert joe.from_bot() == ["Hello Joe, I go on from here"]


async def test_snooze_resolve_and_reopen_by_buttons(tmp_path: Path) -> None:
    async with scene(tmp_path, topics=True) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        topic = await taken(ana, joe, "My refund, please")
        await topic.presses("Snooze")
        await topic.sees("Put #1 aside for how long?")
        assert (await topic.presses("4 hours")).startswith("#1 is put aside until")
        await topic.sees("💤 Put aside by Ana Ruiz.")
        joe.says("hello?")
        await topic.sees("Joe Miller: hello?")
        await desk.fresh(topic, 1, turns=2)
        assert await topic.presses("Resolve") == "#1 is solved."
        await topic.sees("✔ Solved.")
        assert desk.group is not None
        await desk.fake.until(lambda: desk.group.topics[topic.topic]["closed"])  # type: ignore[union-attr]
        await desk.button(topic, "Reopen")
        await topic.presses("Reopen")
        await topic.sees("Ana Ruiz has it now.")
        topic.says("/priority urgent")
        await topic.sees("The priority is set.")
        topic.says("/tag vip")
        await topic.sees("The tags are set.")


async def test_the_groups_number_is_told(tmp_path: Path) -> None:
    async with scene(tmp_path, topics=True) as desk:
        ana = await desk.agent("ana", "Ana Ruiz")
        assert desk.group is not None
        general = ana.person.chat(desk.group)
        general.says("/group")
        await general.sees(f"This group has the number {desk.group.id}")


async def test_a_customer_goes_on_by_mail_in_the_same_thread(tmp_path: Path) -> None:
    async with scene(tmp_path, topics=True, mail=True) as desk:
        ana = await desk.agent("ana", "Ana Ruiz")
        joe = desk.customer("Joe Miller")
        desk.comes_by_link(joe, "joe@mail.example")
        topic = await taken(ana, joe, "I was charged twice, I want a refund")
        await desk.mail("joe@mail.example", "here is the receipt")
        await topic.sees("joe@mail.example: here is the receipt")
        header = next(m for m in topic.messages() if m.get("text", "").startswith("●"))
        assert "joe@mail.example ✓" in header["text"]
        assert desk.group is not None
        assert len(desk.group.topics) == 1
        assert list(desk.server.node.state.threads) == [1]

        await desk.button(topic, "Not the same person")
        await topic.presses("More")
        await topic.sees("what else?")
        await topic.presses("Who is who")
        asked = await topic.sees("are one person: verified by Telegram")
        said = await topic.presses("1: Not the same person", asked)
        assert said == "They are two customers now, each with what they wrote; a merge undoes it."
        await desk.fake.until(lambda: len(desk.server.node.state.threads) == 2)
        stale = await topic.presses("1: Not the same person", asked)
        assert stale.startswith("Out of date")


async def test_a_button_that_is_out_of_date_says_so(tmp_path: Path) -> None:
    async with scene(tmp_path, topics=True) as desk:
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        topic = await taken(ana, joe, "My refund, please")
        header = next(m for m in topic.messages() if m.get("text", "").startswith("●"))
        old = {**header, "reply_markup": header["reply_markup"]}
        topic.says("/resolve")
        await topic.sees("#1 is solved.")
        await desk.button(topic, "Reopen")
        data = next(
            button["callback_data"]
            for row in old["reply_markup"]["inline_keyboard"]
            for button in row
            if button["text"] == "Resolve"
        )
        press = desk.fake.presses(ana.person.user, header, data)
        assert (await desk.fake.answer(press)).startswith("Out of date: ✔ Solved.")
