"""Which pages may use the chat."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from plugins.webchat.tests.conftest import Chat, Opens

JSON = {"Content-Type": "application/json"}
STRANGER = "https://evil.example"


def message(**changes: Any) -> bytes:
    return json.dumps({"id": str(uuid.uuid4()), "text": "hello"} | changes).encode()


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
