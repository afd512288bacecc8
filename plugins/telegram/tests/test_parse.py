"""Reading: what a customer said, and what is not for us."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omniroute import Address, Inbound
from omniroute_telegram.envelope import Envelope, Fetched, Proved, pack, unpack
from omniroute_telegram.parse import read
from omniroute_telegram.report import fields_of

EVENTS = Path(__file__).parent / "events"


def recorded(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_bytes())


def parsed(*updates: Any, **envelope: Any) -> list[Inbound]:
    return read(unpack(pack(Envelope(1795632070000, updates, **envelope))))


def one(*updates: Any, **envelope: Any) -> Inbound:
    (inbound,) = parsed(*updates, **envelope)
    return inbound


def test_a_message() -> None:
    said = one(recorded("text"))
    assert said.text == "I was charged twice"
    assert said.sender == Address("telegram", "5001", True, "Joe Miller")
    assert (said.external_id, said.conversation) == ("5001/41", "5001")
    assert said.sent_at.isoformat() == "2026-11-25T18:40:40+00:00"
    assert said.html == said.quoted == said.in_reply_to == ""


def test_equal_bytes_are_read_equally() -> None:
    raw = pack(Envelope(1, (recorded("voice"),), files={"v1": Fetched(b"abc")}))
    assert read(unpack(raw)) == read(unpack(raw))


def test_a_message_in_a_topic_is_answered_in_the_topic_and_answers_nobody() -> None:
    said = one(recorded("topic"))
    assert (said.conversation, said.external_id) == ("-1001234/12", "-1001234/77")
    assert (said.quoted, said.in_reply_to) == ("", "")
    assert said.html == "see <b>**this**</b>"


def test_an_answer_says_what_it_answers() -> None:
    said = one(recorded("reply"))
    assert (said.in_reply_to, said.quoted) == ("5001/42", "Which order?")


def test_an_edit_and_a_reaction_name_the_message_they_are_about() -> None:
    edit, reaction = one(recorded("edit")), one(recorded("reaction"))
    assert (edit.kind, edit.external_id, edit.text) == (
        "edit", "5001/41", "I was charged three times",
    )  # fmt: skip
    assert (reaction.kind, reaction.external_id, reaction.text) == ("reaction", "5001/42", "👍")


@pytest.mark.parametrize("name", ["bot", "joined", "callback", "blocked", "something_new"])
def test_what_no_customer_said(name: str) -> None:
    assert parsed(recorded(name)) == []


def test_what_an_agent_does_is_no_customers_message() -> None:
    assert parsed(recorded("text"), desk=True, agent="ana") == []


@pytest.mark.parametrize(
    "more",
    [
        {"via_bot": {"id": 1, "is_bot": True, "first_name": "inline"}},
        {"sender_chat": {"id": -100, "type": "channel", "title": "News"}},
        {"text": "/start"},
        {"text": "/start abc"},
    ],
)
def test_machines_channels_and_the_start_button(more: dict[str, Any]) -> None:
    update = recorded("text")
    update["message"] |= more
    assert parsed(update) == []


def test_a_file_comes_with_its_bytes_or_with_the_reason_why_not() -> None:
    said = one(recorded("voice"), files={"v1": Fetched(b"abc")})
    (file,) = said.files
    assert (file.name, file.media_type, file.data) == ("voice-46", "audio/ogg", b"abc")
    late = one(recorded("voice"), files={"v1": Fetched(fault="too late")})
    assert (late.files, late.unread) == ((), "“voice-46”: too late")


def test_an_album_is_one_message() -> None:
    first, second = recorded("text"), recorded("text")
    for number, update in enumerate((first, second)):
        photo = {"file_id": f"p{number}", "file_unique_id": "u", "width": 9, "height": 9}
        del update["message"]["text"]
        update["message"] |= {"message_id": 50 + number, "photo": [photo], "media_group_id": "7"}
    first["message"]["caption"] = "both sides"
    said = one(first, second, files={"p0": Fetched(b"0"), "p1": Fetched(b"1")})
    assert said.text == "both sides"
    assert [file.data for file in said.files] == [b"0", b"1"]
    assert said.external_id == "5001/50"


def test_ones_own_number_is_evidence_and_anothers_is_not() -> None:
    update = recorded("text")
    del update["message"]["text"]
    contact = {"phone_number": "4915112345678", "first_name": "Joe", "user_id": 5001}
    update["message"]["contact"] = contact
    said = one(update)
    assert said.text == "Contact: Joe, 4915112345678"
    assert said.also_known_as == (Address("phone", "+4915112345678", True, "Joe Miller"),)
    contact["user_id"] = 5099
    assert one(update).also_known_as == ()


def test_who_came_by_a_signed_link_is_who_it_says() -> None:
    said = one(recorded("text"), proved=(Proved("login", "u17"), Proved("email", "joe@x.org")))
    assert said.also_known_as == (
        Address("login", "u17", verified=True, unique=True),
        Address("email", "joe@x.org", verified=True),
    )


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"sticker": {"file_id": "s", "file_unique_id": "s", "width": 1, "height": 1, "emoji": "🙂",
                      "type": "regular", "is_animated": False, "is_video": False}}, "🙂"),
        ({"location": {"latitude": 52.5, "longitude": 13.4}}, "Location: 52.50000, 13.40000"),
        ({"dice": {"emoji": "🎲", "value": 3}}, "(dice)"),
    ],
)  # fmt: skip
def test_what_has_no_words_is_said_in_words(more: dict[str, Any], text: str) -> None:
    update = recorded("text")
    del update["message"]["text"]
    update["message"] |= more
    assert one(update).text == text


def test_bytes_of_another_make_are_refused() -> None:
    with pytest.raises(ValueError, match="version 2"):
        unpack(b'{"at":1,"updates":[],"v":2}')


@pytest.mark.parametrize(
    ("name", "kind", "messages"),
    [
        ("text", "message", 1), ("edit", "edit", 0), ("reaction", "reaction", 0),
        ("bot", "bot", 0), ("joined", "system", 0), ("callback", "callback", 0),
        ("blocked", "lifecycle", 0), ("something_new", "ignore", 0),
    ],
)  # fmt: skip
def test_the_report_names_what_an_update_is(name: str, kind: str, messages: int) -> None:
    fields = fields_of((EVENTS / f"{name}.json").read_bytes())
    assert (fields["kind"], fields.get("n_messages", 0)) == (kind, messages)


def test_the_report_of_a_message() -> None:
    fields = fields_of((EVENTS / "topic.json").read_bytes())
    assert fields == {
        "event_id": "811000002", "kind": "message", "n_messages": 1, "sender": "5001",
        "name": "Joe", "conversation": "-1001234", "thread": "12", "external_id": "77",
        "reply_to": "", "text": "see **this**", "date": "2026-11-25T18:40:41Z", "media": "",
        "album": "", "attachments": [],
    }  # fmt: skip


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'{"update_id":"x"}', b"[" * 5000])
def test_the_report_of_what_is_no_update(raw: bytes) -> None:
    with pytest.raises(ValueError, match="this is no"):
        fields_of(raw)
