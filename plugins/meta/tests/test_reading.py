"""What is read out of recorded posts."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from plugins.meta.tests.conftest import EVENTS, inbounds, post_of, read

from omniroute import Address, Inbound, Undelivered
from omniroute_meta import reading_whatsapp
from omniroute_meta.batches import events, unpack

JOE = Address("whatsapp", "+4915550100", verified=True, display="Joe Miller")
JOES_PHONE = Address("phone", "+4915550100", verified=True)


def test_one_post_has_many_messages() -> None:
    first, picture, mias = inbounds("whatsapp-batch")
    assert (first.sender, first.also_known_as) == (JOE, (JOES_PHONE,))
    assert (first.text, first.conversation) == ("I was charged twice", "4915550100")
    assert first.sent_at.isoformat() == "2026-03-02T11:00:00+00:00"
    assert picture.text == "the receipt"
    assert (mias.sender.display, mias.in_reply_to) == ("Mia Wong", "wamid.OUT1")


def test_whoever_shows_a_number_and_an_id_is_one() -> None:
    mias = inbounds("whatsapp-batch")[2]
    assert [(one.kind, one.value, one.verified) for one in mias.also_known_as] == [
        ("phone", "+4915550101", True),
        ("whatsapp", "DE.2222333344445555", True),
    ]


def test_whoever_hides_their_number_is_known_by_an_id_and_by_no_name() -> None:
    (message,) = inbounds("whatsapp-username")
    assert message.sender == Address("whatsapp", "DE.1349120865530274", True, "Joe Miller")
    assert (message.also_known_as, message.conversation) == ((), "DE.1349120865530274")


def test_what_is_no_text_has_words() -> None:
    found = inbounds("whatsapp-kinds")
    assert [one.text for one in found] == [
        "Location: 52.52, 13.4 (Our shop, Main Street 1)",
        "Contact: Mia Wong +4930123456",
        "Yes, please",
        "Track it",
        "Order:\n2 × PIGEON-1\nby Friday",
        "",
        "",
        "hello",
    ]
    assert [one.unread for one in found if one.unread] == [
        "WhatsApp passes on no messages of this kind (poll_creation)",
        "WhatsApp passes on no messages of this kind (unsupported)",
    ]
    assert found[-1].quoted == "Half price\nhttps://fb.example/ad"


def test_a_contact_that_is_shared_proves_nothing() -> None:
    card = inbounds("whatsapp-kinds")[1]
    assert [one.value for one in card.also_known_as] == ["+4915550100"]


def test_changes_name_the_message_that_they_are_about() -> None:
    assert [(one.kind, one.external_id, one.text) for one in inbounds("whatsapp-changes")] == [
        ("reaction", "wamid.OUT1", "👍"),
        ("reaction", "wamid.OUT1", ""),
        ("edit", "wamid.A1", "I was charged three times"),
        ("delete", "wamid.A1", ""),
    ]


def test_what_has_come_and_was_read_names_our_message_and_who_has_it() -> None:
    for name, said in (
        ("whatsapp-statuses", [("delivered", "wamid.OUT1"), ("read", "wamid.OUT1")]),
        ("messenger", [("delivered", "m_out1")]),
        ("instagram", [("read", "ig_out")]),
    ):
        found = [one for one in inbounds(name) if one.kind in ("delivered", "read")]
        assert [(one.kind, one.external_id) for one in found] == said
        assert all(one.sender.verified and one.conversation for one in found)


def test_of_a_message_of_ours_that_failed_the_reason_is_told_and_of_others_nothing() -> None:
    failed = [one for one in read(post_of("whatsapp-statuses")) if isinstance(one, Undelivered)]
    said = "the time to answer is over until the customer writes again (131047)"
    assert failed == [Undelivered("k1", said)]


def test_messenger() -> None:
    found = [one for one in inbounds("messenger") if one.kind != "delivered"]
    assert [(one.kind, one.external_id, one.text) for one in found] == [
        ("message", "m_1", "I was charged twice"),
        ("message", "m_2", "Location: 52.5, 13.4"),
        ("edit", "m_1", "I was charged three times"),
        ("reaction", "m_out1", "❤"),
        ("reaction", "m_out1", ""),
        ("message", "m_3", "Get started"),
    ]
    assert found[0].sender == Address("messenger:1014567890123", "24000000000001", verified=True)
    assert (found[0].in_reply_to, found[0].also_known_as) == ("m_out1", ())


def test_instagram() -> None:
    found = [one for one in inbounds("instagram") if one.kind != "read"]
    assert [(one.kind, one.external_id, one.text, one.unread) for one in found] == [
        ("message", "ig_1", "love it\n(on our story: https://cdn.example/story)", ""),
        ("message", "ig_2", "(share) https://ig.example/p/1", ""),
        ("delete", "ig_1", "", ""),
        ("message", "ig_3", "", "Meta passes on no messages of this kind"),
    ]
    assert found[0].sender.kind == "instagram:17841400000001"


def test_an_app_with_instagram_s_own_login_is_told_in_another_form() -> None:
    body = post_of("instagram")
    (entry,) = body["entry"]
    entry["changes"] = [{"field": "messages", "value": item} for item in entry.pop("messaging")]
    assert [one for one in read(body) if isinstance(one, Inbound)] == inbounds("instagram")


def test_a_recorded_post_is_read_as_what_lies_in_the_spool() -> None:
    found = unpack((EVENTS / "whatsapp-batch.json").read_bytes())
    assert [event.key for event in found] == ["m/wamid.A1", "m/wamid.A2", "m/wamid.B1"]
    with pytest.raises(ValueError, match="missing required field"):
        unpack(b"{}")


@pytest.mark.parametrize("name", ["whatsapp-batch", "messenger", "instagram"])
def test_each_event_has_a_key_of_its_own_that_stays(name: str) -> None:
    keys = [event.key for event in events(post_of(name))]
    assert len(set(keys)) == len(keys)
    assert keys == [event.key for event in events(post_of(name))]


@pytest.mark.parametrize(
    "body",
    [None, 7, [], {}, {"object": "page"}, {"object": "page", "entry": [None, 3, {"messaging": 1}]},
     {"object": "whatsapp_business_account", "entry": [{"changes": [{"value": []}, "x"]}]},
     {"object": "dreams", "entry": [{"id": "1"}]}],
)  # fmt: skip
def test_a_post_of_another_form_raises_nothing(body: Any) -> None:
    assert [event.what for event in events(body)] in ([], ["other"], ["other"] * 2, ["message"] * 1)


def test_a_message_that_lacks_its_sender_is_a_dead_letter() -> None:
    body = copy.deepcopy(post_of("whatsapp-username"))
    del body["entry"][0]["changes"][0]["value"]["messages"][0]["from_user_id"]
    with pytest.raises(ValueError, match="without its sender"):
        read(body)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("edit", {"edit": "gone"}),
        ("contacts", {"contacts": [{"name": "Mia", "phones": "+49 30 1"}, "x"]}),
        ("order", {"order": {"product_items": ["x"]}}),
        ("text", {"referral": "an advertisement", "context": "wamid.1"}),
        ("text", {"timestamp": "9" * 30}),
    ],
)
def test_what_has_another_form_is_left_out(kind: str, told: dict[str, Any]) -> None:
    item = {"id": "wamid.1", "from": "4915550100", "type": kind, **told}
    value = {"metadata": {"phone_number_id": "1"}, "messages": [item]}
    change = {"field": "messages", "value": value}
    post = {"object": "whatsapp_business_account", "entry": [{"id": "2", "changes": [change]}]}
    (event,) = events(post)
    (said,) = reading_whatsapp.read(event)
    assert isinstance(said, Inbound)
    assert said.external_id == "wamid.1"
    assert reading_whatsapp.media_of(item) == []
