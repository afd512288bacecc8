"""Reading: what a customer said, and what is not for us, whatever it looks like."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute import Address, Inbound
from omniroute_slack.envelope import Envelope, Profile, pack, unpack
from omniroute_slack.parse import read
from omniroute_slack.report import fields_of

SAID = {
    "type": "message",
    "channel": "D1",
    "channel_type": "im",
    "user": "U1",
    "text": "I was *charged* twice",
    "ts": "1795632040.000100",
}


def parsed(event: Any, **envelope: Any) -> list[Inbound]:
    payload = {"type": "event_callback", "event_id": "Ev1", "event": event}
    return read(unpack(pack(Envelope(1795632070000, payload, **envelope))))


def one(event: Any, **envelope: Any) -> Inbound:
    (inbound,) = parsed(event, **envelope)
    return inbound


def test_a_message() -> None:
    said = one(SAID, users={"U1": Profile("Joe Miller")})
    assert said.text == "I was *charged* twice"
    assert said.html == "I was <b>charged</b> twice"
    assert said.sender == Address("slack", "U1", True, "Joe Miller")
    assert (said.external_id, said.conversation) == ("D1/1795632040.000100", "D1")
    assert said.sent_at.isoformat() == "2026-11-25T18:40:40.000100+00:00"
    assert said.in_reply_to == ""


def test_in_a_channel_an_answer_belongs_into_the_thread() -> None:
    about = {**SAID, "channel": "C1", "channel_type": "channel"}
    assert one(about).conversation == "C1/1795632040.000100"
    answer = one({**about, "ts": "1795632050.000100", "thread_ts": "1795632040.000100"})
    assert answer.conversation == "C1/1795632040.000100"
    assert answer.in_reply_to == "C1/1795632040.000100"


def test_the_call_of_our_name_is_not_part_of_what_was_said() -> None:
    event = {**SAID, "text": "<@U9>, please help <@U2>"}
    users = {"U9": Profile("desk"), "U2": Profile("Ana")}
    assert one(event, me="U9", users=users).text == "please help @Ana"


@pytest.mark.parametrize(
    "change",
    [
        {"bot_id": "B1"},
        {"subtype": "bot_message"},
        {"subtype": "channel_join"},
        {"user": "USLACKBOT"},
        {"user": "U9"},
        {"user": 5},
        {"ts": "soon"},
        {"ts": None},
        {"type": "pin_added"},
    ],
)
def test_what_is_not_for_us(change: dict[str, Any]) -> None:
    assert parsed({**SAID, **change}, me="U9") == []


def test_an_agents_message_is_no_customers() -> None:
    assert parsed(SAID, desk=True, agent="ana") == []


def test_a_link_that_was_unfurled_is_no_edit() -> None:
    event = {"type": "message", "subtype": "message_changed", "channel": "D1"}
    assert parsed({**event, "message": SAID, "previous_message": SAID}) == []
    changed = {**SAID, "text": "twice!", "edited": {"ts": "1795632050.000000"}}
    edit = one({**event, "message": changed, "previous_message": SAID})
    assert (edit.kind, edit.external_id, edit.text) == ("edit", "D1/1795632040.000100", "twice!")
    assert edit.sent_at.timestamp() == 1795632050


def test_a_reaction_taken_back_is_empty() -> None:
    item = {"type": "message", "channel": "C1", "ts": "1.2"}
    event = {"type": "reaction_removed", "user": "U1", "reaction": "party-parrot", "item": item,
             "event_ts": "3.4"}  # fmt: skip
    assert one(event).text == ""
    assert one({**event, "type": "reaction_added"}).text == ":party-parrot:"


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ({"event": SAID}, "message"),
        ({"event": {**SAID, "type": "app_mention"}}, "mention"),
        ({"event": {"type": "message", "subtype": "message_deleted"}}, "delete"),
        ({"event": {"type": "message", "subtype": "channel_join"}}, "system"),
        ({"event": {"type": "tokens_revoked"}}, "lifecycle"),
        ({"event": {}}, "ignore"),
        ({"type": "block_actions", "user": {"id": "U1"}, "actions": []}, "interaction"),
        ({"command": "/omni", "text": "who", "user_id": "U1"}, "command"),
        ({"type": "url_verification", "challenge": "c"}, "challenge"),
        ({"type": "app_rate_limited"}, "backpressure"),
        ({"envelope_id": "1", "payload": {"event": SAID}}, "message"),
    ],
)
def test_what_a_file_holds(payload: Any, kind: str) -> None:
    assert fields_of(json.dumps(payload).encode())["kind"] == kind


def test_what_is_not_read_has_its_reason() -> None:
    fields = fields_of(json.dumps({"event": {**SAID, "user": ""}}).encode())
    assert (fields["n_messages"], fields["unsupported"]) == (0, "it does not say who did it")


@pytest.mark.parametrize("raw", [b"", b"[", b"null", b"[]", b"{}", b"[" * 100_000])
def test_what_is_no_payload_says_so(raw: bytes) -> None:
    with pytest.raises(ValueError, match="this is no"):
        fields_of(raw)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(("user", "text", "ts", "message", "item", "files", "id", "bot_id")),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(
    st.sampled_from(("message", "app_mention", "reaction_added")),
    st.sampled_from(("", "message_changed", "message_deleted", "file_share")),
    st.dictionaries(
        st.sampled_from(("channel", "user", "text", "ts", "thread_ts", "message", "item", "files",
                         "previous_message", "deleted_ts", "event_ts", "channel_type")),
        VALUES,
    ),
)  # fmt: skip
def test_no_event_is_an_exception(type: str, subtype: str, event: dict[str, Any]) -> None:
    whole = {**event, "type": type, "subtype": subtype}
    parsed(whole)
    fields_of(json.dumps({"event": whole}).encode())
