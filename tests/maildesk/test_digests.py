"""A busy hour buries nobody: beyond so many mails, what is new comes together."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.maildesk.scene import HELP, Scene, scene, text_of


async def busy(desk: Scene) -> asyncio.Event:
    """The desk's waits end when this is set."""
    over = asyncio.Event()

    async def sleep(seconds: float) -> None:
        await over.wait()

    desk.channel.desk().sleep = sleep
    return over


async def test_beyond_so_many_mails_an_hour_what_is_new_comes_in_one(tmp_path: Path) -> None:
    async with scene(tmp_path, desk_mails_per_hour=6) as desk:
        over = await busy(desk)
        ana = await desk.agent("ana", "Ana Ruiz")  # two mails: bound, and online
        joe = desk.mailbox("joe@mail.example", "Joe Miller")
        kim = desk.mailbox("kim@mail.example", "Kim Lee")
        for who in (joe, kim):
            await who.writes(HELP, "I want a refund")
            await ana.presses(await ana.gets("Yours, if you accept"), "Accept")
        for number in range(3):
            for who, text in ((joe, f"and {number}"), (kim, f"and also {number}")):
                await who.writes(HELP, text)
                if len(ana.mails()) < 6:  # or two of them might come in one mail
                    await ana.gets(text)
        await desk.settled()
        await desk.until(lambda: sum(t.turns for t in desk.server.node.state.threads.values()) == 8)
        assert len(ana.mails()) == 6

        over.set()
        digest = await ana.gets("so what is new comes together")
        said = text_of(digest)
        assert str(digest["Subject"]) == "What is new in 2 of your threads"
        assert "#1 Joe Miller" in said
        assert "Kim Lee: and also 2" in said
        assert said.startswith("Replying does what its #commands say and nothing else.")
        for text in ("and 2", "and also 2"):
            told = [mail for mail in ana.mails() if text in text_of(mail)]
            assert len(told) == 1, text

        over.clear()
        await ana.answers(digest, "#mine")  # what they ask for is answered at once
        await ana.gets("#1 Joe Miller")


async def test_a_restart_forgets_nothing_of_it(tmp_path: Path) -> None:
    async with scene(tmp_path, desk_mails_per_hour=3) as desk:
        await busy(desk)
        ana = await desk.agent("ana", "Ana Ruiz")
        joe = desk.mailbox("joe@mail.example", "Joe Miller")
        await joe.writes(HELP, "I want a refund")
        await ana.presses(await ana.gets("Yours, if you accept"), "Accept")
        await joe.writes(HELP, "and hurry")
        await desk.settled()
        await desk.until(lambda: desk.server.node.state.threads[1].turns == 2)
        await desk.restart()
        workplace = desk.channel.desk()
        await desk.until(lambda: workplace.digests._waiting)
        await workplace.digests.send("ana@shop.example")
        assert "and hurry" in text_of(await ana.gets("so what is new comes together"))
