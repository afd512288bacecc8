"""WhatsApp over the same webhook: what differs from a text."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from omniroute import Address, File, Outbound, Rejected, Template
from omniroute.testing.fakes import Fault
from omniroute_twilio import settings
from omniroute_twilio.testing import FakeTwilio, Phone
from omniroute_twilio.whatsapp import WhatsAppChannel, template_of

Out = Callable[..., Outbound]


@pytest.fixture
async def bench(bench_of: Any, fake: FakeTwilio) -> AsyncIterator[Any]:
    fake.world.content("order update", "Hello {{1}}, your order {{2}} is on its way.")
    fake.world.content("advert", "Buy more", status="rejected")
    more = {"kind": WhatsAppChannel, "config": settings.WhatsApp, "content_url": fake.url}
    async with bench_of(**more).listening() as bench:
        await bench.channel.refresh()
        yield bench


@pytest.fixture
def joe(fake: FakeTwilio) -> Phone:
    return Phone(fake, "+14155550101", "Joe Miller", whatsapp=True)


async def test_an_account_and_its_number_are_vouched_for_and_a_name_is_not(
    bench: Any, joe: Phone
) -> None:
    await joe.says("hello")
    (said,) = bench.read()
    assert said.sender == Address("whatsapp", joe.number, True, "Joe Miller")
    assert said.also_known_as == (Address("phone", joe.number, True),)
    assert said.conversation == joe.number


async def test_an_answer_goes_out_as_whatsapp(bench: Any, joe: Phone, outbound: Out) -> None:
    bill = File("bill.pdf", "application/pdf", b"pdf")
    await bench.channel.send(outbound("here", files=(bill, bill)))
    (text,) = joe.inbox()
    assert (text.sender, text.to) == ("whatsapp:+15005550006", "whatsapp:+14155550101")
    assert len(text.media) == 1  # it carries one; the other is a link
    assert text.body.startswith("here\n\nbill.pdf: http")


async def test_what_was_read_is_told(
    bench: Any, joe: Phone, outbound: Out, fake: FakeTwilio
) -> None:
    (sid,) = (await bench.channel.send(outbound())).external_ids
    for status in ("delivered", "read"):
        await fake.reports(joe.inbox()[0], status)
    told = [(one.kind, one.external_id, one.sender.kind) for one in bench.read()]
    assert told == [("delivered", sid, "whatsapp"), ("read", sid, "whatsapp")]


async def test_what_is_approved_can_be_sent_with_its_values(
    bench: Any, joe: Phone, outbound: Out, fake: FakeTwilio
) -> None:
    body = "Hello {{1}}, your order {{2}} is on its way."
    assert bench.channel.templates() == (Template("order_update", body, ("1", "2"), "en"),)
    await bench.channel.send(outbound("said", template="order_update", values=("Joe", "77")))
    assert joe.texts() == ["Hello Joe, your order 77 is on its way."]
    (sent,) = [fields for name, fields in fake.calls if name == "send"]
    assert json.loads(sent["ContentVariables"]) == {"1": "Joe", "2": "77"}
    assert "Body" not in sent
    with pytest.raises(Rejected, match="no template “advert”"):
        await bench.channel.send(outbound("said", template="advert"))


async def test_plain_words_after_a_day_are_refused_as_the_messages_fault(
    bench: Any, outbound: Out, fake: FakeTwilio
) -> None:
    fake.faults.add(Fault("send", "error", code=400, error="63016: outside the window"))
    with pytest.raises(Rejected, match="a template only") as error:
        await bench.channel.send(outbound())
    assert error.value.by_content


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"ButtonText": "Yes, please", "ButtonPayload": "yes"}, "Yes, please"),
        ({"Latitude": "52.5", "Longitude": "13.4", "Label": "Café"}, "Location: 52.5, 13.4 (Café)"),
        ({"MessageType": "contacts"}, "(contacts)"),
    ],
)
async def test_what_is_no_text_is_told_in_words(
    bench: Any, joe: Phone, more: dict[str, str], text: str
) -> None:
    await joe.says("", **more)
    assert bench.lines() == [text]


async def test_what_is_answered_in_particular_is_known(bench: Any, joe: Phone) -> None:
    await joe.says("this one", OriginalRepliedMessageSid="SM1")
    (said,) = bench.read()
    assert said.in_reply_to == "SM1"


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"sid": "HX1", "approval_requests": {"status": "pending"}, "types": {}},
        {"sid": "HX1", "approval_requests": {"status": "approved"}, "types": {"twilio/text": {}}},
        {"sid": "HX1", "approval_requests": None, "types": {"twilio/text": {"body": "x"}}},
    ],
)
def test_what_cannot_be_sent_is_no_template(content: dict[str, Any]) -> None:
    assert template_of(content) is None
