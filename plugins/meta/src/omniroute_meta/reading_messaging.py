"""From an event of Messenger's or Instagram's to what a customer did.  Pure.

Meta vouches for an id that holds for one page or account alone, and nothing joins it to anybody
else: a name, and a user name of Instagram's, are but what people call themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from omniroute import Address, Inbound, Undelivered
from omniroute_meta.envelope import Event, moment, part, parts
from omniroute_meta.reading_whatsapp import files_of

KINDS: Final = {"page": "messenger", "instagram": "instagram"}
MEDIA: Final = ("image", "video", "audio", "file")

Json = Mapping[str, Any]


def read(event: Event) -> Sequence[Inbound | Undelivered]:
    """What an event says.  Raises `ValueError` for one that lacks what it must have."""
    item = event.item
    if event.what == "status":
        return _arrivals(event)
    if event.what != "message" or part(item, "message").get("is_echo"):
        return ()
    said = _said(event)
    if said is None:
        return ()
    kind, of, text = said
    who = str(part(item, "sender").get("id", ""))
    if who == event.account:
        return ()  # our own words, however they are told
    if not (who and of):
        raise ValueError("a message without its id, or its sender's")
    message = part(item, "message")
    files, faults = files_of(event.files)
    return (
        Inbound(
            external_id=of,
            conversation=who,
            sender=Address(f"{KINDS[event.of]}:{event.account}", who, True, event.name),
            text=text,
            sent_at=_moment(item, event.at),
            in_reply_to=str(part(message, "reply_to").get("mid", "")),
            files=files if kind == "message" else (),
            unread=faults or _unread(message),
            kind=kind,
        ),
    )


def _arrivals(event: Event) -> Sequence[Inbound]:
    """That messages of ours have come, or were read; `ours` are those that a mark stands for."""
    item = event.item
    how = "read" if "read" in item else "delivered"
    about = part(item, "read") or part(item, "delivery")
    named = [about["mid"]] if about.get("mid") else about.get("mids") or item.get("ours") or ()
    who = str(part(item, "sender").get("id", ""))
    if not who or not isinstance(named, (list, tuple)):
        raise ValueError("a report without whose it is, or of what")
    sender = Address(f"{KINDS[event.of]}:{event.account}", who, True)
    at = _moment(item, event.at)
    return [Inbound(mid, who, sender, "", at, kind=how) for mid in dict.fromkeys(map(str, named))]


def watermark_of(item: Json) -> tuple[str, int]:
    """Who has read, or got, everything up to a time (ms), where no message is named."""
    about = part(item, "read") or part(item, "delivery")
    named = about.get("mid") or about.get("mids")
    mark = about.get("watermark")
    who = str(part(item, "sender").get("id", ""))
    return (who, mark) if isinstance(mark, int) and not named else ("", 0)


def media_of(item: Json) -> Sequence[Json]:
    """The files of a message: each with a ``type`` and an address in its payload."""
    return [
        one
        for one in parts(part(item, "message"), "attachments")
        if str(one.get("type")) in MEDIA and part(one, "payload").get("url")
    ]


def sender_of(item: Json) -> str:
    """Whose name is worth asking for: nobody's where it is an echo of our own."""
    if part(item, "message").get("is_echo"):
        return ""
    return str(part(item, "sender").get("id", ""))


def _said(event: Event) -> tuple[str, str, str] | None:
    """The kind of doing, the message that it is or is about, and its words."""
    match event.item:
        case {"message": {"mid": str(mid), "is_deleted": True}}:
            return "delete", mid, ""
        case {"message": {"mid": str(mid)} as message}:
            return "message", mid, _words(message)
        case {"message_edit": {"mid": str(mid)} as edit}:
            return "edit", mid, str(edit.get("text", ""))
        case {"reaction": {"mid": str(mid)} as reaction}:
            gone = reaction.get("action") == "unreact"
            return "reaction", mid, "" if gone else str(reaction.get("emoji") or "♥")
        case {"postback": dict() as postback}:  # a button of a menu or a greeting
            title = str(postback.get("title") or postback.get("payload") or "")
            return "message", str(postback.get("mid") or event.key), title
        case {"message": _}:
            raise ValueError("a message without an id")
    return None


def _words(message: Json) -> str:
    attached = parts(message, "attachments")
    lines = [str(message.get("text") or "")]
    lines += [_attached(one) for one in attached if str(one.get("type")) not in MEDIA]
    story = part(part(message, "reply_to"), "story").get("url")
    if story:
        lines.append(f"(on our story: {story})")
    return "\n".join(filter(None, lines))


def _attached(one: Json) -> str:
    """What is shown of something that is no file: a place, a post, a story."""
    payload = part(one, "payload")
    spot = part(payload, "coordinates")
    if spot:
        return f"Location: {spot.get('lat')}, {spot.get('long')}"
    what = str(one.get("type", "")).replace("_", " ")
    about = (str(found) for found in (one.get("title"), payload.get("url")) if found)
    return " ".join((f"({what})", *about))


def _unread(message: Json) -> str:
    return "Meta passes on no messages of this kind" if message.get("is_unsupported") else ""


def _moment(item: Json, otherwise: int) -> datetime:
    said = item.get("timestamp")
    return moment(said if isinstance(said, int) else otherwise)
