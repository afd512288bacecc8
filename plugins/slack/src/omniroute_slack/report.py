"""What is read out of a payload, by name: ``omniroute parse slack`` prints it.

A file holds a payload as Slack sends it (an event in its envelope, an interaction, a command, or
what Socket Mode wraps around them), or an envelope of our spool.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from omniroute_slack.envelope import Envelope, Json, part, text_at, unpack
from omniroute_slack.formatting import to_text
from omniroute_slack.parse import SPOKEN, attachments, read, time_of

FORMS: Final[Mapping[str, str]] = {}
_LIFECYCLE: Final = ("app_uninstalled", "tokens_revoked", "channel_archive", "channel_unarchive",
                     "channel_id_changed", "group_archive", "group_unarchive")  # fmt: skip
_IDENTITY: Final = ("user_change", "user_profile_changed", "team_join")
_SYSTEM: Final = ("channel_rename", "group_rename", "member_joined_channel", "member_left_channel",
                  "team_rename", "team_domain_change")  # fmt: skip


def fields_of(raw: bytes) -> Mapping[str, object]:
    """The fields of a payload.  Raises `ValueError` for what is none."""
    envelope = _envelope(raw)
    payload = envelope.payload
    if envelope.form == "command":
        return _command(payload)
    if envelope.form == "interactive":
        return _interaction(payload)
    if "challenge" in payload and not isinstance(payload.get("event"), dict):
        return {"kind": "challenge", "n_messages": 0}
    if text_at(payload, "type") == "app_rate_limited" and not part(payload, "event"):
        return {"kind": "backpressure", "n_messages": 0}
    event = part(payload, "event")
    fields = {"event_id": text_at(payload, "event_id"), **_event(event), "n_messages": 0}
    inbounds = read(envelope)
    if inbounds:
        said = inbounds[0]
        fields |= {
            "n_messages": int(said.kind == "message"),
            "sender": said.sender.value,
            "name": said.sender.display,
            "text": said.text,
            "external_id": said.external_id.partition("/")[2],
            "reply_to": said.in_reply_to.partition("/")[2],
            "date": said.sent_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    elif fields["kind"] in ("message", "mention", "edit", "delete", "reaction"):
        fields["unsupported"] = _why_not(event, envelope)
    elif "unsupported" not in fields and fields["kind"] != "bot":
        fields["unsupported"] = f"{text_at(event, 'type') or 'an event without a type'}"
    return fields


def _event(event: Json) -> Json:
    kind, subtype = text_at(event, "type"), text_at(event, "subtype")
    message = part(event, "message") if subtype == "message_changed" else event
    item = part(event, "item") if kind.startswith("reaction_") else {}
    fields: Json = {
        "conversation": text_at(item or event, "channel"),
        "sender": text_at(message, "user"),
        "external_id": text_at(item or message, "ts"),
    }
    if kind in ("message", "app_mention"):
        fields["kind"] = _message_kind(kind, subtype)
        fields["thread"] = text_at(message, "thread_ts")
        fields["text"] = to_text(text_at(message, "text"))
        fields["attachments"] = [
            text_at(file, "url_private_download") or text_at(file, "url_private")
            for file in attachments(message)
        ]
        if subtype == "message_deleted":
            fields["external_id"] = text_at(event, "deleted_ts")
    elif kind in ("reaction_added", "reaction_removed"):
        fields |= {"kind": "reaction", "data": text_at(event, "reaction")}
    elif kind == "app_rate_limited":
        fields["kind"] = "backpressure"
    else:
        lists = {"lifecycle": _LIFECYCLE, "identity": _IDENTITY, "system": _SYSTEM}
        fields["kind"] = next((name for name, of in lists.items() if kind in of), "ignore")
    return fields


def _message_kind(kind: str, subtype: str) -> str:
    if subtype in SPOKEN:
        return "mention" if kind == "app_mention" else "message"
    known = {"message_changed": "edit", "message_deleted": "delete", "bot_message": "bot"}
    return known.get(subtype, "system")


def _why_not(event: Json, envelope: Envelope) -> str:
    """Why nothing was read although it looks like something somebody did."""
    message = part(event, "message") or part(event, "previous_message") or event
    if text_at(message, "bot_id"):
        return "an app wrote it"
    if not text_at(message, "user"):
        return "it does not say who did it"
    if envelope.desk:
        return "it is an agent's"
    if time_of(text_at(message, "ts") or text_at(event, "event_ts")) is None:
        return "it does not say when it was"
    return "nothing of it has changed"


def _interaction(payload: Json) -> Json:
    container, actions = part(payload, "container"), payload.get("actions")
    first = actions[0] if isinstance(actions, list) and actions else {}
    return {
        "kind": "interaction",
        "n_messages": 0,
        "sender": text_at(payload, "user", "id"),
        "name": text_at(payload, "user", "username") or text_at(payload, "user", "name"),
        "conversation": text_at(payload, "channel", "id") or text_at(container, "channel_id"),
        "external_id": text_at(container, "message_ts") or text_at(payload, "message_ts"),
        "data": text_at(first, "value"),
    }


def _command(payload: Json) -> Json:
    return {
        "kind": "command",
        "n_messages": 0,
        "sender": text_at(payload, "user_id"),
        "name": text_at(payload, "user_name"),
        "conversation": text_at(payload, "channel_id"),
        "text": f"{text_at(payload, 'command')} {text_at(payload, 'text')}".strip(),
    }


def _envelope(raw: bytes) -> Envelope:
    try:
        said: Any = json.loads(raw)
    except (ValueError, RecursionError):
        raise ValueError("this is no JSON") from None
    if not isinstance(said, dict):
        raise ValueError("this is no payload of Slack's: it is no object")
    if "payload" in said and "at" in said:
        return unpack(raw)
    if "envelope_id" in said and isinstance(said.get("payload"), dict):
        said = said["payload"]
    return Envelope(0, said, form_of(said))


def form_of(payload: Json) -> str:
    """Whether a payload is an event, an interaction or a command."""
    if isinstance(payload.get("event"), dict):
        return "event"
    if "command" in payload:
        return "command"
    if isinstance(payload.get("user"), dict) or "view" in payload or "actions" in payload:
        return "interactive"
    if not text_at(payload, "type") and "challenge" not in payload:
        raise ValueError("this is no payload of Slack's: it has neither an event nor a type")
    return "event"
