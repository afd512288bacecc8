"""What programs tell: kept once, read as it was meant, refused in words."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from plugins.http.tests.conftest import MOUNT, House
from starlette.applications import Starlette
from starlette.routing import Mount

from omniroute import Address, Inbound, Site, Undelivered
from omniroute.testing.intake import Notebook, as_follower, listening
from omniroute_http.channel import HttpChannel

if TYPE_CHECKING:
    from pathlib import Path

    from omniroute_http.settings import Settings

JOE = {"id": "joe", "name": "Joe Miller"}


async def test_a_message_is_read_as_it_was_told(house: House) -> None:
    told: dict[str, Any] = {
        "subject": "Order 7",
        "conversation": "c9",
        "at": "2026-03-02T12:00:00+01:00",
        "in_reply_to": "m0",
        "files": [{"name": "a.txt", "type": "text/plain", "data": "aGVsbG8="}],
        "place": "topic",
        "from": JOE,
    }
    assert (await house.says("Where is it?", **told)).ok
    said = house.heard()
    assert (said.text, said.subject, said.place) == ("Where is it?", "Order 7", "topic")
    assert (said.conversation, said.in_reply_to) == ("shop/c9", "shop/m0")
    assert said.sent_at.isoformat() == "2026-03-02T12:00:00+01:00"
    assert [(f.name, f.media_type, f.data) for f in said.files] == [
        ("a.txt", "text/plain", b"hello")
    ]
    assert said.sender == Address("http:main:shop", "joe", True, "Joe Miller")


async def test_two_programs_share_no_customer_and_no_message(house: House) -> None:
    await house.says("hello", id="1")
    await house.says("hello", whose="app", id="1")
    one, other = [said for said in house.read() if isinstance(said, Inbound)]
    assert one.external_id != other.external_id
    assert one.conversation != other.conversation
    assert (one.sender.kind, other.sender.kind) == ("http:main:shop", "http:main:app")
    assert (one.sender.unique, other.sender.unique) == (False, True)


@pytest.mark.parametrize(
    ("whose", "kind", "verified"),
    [("shop", "email", False), ("app", "email", True), ("app", "phone", False)],
)
async def test_only_what_the_admin_lets_it_vouch_for_is_verified(
    house: House, whose: str, kind: str, verified: bool
) -> None:
    also = [{"kind": kind, "value": "joe@mail.example", "verified": True}]
    await house.says("hello", whose=whose, **{"from": {**JOE, "also": also}})
    assert house.heard().also_known_as == (Address(kind, "joe@mail.example", verified),)


async def test_it_vouches_for_nobody_whom_it_only_names(house: House) -> None:
    also = [{"kind": "email", "value": "joe@mail.example"}]
    await house.says("hello", whose="app", **{"from": {**JOE, "also": also}})
    assert not house.heard().also_known_as[0].verified


@pytest.mark.parametrize("kind", ["delivered", "read"])
async def test_what_became_of_our_message_is_told_at_it(house: House, kind: str) -> None:
    await house.says("Where is it?", conversation="c9")
    (ours,) = (await house.answers("On its way", key="k7")).external_ids
    (told,) = (await house.polls())["items"]
    said = {"type": kind, "message": told["id"], "from": JOE, "at": "2026-03-02T12:00:00+01:00"}
    assert (await house.posts("shop/events", said)).ok
    heard = house.heard()
    assert (heard.kind, heard.external_id, heard.text) == (kind, ours, "")
    assert heard.sent_at.isoformat() == "2026-03-02T12:00:00+01:00"


@pytest.mark.parametrize("kind", ["edit", "delete", "reaction"])
async def test_what_becomes_of_a_message_names_it(house: House, kind: str) -> None:
    text = {} if kind == "delete" else {"text": "👍"}
    event = {"type": kind, "message": "m1", "from": JOE, **text}
    assert (await house.posts("shop/events", event)).ok
    done = house.heard()
    assert (done.kind, done.external_id, done.text) == (kind, "shop/m1", text.get("text", ""))


async def test_somebody_leaves(house: House) -> None:
    await house.posts("shop/events", {"type": "left", "from": JOE})
    assert (house.heard().kind, house.heard().conversation) == ("left", "shop/joe")


async def test_a_message_of_ours_came_back(house: House) -> None:
    event = {"type": "undelivered", "message": "k1", "reason": "no such account"}
    await house.posts("shop/events", event)
    assert house.read() == [Undelivered("k1", "no such account")]


async def test_signs_of_writing_are_shown_and_not_kept(house: House) -> None:
    assert (await house.posts("shop/events", {"type": "typing", "from": JOE})).ok
    assert [one.value for one in house.notebook.writers] == ["joe"]
    assert not house.notebook.kept


async def test_the_same_request_again_is_the_same_event(house: House) -> None:
    event = {"type": "message", "id": "m1", "from": JOE, "text": "hello"}
    for _ in range(2):
        assert (await house.posts("shop/events", event, id="once")).ok
    assert len(house.notebook.kept) == 1


async def test_a_message_told_under_another_name_is_the_same_message(house: House) -> None:
    for id in ("once", "after a restart"):
        event = {"type": "message", "id": "m1", "from": {**JOE, "name": id}, "text": "hello"}
        assert (await house.posts("shop/events", event, id=id)).ok
    assert len(house.notebook.kept) == 1


async def test_an_old_request_is_not_believed(house: House) -> None:
    body = json.dumps({"type": "left", "from": JOE}).encode()
    headers = house.shop.signed(body, "old", at=int(time.time()) - 400)
    answered = await house.posts("shop/events", body, headers=headers)
    assert answered.status == 401


async def test_a_name_that_nobody_has_looks_like_a_wrong_signature(house: House) -> None:
    known, unknown = [
        await house.posts(f"{name}/events", b"{}", headers={"webhook-id": "1"})
        for name in ("shop", "nobody")
    ]
    assert (known.status, known.body) == (unknown.status, unknown.body)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (b"{", "truncated"),
        ({"type": "massage"}, "Invalid value 'massage'"),
        ({"type": "message", "id": "1", "text": "x"}, "missing required field `from`"),
        ({"type": "message", "id": "", "from": JOE}, "length >= 1 - at `$.id`"),
        ({"type": "message", "id": "1", "from": JOE, "txt": "x"}, "unknown field `txt`"),
        ({"type": "left", "from": JOE, "at": "2026-03-02T12:00:00"}, "timezone"),
        (b"\xff", "invalid character"),
        (b"[" * 9000, ""),
    ],
)
async def test_what_is_not_understood_names_the_field(house: House, event: Any, said: str) -> None:
    answered = await house.posts("shop/events", event)
    problem = json.loads(answered.body)
    assert (answered.status, problem["error"]) == (422, "invalid")
    assert said in problem["text"]
    assert not house.notebook.kept


async def test_a_request_has_a_bound(house: House) -> None:
    file = {"name": "a", "data": base64.b64encode(bytes(20_000)).decode()}
    assert (await house.says("big", files=[file])).status == 413


async def test_a_node_that_follows_takes_events_in_and_has_nothing_waiting(
    tmp_path: Path, settings: Settings
) -> None:
    """What waits for whoever asks is the writer's: they come again."""
    site = as_follower(Site(tmp_path, "http://desk.example"))
    channel, notebook = HttpChannel("main", settings, site), Notebook()
    app = Starlette(routes=[Mount(MOUNT, routes=channel.routes())])
    async with listening(channel, notebook):
        following = House(channel, notebook, app)
        assert channel.anywhere
        assert (await following.says("Hello")).ok
        assert following.heard().text == "Hello"
        assert (await following.posts("shop/poll", {"after": "", "wait": 0})).status == 503
