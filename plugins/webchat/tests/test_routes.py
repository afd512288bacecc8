"""What is said and read over HTTP, and what is not taken."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from starlette.requests import Request

from omniroute import Address, Choice, Question
from omniroute_webchat.problem import Problem
from omniroute_webchat.requests import read_body

if TYPE_CHECKING:
    from plugins.webchat.tests.conftest import Browser, Chat, Opens

JSON = {"Content-Type": "application/json"}


async def test_a_guest_writes_and_reads_the_answer(chat: Chat) -> None:
    joe = await chat.visitor()
    await joe.says("Where is my parcel?")
    await chat.answers("On its way.", key="e1")
    assert await joe.sees() == ["Where is my parcel?", "On its way."]

    [said] = chat.inbound
    assert said.text == "Where is my parcel?"
    assert said.sender == Address("webchat-visitor", said.conversation, True, "Visitor")


async def test_nobody_reads_the_conversation_of_another(chat: Chat) -> None:
    joe, eve = await chat.visitor(), await chat.visitor()
    await joe.says("my card ends in 42")
    assert await eve.sees() == []


async def test_a_line_is_acknowledged_only_once_it_is_kept(chat: Chat) -> None:
    joe = await chat.visitor()
    chat.notebook.full = True
    refused = await joe.tries("hello")
    assert (refused.status_code, refused.json()["error"]) == (503, "busy")
    assert refused.headers["Retry-After"] == "2"
    assert await joe.sees() == []

    chat.notebook.full = False
    await joe.says("hello")
    assert len(chat.inbound) == 1


async def test_the_same_line_again_is_the_same_line(chat: Chat) -> None:
    joe = await chat.visitor()
    id = str(uuid.uuid4())
    for same in (id, id, id.upper()):
        await joe.says("hello", same)
    assert await joe.sees() == ["hello"]
    assert len(chat.inbound) == 1


async def test_a_line_that_was_kept_before_a_crash_is_shown_once_it_comes_again(chat: Chat) -> None:
    joe = await chat.visitor()
    id = str(uuid.uuid4())

    def die() -> None:
        raise KeyboardInterrupt

    chat.notebook.after = die
    with pytest.raises(KeyboardInterrupt):
        await joe.tries("hello", id)

    chat.notebook.after = lambda: None
    await chat.starts_again()
    assert await joe.sees() == []
    await joe.says("hello", id)
    assert await joe.sees() == ["hello"]
    assert len(chat.inbound) == 1


async def test_the_same_id_of_two_browsers_is_two_lines(chat: Chat) -> None:
    joe, eve = await chat.visitor(), await chat.visitor()
    id = str(uuid.uuid4())
    await eve.says("squatting", id)
    await joe.says("hello", id)
    assert await joe.sees() == ["hello"]
    assert [said.text for said in chat.inbound] == ["squatting", "hello"]


async def test_history_survives_a_restart(chat: Chat) -> None:
    joe = await chat.visitor()
    await joe.says("hello")
    await chat.answers("Good morning.", key="e1")
    await chat.starts_again()
    assert await joe.sees() == ["hello", "Good morning."]


async def test_text_reaches_both_sides_clean(chat: Chat) -> None:
    joe = await chat.visitor()
    await joe.says("  one\r\ntwo \x1b[31mred\x00  ")
    assert chat.inbound[0].text == "one\ntwo [31mred"
    assert await joe.sees() == ["one\ntwo [31mred"]


async def test_long_histories_come_in_pages(chat: Chat) -> None:
    joe = await chat.visitor()
    for n in range(103):
        await joe.says(str(n))
    newest = (await joe.asks("GET", "lines")).json()
    assert [line["text"] for line in newest["lines"]] == [str(n) for n in range(3, 103)]
    assert newest["more"]
    before = newest["lines"][0]["seq"]
    oldest = (await joe.asks("GET", f"lines?before={before}")).json()
    assert [line["text"] for line in oldest["lines"]] == ["0", "1", "2"]
    assert not oldest["more"]
    later = (await joe.asks("GET", f"lines?after={before}")).json()
    assert [line["text"] for line in later["lines"]] == [str(n) for n in range(4, 103)]


# --- what is not taken ----------------------------------------------------------------------------


def message(**changes: Any) -> bytes:
    return json.dumps({"id": str(uuid.uuid4()), "text": "hello"} | changes).encode()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(b"", 400, "not_json", id="nothing"),
        pytest.param(b"hello", 400, "not_json", id="no JSON"),
        pytest.param(b"[" * 20_000, 422, "invalid", id="deep"),
        pytest.param(b'{"text":' + b"[" * 20_000, 422, "invalid", id="deep inside"),
        pytest.param(b"null", 422, "invalid", id="null"),
        pytest.param(b"[]", 422, "invalid", id="a list"),
        pytest.param(b"NaN", 400, "not_json", id="NaN"),
        pytest.param(b"9" * 5000, 422, "invalid", id="a long number"),
        pytest.param(message().replace(b"hello", b"\xff\xfe"), 400, "not_json", id="not UTF-8"),
        pytest.param(message().replace(b"hello", b"\\ud800"), 400, "not_json", id="half a pair"),
        pytest.param(message(id="1"), 422, "invalid", id="id is no uuid"),
        pytest.param(message(id=5), 422, "invalid", id="id is a number"),
        pytest.param(message(text=None), 422, "invalid", id="no text"),
        pytest.param(message(text=5), 422, "invalid", id="text is a number"),
        pytest.param(message(role="agent"), 422, "invalid", id="a field that is none"),
        pytest.param(message(text=" \n\x00 "), 422, "empty", id="only white space"),
        pytest.param(message(text="x" * 4001), 422, "too_long", id="too long"),
        pytest.param(message(text="x" * 60_000), 413, "too_big", id="too big"),
    ],
)
async def test_nonsense_has_a_clear_answer_and_goes_nowhere(
    chat: Chat, body: bytes, status: int, code: str
) -> None:
    joe = await chat.visitor()
    response = await joe.asks("POST", "messages", content=body, headers=JSON)
    assert (response.status_code, response.json()["error"]) == (status, code)
    assert chat.notebook.kept == {}
    await joe.says("still alive")


async def test_the_longest_line_fits_however_it_is_written(chat: Chat) -> None:
    joe = await chat.visitor()
    await joe.says("👩" * 4000)  # json.dumps writes twelve bytes for each
    body = json.dumps({"id": str(uuid.uuid4()), "text": "👩" * 4000}, ensure_ascii=True).encode()
    assert (await joe.asks("POST", "messages", content=body, headers=JSON)).status_code == 200


async def test_a_body_without_end_is_cut_off(chat: Chat) -> None:
    joe = await chat.visitor()
    given = 0

    async def endless() -> Any:
        nonlocal given
        while True:
            given += 1
            yield b" " * 1000

    response = await joe.asks("POST", "messages", content=endless(), headers=JSON)
    assert response.status_code == 413
    assert given < 100


async def test_a_body_that_never_arrives_is_not_waited_for() -> None:
    async def silence() -> Any:
        await asyncio.Event().wait()

    request = Request({"type": "http", "method": "POST", "headers": []}, silence)
    with pytest.raises(Problem) as problem:
        await read_body(request, 100, within=0.001)
    assert (problem.value.status, problem.value.code) == (408, "too_slow")


async def test_asking_what_a_stream_would_be_opens_none(chat: Chat) -> None:
    joe = await chat.visitor()
    for _ in range(10):
        response = await joe.asks("HEAD", "stream")
        assert response.headers["Content-Type"].startswith("text/event-stream")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": ""},
        JSON | {"Content-Encoding": "gzip"},
    ],
)
async def test_only_plain_json_is_read(chat: Chat, headers: dict[str, str]) -> None:
    joe = await chat.visitor()
    response = await joe.asks("POST", "messages", content=message(), headers=headers)
    assert (response.status_code, response.json()["error"]) == (415, "media_type")


@pytest.mark.parametrize("number", ["-1", "x", "1.5", "٣", "9" * 30, "0x10"])
async def test_a_number_is_a_number(chat: Chat, number: str) -> None:
    joe = await chat.visitor()
    assert (await joe.asks("GET", "lines", params={"after": number})).status_code == 400
    assert (await joe.asks("GET", "stream", params={"after": number})).status_code == 400


async def test_without_a_session_there_is_nothing_to_see_or_say(chat: Chat) -> None:
    nobody = chat.browser()
    for secret in ("", "short", "x" * 43, "ü" * 43):
        headers = {"X-Chat-Session": secret.encode()}
        for method, path in (("GET", "lines"), ("GET", "stream"), ("POST", "messages")):
            more = {"content": message()} if method == "POST" else {}
            response = await nobody.asks(method, path, headers=headers | JSON, **more)
            assert (response.status_code, response.json()["error"]) == (401, "no_session")
    assert chat.notebook.kept == {}


async def test_other_methods_are_refused(chat: Chat) -> None:
    joe = await chat.visitor()
    assert (await joe.asks("GET", "messages")).status_code == 405
    assert (await joe.asks("TRACE", "session")).status_code == 405
    assert (await joe.asks("PUT", "lines")).status_code == 405


async def test_until_the_channel_listens_it_says_so(open_chat: Opens) -> None:
    chat: Chat = open_chat()
    joe = chat.browser()
    for method, path in (("POST", "session"), ("POST", "messages"), ("GET", "stream")):
        response = await joe.asks(method, path)
        assert (response.status_code, response.json()["error"]) == (503, "not_listening")
        assert response.headers["Retry-After"] == "1"
    assert (await joe.asks("GET", "")).status_code == 200  # the page itself can wait for it

    await chat.starts()
    await joe.opens()
    await joe.says("now")


async def test_one_visitor_cannot_flood_and_no_other_suffers(open_chat: Opens) -> None:
    chat: Chat = open_chat(messages_per_minute=30, burst=3)
    await chat.starts()
    joe, ann = await chat.visitor(), await chat.visitor()
    answers = [(await joe.tries("again")).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    slow = await joe.tries("again")
    assert slow.json()["error"] == "too_fast"
    assert slow.headers["Retry-After"] == "2"
    await ann.says("hello")


async def test_sessions_cannot_be_made_without_end(open_chat: Opens) -> None:
    chat: Chat = open_chat(new_sessions_per_minute=2)
    await chat.starts()
    for _ in range(2):
        await chat.visitor()
    response = await chat.browser().asks("POST", "session", json={})
    assert (response.status_code, response.json()["error"]) == (429, "too_fast")


# --- questions -----------------------------------------------------------------------------------

LATER = datetime(2100, 1, 1, tzinfo=UTC)
FIVE = tuple(Choice(str(number), "good" * (number == 5)) for number in range(1, 6))
HOW = Question(FIVE, LATER, more="What could be better?")


async def presses(browser: Browser, **given: str) -> int:
    body = {"id": "e1", "key": str(uuid.uuid4()), **given}
    return (await browser.asks("POST", "answers", json=body)).status_code


async def asked(browser: Browser) -> Any:
    return (await browser.asks("GET", "lines")).json()["lines"][-1]["asks"]


async def test_one_press_answers_and_words_may_follow_once(chat: Chat) -> None:
    joe = await chat.visitor()
    await joe.says("hello")
    await chat.answers("How was it?", key="e1", question=HOW)
    asks = await asked(joe)
    assert [choice["value"] for choice in asks["choices"]] == ["1", "2", "3", "4", "5"]
    assert (asks["more"], asks["chosen"]) == ("What could be better?", "")
    assert await presses(joe, words="too early") == 409
    assert await presses(joe, value="2") == 200
    assert await presses(joe, value="4") == 200
    assert await presses(joe, words="Be quicker") == 200
    assert await presses(joe, words="Much quicker") == 409
    told = [(said.kind, said.text, said.answers) for said in chat.inbound[1:]]
    assert told == [("choice", "2", "e1"), ("choice", "4", "e1"), ("remark", "Be quicker", "e1")]
    assert (await asked(joe))["chosen"] == "4"
    assert await joe.sees() == ["hello", "How was it?"]


async def test_nobody_answers_for_another_nor_what_is_no_answer(chat: Chat) -> None:
    joe, eve = await chat.visitor(), await chat.visitor()
    await joe.says("hello")
    await eve.says("hello")
    await chat.answers("How was it?", key="e1", question=HOW, to=chat.inbound[0].conversation)
    assert await presses(eve, value="1") == 404
    assert await presses(joe, value="6") == 422
    over = replace(HOW, until=datetime(2020, 1, 1, tzinfo=UTC))
    await chat.answers("And now?", key="e1", question=over, to=chat.inbound[1].conversation)
    assert await asked(eve) is None
    assert len(chat.inbound) == 2
