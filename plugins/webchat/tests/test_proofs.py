"""A visitor shows that an address is theirs, or goes on in Telegram as the same person."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from omniroute import Address, Refused


@dataclass
class Notary:
    """What the engine lends: remembers what it was asked; the code is 000001."""

    asked: list[tuple[Address, object]] = field(default_factory=list)
    refuses: str = ""

    async def send_code(self, who: Address, to: Address) -> None:
        if self.refuses:
            raise Refused(self.refuses, "No.")
        self.asked.append((who, to))

    async def redeem_code(self, who: Address, code: str) -> Address:
        if code != "000001":
            raise Refused("bad_code", "This code is wrong.")
        self.asked.append((who, code))
        return Address("email", "joe@x.org", verified=True)

    async def make_link(self, who: Address, lasts: float = 3600.0) -> str:
        self.asked.append((who, "link"))
        return "t" * 43

    async def redeem_link(self, token: str, by: Address) -> bool:
        self.asked.append((by, token))
        return token == "good"


async def test_a_visitor_has_a_code_sent_and_types_it(open_chat: Any) -> None:
    notary = Notary()
    chat = open_chat(proofs=notary)
    await chat.starts()
    joe = await chat.visitor()
    visitor = (await joe.opens())["visitor"]
    sent = await joe.asks("POST", "proof", json={"email": "Joe@X.org"})
    assert (sent.status_code, sent.json()) == (200, {"sent": True})
    wrong = await joe.asks("POST", "proof", json={"code": "000002"})
    assert (wrong.status_code, wrong.json()["error"]) == (422, "bad_code")
    right = await joe.asks("POST", "proof", json={"code": "000001"})
    assert right.json() == {"verified": "joe@x.org"}
    who = Address("webchat-visitor", visitor, verified=True, display="Visitor")
    assert notary.asked == [(who, Address("email", "joe@x.org")), (who, "000001")]
    await joe.says("hello")
    assert chat.inbound[0].sender == who  # the one that was proved


async def test_what_cannot_be_asked(open_chat: Any) -> None:
    notary = Notary()
    chat = open_chat(proofs=notary)
    await chat.starts()
    joe = await chat.visitor()
    for body, status, error in (
        ({"email": "joe at x"}, 422, "email"), ({}, 422, "email"), ({"who": "eve"}, 422, "invalid"),
    ):  # fmt: skip
        answer = await joe.asks("POST", "proof", json=body)
        assert (answer.status_code, answer.json()["error"]) == (status, error)
    for code, status in (("too_many", 429), ("not_sent", 503), ("no_way", 422)):
        notary.refuses = code
        answer = await joe.asks("POST", "proof", json={"email": "joe@x.org"})
        assert (answer.status_code, answer.json()["error"]) == (status, code)
    nobody = await chat.browser().asks("POST", "proof", json={"email": "joe@x.org"})
    assert nobody.status_code == 401
    assert notary.asked == []


async def test_a_link_to_telegram(open_chat: Any) -> None:
    chat = open_chat(proofs=Notary(), telegram_bot="globex_bot")
    await chat.starts()
    joe = await chat.visitor()
    answer = await joe.asks("POST", "proof/link")
    assert answer.json() == {"url": f"https://t.me/globex_bot?start={'t' * 43}"}


async def test_who_comes_by_a_link_from_a_mail(open_chat: Any) -> None:
    notary = Notary()
    chat = open_chat(proofs=notary)
    await chat.starts()
    joe = await chat.visitor()
    visitor = (await joe.opens())["visitor"]
    spent = await joe.asks("POST", "proof", json={"link": "spent"})
    assert (spent.status_code, spent.json()["error"]) == (422, "bad_link")
    good = await joe.asks("POST", "proof", json={"link": "good"})
    assert (good.status_code, good.json()) == (200, {"linked": True})
    who = Address("webchat-visitor", visitor, verified=True, display="Visitor")
    assert notary.asked == [(who, "spent"), (who, "good")]


async def test_where_nothing_is_lent_nothing_is_proved(chat: Any) -> None:
    joe = await chat.visitor()
    for path in ("proof", "proof/link"):
        assert (await joe.asks("POST", path, json={"email": "joe@x.org"})).status_code == 404
