from __future__ import annotations

import asyncio
import json
import logging
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from omniroute import Address

if TYPE_CHECKING:
    from plugins.webchat.tests.conftest import Chat, Opens

JSON = {"Content-Type": "application/json"}
STRANGER = "https://evil.example"


# --- saying something -----------------------------------------------------------------------------


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
    chat.notebook.busy = True
    refused = await joe.tries("hello")
    assert (refused.status_code, refused.json()["error"]) == (503, "busy")
    assert refused.headers["Retry-After"] == "2"
    assert await joe.sees() == []

    chat.notebook.busy = False
    await joe.says("hello")
    assert len(chat.inbound) == 1


async def test_the_same_line_again_is_the_same_line(chat: Chat) -> None:
    joe = await chat.visitor()
    id = str(uuid.uuid4())
    first = await joe.says("hello", id)
    assert await joe.says("hello", id) == first
    assert await joe.says("hello", id.upper()) == first
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


# --- which pages may ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin", [STRANGER, "null", "http://desk.example.evil.example", "file://"]
)
async def test_a_strange_page_cannot_write_in_anybodys_name(chat: Chat, origin: str) -> None:
    joe = await chat.visitor()
    for method, path, body in (
        ("POST", "messages", message()),
        ("POST", "session", b"{}"),
        ("DELETE", "session", b""),
    ):
        response = await joe.asks(method, path, content=body, headers=JSON | {"Origin": origin})
        assert (response.status_code, response.json()["error"]) == (403, "origin")
        assert "Access-Control-Allow-Origin" not in response.headers
    assert chat.notebook.kept == {}
    assert await joe.sees() == []


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "http://desk.example"}, id="our public address"),
        pytest.param({"Origin": "https://desk.example"}, id="https ends before us"),
        pytest.param({"Origin": "http://10.0.0.7:8420", "Host": "10.0.0.7:8420"}, id="by number"),
        pytest.param(
            {"Origin": "https://help.example", "Sec-Fetch-Site": "same-origin"},
            id="renamed",
        ),
    ],
)
async def test_our_own_page_may_whatever_it_is_called(chat: Chat, headers: dict[str, str]) -> None:
    browser = chat.browser(origin=None)
    response = await browser.asks("POST", "session", json={}, headers=headers)
    assert response.status_code == 200


async def test_a_program_names_no_page(chat: Chat) -> None:
    program = chat.browser(origin=None)
    await program.opens()
    await program.says("hello")


async def test_an_allowed_page_may_but_not_with_cookies(open_chat: Opens) -> None:
    shop = "https://shop.example"
    chat: Chat = open_chat(allowed_origins=[shop])
    await chat.starts()
    page = chat.browser(origin=shop)
    before = await page.asks("OPTIONS", "messages")
    assert before.status_code == 204
    assert before.headers["Access-Control-Allow-Origin"] == shop
    assert "X-Chat-Session" in before.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in before.headers
    assert (await page.asks("OPTIONS", "messages", headers={"Origin": STRANGER})).status_code == 403

    opened = await page.asks("POST", "session", json={"embedded": True})
    assert opened.headers["Access-Control-Allow-Origin"] == shop
    assert "Set-Cookie" not in opened.headers
    secret = opened.json()["session"]
    said = await page.asks(
        "POST", "messages", content=message(), headers=JSON | {"X-Chat-Session": secret}
    )
    assert said.status_code == 200


# --- who it is ------------------------------------------------------------------------------------


async def test_the_secret_of_a_session_is_out_of_reach_of_scripts(open_chat: Opens) -> None:
    chat: Chat = open_chat()
    await chat.starts()
    response = await chat.browser().asks("POST", "session", json={})
    assert "session" not in response.json()
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/channels/webchat/main/" in cookie
    assert "Secure" not in cookie  # on http it would not be kept


