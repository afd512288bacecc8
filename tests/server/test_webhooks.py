"""Webhooks: who is told what, in which order, how often, and when nobody is told any more."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.application.conftest import Scene

from omniroute.application.authorize import NOBODY, SYSTEM, Actor, Kind
from omniroute.application.webhooks import BACK_OFF, DAY, Declared, Webhooks, WebhookView
from omniroute.errors import Refused
from omniroute.server.outgoing import Answered, Unreachable
from omniroute.server.webhooks import Hooks, Sender, signed

DI = Actor(Kind.AGENT, "di", "admin")


def derive(purpose: str) -> bytes:
    return hashlib.sha256(purpose.encode()).digest()


@dataclass
class Receivers:
    """Everybody who is called: what they were sent, and what they say to it."""

    heard: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    says: Callable[[str], Answered] = lambda url: Answered(200)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        self.heard.append((url, headers, body))
        return self.says(url)

    def told(self, url: str = "") -> list[dict[str, Any]]:
        return [msgspec.json.decode(body) for to, _, body in self.heard if url in ("", to)]

    def types(self, thread: int) -> list[str]:
        return [each["type"] for each in self.told() if each["data"].get("thread") == thread]


class Post:
    """A scene, its webhooks, and whoever sends them."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self.scene, self.receivers = scene, Receivers()
        clock = scene.clock.now
        self.webhooks = Webhooks(folder / "desk.webhooks", scene.reader, derive, clock)
        self.sender = Sender(self.webhooks, self.receivers, scene.reader, clock)
        self.hooks = Hooks(self.webhooks, self.sender, clock)

    async def make(self, url: str = "https://crm.example/", *types: str, **more: Any) -> str:
        return (await self.webhooks.make(DI, url, types, **more)).about.id

    async def send(self) -> None:
        """Send what is due by now, and nothing that becomes due later."""
        await self.webhooks.hand_out()
        for hook in await self.webhooks.active():
            await self.sender.drain(hook)

    async def view(self) -> WebhookView:
        (view,) = await self.webhooks.list(DI)
        return view


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    post = Post(Scene(tmp_path), tmp_path)
    yield post
    post.webhooks.close()


