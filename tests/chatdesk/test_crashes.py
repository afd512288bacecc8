"""A server that dies with customers and agents in a chat: nothing is lost, nothing is done twice.

Telegram and Slack run here and the server in a process of its own, so what was sent is known to
this side whatever happens to the other.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from tests.chatdesk import slack_scene
from tests.chatdesk.scene import TEAM
from tests.server.house import House

from omniroute.cli.client import Client
from omniroute.testing.server_process import ServerProcess
from omniroute_slack import testing as slack
from omniroute_telegram.testing import Chat, FakeTelegram, serving

AGAIN = "↻ (This may have reached you already.)"


def house_of(folder: Path, fake: FakeTelegram) -> House:
    account = f"""
[channels.telegram]
kind = "telegram"
token = {json.dumps(fake.token)}
api_url = {json.dumps(fake.url)}
"""
    house = House(folder, more=account, channels=False)
    house.write_team(TEAM)
    return house


@pytest.mark.crash
@pytest.mark.parametrize(
    ("point", "sent"),
    [
        ("store.after_commit", ["You get it back"]),  # Telegram sends it again: the same key
        ("outbox.after_send", ["You get it back", "You get it back"]),  # the repeat is marked
    ],
)
async def test_an_answer_survives_a_kill(tmp_path: Path, point: str, sent: list[str]) -> None:
    async with serving(FakeTelegram()) as fake:
        house = house_of(tmp_path, fake)
        server, local = ServerProcess(house.config), Client(house.database)
        await asyncio.to_thread(server.start)
        try:
            ana = fake.person("Ana Ruiz").chat()
            asked = {"agent": "ana"}
            invitation = await asyncio.to_thread(local.post, "/api/admin/invitations", asked)
            ana.says(f"/start join-{invitation['code']}")
            await ana.sees("This account is ana's now", 20)
            ana.says("/status online")
            await ana.sees("You are online now.", 20)
            joe = fake.person("Joe Miller").chat()
            joe.says("My refund, please")
            await ana.sees("Why you", 20)
            await ana.presses("Accept", within=20)
            await ana.sees("What you write here goes to", 20)
            assert await asyncio.to_thread(server.stop) == 0

            ana.says("You get it back")
            await asyncio.to_thread(server.start, point)
            await asyncio.to_thread(server.wait_for_death)
            await asyncio.to_thread(server.start)
            await fake.until(lambda: len(joe.from_bot()) == len(sent), 20)
            await fake.until(lambda: _has_its_receipt(ana), 20)
        finally:
            if server.is_alive():
                server.kill()
        assert [text.partition("\n\n")[0] for text in joe.from_bot()] == sent
        if len(sent) > 1:
            assert joe.from_bot()[1].endswith(AGAIN)
        assert fake.unknown == []


def _has_its_receipt(agent: Chat) -> bool:
    answer = next(m for m in agent.messages() if m.get("text") == "You get it back")
    return agent.reactions(answer) == ["👌"]


def slack_house(folder: Path, fake: slack.FakeSlack) -> House:
    account = f"""
[channels.slack]
kind = "slack"
bot_token = {json.dumps(fake.bot_token)}
app_token = {json.dumps(fake.app_token)}
api_url = {json.dumps(fake.api_url)}
"""
    house = House(folder, more=account, channels=False)
    house.write_team(slack_scene.TEAM.replace("BOS_DESK", "slack"))
    return house


@pytest.mark.crash
@pytest.mark.parametrize("point", ["store.after_commit", "outbox.after_send"])
async def test_in_slack_an_answer_and_its_change_survive_a_kill(tmp_path: Path, point: str) -> None:
    """Each message carries our key, so that not even a doubtful one is sent twice."""
    async with slack.serving(slack.FakeSlack()) as fake:
        house = slack_house(tmp_path, fake)
        server, local = ServerProcess(house.config), Client(house.database)
        await asyncio.to_thread(server.start)
        try:
            ana = fake.person("Ana Ruiz").chat()
            asked = {"agent": "ana"}
            invitation = await asyncio.to_thread(local.post, "/api/admin/invitations", asked)
            ana.says(f"join {invitation['code']}")
            await ana.sees("This account is ana's now", 20)
            ana.says("status online")
            await ana.sees("You are online now.", 20)
            joe = fake.person("Joe Miller").chat()
            joe.says("My refund, please")
            card = await ana.sees("Why you", 20)
            ana.presses("Accept", card)
            place = ana.thread(card)
            await place.sees("What you write here goes to", 20)
            assert await asyncio.to_thread(server.stop) == 0

            answer = place.says("You get it bakc")
            await asyncio.to_thread(server.start, point)
            await asyncio.to_thread(server.wait_for_death)
            await asyncio.to_thread(server.start)
            await place.has(answer, "white_check_mark", 20)
            assert joe.from_app() == ["You get it bakc"]
            assert await asyncio.to_thread(server.stop) == 0

            place.edits(answer, "You get it back")
            await asyncio.to_thread(server.start, "store.after_commit")
            await asyncio.to_thread(server.wait_for_death)
            await asyncio.to_thread(server.start)
            await joe.sees("You get it back", 20)
        finally:
            if server.is_alive():
                server.kill()
        assert joe.from_app() == ["You get it back"]
        assert fake.unknown == []
