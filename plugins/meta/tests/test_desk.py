"""A whole engine with WhatsApp beside another channel: who is who, what goes and what comes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from plugins.meta.tests.conftest import NEWS
from tests.runtime.house import House, Pipe, inbounds

from omniroute import Address, Inbound
from omniroute_meta.testing import WHATSAPP

if TYPE_CHECKING:
    from plugins.meta.tests.conftest import Bench

NUMBER = "+4915550100"


def known_by_number(raw: bytes) -> Sequence[Inbound]:
    """What the other channel reads: it vouches for the customer's number."""
    (one,) = inbounds(raw)
    phone = Address("phone", NUMBER, verified=True)
    return [Inbound(one.external_id, one.conversation, one.sender, one.text, one.sent_at,
                    also_known_as=(phone,))]  # fmt: skip


async def test_whoever_is_known_by_their_number_goes_on_by_whatsapp_in_the_same_thread(
    bench: Bench, tmp_path: Path
) -> None:
    bench.fake.world.templates.append(NEWS)
    channel = bench.whatsapp()
    house = House(tmp_path)
    house.pipe.reads = known_by_number
    house.more = [cast(Pipe, channel)]
    house.node = house.made()
    async with house.running() as desk:
        bench.open_hook()
        await desk.goes("ana")
        await desk.says("where is my order?", sender="joe")
        await desk.read(1)
        joe = bench.fake.person(WHATSAPP, "Joe Miller", id=NUMBER[1:])
        joe.says("I write here now")
        await desk.read(2)
        assert len(desk.events("ThreadOpened")) == 1

        await desk.replies("Hello Joe")
        await bench.fake.until(lambda: joe.got)
        assert joe.got[0].text == "Hello Joe"

        await desk.until(lambda: desk.events("ReplySent"))
        joe.reads()
        await desk.until(lambda: any(one.how == "read" for one in desk.events("MessageAmended")))

        said = "News for Joe\nOrder 1: sent\nAcme"
        await desk.replies(said, template="order_news", values=("Joe", "1", "sent"))
        await bench.fake.until(lambda: len(joe.got) == 2)
        assert (joe.got[1].template, joe.got[1].text) == ("order_news", said)

        message = await desk.replies("Are you there?")
        await desk.until(lambda: len(desk.events("ReplySent")) == 3)
        bench.fake.status(joe.talk, joe.got[2], "failed", {"code": 131026})
        await desk.until(lambda: desk.events("ReplyFailed"))
        (failed,) = desk.events("ReplyFailed")
        assert (failed.message, failed.outcome) == (message, "bounced")


async def test_whoever_hides_their_number_and_shows_it_later_is_one_and_known_by_it(
    bench: Bench, tmp_path: Path
) -> None:
    channel = bench.whatsapp()
    house = House(tmp_path)
    house.pipe.reads = known_by_number
    house.more = [cast(Pipe, channel)]
    house.node = house.made()
    async with house.running() as desk:
        bench.open_hook()
        joe = bench.fake.person(
            WHATSAPP, "Joe Miller", id=NUMBER[1:], scoped="DE.134912", hides=True
        )
        joe.says("guess who")
        await desk.read(1)
        joe.hides = False
        joe.says("it is me")
        await desk.read(2)
        joe.hides = True
        joe.says("and again")
        await desk.read(3)
        assert len(desk.events("ThreadOpened")) == 1
        await desk.says("where is my order?", sender="joe")
        await desk.read(4)
        assert len(desk.events("ThreadOpened")) - len(desk.events("ThreadFolded")) == 1
