"""The channel and the real SDK against a Slack of one's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from omniroute import (
    Address,
    Busy,
    ConfigError,
    File,
    NotAuthorised,
    Outbound,
    Rejected,
    Retry,
    Secret,
    Site,
)
from omniroute.testing.intake import Notebook, as_follower, standing_in
from omniroute_slack.channel import SlackChannel
from omniroute_slack.incoming import is_signed
from omniroute_slack.settings import Config
from omniroute_slack.testing import FakeSlack, Fault

Out = Callable[..., Outbound]


# --- in, by Socket Mode ---


async def test_a_customer_writes(bench: Any, fake: FakeSlack) -> None:
    fake.person("Joe Miller", "Joe@x.org").chat().says("I was charged <https://x.org|twice> &amp;")
    (said,) = await bench.read(1)
    assert (said.text, said.sender.display) == (
        "I was charged twice (https://x.org) &", "Joe Miller",
    )  # fmt: skip
    assert said.also_known_as == (Address("email", "joe@x.org", True, "Joe Miller"),)


async def test_what_another_workspace_says_of_somebody_proves_nothing(
    bench: Any, fake: FakeSlack
) -> None:
    fake.person("Joe", "ceo@acme.example", team="T9999").chat().says("hello")
    (said,) = await bench.read(1)
    assert said.also_known_as == (Address("email", "ceo@acme.example", False, "Joe"),)


async def test_the_yes_comes_after_it_is_kept_and_not_before(bench: Any, fake: FakeSlack) -> None:
    bench.kept.full = True
    fake.person("Joe").chat().says("hello")
    await bench.kept.asked.wait()
    assert fake.acknowledged == []
    bench.kept.full = False
    await fake.breaks()
    (said,) = await bench.read(1)
    await fake.until(lambda: fake.acknowledged)
    assert said.text == "hello"


async def test_a_connection_that_ends_in_order_loses_nothing(bench: Any, fake: FakeSlack) -> None:
    chat = fake.person("Joe").chat()
    chat.says("one")
    await bench.read(1)
    await fake.disconnects()
    chat.says("two")
    assert [said.text for said in await bench.read(2)] == ["one", "two"]


async def test_one_message_told_twice_is_kept_once(bench: Any, fake: FakeSlack) -> None:
    joe = fake.person("Joe")
    room = fake.channel("acme-and-us", joe)
    message = joe.chat(room).calls("help us")  # as a message, and as a call of the app's name
    fake.event({**message, "channel": room.id, "channel_type": "channel"}, team_id="T9999")
    joe.chat(room).says("two")
    said = await bench.read(2)
    assert [one.text for one in said] == ["help us", "two"]
    assert said[0].conversation == f"{room.id}/{message['ts']}"
    await fake.until(lambda: not fake.waiting)
    assert len(bench.kept.kept) == 2


async def test_edits_deletions_and_reactions(bench: Any, fake: FakeSlack) -> None:
    chat = fake.person("Joe").chat()
    message = chat.says("I was charged twice")
    chat.reacts(message, "+1")
    chat.edits(message, "I was charged three times")
    fake.told(
        chat.room, subtype="message_changed", message=dict(message), previous_message=dict(message)
    )  # fmt: skip - a link was unfurled
    chat.deletes(message)
    said = await bench.read(5)
    assert [(one.kind, one.text) for one in said] == [
        ("message", "I was charged twice"), ("reaction", "👍"),
        ("edit", "I was charged three times"), ("delete", ""),
    ]  # fmt: skip
    assert len({one.external_id for one in said}) == 1


async def test_apps_are_not_heard(bench: Any, fake: FakeSlack) -> None:
    joe, app = fake.person("Joe"), fake.person("Another app", is_bot=True)
    room = fake.channel("acme", joe, app)
    app.chat(room).says("I am a bot", bot_id="B1")
    app.chat(room).says("I am one, too")
    fake.says(joe.chat().room, fake.world.bot["id"], "our own")
    joe.chat(room).says("a person")
    await fake.until(lambda: not fake.waiting)
    assert [said.text for said in await bench.read(1)] == ["a person"]


async def test_files_come_whole_or_with_the_reason(bench: Any, fake: FakeSlack) -> None:
    chat = fake.person("Joe").chat()
    chat.sends(b"bytes", "bill.pdf", "application/pdf", "the bill")
    gone = fake.file_json(fake.world_file("gone.pdf"))
    chat.says("", subtype="file_share", files=[{**gone, "url_private_download": "http://a.b/c"}])
    bill, lost = await bench.read(2)
    assert [(f.name, f.media_type, f.data) for f in bill.files] == [
        ("bill.pdf", "application/pdf", b"bytes")
    ]
    assert lost.unread == "“gone.pdf”: it does not lie at Slack; open it there"


async def test_a_wrong_token_says_where_to_get_one(fake: FakeSlack, bench_of: Any) -> None:
    bench = bench_of(bot_token=Secret("xoxb-another"))
    with pytest.raises(ConfigError, match="OAuth & Permissions") as error:
        await bench.channel.listen(bench.kept)
    assert "another" not in str(error.value)
    bench = bench_of(app_token=Secret("xapp-another"))
    with pytest.raises(ConfigError, match="connections:write"):
        await bench.channel.listen(bench.kept)


async def test_health(bench: Any, fake: FakeSlack) -> None:
    await fake.until(lambda: bench.channel.socket.connected)
    health = await bench.channel.check()
    assert (health.ok, health.found) == (True, "open as @desk in Fake")


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"app_token": Secret("xapp-1")}, "does not begin with xoxb-"),
        ({"bot_token": Secret("xoxb-1")}, "how messages come in"),
        ({"bot_token": Secret("xoxb-1"), "signing_secret": Secret("short")}, "16 characters"),
    ],
)
def test_settings_that_cannot_be_meant(tmp_path: Path, settings: Any, fault: str) -> None:
    config = Config(**{"bot_token": Secret("of-no-value"), **settings})
    with pytest.raises(ConfigError, match=fault) as error:
        SlackChannel("help", config, Site(tmp_path, "http://x"))
    assert "of-no-value" not in str(error.value)


# --- in, pushed ---


@pytest.fixture
async def pushed(fake: FakeSlack, bench_of: Any) -> AsyncIterator[Any]:
    async with bench_of(signing_secret=Secret(fake.signing_secret + "!")).listening() as bench:
        fake.signing_secret += "!"
        yield bench


async def test_pushed_payloads_are_kept_before_the_yes(fake: FakeSlack, pushed: Any) -> None:
    app = Starlette(routes=list(pushed.channel.routes()))
    fake.person("Joe").chat().says("pushed")
    body, right = fake.signed(fake.waiting[0])

    async def post(body: bytes, headers: dict[str, str]) -> int:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return (await client.post("/hook", content=body, headers=headers)).status_code

    wrong = {**right, "X-Slack-Signature": "v1=" + "0" * 64}
    assert await post(body, wrong) == 401
    assert await post(body, {}) == 401
    assert await post(body + b" ", right) == 401
    assert pushed.kept.kept == {}
    pushed.kept.full = True
    assert await post(body, right) == 503
    pushed.kept.full = False
    assert await post(body, right) == 200
    assert await post(body, {**right, "X-Slack-Retry-Num": "1"}) == 200
    assert [said.text for said in await pushed.read(1)] == ["pushed"]
    assert len(pushed.kept.kept) == 1


async def test_a_node_that_follows_keeps_events_for_the_writer_and_nothing_else(
    fake: FakeSlack, pushed: Any, tmp_path: Path
) -> None:
    secret = Secret(fake.signing_secret)
    about: dict[str, Any] = {"bot_token": Secret(fake.bot_token), "api_url": fake.api_url}
    site = as_follower(Site(tmp_path / "b", "http://desk.example"))
    follower = SlackChannel("help", Config(signing_secret=secret, **about), site)
    kept = Notebook()
    assert follower.anywhere
    assert not SlackChannel("help", Config(app_token=Secret("xapp-1"), **about), site).anywhere
    fake.person("Joe").chat().says("pushed")
    event = fake.signed(fake.waiting[0])
    command = {"command": "/omniroute", "user_id": "U1", "trigger_id": "1.2", "text": "help"}
    pressed = fake.signed(fake.deliver("slash_commands", command))
    transport = httpx.ASGITransport(app=Starlette(routes=list(follower.routes())))
    async with (
        standing_in(follower, kept),
        httpx.AsyncClient(transport=transport, base_url="http://x") as client,
    ):
        for (body, headers), status in ((event, 200), (event, 200), (pressed, 503)):
            answer = await client.post("/hook", content=body, headers=headers)
            assert answer.status_code == status
        assert (await client.post("/hook", content=event[0])).status_code == 401
    (raw,) = kept.kept.values()
    assert pushed.kept.kept == {}
    await pushed.channel.take_up(raw)
    await pushed.channel.take_up(raw)
    assert [said.text for said in await pushed.read(1)] == ["pushed"]
    with pytest.raises(Busy):
        await follower.take_up(raw)


async def test_whose_address_it_is_is_proved_to_slack_alone(fake: FakeSlack, pushed: Any) -> None:
    app = Starlette(routes=list(pushed.channel.routes()))
    asked = {"type": "url_verification", "challenge": "x" * 5000}
    body, right = fake.signed(fake.deliver("events_api", asked))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        for _ in range(20):
            answer = await client.post("/hook", content=body, headers=right)
            assert answer.json() == {"challenge": "x" * 200}
        assert (await client.post("/hook", content=body)).status_code == 401
    assert pushed.kept.kept == {}


@pytest.mark.parametrize("stamp", ["", "zz", "nan", "1" * 5000, "٠١٢", "-1", "1e3"])
def test_a_stamp_that_is_none_is_never_signed(stamp: str) -> None:
    assert not is_signed(Secret("s" * 20), b"{}", stamp, "v0=00", 0.0)


@pytest.mark.parametrize("shown", ["", "v0=", "v0=é", "v1=00", "\udcff"])
def test_a_signature_that_is_none_is_not_taken(shown: str) -> None:
    assert not is_signed(Secret("s" * 20), b"{}", "5", shown, 0.0)


@pytest.mark.parametrize(("late", "good"), [(0, True), (300, True), (301, False), (-301, False)])
def test_a_signature_is_good_for_five_minutes(late: int, good: bool) -> None:
    fake = FakeSlack(clock=lambda: 1_000_000.0)
    delivery = fake.deliver("events_api", {"type": "event_callback"})
    body, headers = fake.signed(delivery)
    stamp, shown = headers["X-Slack-Request-Timestamp"], headers["X-Slack-Signature"]
    assert is_signed(Secret(fake.signing_secret), body, stamp, shown, 1_000_000.0 + late) is good


# --- out ---


async def test_an_answer(bench: Any, fake: FakeSlack, outbound: Out) -> None:
    joe = fake.person("Joe")
    room = joe.chat().room
    receipt = await bench.channel.send(outbound(room.id, "**Yes** <!channel> & `code`"))
    (answer,) = joe.chat().messages()
    assert answer["text"] == "*Yes* &lt;!channel&gt; &amp; `code`"
    assert receipt.external_ids == (f"{room.id}/{answer['ts']}",)


async def test_an_answer_in_a_channel_goes_into_the_thread(
    bench: Any, fake: FakeSlack, outbound: Out
) -> None:
    joe = fake.person("Joe")
    room = fake.channel("acme", joe)
    asked = joe.chat(room).says("hello?")
    await bench.channel.send(outbound(f"{room.id}/{asked['ts']}", "here"))
    assert joe.chat(room, asked["ts"]).texts() == ["hello?", "here"]


async def test_what_may_have_arrived_is_looked_for_and_not_sent_again(
    bench: Any, fake: FakeSlack, outbound: Out
) -> None:
    joe = fake.person("Joe")
    room = joe.chat().room
    fake.faults.add(Fault("chat.postMessage", "drop"))
    with pytest.raises(Retry) as error:
        await bench.channel.send(outbound(room.id, "Yes."))
    assert error.value.in_doubt
    receipt = await bench.channel.send(outbound(room.id, "Yes.", repeat=True))
    assert joe.chat().texts() == ["Yes."]
    assert receipt.external_ids == (f"{room.id}/{joe.chat().messages()[0]['ts']}",)


async def test_files_go_out_as_one_message(bench: Any, fake: FakeSlack, outbound: Out) -> None:
    joe = fake.person("Joe")
    bill, photo = File("bill.pdf", "application/pdf", b"pdf"), File("a.png", "image/png", b"png")
    await bench.channel.send(outbound(joe.chat().room.id, "both", files=(bill, photo)))
    (sent,) = joe.chat().messages()
    assert (sent["text"], [file["name"] for file in sent["files"]]) == (
        "both",
        ["bill.pdf", "a.png"],
    )
    with pytest.raises(Rejected, match="is empty"):
        await bench.channel.send(outbound("D1", files=(File("a", "b/c", b""),)))


async def test_all_digits_of_a_wait_are_read(bench: Any, fake: FakeSlack, outbound: Out) -> None:
    fault = Fault("chat.postMessage", "error", code=429, error="ratelimited", retry_after=37)
    fake.faults.add(fault)
    with pytest.raises(Retry) as error:
        await bench.channel.send(outbound(fake.person("Joe").chat().room.id))
    assert (error.value.after, error.value.in_doubt) == (37.0, False)


async def test_what_will_never_work(bench: Any, fake: FakeSlack, outbound: Out) -> None:
    joe = fake.person("Joe")
    room = fake.channel("acme", joe)
    with pytest.raises(Rejected, match="knows no such conversation"):
        await bench.channel.send(outbound("D404"))
    room.members.discard(fake.world.bot["id"])
    with pytest.raises(Rejected, match="not in this channel"):
        await bench.channel.send(outbound(room.id))
    joe.user["deleted"] = True
    with pytest.raises(Rejected, match="deactivated"):
        await bench.channel.send(outbound(joe.chat().room.id))
    fake.bot_token = "changed"
    with pytest.raises(NotAuthorised, match=r"channels\.help\.bot_token"):
        await bench.channel.send(outbound(joe.chat().room.id))
