"""The stand-in for Telegram keeps state, errors and limits, and says loudly what it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, TimedOut
from telegram.request import HTTPXRequest

from omniroute_telegram.testing import ApiError, FakeTelegram, Fault, Limits, serving
from omniroute_telegram.testing.calls import METHODS


@pytest.fixture
async def bot(fake: FakeTelegram) -> AsyncIterator[Bot]:
    request = HTTPXRequest(read_timeout=2.0, httpx_kwargs={"verify": False})
    polling = HTTPXRequest(httpx_kwargs={"verify": False})
    made = Bot(
        fake.token,
        base_url=f"{fake.url}/bot",
        base_file_url=f"{fake.url}/file/bot",
        request=request,
        get_updates_request=polling,
    )
    async with made:
        yield made


def test_every_method_says_what_it_keeps_to() -> None:
    assert len(METHODS) >= 25
    for name, method in METHODS.items():
        assert method.status.startswith(("faithful", "partial: ")), name
    silent = [name for name, method in METHODS.items() if not (method.errors or method.limits)]
    assert set(silent) <= {"deletewebhook", "getwebhookinfo", "setmycommands"}


async def test_what_is_not_there_fails_loudly(bot: Bot, fake: FakeTelegram) -> None:
    with pytest.raises(InvalidToken, match="not implement"):
        await bot.ban_chat_member(-1, 5001)
    assert fake.unknown == ["banChatMember"]


async def test_updates_come_until_they_are_confirmed(bot: Bot, fake: FakeTelegram) -> None:
    joe = fake.person("Joe").chat()
    joe.says("one")
    joe.says("two")
    first = await bot.get_updates(timeout=1)
    again = await bot.get_updates(timeout=1)
    assert [u.message.text for u in first if u.message] == ["one", "two"]
    assert [u.update_id for u in first] == [u.update_id for u in again]
    rest = await bot.get_updates(offset=first[0].update_id + 1, timeout=1)
    assert [u.message.text for u in rest if u.message] == ["two"]
    fake.updates.swap()
    assert await bot.get_updates(offset=first[1].update_id + 1, timeout=0) == ()


async def test_there_is_one_poller(bot: Bot, fake: FakeTelegram) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=10))
    await fake.until(lambda: fake.calls and fake.calls[-1][0] == "getUpdates")
    second = asyncio.create_task(bot.get_updates(timeout=0))
    with pytest.raises(Conflict):
        await first
    await second


async def test_a_message_that_is_not_changed_is_refused(bot: Bot, fake: FakeTelegram) -> None:
    joe = fake.person("Joe")
    joe.chat()
    keys = InlineKeyboardMarkup([[InlineKeyboardButton("A", callback_data="a")]])
    sent = await bot.send_message(joe.id, "card", reply_markup=keys)
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_text("card", joe.id, sent.message_id, reply_markup=keys)
    await bot.edit_message_text("card", joe.id, sent.message_id)
    assert joe.chat().buttons() == []


@pytest.mark.parametrize(
    ("text", "data", "fault"),
    [
        ("x" * 4097, "a", "Message is too long"),
        ("  ", "a", "Message text is empty"),
        ("x", "a" * 65, "Button_data_invalid"),
        ("<b>x", "a", "Can't parse entities"),
        ("<u1>x</u1>", "a", "Can't parse entities"),
    ],
)
async def test_what_telegram_refuses(
    bot: Bot, fake: FakeTelegram, text: str, data: str, fault: str
) -> None:
    joe = fake.person("Joe")
    joe.chat()
    keys = InlineKeyboardMarkup([[InlineKeyboardButton("A", callback_data=data)]])
    with pytest.raises(BadRequest, match=fault):
        await bot.send_message(joe.id, text, parse_mode="HTML", reply_markup=keys)


async def test_reactions_are_those_that_bots_may_give(bot: Bot, fake: FakeTelegram) -> None:
    chat = fake.person("Joe").chat()
    message = chat.says("hello")
    await bot.set_message_reaction(chat.room.id, message["message_id"], "👌")
    assert chat.reactions(message) == ["👌"]
    with pytest.raises(BadRequest, match="Reaction_invalid"):
        await bot.set_message_reaction(chat.room.id, message["message_id"], "✅")


async def test_a_blocked_bot_and_topics_without_the_right(bot: Bot, fake: FakeTelegram) -> None:
    joe = fake.person("Joe")
    group = fake.group("Team", joe, forum=True)
    fake.manages_topics = False
    with pytest.raises(BadRequest, match="Not enough rights"):
        await bot.create_forum_topic(group.id, "x")
    joe.chat()
    joe.blocks()
    with pytest.raises(Forbidden, match="blocked"):
        await bot.send_message(joe.id, "x")
    with pytest.raises(BadRequest, match="thread not found"):
        await bot.send_message(group.id, "x", message_thread_id=99)


async def test_a_group_takes_20_messages_a_minute() -> None:
    now = [1000.0]
    fake = FakeTelegram(clock=lambda: now[0], limits=Limits())
    group = fake.group("Team")
    for _ in range(20):
        now[0] += 0.1
        fake.world.spend(group)
    with pytest.raises(ApiError) as error:
        fake.world.spend(group)
    assert error.value.parameters == {"retry_after": 59}
    now[0] += 59
    fake.world.spend(group)


async def test_faults_are_played_as_they_are_written(bot: Bot, fake: FakeTelegram) -> None:
    joe = fake.person("Joe")
    joe.chat()
    fake.faults.add(Fault("sendMessage", "disconnect"))
    with pytest.raises(NetworkError):
        await bot.send_message(joe.id, "never arrived")
    fake.faults.add(Fault("sendMessage", "drop"))
    with pytest.raises(NetworkError):
        await bot.send_message(joe.id, "arrived, and nobody said so")
    fake.faults.add(Fault("sendMessage", "delay", seconds=0.3))
    with pytest.raises(TimedOut):
        await bot.send_message(joe.id, "late", read_timeout=0.1)
    assert joe.chat().texts() == ["arrived, and nobody said so", "late"]


async def test_updates_are_pushed_with_the_secret_until_they_are_taken() -> None:
    answers, seen = [503, 200], []

    async def hook(request: Request) -> Response:
        seen.append((request.headers["x-telegram-bot-api-secret-token"], await request.json()))
        return Response(status_code=answers.pop(0))

    app = Starlette(routes=[Route("/hook", hook, methods=["POST"])])
    transport = httpx.ASGITransport(app=app)
    async with serving(FakeTelegram(), through=transport) as fake:
        async with httpx.AsyncClient(trust_env=False) as client:
            about = {"url": "http://desk.example/hook", "secret_token": "s3cret"}
            answer = await client.post(f"{fake.url}/bot{fake.token}/setWebhook", json=about)
            assert answer.json() == {"ok": True, "result": True}
        fake.person("Joe").chat().says("pushed")
        await fake.until(lambda: len(fake.pushed) == 2)
    assert fake.pushed == [503, 200]
    assert [secret for secret, _ in seen] == ["s3cret", "s3cret"]
    assert seen[0][1]["message"]["text"] == "pushed"
    assert fake.updates.waiting == []


async def test_the_page_is_a_telephone(fake: FakeTelegram) -> None:
    joe = fake.person("Joe Miller")
    async with httpx.AsyncClient(base_url=fake.url, trust_env=False) as client:
        assert "Telegram" in (await client.get("/phone")).text
        state = (await client.get(f"/phone/state?user={joe.id}")).json()
        assert [chat["title"] for chat in state["chats"]] == ["Desk (@desk_bot)"]
        asked = {"user": joe.id, "chat": joe.id, "do": "say", "text": "hello"}
        assert (await client.post("/phone/act", json=asked)).json() == {}
        elsewhere = {**asked, "chat": 999}
        assert (await client.post("/phone/act", json=elsewhere)).json() == {"error": "no such chat"}
        state = (await client.get(f"/phone/state?user={joe.id}")).json()
    assert [m["text"] for m in state["chats"][0]["messages"]] == ["hello"]
    assert fake.updates.waiting[0]["message"]["text"] == "hello"
