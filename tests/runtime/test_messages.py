"""What an input carries of a message, and what is kept beside it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from tests.plugin_objects import plugin
from tests.runtime.house import House, inbound

from omniroute import Address, Claim, Evidence, File, Inbound
from omniroute.core.conditions import Domain, Known, Leaf, Words
from omniroute.core.rules import Defaults, EnrichRule, Queue, RuleSet

# --- what the input carries ---


async def test_what_plugins_say_arrives_in_the_input(tmp_path: Path) -> None:
    def omniroute_facts(inbound: Inbound, channel: str) -> Mapping[str, object]:
        return {"length": len(inbound.text), "came.by": channel}

    def omniroute_claims(inbound: Inbound) -> Sequence[Claim]:
        return [
            Claim(Address("crm", "7", unique=True), Evidence.VERIFIED),
            Claim(Address("email", "joe@mail.example"), Evidence.INFERRED),
        ]

    house = House(tmp_path, plugins=[plugin(omniroute_facts, omniroute_claims)])
    async with house.running():
        await house.says("hello")
        await house.read(1)
        (message,) = house.messages()
        assert message.facts == {"length": 5, "came.by": "pipe"}
        crm, mail = message.claims
        assert (crm.handle.kind, crm.handle.unique, crm.evidence) == ("crm", True, "verified")
        assert crm.handle.verified, "whoever vouches for the evidence vouches for the address"
        assert (mail.handle.kind, mail.evidence) == ("email", "inferred")
        assert not mail.handle.verified
        (linked,) = house.events("LinkAdded")
        assert crm.handle.id in (linked.link.a, linked.link.b)


async def test_what_the_channel_vouches_for_joins_and_the_rest_only_suggests(house: House) -> None:
    known = (Address("login", "7", verified=True), Address("email", "joe@mail.example"))
    house.pipe.reads = lambda raw: [inbound(also_known_as=known)]
    await house.says()
    await house.read(1)
    (message,) = house.messages()
    assert [claim.evidence for claim in message.claims] == ["verified", "asserted"]


async def test_an_address_that_may_be_another_of_somebody_known_is_suggested(house: House) -> None:
    said = [
        dataclasses.replace(inbound(id=value), sender=Address("email", value, verified=True))
        for value in ("joe@gmail.com", "j.oe@googlemail.com", "joe+shop@gmail.com")
    ]
    house.pipe.reads = lambda raw: [said[int(raw)]]
    for number in range(3):
        await house.accept(str(number).encode())
    await house.read(3)
    plain, dotted, tagged = house.messages()
    assert dotted.sender.id == plain.sender.id != tagged.sender.id
    (suggested,) = house.events("LinkSuggested")
    assert {suggested.link.a, suggested.link.b} == {plain.sender.id, tagged.sender.id}
    assert not house.events("LinkAdded")
    assert json.loads(house.row("p/" + plain.sender.id))["value"] == "j.oe@googlemail.com"


async def test_nobody_has_an_empty_address(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Else all who have none were one person."""
    empty = (Address("login", "", verified=True), Address("", "7", verified=True))
    house.pipe.reads = lambda raw: [inbound(also_known_as=empty)]
    await house.says()
    await house.read(1)
    assert house.messages()[0].claims == ()
    assert caplog.messages == ["pipe “a”: an address of a sender is empty"]


async def test_a_forged_sender_is_another_person(house: House) -> None:
    await house.says("true", sender="joe@mail.example")
    await house.says("forged", sender="joe@mail.example", verified=False)
    await house.read(2)
    true, forged = house.messages()
    assert true.sender.verified
    assert not forged.sender.verified
    assert true.sender.id != forged.sender.id
    assert len(house.events("ThreadOpened")) == 2


# --- what it answers ---


async def answer_of(house: House) -> str:
    """Joe has written to us, and this is the key of our answer."""
    await house.goes("ana")
    await house.says("I was charged twice", sender="joe@mail.example")
    await house.read(1)
    await house.replies("you get it back")
    await house.until(lambda: house.events("ReplySent"))
    return str(house.events("ReplySent")[0].effect)


async def answers(house: House, key: str, sender: Address) -> None:
    said = dataclasses.replace(inbound("thank you"), sender=sender, answers=key, external_id="m2")
    house.pipe.reads = lambda raw: [said]
    await house.says()
    await house.until(lambda: len(house.messages()) == 2)


async def test_an_answer_from_where_we_wrote_to_goes_on_there(house: House) -> None:
    key = await answer_of(house)
    joe = Address("email", "joe@mail.example", verified=True)
    house_sender = house.messages()[0].sender
    await answers(house, key, dataclasses.replace(joe, kind=house_sender.kind))
    assert house.messages()[1].claims == ()
    assert len(house.events("ThreadOpened")) == 1


