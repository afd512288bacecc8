"""The fake, as the real SDK meets it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from omniroute_slack.testing import FakeSlack, Limits, Person, serving
from omniroute_slack.testing.methods import METHODS


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with serving(FakeSlack()) as served:
        yield served


@pytest.fixture
async def client(slack: FakeSlack) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(
            slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[]
        )


async def refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as error:
        await call
    return str(error.value.response["error"])


async def test_messages_are_kept_changed_and_taken_back(
    slack: FakeSlack, client: AsyncWebClient
) -> None:
    joe = slack.person("Joe")
    sent = await client.chat_postMessage(channel=joe.id, text="hello")
    room = str(sent["channel"])
    await client.chat_update(channel=room, ts=str(sent["ts"]), text="hello!")
    answer = await client.chat_postMessage(channel=room, text="below", thread_ts=str(sent["ts"]))
    assert joe.chat().texts() == ["hello!", "below"]
    found = await client.conversations_replies(channel=room, ts=str(sent["ts"]))
    assert [one["text"] for one in found["messages"]] == ["hello!", "below"]
    await client.chat_delete(channel=room, ts=str(answer["ts"]))
    assert joe.chat().texts() == ["hello!"]


async def test_what_cannot_be_done_is_refused_in_slacks_word(
    slack: FakeSlack, client: AsyncWebClient
) -> None:
    joe = slack.person("Joe")
    said = joe.chat().says("mine")
    room = joe.chat().room.id
    post = client.chat_postMessage
    assert await refused(post(channel="C404", text="x")) == "channel_not_found"
    empty: Any = {"channel": room}
    assert await refused(client.api_call("chat.postMessage", json=empty)) == "no_text"
    assert await refused(post(channel=room, text="x", blocks=[{"type": "divider"}] * 51)) == (
        "invalid_blocks"
    )
    assert await refused(client.chat_update(channel=room, ts="1.2", text="x")) == (
        "message_not_found"
    )
    assert await refused(client.chat_update(channel=room, ts=said["ts"], text="x")) == (
        "cant_update_message"
    )
    react: Any = {"channel": room, "timestamp": said["ts"], "name": "eyes"}
    await client.reactions_add(**react)
    assert await refused(client.reactions_add(**react)) == "already_reacted"
    assert await refused(client.views_open(trigger_id="old", view={})) == "expired_trigger_id"
    client.token = "xoxb-another"
    assert await refused(client.auth_test()) == "invalid_auth"


async def test_too_much_is_429_with_how_long_to_wait(
    slack: FakeSlack, client: AsyncWebClient
) -> None:
    slack.world.limits = Limits(burst=2, per_channel=0.05)
    joe = slack.person("Joe")
    for _ in range(2):
        await client.chat_postMessage(channel=joe.id, text="x")
    with pytest.raises(SlackApiError) as error:
        await client.chat_postMessage(channel=joe.id, text="x")
    assert error.value.response.status_code == 429
    assert 15 <= int(error.value.response.headers["Retry-After"]) <= 20


async def test_a_method_that_is_not_there_fails_loudly(
    slack: FakeSlack, client: AsyncWebClient
) -> None:
    assert await refused(client.api_call("bookmarks.add", json={})) == "unknown_method"
    assert slack.unknown == ["bookmarks.add"]


def test_each_method_says_what_it_keeps_to() -> None:
    assert all(method.status and method.errors for method in METHODS.values())


async def test_the_page_works_like_a_client(slack: FakeSlack, client: AsyncWebClient) -> None:
    joe, eve = slack.person("Joe"), slack.person("Eve")
    room = slack.channel("acme", joe)
    async with aiohttp.ClientSession(slack.url) as browser:
        async with browser.get(f"/client?user={joe.id}") as page:
            assert "Slack, a stand-in" in await page.text()
        said = {"user": joe.id, "room": room.id, "text": "hello"}
        async with browser.post("/client/do", json=said) as answer:
            assert answer.status == 200
        async with browser.get(f"/client/state?user={joe.id}") as state:
            rooms = (await state.json())["rooms"]
        assert [one["text"] for r in rooms for one in r["messages"]] == ["hello"]
        async with browser.post("/client/do", json={**said, "user": eve.id}) as answer:
            assert answer.status == 404


async def test_on_the_page_one_edits_sends_files_and_calls_the_app(slack: FakeSlack) -> None:
    joe, eve = slack.person("Joe"), slack.person("Eve")
    room = slack.channel("acme", joe, eve)
    async with aiohttp.ClientSession(slack.url) as browser:

        async def does(who: Person, **what: object) -> None:
            asked = {"user": who.id, "room": room.id, **what}
            async with browser.post("/client/do", json=asked) as answer:
                assert answer.status == 200

        await does(joe, text="@desk resolve <now> & here")
        (message,) = room.messages.values()
        assert message["text"] == f"<@{slack.world.bot['id']}> resolve &lt;now&gt; &amp; here"
        await does(eve, message=message["ts"], edit="mine now")
        await does(eve, message=message["ts"], delete=True)
        await does(joe, message=message["ts"], edit="done")
        assert [one["text"] for one in room.messages.values()] == ["done"]
        await does(eve, message=message["ts"], react="+1")
        assert message["reactions"] == {"+1": [eve.id]}
        data = base64.b64encode(b"<script>").decode()
        await does(joe, file="a.html", type="text/html", data=data)
        async with browser.get(f"/client/files/{next(iter(slack.world.files))}") as file:
            assert await file.read() == b"<script>"
            assert file.content_type == "application/octet-stream"


async def test_a_command_s_answer_stands_where_it_was_given_for_them_alone(
    slack: FakeSlack,
) -> None:
    joe, eve = slack.person("Joe"), slack.person("Eve")
    room = slack.channel("acme", joe, eve)
    id = joe.commands("mine", room)
    async with (
        aiohttp.ClientSession() as app,
        app.post(slack.waiting[-1].payload["response_url"], json={"text": "Nothing."}) as answer,
    ):
        assert answer.status == 200
    assert await slack.answer(id) == "Nothing."
    assert (joe.chat(room).asides(), eve.chat(room).asides()) == (["Nothing."], [])