async def test_an_embedded_page_keeps_the_secret_itself(chat: Chat) -> None:
    page = chat.browser()
    opened = (await page.asks("POST", "session", json={"embedded": True})).json()
    header = {"X-Chat-Session": opened["session"]}
    assert (await page.asks("GET", "lines", headers=header)).status_code == 200
    assert (await page.asks("GET", "lines")).status_code == 401

    await page.opens()  # a cookie besides; the header is what counts, even when it names none
    assert (await page.asks("GET", "session", headers={"X-Chat-Session": ""})).json() == {
        "open": False
    }


async def test_looking_makes_no_session(chat: Chat) -> None:
    joe = chat.browser()
    assert (await joe.asks("GET", "session")).json() == {"open": False}
    opened = await joe.opens()
    found = (await joe.asks("GET", "session")).json()
    assert found == {key: opened[key] for key in ("open", "identified", "name", "visitor")}


async def test_a_good_token_says_who_it_is(chat: Chat) -> None:
    joe = chat.browser()
    opened = await joe.opens(chat.token("17", email="joe@shop.example", name="Joe Miller"))
    assert (opened["identified"], opened["name"], opened["reason"]) == (True, "Joe Miller", None)
    await joe.says("hello")
    assert chat.inbound[0].sender == Address("webchat:main", "17", True, "Joe Miller", unique=True)
    assert chat.inbound[0].also_known_as == (
        Address("email", "joe@shop.example", True, "Joe Miller"),
    )


async def test_a_bad_token_leaves_a_guest(chat: Chat) -> None:
    token = chat.token()
    await chat.visitor(token)
    for bad, reason in (
        (token, "replayed"),
        (chat.token(now=1_000_000), "expired"),
        (chat.token(lifetime=90_000), "lifetime"),
        (chat.token(audience="shop"), "audience"),
        (token[:-4] + "AAAA", "signature"),
        ("eyJhbGciOiJub25lIn0.e30.", "algorithm"),
        ("made in the browser", "malformed"),
        ("", "malformed"),
    ):
        guest = chat.browser()
        opened = await guest.opens(bad)
        assert (opened["identified"], opened["reason"]) == (False, reason)
        await guest.says("hello")
        assert chat.inbound[-1].sender.kind == "webchat-visitor"
        assert chat.inbound[-1].also_known_as == ()


async def test_a_token_used_before_a_restart_stays_used(chat: Chat) -> None:
    token = chat.token()
    await chat.visitor(token)
    await chat.starts_again()
    assert (await chat.browser().opens(token))["reason"] == "replayed"


async def test_a_token_used_twice_at_once_serves_one(chat: Chat) -> None:
    token = chat.token()
    opened = await asyncio.gather(*(chat.browser().opens(token) for _ in range(5)))
    assert sorted(str(one["reason"]) for one in opened) == ["None", *["replayed"] * 4]


