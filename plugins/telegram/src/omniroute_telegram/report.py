"""What is read out of an update, by name: ``omniroute parse telegram`` prints it.

A file holds an update as Telegram sends it, or an envelope of our spool.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from telegram import Message, Update

from omniroute_telegram.envelope import Envelope, unpack
from omniroute_telegram.parse import FILES, conversation_of, message_id, read, update_of

FORMS: Final[Mapping[str, str]] = {}
_LIFECYCLE: Final = ("my_chat_member", "chat_member", "chat_join_request", "chat_boost")
_MEDIA: Final = ("photo", "sticker", "location", "contact", *FILES)


def fields_of(raw: bytes) -> Mapping[str, object]:
    """The fields of an update.  Raises `ValueError` for what is none."""
    envelope = _envelope(raw)
    update = update_of(envelope.updates[0])
    event = {"event_id": str(update.update_id)}
    if update.callback_query is not None:
        query = update.callback_query
        where = {"conversation": str(query.message.chat.id)} if query.message else {}
        return {**event, **where, "kind": "callback", "sender": str(query.from_user.id),
                "data": query.data or "", "name": query.from_user.full_name}  # fmt: skip
    inbounds = read(envelope)
    if inbounds:
        return {**event, **_said(update, envelope)}
    message = update.effective_message
    kind = next((name for name in _LIFECYCLE if getattr(update, name)), "")
    if kind:
        return {**event, "kind": "lifecycle", "n_messages": 0}
    if message is not None and message.from_user is not None and message.from_user.is_bot:
        return {**event, "kind": "bot", "n_messages": 0}
    if message is not None and (message.text or "").startswith("/start"):
        return {**event, "kind": "command", "n_messages": 0, "text": message.text}
    if message is not None:
        return {**event, "kind": "system", "n_messages": 0}
    return {**event, "kind": "ignore", "n_messages": 0, "unsupported": _name(envelope)}


def _said(update: Update, envelope: Envelope) -> dict[str, object]:
    inbound = read(envelope)[0]
    kind = inbound.kind if inbound.kind != "message" else _kind(update.message)
    fields: dict[str, object] = {
        "kind": kind,
        "n_messages": int(inbound.kind == "message"),
        "sender": inbound.sender.value,
        "name": inbound.sender.display,
        "conversation": inbound.conversation.partition("/")[0],
        "thread": inbound.conversation.partition("/")[2],
        "external_id": inbound.external_id.partition("/")[2],
        "reply_to": inbound.in_reply_to.partition("/")[2],
        "text": inbound.text,
        "date": inbound.sent_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    message = update.effective_message
    if message is not None and inbound.kind != "reaction":
        media = next((name for name in _MEDIA if getattr(message, name, None)), "")
        fields |= {"media": media, "album": message.media_group_id or ""}
        fields["attachments"] = [media] if media in ("photo", *FILES) else []
    return fields


def _kind(message: Message | None) -> str:
    if message is None:
        return "message"
    return "command" if (message.text or "").startswith("/") else "message"


def _envelope(raw: bytes) -> Envelope:
    try:
        said: Any = json.loads(raw)
    except (ValueError, RecursionError):
        raise ValueError("this is no JSON") from None
    if isinstance(said, dict) and "updates" in said:
        return unpack(raw)
    if not isinstance(said, dict) or not isinstance(said.get("update_id"), int):
        raise ValueError("this is no update of the Bot API: it has no update_id")
    return Envelope(0, (said,))


def _name(envelope: Envelope) -> str:
    return next((name for name in envelope.updates[0] if name != "update_id"), "an empty update")


__all__ = ["FORMS", "conversation_of", "fields_of", "message_id"]
