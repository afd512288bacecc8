"""Who is on the other side: tokens, secrets, devices, guests who sign in."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest

from omniroute import Address

if TYPE_CHECKING:
    from plugins.webchat.tests.conftest import Chat, Opens


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