async def test_no_token_and_no_secret_is_ever_logged(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = chat.token(now=1_000_000)
    await chat.visitor(token)
    assert "webchat main: a token was refused: expired" in caplog.text
    for part in (*token.split("."), chat.settings.secrets[0]):
        assert part not in caplog.text
    assert chat.settings.secrets[0] not in repr(chat.settings)


async def test_secrets_are_hashed_at_rest(chat: Chat) -> None:
    joe = chat.browser()
    opened = (await joe.asks("POST", "session", json={"embedded": True})).json()
    token = chat.token(nonce="canary-nonce")
    await joe.opens(token)
    await chat.stops()
    stored = b"".join(path.read_bytes() for path in chat.folder.iterdir())
    assert opened["visitor"].encode() in stored
    assert opened["session"].encode() not in stored
    assert b"canary-nonce" not in stored
    assert token.encode() not in stored


async def test_one_user_on_two_devices_has_one_conversation(chat: Chat) -> None:
    phone, desk = await chat.visitor(chat.token("17")), await chat.visitor(chat.token("17"))
    await phone.says("from the phone")
    await desk.says("from the desk")
    assert await phone.sees() == await desk.sees() == ["from the phone", "from the desk"]
    assert len({said.conversation for said in chat.inbound}) == 1


async def test_a_guest_who_signs_in_stays_the_same_person(chat: Chat) -> None:
    joe = await chat.visitor()
    await joe.says("anybody there?")
    guest = chat.inbound[0].sender
    await joe.opens(chat.token("17"))
    await joe.says("it is me, Joe")

    assert chat.inbound[1].sender.value == "17"
    assert chat.inbound[1].also_known_as == (guest,)
    assert await joe.sees() == ["anybody there?", "it is me, Joe"]

    other_device = await chat.visitor(chat.token("17"))
    assert await other_device.sees() == ["it is me, Joe"]
    await other_device.says("from elsewhere")
    assert chat.inbound[2].also_known_as == ()


async def test_signing_in_changes_the_secret(chat: Chat) -> None:
    """Whoever planted or learnt the guest's secret has nothing from it afterwards."""
    joe = chat.browser()
    planted = (await joe.asks("POST", "session", json={"embedded": True})).json()["session"]
    header = {"X-Chat-Session": planted}
    assert (await joe.asks("GET", "lines", headers=header)).status_code == 200
    signed_in = await joe.asks(
        "POST", "session", json={"token": chat.token(), "embedded": True}, headers=header
    )
    assert signed_in.json()["session"] != planted
    assert (await joe.asks("GET", "lines", headers=header)).status_code == 401


async def test_another_user_in_the_same_browser_begins_anew(chat: Chat) -> None:
    browser = await chat.visitor(chat.token("joe"))
    await browser.says("I am Joe")
    opened = await browser.opens(chat.token("ann"))
    assert opened["identified"]
    assert await browser.sees() == []
    await browser.says("I am Ann")
    assert [said.sender.value for said in chat.inbound] == ["joe", "ann"]
    assert chat.inbound[1].also_known_as == ()


async def test_a_reload_with_the_same_token_changes_nothing(chat: Chat) -> None:
    token = chat.token("joe", name="Joe")
    joe = await chat.visitor(token)
    await joe.says("hello")
    again = await joe.opens(token)
    assert (again["identified"], again["reason"], again["name"]) == (True, "replayed", "Joe")
    assert await joe.sees() == ["hello"]


async def test_a_token_that_may_be_anybodys_ends_what_joe_left_open(chat: Chat) -> None:
    for bad in (chat.token("ann", now=1_000_000), "made in the browser"):
        browser = await chat.visitor(chat.token("joe"))
        await browser.says("I am Joe")
        opened = await browser.opens(bad)
        assert not opened["identified"]
        assert await browser.sees() == []


async def test_a_fresh_token_brings_a_new_name(chat: Chat) -> None:
    joe = await chat.visitor(chat.token("joe", name="Joe"))
    assert (await joe.opens(chat.token("joe", name="Joe Miller")))["name"] == "Joe Miller"
    assert (await joe.asks("GET", "session")).json()["name"] == "Joe Miller"


async def test_signing_out_leaves_nothing_behind(chat: Chat) -> None:
    joe = await chat.visitor(chat.token("joe"))
    await joe.says("hello")
    cookies = dict(joe._client.cookies)
    assert (await joe.asks("DELETE", "session")).json() == {"open": False}
    assert dict(joe._client.cookies) == {}
    joe._client.cookies.update(cookies)
    assert (await joe.asks("GET", "lines")).status_code == 401
    await chat.starts_again()
    assert (await joe.asks("GET", "lines")).status_code == 401


async def test_a_chat_without_a_secret_has_guests_only(open_chat: Opens) -> None:
    chat: Chat = open_chat(secret=None)
    await chat.starts()
    opened = await chat.browser().opens(chat.token())
    assert (opened["identified"], opened["reason"]) == (False, "disabled")
