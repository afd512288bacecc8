"""The channel and the real SDK against a Telegram of one's own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from telegram import Bot
from telegram.error import RetryAfter

from omniroute import (
    Address,
    Busy,
    Choice,
    ConfigError,
    File,
    NotAuthorised,
    Outbound,
    Question,
    Rejected,
    Retry,
    Secret,
    Site,
)
from omniroute.testing.intake import Notebook, as_follower, standing_in
from omniroute_telegram.channel import HEADER, TelegramChannel
from omniroute_telegram.envelope import unpack
from omniroute_telegram.settings import Config
from omniroute_telegram.startlinks import sign
from omniroute_telegram.testing import FakeTelegram, Fault, Limits

Out = Callable[..., Outbound]


# --- in ---


async def test_a_customer_writes(bench: Any, fake: FakeTelegram) -> None:
    fake.person("Joe Miller").chat().says("I was charged twice")
    (said,) = await bench.read(1)
    assert (said.text, said.sender.display) == ("I was charged twice", "Joe Miller")


async def test_the_offset_moves_only_after_it_is_kept(bench: Any, fake: FakeTelegram) -> None:
    bench.kept.full = True
    fake.person("Joe").chat().says("hello")
    await fake.until(lambda: sum(name == "getupdates" for name, _ in fake.calls) >= 2)
    assert fake.updates.confirmed == 0
    bench.kept.full = False
    (said,) = await bench.read(1)
    assert said.text == "hello"


async def test_an_update_that_comes_twice_is_kept_once(bench: Any, fake: FakeTelegram) -> None:
    chat = fake.person("Joe").chat()
    chat.says("one")
    fake.updates.again(fake.updates.waiting[0])
    chat.says("two")
    assert [said.text for said in await bench.read(2)] == ["one", "two"]


async def test_an_update_that_the_sdk_cannot_read_stops_no_other(
    bench: Any, fake: FakeTelegram
) -> None:
    fake.updates.tell_of("message", {"message_id": 1, "from": {"id": 7}, "chat": {"id": 7}})
    fake.person("Joe").chat().says("hello")
    strange, ordinary = await bench.kept.until(2)
    with pytest.raises(ValueError, match="cannot be read"):
        bench.channel.parse(strange)
    assert [said.text for said in bench.channel.parse(ordinary)] == ["hello"]


async def test_a_file_is_fetched_before_telegram_hears_yes(bench: Any, fake: FakeTelegram) -> None:
    fake.person("Joe").chat().sends(b"bytes", "bill.pdf", "application/pdf", "the bill")
    (said,) = await bench.read(1)
    assert said.text == "the bill"
    assert [(f.name, f.media_type, f.data) for f in said.files] == [
        ("bill.pdf", "application/pdf", b"bytes")
    ]


async def test_a_file_that_does_not_come_does_not_hold_the_message(
    bench: Any, fake: FakeTelegram
) -> None:
    fake.faults.add(Fault("getFile", "error", times=9, code=400, error="Bad Request: gone"))
    fake.person("Joe").chat().sends(b"bytes", "bill.pdf", "application/pdf", "the bill")
    (said,) = await bench.read(1)
    assert (said.files, said.unread) == ((), "“bill.pdf”: Telegram does not give it out: Gone")


async def test_an_album_is_kept_as_one(bench: Any, fake: FakeTelegram) -> None:
    fake.person("Joe").chat().sends_album(b"1", b"2", b"3", caption="three")
    (said,) = await bench.read(1)
    assert (said.text, len(said.files)) == ("three", 3)


async def test_edits_and_reactions_come_through(bench: Any, fake: FakeTelegram) -> None:
    chat = fake.person("Joe").chat()
    message = chat.says("I was charged twice")
    chat.edits(message, "I was charged three times")
    chat.reacts(message, "👍")
    first, edit, reaction = await bench.read(3)
    assert edit.external_id == reaction.external_id == first.external_id
    assert (edit.kind, reaction.kind) == ("edit", "reaction")


async def test_a_signed_link_proves_who_comes(fake: FakeTelegram, bench_of: Any) -> None:
    make = bench_of(start_secret=Secret("s" * 20))
    async with make.listening() as bench:
        joe, eve = fake.person("Joe").chat(), fake.person("Eve").chat()
        link = sign("s" * 20, "joe@x.org", fake.world.clock())
        joe.says(f"/start {link}")
        eve.says(f"/start {link}")  # forwarded
        eve.says("/start " + sign("another secret, made up", "joe@x.org", fake.world.clock()))
        joe.says("hello")
        eve.says("hello")
        found = {said.sender.display: said.also_known_as for said in await bench.read(2)}
        assert found == {"Joe": (Address("email", "joe@x.org", verified=True),), "Eve": ()}
        assert all(unpack(raw).updates for raw in bench.kept.kept.values())


class Notary:
    """Remembers which links were brought, and by whom."""

    def __init__(self) -> None:
        self.brought: list[tuple[str, Address]] = []

    async def redeem_link(self, token: str, by: Address) -> bool:
        self.brought.append((token, by))
        return True


async def test_a_link_of_another_channel_is_brought_to_the_engine(
    fake: FakeTelegram, bench_of: Any
) -> None:
    notary = Notary()
    async with bench_of(proofs=notary).listening() as bench:
        joe = fake.person("Joe Miller").chat()
        joe.says("/start " + "t" * 43)
        joe.says("/start no-link")
        joe.says("hello")
        (said,) = await bench.read(1)
        assert notary.brought == [("t" * 43, said.sender)]


async def test_a_wrong_token_says_where_to_get_one(fake: FakeTelegram, bench_of: Any) -> None:
    fake.token = "another"
    bench = bench_of(token=Secret("123456:of-no-value-to-anybody"))
    with pytest.raises(ConfigError, match="BotFather") as error:
        await bench.channel.listen(bench.kept)
    assert "of-no-value" not in str(error.value)
    assert not (await bench.channel.check()).ok


async def test_where_telegram_is_away_the_start_goes_on(fake: FakeTelegram, bench_of: Any) -> None:
    fake.faults.add(Fault("deleteWebhook", "disconnect"))
    async with bench_of().listening() as bench:
        fake.person("Joe").chat().says("hello")
        assert len(await bench.read(1)) == 1


async def test_health(bench: Any) -> None:
    health = await bench.channel.check()
    assert (health.ok, health.found) == (True, "open as @desk_bot: https://t.me/desk_bot")


# --- pushed ---


async def test_pushed_updates_are_kept_before_the_yes(fake: FakeTelegram, bench_of: Any) -> None:
    bench = bench_of(updates="webhook")
    async with bench.listening():
        hook = fake.updates.webhook
        assert hook["url"] == "http://desk.example/channels/telegram/help/hook"
        app = Starlette(routes=list(bench.channel.routes()))
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            chat = fake.person("Joe").chat()
            chat.says("pushed")
            update = fake.updates.waiting[0]
            right = {HEADER: hook["secret_token"]}
            post = client.post
            assert (await post("/hook", json=update, headers={HEADER: "no"})).status_code == 401
            assert (await post("/hook", json=update)).status_code == 401
            assert bench.kept.kept == {}
            for wrong in (b"", b"[", b"null", b"[]", b'{"update_id":[]}', b"[" * 3000):
                assert (await post("/hook", content=wrong, headers=right)).status_code == 400
            large = b" " * (1024 * 1024 + 1)
            assert (await post("/hook", content=large, headers=right)).status_code == 413
            bench.kept.full = True
            assert (await post("/hook", json=update, headers=right)).status_code == 503
            bench.kept.full = False
            assert (await post("/hook", json=update, headers=right)).status_code == 200
            assert [said.text for said in await bench.read(1)] == ["pushed"]
            chat.sends_album(b"1", b"2", caption="album")
            pushed = [post("/hook", json=u, headers=right) for u in fake.updates.waiting[1:]]
            assert [a.status_code for a in await asyncio.gather(*pushed)] == [200, 200]
            assert [len(said.files) for said in await bench.read(2)] == [0, 2]


async def test_a_node_that_follows_keeps_updates_for_the_writer_who_looks_into_them(
    fake: FakeTelegram, bench_of: Any, tmp_path: Path
) -> None:
    config = Config(token=Secret(fake.token), api_url=fake.url, updates="webhook")
    site = as_follower(Site(tmp_path / "b", "http://desk.example"))
    follower, kept = TelegramChannel("help", config, site), Notebook()
    assert follower.anywhere
    fake.person("Joe").chat().says("pushed")
    (update,) = fake.updates.waiting
    transport = httpx.ASGITransport(app=Starlette(routes=list(follower.routes())))
    async with (
        bench_of(updates="webhook").listening() as bench,
        standing_in(follower, kept),
        httpx.AsyncClient(transport=transport, base_url="http://x") as client,
    ):
        right = {HEADER: fake.updates.webhook["secret_token"]}
        assert (await client.post("/hook", json=update)).status_code == 401
        assert (await client.post("/hook", json=update, headers=right)).status_code == 200
        (raw,) = kept.kept.values()
        assert bench.kept.kept == {}
        await bench.channel.take_up(raw)
        await bench.channel.take_up(raw)
        assert [said.text for said in await bench.read(1)] == ["pushed"]
        assert len(bench.kept.kept) == 1
    with pytest.raises(Busy):
        await bench.channel.take_up(raw)


def test_without_a_webhook_nothing_is_served(tmp_path: Path) -> None:
    config = Config(token=Secret("123456:of-no-value-to-anybody"))
    channel = TelegramChannel("help", config, Site(tmp_path, "http://x"))
    assert list(channel.routes()) == []


# --- out ---


async def test_an_answer(bench: Any, fake: FakeTelegram, outbound: Out) -> None:
    joe = fake.person("Joe")
    asked = joe.chat().says("hello?")
    text = "**Yes** & `code`"
    receipt = await bench.channel.send(
        outbound(joe.id, text, quotes=f"{joe.id}/{asked['message_id']}")
    )
    (_, answer) = joe.chat().messages()
    assert (answer["text"], [e["type"] for e in answer["entities"]]) == (
        "Yes & code", ["bold", "code"],
    )  # fmt: skip
    assert answer["reply_to_message"]["text"] == "hello?"
    assert receipt.external_ids == (f"{joe.id}/{answer['message_id']}",)


async def test_a_customer_in_a_groups_topic_is_answered_there(
    bench: Any, fake: FakeTelegram, outbound: Out
) -> None:
    joe = fake.person("Joe")
    group = fake.group("Customers", joe, forum=True)
    group.topics[7] = {"name": "Refunds", "closed": False}
    joe.chat(group, 7).says("where is it?")
    (said,) = await bench.read(1)
    assert (said.conversation, said.sender.value) == (f"{group.id}/7", str(joe.id))
    await bench.channel.send(outbound(said.conversation, "on its way"))
    assert joe.chat(group, 7).texts() == ["where is it?", "on its way"]
    assert joe.chat(group).texts() == []


async def test_files_go_out_in_one_call(bench: Any, fake: FakeTelegram, outbound: Out) -> None:
    joe, photo = fake.person("Joe"), File("a.png", "image/png", b"png")
    joe.chat()
    bill = File("bill.pdf", "application/pdf", b"pdf")
    await bench.channel.send(outbound(joe.id, "one", files=(photo,)))
    await bench.channel.send(outbound(joe.id, "two", files=(bill,)))
    receipt = await bench.channel.send(outbound(joe.id, "three", files=(photo, bill)))
    called = [name for name, _ in fake.calls if name.startswith("send")]
    assert called == ["sendPhoto", "sendDocument", "sendMediaGroup"]
    assert joe.chat().texts() == ["one", "two", "three", ""]
    assert len(receipt.external_ids) == 2


async def test_a_possible_repeat_is_marked(bench: Any, fake: FakeTelegram, outbound: Out) -> None:
    joe = fake.person("Joe")
    joe.chat()
    await bench.channel.send(outbound(joe.id, "Yes.", repeat=True))
    assert joe.chat().texts() == ["Yes.\n\n↻ (This may have reached you already.)"]


@pytest.mark.parametrize(
    ("fault", "doubt"),
    [
        (Fault("sendMessage", "drop"), True),
        (Fault("sendMessage", "error", code=502, error="Bad Gateway"), True),
        (Fault("sendMessage", "error", code=429, error="Too Many", retry_after=17), False),
    ],
)
async def test_what_may_work_later(
    bench: Any, fake: FakeTelegram, outbound: Out, fault: Fault, doubt: bool
) -> None:
    joe = fake.person("Joe")
    joe.chat()
    fake.faults.add(fault)
    with pytest.raises(Retry) as error:
        await bench.channel.send(outbound(joe.id))
    assert error.value.in_doubt is doubt
    assert error.value.after == (17.0 if fault.retry_after else None)


async def test_what_will_never_work(bench: Any, fake: FakeTelegram, outbound: Out) -> None:
    joe = fake.person("Joe")
    joe.chat()
    joe.blocks()
    with pytest.raises(Rejected, match="has blocked the bot"):
        await bench.channel.send(outbound(joe.id))
    with pytest.raises(Rejected, match="chat not found"):
        await bench.channel.send(outbound(4))
    with pytest.raises(Rejected, match="no Telegram chat"):
        await bench.channel.send(outbound("elsewhere"))
    with pytest.raises(Rejected, match="is empty"):
        await bench.channel.send(outbound(joe.id, files=(File("a", "b/c", b""),)))
    fake.token = "changed"
    with pytest.raises(NotAuthorised, match=r"channels\.help\.token"):
        await bench.channel.send(outbound(joe.id))


async def test_the_token_is_in_no_log_and_no_repr(
    bench: Any, fake: FakeTelegram, outbound: Out, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    joe = fake.person("Joe")
    joe.chat()
    await bench.channel.send(outbound(joe.id))
    fake.faults.add(Fault("sendMessage", "drop"))
    with pytest.raises(Retry) as error:
        await bench.channel.send(outbound(joe.id))
    said = f"{caplog.text} {error.value!r} {bench.channel!r} {bench.channel.connection!r}"
    assert fake.token not in said
    assert fake.token.partition(":")[2] not in said


async def test_the_fake_counts(fake: FakeTelegram) -> None:
    fake.world.limits = Limits(chat_burst=2)
    joe = fake.person("Joe")
    joe.chat()
    async with Bot(fake.token, base_url=f"{fake.url}/bot") as bot:
        for _ in range(2):
            await bot.send_message(joe.id, "x")
        with pytest.raises(RetryAfter):
            await bot.send_message(joe.id, "x")


async def test_a_question_has_buttons_and_a_press_is_its_answer(
    bench: Any, fake: FakeTelegram, outbound: Out
) -> None:
    chat = fake.person("Joe").chat()
    chat.says("Hello")
    until = datetime.fromtimestamp(1_900_000_000, UTC)
    question = Question(tuple(Choice(str(number)) for number in range(11)), until)
    await bench.channel.send(outbound(chat.room.id, "And?", question=question))
    rows = chat.messages()[-1]["reply_markup"]["inline_keyboard"]
    assert [len(row) for row in rows] == [6, 5]
    assert await chat.presses("10") == "✓"
    pressed = (await bench.read(2))[-1]
    assert (pressed.kind, pressed.text, pressed.sender.display) == ("choice", "10", "Joe")
    assert pressed.answers == outbound(1).idempotency_key
