"""A form, a front desk and a shop's own program: each has threads of its own until somebody has
shown who it was, and from then on it is one customer and one thread."""

from __future__ import annotations

import base64
import json
import re
import time
import urllib.error
import urllib.request
import uuid
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiosmtpd.controller import Controller
from tests.server.house import CHAT, SECRET, Running
from tests.server.test_returned_mail import Received, SendingHouse

from omniroute.testing.server_process import Browserless, until
from omniroute_http.signing import signed
from omniroute_webchat.token import sign

SHOP = "whsec_" + base64.b64encode(b"of no value to anybody, really").decode()
KEY = "the key of the lobby"
JOE = "joe@mail.example"
DOORS = f"""
[channels.contact]
kind = "contactform"
[channels.lobby]
kind = "frontdesk"
key = "{KEY}"
[channels.partners]
kind = "http"
integrations = {{ shop = {{ secret = "{SHOP}", vouches = ["email"] }} }}
"""


class Quiet(urllib.request.HTTPRedirectHandler):
    """A browser that stays where it is."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def posts(url: str, body: bytes, **headers: str) -> tuple[int, str, str]:
    """Post something; the status, the page, and the cookie that comes with it."""
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - our own server
    try:
        with urllib.request.build_opener(Quiet()).open(request, timeout=20) as answer:
            return answer.status, answer.read().decode(), answer.headers.get("Set-Cookie", "")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers.get("Set-Cookie", "")


def typed(**fields: str) -> bytes:
    return urlencode(fields).encode()


def told(running: Running, text: str) -> int:
    """The shop tells what Joe, whose mailbox it has confirmed, writes there."""
    also = [{"kind": "email", "value": JOE, "verified": True}]
    event = {"type": "message", "id": text, "from": {"id": "17", "also": also}, "text": text}
    body = json.dumps(event).encode()
    url = f"{running.house.url}/channels/http/partners/shop/events"
    return posts(url, body, **signed([SHOP], str(uuid.uuid4()), int(time.time()), body))[0]


def mails(received: Received, subject: str) -> list[tuple[str, str]]:
    """To whom mails of a subject went, and what they say."""
    found = [message_from_bytes(raw, policy=policy.default) for _, raw in received.mails]
    return [
        (str(one["To"]), str(one.get_content())) for one in found if subject in str(one["Subject"])
    ]


def pressed(received: Received) -> None:
    """Joe presses the button behind the link that came last."""
    _, text = mails(received, "Was it you?")[-1]
    (link,) = re.findall(r"http://\S+/confirm/\S{43}", text)
    status, page, _ = posts(link, b"")
    assert (status, JOE in page) == (200, True)


def test_whoever_shows_who_they_are_is_one_customer(tmp_path: Path) -> None:
    house, received = SendingHouse(tmp_path), Received()
    house.more = DOORS
    house.write(house.settings().replace("[server]", f'[server]\npublic_url = "{house.url}"'))
    sink = Controller(received, hostname="127.0.0.1", port=house.out)
    sink.start()
    try:
        with house.running() as running:
            _story(running, received)
    finally:
        sink.stop()


def _story(running: Running, received: Received) -> None:
    visitor = Browserless(running.house.url)
    visitor.post(f"{CHAT}/session", {"token": sign(SECRET, "joe", email=JOE, name="Joe Miller")})
    visitor.post(f"{CHAT}/messages", {"id": str(uuid.uuid4()), "text": "in the chat"})
    (first,) = running.threads_with("in the chat")

    # A form with Joe's address is a thread of its own, is answered by mail, and joins by the link.
    form = f"{running.house.url}/channels/contactform/contact/"
    assert posts(form, typed(email=JOE, message="in the form"))[0] == 303
    (second,) = running.threads_with("in the form")
    assert _customer(running, second) != _customer(running, first)
    ana = running.agent("ana")
    reply = {"do": "Reply", "thread": second["id"], "text": "by mail, then", "seen": 1}
    assert ana.do(reply)["ok"]
    until("an answer by mail", 20, lambda: any("by mail, then" in t for _, t in _all(received)))
    assert JOE in next(to for to, text in _all(received) if "by mail, then" in text)
    until("a link by mail", 20, lambda: mails(received, "Was it you?"))
    pressed(received)
    until("one customer", 20, lambda: _customer(running, first) == _customer(running, second))

    # What the shop vouches for joins at once.
    assert told(running, "in the shop") == 200
    (third,) = running.threads_with("in the shop")
    assert _customer(running, third) == _customer(running, first)

    # Who stands at the desk is somebody else, until the link that was sent there is followed.
    lobby = f"{running.house.url}/channels/frontdesk/lobby/"
    cookie = posts(f"{lobby}sign-in", typed(key=KEY, role="staff"))[2].partition(";")[0]
    ticket = uuid.uuid4().hex
    visit = typed(name="Joe", text="at the desk", email=JOE, ticket=ticket)
    assert posts(lobby, visit, Cookie=cookie)[0] == 303
    (fourth,) = running.threads_with("at the desk")
    assert _customer(running, fourth) != _customer(running, first)
    asked = len(mails(received, "Was it you?"))
    assert posts(f"{lobby}visits/{ticket}/link", b"", Cookie=cookie)[0] == 200
    until("a second link", 20, lambda: len(mails(received, "Was it you?")) > asked)
    pressed(received)
    until("one customer", 20, lambda: _customer(running, fourth) == _customer(running, first))
    assert running.dead_letters() == []


def _all(received: Received) -> list[tuple[str, str]]:
    return mails(received, "")


def _customer(running: Running, thread: dict[str, Any]) -> str:
    return str(running.row(thread["id"])["customer"])