@pytest.mark.parametrize(
    ("value", "verified"), [("joe@mail.example", False), ("eve@mail.example", True)]
)
async def test_an_answer_from_anywhere_else_is_a_suggestion_and_joins_nobody(
    house: House, value: str, verified: bool
) -> None:
    """Nobody vouches for the one; to the other our message may have been passed on."""
    key = await answer_of(house)
    sender = Address(house.messages()[0].sender.kind, value, verified=verified)
    await answers(house, f"{key}.1", sender)
    (claim,) = house.messages()[1].claims
    assert (claim.evidence, claim.source) == ("inferred", "answers")
    assert claim.handle.id == house.messages()[0].sender.id
    (suggested,) = house.events("LinkSuggested")
    assert claim.handle.id in (suggested.link.a, suggested.link.b)
    assert len(house.events("ThreadOpened")) == 2
    assert house.events("LinkAdded") == []


async def test_a_key_that_nobody_knows_says_nothing(house: House) -> None:
    await answer_of(house)
    await answers(house, "nonsense", Address("email", "eve@mail.example", verified=True))
    assert house.messages()[1].claims == ()


VIP = RuleSet(
    "vip",
    Defaults("general"),
    enrich=(
        EnrichRule("ours", Leaf(1, "customer.email", Domain(("mail.example",))), priority=30),
        EnrichRule("loud", Leaf(2, "message.text", Words(("refund",))), priority=40),
        EnrichRule("named", Leaf(3, "customer.name", Known(True))),
    ),
    queues={"general": Queue("general")},
)


@pytest.mark.parametrize(
    ("verified", "claims", "observed"),
    [
        (True, (), (1, 2, 3)),
        (False, (), (2, 3)),
        (False, (Address("email", "a@mail.example", verified=True),), (2, 3)),
    ],
)
async def test_only_an_address_somebody_vouches_for_has_a_rank(
    tmp_path: Path, verified: bool, claims: tuple[Address, ...], observed: tuple[int, ...]
) -> None:
    house = House(tmp_path)
    house.rules = VIP
    async with house.running():
        sender = Address("email", "joe@mail.example", verified, "Joe")
        said = dataclasses.replace(inbound("refund!"), sender=sender, also_known_as=claims)
        house.pipe.reads = lambda raw: [said]
        await house.says()
        await house.read(1)
        (message,) = house.messages()
        assert (message.observed, message.rules) == (observed, "vip")


async def test_a_vouched_address_of_a_vouched_sender_counts(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.rules = VIP
    async with house.running():
        mail = Address("email", "joe@mail.example", verified=True)
        house.pipe.reads = lambda raw: [inbound(also_known_as=(mail,))]
        await house.says()
        await house.read(1)
        assert house.messages()[0].observed == (1,)


async def test_a_machine_s_message_and_its_time_are_told(house: House) -> None:
    await house.says("I am on holiday", automatic=True)
    await house.read(1)
    (message,) = house.messages()
    assert message.automatic
    assert message.sent_at == int(inbound().sent_at.timestamp() * 1000)


# --- what is kept beside ---


async def test_attachments_lie_in_files_by_what_is_in_them(house: House) -> None:
    receipt, logo = b"%PDF-1.7 receipt", b"PNG logo"
    files = (
        File("../receipt.pdf", "application/pdf", receipt),
        File("logo.png", "image/png", logo, inline=True, content_id="logo"),
    )
    house.pipe.reads = lambda raw: [inbound(files=files)]
    await house.says()
    await house.read(1)
    kept = house.body(house.messages()[0].message).files
    assert [(file.name, file.size, file.inline) for file in kept] == [
        ("../receipt.pdf", len(receipt), False),
        ("logo.png", len(logo), True),
    ]
    assert [house.files.get(file.sha) for file in kept] == [receipt, logo]


async def test_what_was_only_half_read_is_kept_raw(house: House) -> None:
    house.pipe.reads = lambda raw: [inbound("half", unread="the second part has no charset")]
    await house.accept(b"whole")
    await house.read(1)
    body = house.body(house.messages()[0].message)
    assert (body.text, body.unread) == ("half", "the second part has no charset")
    assert house.files.get(body.raw) == b"whole"


async def test_the_way_back_knows_what_went_before(house: House) -> None:
    long = tuple(f"<{number}@x>" for number in range(40))
    house.pipe.reads = lambda raw: [
        inbound(id="<a@x>", in_reply_to="<0@x>"),
        inbound(id="<b@x>", references=("<1@x>", "<2@x>"), in_reply_to="<2@x>"),
        inbound(id="<c@x>", references=long),
        inbound(id="<d@x>"),
    ]
    await house.says()
    await house.read(4)
    known = [house.body(message.message).references for message in house.messages()]
    assert known[0] == ("<0@x>", "<a@x>")
    assert known[1] == ("<1@x>", "<2@x>", "<b@x>")
    assert known[2] == ("<0@x>", *long[-19:], "<c@x>")
    assert known[3] == ("<d@x>",)