def test_a_signature_is_what_the_standard_says() -> None:
    """The example of the Standard Webhooks libraries."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signed(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_what_happens_is_told_in_its_order(post: Post) -> None:
    made = await post.webhooks.make(DI, "https://crm.example/", ("thread.*", "message.noted"))
    scene = post.scene
    scene.online("ana")
    threads = [scene.writes(f"{name}@mail.example", "a refund", topic="refund") for name in "xyz"]
    for thread in threads:
        scene.accepts("ana", thread)
        scene.notes("ana", thread, "a note")
        scene.resolves("ana", thread)
    await post.send()
    for thread in threads:
        assert post.receivers.types(thread) == [
            "thread.opened", "thread.queued", "thread.offered", "thread.offer_ended",
            "thread.assigned", "message.noted", "thread.resolved",
        ]  # fmt: skip
    _, headers, body = post.receivers.heard[0]
    key = base64.b64decode(made.secret.removeprefix("whsec_"))
    at = int(headers["webhook-timestamp"])
    assert signed(key, headers["webhook-id"], at, body) == headers
    assert headers["webhook-id"] == msgspec.json.decode(body)["id"]
    assert (await post.view()).waiting == 0


async def test_nothing_of_what_was_said_goes_out_unless_it_was_asked_for(post: Post) -> None:
    await post.make("https://plain.example/")
    await post.make("https://all.example/", "message.*", personal=True)
    post.scene.writes("joe@mail.example", "my secret", name="Joe Miller")
    await post.send()
    plain = msgspec.json.encode(post.receivers.told("https://plain.example/")).decode()
    for private in ("my secret", "Joe", 'joe@mail.example"'):
        assert private not in plain.replace("h:joe@mail.example", "")
    (told,) = post.receivers.told("https://all.example/")
    assert told["data"]["said"] == {
        "text": "my secret", "subject": "", "address": "joe@mail.example", "kind": "email",
        "name": "Joe Miller",
    }  # fmt: skip


async def test_what_fails_is_tried_again_later_and_holds_up_its_thread_alone(post: Post) -> None:
    await post.make("https://crm.example/", "thread.opened", "thread.queued")
    first = post.scene.writes("joe@mail.example", "hello")
    post.receivers.says = lambda url: Answered(500)
    await post.send()
    assert post.receivers.types(first) == ["thread.opened"]  # the next waits for this one
    assert (await post.view()).error == "it answered 500"
    post.receivers.says = lambda url: Answered(200)
    second = post.scene.writes("max@mail.example", "hello")
    post.scene.wait(seconds=2)
    await post.send()
    assert post.receivers.types(second) == ["thread.opened", "thread.queued"]
    assert post.receivers.types(first) == ["thread.opened"]
    post.scene.wait(seconds=4)
    await post.send()
    assert post.receivers.types(first) == ["thread.opened", "thread.opened", "thread.queued"]
    ids = [each["id"] for each in post.receivers.told() if each["data"].get("thread") == first]
    assert ids[0] == ids[1]  # it is the same event
    assert (await post.view()).failing == 0


async def test_a_crash_between_an_answer_and_its_note_repeats_under_the_same_id(
    post: Post,
) -> None:
    id = await post.make("https://crm.example/", "thread.opened")
    post.scene.writes("joe@mail.example", "hello")
    await post.webhooks.hand_out()
    (item,) = await post.webhooks.due(id, 8)
    view = await post.view()
    await post.sender.post(view, item.event)  # and nobody notes it
    await post.send()
    ids = [headers["webhook-id"] for _, headers, _ in post.receivers.heard]
    assert len(ids) == 2
    assert ids[0] == ids[1]


async def test_an_event_is_given_up_after_days_and_the_next_one_goes_on(post: Post) -> None:
    await post.make("https://crm.example/", "thread.opened", "thread.queued")
    thread = post.scene.writes("joe@mail.example", "hello")
    post.receivers.says = lambda url: Answered(400)
    for pause in BACK_OFF:
        await post.send()
        post.scene.clock.at += pause + 60_000
    await post.send()
    assert post.receivers.types(thread) == ["thread.opened"] * (len(BACK_OFF) + 1)
    assert (await post.view()).lost == 1
    post.scene.clock.at += 60_000
    post.receivers.says = lambda url: Answered(200)
    await post.send()
    assert post.receivers.types(thread)[-1] == "thread.queued"


async def test_a_receiver_that_fails_for_days_is_switched_off_and_that_is_said(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    id = await post.make("https://crm.example/", "thread.opened")

    def away(url: str) -> Answered:
        raise Unreachable("ConnectError")

    post.receivers.says = away
    for number in range(7):
        post.scene.writes(f"{number}@mail.example", "hello")
        await post.send()
        post.scene.clock.at += DAY
    view = await post.view()
    assert view.disabled == "nothing got through for 5 days: ConnectError"
    assert (view.waiting, view.lost > 0) == (0, True)
    assert "is switched off: nothing got through" in caplog.text
    post.receivers.says = lambda url: Answered(200)
    await post.webhooks.hand_out()
    await post.webhooks.enable(DI, id)
    after = post.scene.writes("late@mail.example", "hello")
    post.receivers.heard.clear()
    await post.send()
    assert [each["data"]["thread"] for each in post.receivers.told()] == [after]


async def test_who_is_gone_is_not_asked_again(post: Post) -> None:
    await post.make()
    post.receivers.says = lambda url: Answered(410)
    post.scene.writes("joe@mail.example", "hello")
    await post.send()
    assert (await post.view()).disabled == "the receiver is gone for good (410)"


async def test_who_asks_for_rest_gets_it(post: Post) -> None:
    await post.make("https://crm.example/", "thread.opened")
    post.receivers.says = lambda url: Answered(429, after=3_600_000)
    post.scene.writes("joe@mail.example", "hello")
    await post.send()
    post.scene.clock.at += 3_599_000
    await post.send()
    assert len(post.receivers.heard) == 1
    post.scene.clock.at += 1_000
    await post.send()
    assert len(post.receivers.heard) == 2


async def test_it_runs_by_itself_and_a_restart_misses_nothing(post: Post, tmp_path: Path) -> None:
    await post.make("https://crm.example/", "thread.opened")
    running = asyncio.create_task(post.sender.run())
    post.scene.box.on_commit = post.sender.wake
    post.scene.writes("joe@mail.example", "hello")
    async with asyncio.timeout(20):
        while not post.receivers.heard:  # noqa: ASYNC110 — what is waited for is a call
            await asyncio.sleep(0.01)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    post.webhooks.close()
    post.scene.writes("max@mail.example", "while nobody ran")
    again = Post(post.scene, tmp_path)
    await again.send()
    (told,) = again.receivers.told()
    assert told["type"] == "thread.opened"
    again.webhooks.close()


async def test_what_happened_while_nobody_asked_is_nobodys(post: Post) -> None:
    id = await post.make("https://crm.example/", "thread.opened")
    await post.webhooks.delete(DI, id)
    post.scene.writes("joe@mail.example", "hello")
    await post.send()
    await post.make("https://crm.example/", "thread.opened")
    thread = post.scene.writes("max@mail.example", "hello")
    await post.send()
    assert [each["data"]["thread"] for each in post.receivers.told()] == [thread]


def opened(thread: int) -> bytes:
    """A record of a thread that somebody else opened."""
    event = {"ev": "ThreadOpened", "thread": thread, "customer": f"c{thread}"}
    return msgspec.json.encode({"at": 1, "ev": [event]})


async def test_a_journal_that_lost_its_end_is_told_from_there_as_it_is_now(post: Post) -> None:
    hook = await post.make("https://crm.example/", "thread.opened")
    store = post.scene.store
    first = post.scene.writes("joe@mail.example", "hello")
    await post.send()
    behind = store.copy()
    second = post.scene.writes("max@mail.example", "hello")
    await post.send()
    third = post.scene.writes("eve@mail.example", "hello")
    await post.webhooks.hand_out()
    (on_its_way,) = await post.webhooks.due(hook, 9)

    store.become(behind)
    behind.close()
    store.commit(store.head(), [opened(71), opened(72), opened(73)], {})
    await post.webhooks.hand_out()
    await post.webhooks.sent(on_its_way)  # of what is lost, and of no other
    assert (await post.view()).waiting == 3
    await post.send()
    told = post.receivers.told()
    assert [each["data"]["thread"] for each in told] == [first, second, 71, 72, 73]
    assert third not in [each["data"]["thread"] for each in told]
    assert len({each["id"] for each in told}) == len(told)  # so that no receiver knows one already


GOOD = "whsec_" + base64.b64encode(b"k" * 32).decode()


async def test_what_stands_in_the_settings_is_there_and_nothing_else_of_it(post: Post) -> None:
    declared = Declared("https://crm.example/", GOOD, ("thread.opened",))
    post.webhooks.declare({"crm": declared})
    post.scene.writes("joe@mail.example", "hello")
    await post.send()
    ((_, headers, body),) = post.receivers.heard
    at = int(headers["webhook-timestamp"])
    assert signed(b"k" * 32, headers["webhook-id"], at, body) == headers
    post.webhooks.declare({"crm": msgspec.structs.replace(declared, url="https://new.example/")})
    assert ((await post.view()).url, (await post.view()).sent) == ("https://new.example/", 1)
    with pytest.raises(Refused, match="remove it there"):
        await post.webhooks.delete(DI, "crm")
    made = await post.make("https://other.example/")
    post.webhooks.declare({})
    assert (await post.view()).id == made


async def test_a_trial(post: Post) -> None:
    id = await post.make()
    assert await post.hooks.test(DI, id) == ""
    assert post.receivers.told()[0]["type"] == "webhook.test"
    post.receivers.says = lambda url: Answered(404)
    assert await post.hooks.test(DI, id) == "it answered 404"
    with pytest.raises(Refused, match="no webhook"):
        await post.hooks.test(DI, "nobody")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "bad_url"), ("crm.example", "bad_url"), ("ftp://crm.example/", "bad_url"),
        ("https:///x", "bad_url"), ("https://a:b@crm.example/", "bad_url"),
        ("https://crm.example/#x", "bad_url"), ("https://crm.example/\r\nX: y", "bad_url"),
        ("https://[::1/", "bad_url"), ("https://crm.example:99999/", "bad_url"),
        ("https://crm.example/" + "x" * 2_000, "bad_url"), ("file:///etc/passwd", "bad_url"),
    ],
)  # fmt: skip
async def test_an_address_that_is_none(post: Post, url: str, code: str) -> None:
    with pytest.raises(Refused) as error:
        await post.webhooks.make(DI, url)
    assert error.value.code == code


async def test_an_event_that_is_none_and_who_may_not(post: Post) -> None:
    with pytest.raises(Refused, match="did you mean “thread\\.opened”"):
        await post.make("https://crm.example/", "thread.open")
    program = Actor(Kind.INTEGRATOR, scopes=frozenset({"webhooks"}))
    assert (await post.webhooks.make(program, "https://crm.example/")).secret
    for actor, personal in ((NOBODY, False), (Actor(Kind.AGENT, "ana", "agent"), False),
                            (program, True)):  # fmt: skip
        with pytest.raises(Refused) as error:
            await post.webhooks.make(actor, "https://crm.example/", personal=personal)
        assert error.value.code == "forbidden"


async def test_the_secret_is_in_no_file(post: Post, tmp_path: Path) -> None:
    made = await post.webhooks.make(SYSTEM, "https://crm.example/")
    key = base64.b64decode(made.secret.removeprefix("whsec_"))
    for path in await asyncio.to_thread(lambda: [p for p in tmp_path.iterdir() if p.is_file()]):
        kept = await asyncio.to_thread(path.read_bytes)
        assert key not in kept
        assert made.secret.encode() not in kept
