"""Codes and links: who has them is whom they say, once, for a while, and not by guessing."""

from __future__ import annotations

import asyncio
import itertools
import re
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.house import House, Pipe

from omniroute import Address, Cap, Refused, Rejected
from omniroute.core.inputs import LinkDenied
from omniroute.runtime import proofs as limits
from omniroute.runtime.clock import SystemClock
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.names import Names
from omniroute.runtime.proofs import MINUTE, Proofs

VISITOR = Address("chat", "v1", verified=True, display="Visitor")
OTHER = Address("chat", "v2", verified=True)
JOE = Address("pipe", "joe@mail.example")


class Letters(Pipe):
    """A channel where we may write first."""

    caps: ClassVar[Cap] = Cap.START_CONVERSATION


class Desk:
    """A node with proofs; codes count from 000001."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house = house
        codes = itertools.count(1)
        keyed = Keyed(b"k" * 32)
        self.proofs = Proofs(
            folder / "proofs", keyed, house.clock, digits=lambda: f"{next(codes):06}"
        )
        self.proofs.channels, self.proofs.inbox = house.node.parts.channels, house.node.inbox
        self.proofs.names = Names(house.node.reader)

    def wait(self, minutes: float) -> None:
        self.house.clock.at += round(minutes * MINUTE)

    @property
    def joined(self) -> int:
        return len(self.house.events("LinkAdded"))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    house = House(tmp_path)
    house.pipe = Letters()
    house.node = house.made()
    async with house.running():
        made = Desk(house, tmp_path)
        yield made
        made.proofs.close()


async def refused(asked: object) -> str:
    with pytest.raises(Refused) as error:
        await asked  # type: ignore[misc]
    return error.value.code


async def test_whoever_types_the_code_that_was_sent_there_has_that_address(desk: Desk) -> None:
    await desk.proofs.send_code(VISITOR, JOE)
    (out,) = desk.house.pipe.sent
    assert (out.to, out.automatic, out.subject) == (JOE, True, "Your code")
    assert "000001" in out.text
    proved = await desk.proofs.redeem_code(VISITOR, " 000001 ")
    assert (proved.value, proved.verified) == ("joe@mail.example", True)
    (link,) = desk.house.events("LinkAdded")
    assert (link.link.evidence, link.link.source) == ("verified", "chat")
    assert await refused(desk.proofs.redeem_code(VISITOR, "000001")) == "bad_code"


async def test_a_code_is_good_where_it_was_asked_for_and_for_ten_minutes(desk: Desk) -> None:
    await desk.proofs.send_code(VISITOR, JOE)
    assert await refused(desk.proofs.redeem_code(OTHER, "000001")) == "bad_code"
    desk.wait(minutes=10)
    assert await refused(desk.proofs.redeem_code(VISITOR, "000001")) == "bad_code"
    await desk.proofs.send_code(VISITOR, JOE)
    assert await refused(desk.proofs.redeem_code(VISITOR, "000001")) == "bad_code"  # the first
    await desk.proofs.redeem_code(VISITOR, "000002")
    assert desk.joined == 1


async def test_a_code_is_guessed_at_five_times(desk: Desk) -> None:
    await desk.proofs.send_code(VISITOR, JOE)
    for guess in ("", "0", "x" * 100, "\uff10\uff11", "000002"):
        assert await refused(desk.proofs.redeem_code(VISITOR, guess)) == "bad_code"
    assert await refused(desk.proofs.redeem_code(VISITOR, "000001")) == "bad_code"
    assert desk.joined == 0


async def test_nobody_s_mailbox_is_flooded(desk: Desk) -> None:
    for number in range(limits.PER_ADDRESS):
        await desk.proofs.send_code(Address("chat", f"w{number}", verified=True), JOE)
    assert await refused(desk.proofs.send_code(OTHER, JOE)) == "too_many"
    for number in range(limits.PER_PERSON):
        await desk.proofs.send_code(OTHER, Address("pipe", f"p{number}"))
    assert await refused(desk.proofs.send_code(OTHER, Address("pipe", "px"))) == "too_many"
    assert len(desk.house.pipe.sent) == limits.PER_ADDRESS + limits.PER_PERSON
    desk.wait(minutes=60)
    await desk.proofs.send_code(OTHER, JOE)


async def test_whoever_presses_the_button_of_a_link_that_was_sent_there_has_that_address(
    desk: Desk,
) -> None:
    await desk.proofs.send_link(VISITOR, JOE, "https://desk.example/confirm/")
    (out,) = desk.house.pipe.sent
    assert (out.to, out.automatic, out.subject) == (JOE, True, "Was it you?")
    (token,) = re.findall(r"https://desk\.example/confirm/(\S{43})\n", out.text)
    assert await desk.proofs.confirm_link(token[:-1]) is None
    assert await desk.proofs.redeem_link(token, OTHER) is False  # which is for another channel
    proved = await desk.proofs.confirm_link(token)
    assert proved == Address("pipe", "joe@mail.example", verified=True)
    (link,) = desk.house.events("LinkAdded")
    assert link.link.evidence == "verified"
    assert await desk.proofs.confirm_link(token) is None
    assert desk.joined == 1


async def test_a_link_that_was_sent_is_good_for_a_day(desk: Desk) -> None:
    await desk.proofs.send_link(VISITOR, JOE, "/")
    token = desk.house.pipe.sent[0].text.partition("/")[2][:43]
    desk.wait(minutes=24 * 60)
    assert await desk.proofs.confirm_link(token) is None
    await desk.proofs.send_link(VISITOR, JOE, "/")
    token = desk.house.pipe.sent[1].text.partition("/")[2][:43]
    await desk.proofs.forget({"joe@mail.example"})
    assert await desk.proofs.confirm_link(token) is None


async def test_links_and_codes_together_flood_no_mailbox(desk: Desk) -> None:
    for number in range(limits.PER_ADDRESS):
        await desk.proofs.send_link(Address("chat", f"w{number}", verified=True), JOE, "/")
    assert await refused(desk.proofs.send_link(OTHER, JOE, "/")) == "too_many"
    assert await refused(desk.proofs.send_code(OTHER, JOE)) == "too_many"


async def test_where_nothing_can_be_sent(desk: Desk) -> None:
    assert await refused(desk.proofs.send_code(VISITOR, Address("email", "a@b.c"))) == "no_way"
    desk.proofs.is_shared = lambda address: True
    assert await refused(desk.proofs.send_code(VISITOR, JOE)) == "no_way"
    desk.proofs.is_shared = lambda address: False
    desk.house.pipe.answers.append(Rejected("550 no such user"))
    assert await refused(desk.proofs.send_code(VISITOR, JOE)) == "not_sent"


async def test_a_link_is_good_once_and_for_an_hour(desk: Desk) -> None:
    token, late = await desk.proofs.make_link(VISITOR), await desk.proofs.make_link(VISITOR)
    assert len(token) == 43
    other = token[:-1] + ("y" if token.endswith("x") else "x")
    assert not await desk.proofs.redeem_link(other, OTHER)
    assert await desk.proofs.redeem_link(token, OTHER)
    assert not await desk.proofs.redeem_link(token, JOE)
    desk.wait(minutes=60)
    assert not await desk.proofs.redeem_link(late, JOE)
    assert desk.joined == 1


async def test_a_link_lasts_as_long_as_is_asked_and_a_week_at_most(desk: Desk) -> None:
    for lasts, minutes in ((86_400.0, 24 * 60), (10**9, 7 * 24 * 60)):
        token, late = [await desk.proofs.make_link(VISITOR, lasts) for _ in range(2)]
        desk.wait(minutes=minutes - 1)
        assert await desk.proofs.redeem_link(token, OTHER)
        desk.wait(minutes=1)
        assert not await desk.proofs.redeem_link(late, OTHER)


async def test_what_was_told_apart_is_not_joined_by_a_proof(desk: Desk) -> None:
    assert await desk.proofs.redeem_link(await desk.proofs.make_link(VISITOR), OTHER)
    a, b = (Keyed(b"k" * 32).handle(address) for address in (VISITOR, OTHER))
    await desk.house.do(LinkDenied, agent="ana", a=a, b=b)
    assert await desk.proofs.redeem_link(await desk.proofs.make_link(VISITOR), OTHER)
    assert desk.joined == 1
    assert desk.house.events("LinkSuggested")[-1].veto == "not_same"


async def test_neither_codes_nor_links_are_kept(desk: Desk, tmp_path: Path) -> None:
    await desk.proofs.send_code(VISITOR, JOE)
    token = await desk.proofs.make_link(VISITOR)
    kept = (tmp_path / "proofs").read_bytes()
    assert b"000001" not in kept
    assert token.encode() not in kept
    assert (tmp_path / "proofs").stat().st_mode & 0o077 == 0
    await desk.proofs.forget({JOE.value, VISITOR.value})
    assert not await desk.proofs.redeem_link(token, OTHER)
    assert await refused(desk.proofs.redeem_code(VISITOR, "000001")) == "bad_code"


@given(st.text(max_size=60))
@settings(max_examples=50, deadline=None)
def test_no_text_is_a_link(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Proofs(Path(folder) / "proofs", Keyed(b"k" * 32), SystemClock())
        assert not asyncio.run(made.redeem_link(text, OTHER))
        made.close()
