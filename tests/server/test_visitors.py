"""Tokens in the web chat: only one that the shop signed, in time and for the first time, says who
somebody is; with any other the visitor is anonymous, and is served all the same.
"""

import time
import uuid
from functools import partial
from typing import Any

import pytest
from tests.server.house import CHAT, SECRET, Running

from omniroute.testing.server_process import Browserless
from omniroute_webchat.token import sign

joes = partial(sign, sub="joe", email="joe@mail.example", name="Joe Miller")


def test_a_token_that_the_shop_signed_says_who_it_is(running: Running) -> None:
    visitor = Browserless(running.house.url)
    opened = visitor.post(f"{CHAT}/session", {"token": joes(SECRET)})
    assert opened["name"] == "Joe Miller"
    says(visitor, "Hello, I am Joe")
    row = running.thread_of("Joe Miller")
    assert row["verified"]


def forged() -> str:
    return joes("a secret that a browser made up by itself")


def expired() -> str:
    return joes(SECRET, now=time.time() - 7200)


def for_somebody_else() -> str:
    return joes(SECRET, audience="another-product")


def eternal() -> str:
    return joes(SECRET, lifetime=10 * 365 * 86400)


@pytest.mark.parametrize(
    "token", [forged, expired, for_somebody_else, eternal, lambda: "x.y.z", lambda: ""]
)
def test_any_other_token_leaves_the_visitor_anonymous(running: Running, token: Any) -> None:
    assert_anonymous(running, token())


def test_a_token_is_good_once(running: Running) -> None:
    token = joes(SECRET)
    assert Browserless(running.house.url).post(f"{CHAT}/session", {"token": token})["name"]
    assert_anonymous(running, token)


def assert_anonymous(running: Running, token: str) -> None:
    visitor, text = Browserless(running.house.url), f"Send me the refund, {uuid.uuid4()}"
    opened = visitor.post(f"{CHAT}/session", {"token": token})
    assert opened["name"] == ""
    says(visitor, text)
    running.thread_of("Visitor")
    (row,) = running.threads_with(text)
    assert row["name"] == "Visitor"
    assert "joe@mail.example" not in str(running.local.get(f"/api/threads/{row['id']}"))


def says(visitor: Browserless, text: str) -> None:
    body = {"id": str(uuid.uuid4()), "text": text}
    assert "id" in visitor.post(f"{CHAT}/messages", body)
