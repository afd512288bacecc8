"""A team on several desks: one on Slack, one on Telegram, one on the web, and the same work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.chatdesk.slack_scene import Scene, scene

from omniroute import Secret
from omniroute.application import commands as c
from omniroute.application.authorize import SYSTEM
from omniroute.application.rulebook import Reload
from omniroute_telegram import testing as telegram


@asynccontextmanager
async def mixed(
    folder: Path, *, broadcast: bool = False, grace: str = "60s"
) -> AsyncIterator[tuple[Scene, Phone]]:
    """Ana on Slack; Bo on Telegram, not there yet."""
    async with telegram.serving(telegram.FakeTelegram()) as phones:
        account = {"kind": "telegram", "token": Secret(phones.token), "api_url": phones.url}
        async with scene(
            folder,
            channels={"telegram": account},
            bos_desk="telegram",
            broadcast=broadcast,
            grace=grace,
        ) as desk:
            yield desk, Phone(desk, phones)
            assert phones.unknown == []


class Phone:
    """Bo's telephone."""

    def __init__(self, desk: Scene, phones: telegram.FakeTelegram) -> None:
        self.desk, self.phones = desk, phones
        self.chat = phones.person("Bo Lindgren").chat()

    async def comes(self) -> telegram.Chat:
        """Bo binds his account and comes online."""
        invitation = await self.desk.server.enrolment.invite(SYSTEM, "bo", "telegram")
        link = invitation.text.removesuffix(" and press Start.").rpartition(" ")[2]
        self.chat.says(f"/start {link.rpartition('?start=')[2]}")
        await self.chat.sees("This account is bo's now", 20)
        self.chat.says("/status online")
        await self.chat.sees("You are online now.", 20)
        return self.chat


async def test_two_accept_at_once_on_two_platforms_and_one_wins(tmp_path: Path) -> None:
    async with mixed(tmp_path, broadcast=True) as (desk, phone):
        ana, bo = await desk.agent("ana", "Ana Ruiz"), await phone.comes()
        desk.customer("Joe Miller").says("My refund, please")
        card, _ = await asyncio.gather(ana.asked(), bo.sees("Why you", 20))
        ana.own.presses("Accept", card)
        told = await bo.presses("Accept", within=20)
        (thread,) = await desk.server.application.query.threads(SYSTEM)
        if thread.agent == "ana":
            assert told.startswith("Ana Ruiz took it")
            await bo.sees("✋ Ana", 20)
            assert bo.buttons() == []
        else:
            assert (thread.agent, told) == ("bo", "#1 is yours.")
            assert (await ana.own.reads_aside("took it", 20)).startswith("Bo Lindgren took it")
            await ana.own.sees("✋ Bo", 20)
            assert ana.own.buttons() == []


async def test_one_thread_goes_from_slack_over_the_web_to_telegram(tmp_path: Path) -> None:
    async with mixed(tmp_path) as (desk, phone):
        ana, joe = await desk.agent("ana", "Ana Ruiz"), desk.customer("Joe Miller")
        joe.says("My refund, please")
        place = await ana.takes()
        place.says("Which order was it?")
        await joe.sees("Which order was it?")
        application = desk.server.application
        frieda = await application.actor("frieda")
        await application.do(frieda, c.SetStatus(status="online"))
        place.calls("transfer frieda she knows the bank")
        await place.sees("Frieda Baumann has it now.", 20)
        await application.up_to_date()
        page = await application.query.thread(frieda, 1)
        said = [item.text for item in page.items if item.kind in ("customer", "reply", "note")]
        assert said == ["My refund, please", "Which order was it?", "she knows the bank"]
        seen = page.row.turns
        await application.do(frieda, c.Reply(thread=1, text="I ask the bank", seen=seen))
        await joe.sees("I ask the bank", 20)

        bo = await phone.comes()
        handed = c.Transfer(thread=1, to_agent="bo", why="he is at the bank")
        assert (await application.do(frieda, handed)).ok
        await bo.sees("he is at the bank", 20)
        await bo.sees("I ask the bank", 20)
        bo.says("It is on its way")
        await joe.sees("It is on its way", 20)
        place.says("and me?")
        await place.sees("nothing was sent", 20)
        assert joe.from_app() == ["Which order was it?", "I ask the bank", "It is on its way"]


async def test_who_has_two_desks_is_asked_where_they_were_last(tmp_path: Path) -> None:
    async with mixed(tmp_path) as (desk, phone):
        team = desk.folder / "routing_rules" / "team.yaml"
        team.write_text(
            team.read_text().replace("desks: [telegram, web]", "desks: [slack, telegram]")
        )
        rules = desk.server.rulebook
        await rules.reload(SYSTEM, Reload())
        bo = await desk.agent("bo", "Bo Lindgren")
        joe = desk.customer("Joe Miller")
        phone_chat = await phone.comes()
        joe.says("My refund, please")
        await phone_chat.sees("Why you", 20)
        assert not any("Why you" in text for text in bo.own.texts())
        bo.own.says("status online")
        await desk.fake.until(lambda: bo.own.texts().count("You are online now.") == 2)
        desk.customer("Kim").says("My refund as well, please")
        await bo.asked()


async def test_who_comes_online_is_asked_at_once_and_who_goes_hands_on_what_waits(
    tmp_path: Path,
) -> None:
    async with mixed(tmp_path, grace="1s") as (desk, phone):
        joe = desk.customer("Joe Miller")
        joe.says("My refund, please")
        ana = await desk.agent("ana", "Ana Ruiz")
        await ana.takes()
        (before,) = await desk.server.application.query.threads(SYSTEM)
        bo = await phone.comes()
        ana.own.says("status offline")
        await bo.sees("Why you", 20)
        (after,) = await desk.server.application.query.threads(SYSTEM)
        assert (after.routing_since, after.phase) == (before.routing_since, "offered")
