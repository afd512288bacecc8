"""From an event of WhatsApp's to what a customer did, or what became of a message of ours.  Pure.

WhatsApp vouches for the account and for its telephone number; where somebody goes by a user name,
for an id that holds for this business alone.  A name and a shared contact prove nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from omniroute import Address, File, Inbound, Undelivered
from omniroute_meta.envelope import Event, Fetched, moment, part, parts
from omniroute_meta.failures import words_of

PHONE: Final = "phone"
WHATSAPP: Final = "whatsapp"
MEDIA: Final = ("image", "video", "audio", "voice", "document", "sticker")
ARRIVALS: Final = ("delivered", "read")
MAX_DIGITS: Final = 16  # of a time
NOT_FOR_US: Final = ("system", "request_welcome")
_NUMBER: Final = re.compile(r"[1-9]\d{6,14}", re.ASCII)

Json = Mapping[str, Any]


def read(event: Event) -> Sequence[Inbound | Undelivered]:
    """What an event says.  Raises `ValueError` for one that lacks what it must have."""
    if event.what == "status":
        return _status(event)
    if event.what != "message" or event.item.get("type") in NOT_FOR_US:
        return ()
    return (_message(event),)


def media_of(item: Json) -> Sequence[Json]:
    """The files of a message, as it names them: each with an ``id``."""
    inner = _inner(item)
    found = [inner[kind] for kind in MEDIA if isinstance(inner.get(kind), dict)]
    return [one for one in found if one.get("id")]


def _inner(item: Json) -> Json:
    """The message itself, or what it has been edited to."""
    edited = part(item, "edit").get("message")
    return edited if isinstance(edited, dict) else item


def _message(event: Event) -> Inbound:
    item = event.item
    sender, known = _people(item, event.name)
    kind, of, text, unread = _said(item)
    files, faults = files_of(event.files)
    return Inbound(
        external_id=of or str(item["id"]),
        conversation=sender.value.removeprefix("+"),
        sender=sender,
        text=text,
        sent_at=_moment(item, event.at),
        also_known_as=known,
        in_reply_to=str(part(_inner(item), "context").get("id", "")) if kind != "edit" else "",
        quoted=_referral(item),
        files=files if kind == "message" else (),
        unread=unread or faults,
        kind=kind,
    )


def _people(item: Json, name: str) -> tuple[Address, tuple[Address, ...]]:
    """Who wrote, and the other addresses that WhatsApp vouches for."""
    number, scoped = str(item.get("from", "")), str(item.get("from_user_id", ""))
    by_id = (Address(WHATSAPP, scoped, verified=True, display=name),) if scoped else ()
    if not _NUMBER.fullmatch(number):
        if not by_id:
            raise ValueError("a message without its sender's number or id")
        return by_id[0], ()
    sender = Address(WHATSAPP, f"+{number}", verified=True, display=name)
    return sender, (Address(PHONE, f"+{number}", verified=True), *by_id)


def _said(item: Json) -> tuple[str, str, str, str]:
    """The kind of doing, the message it is about if another, its words, and what is not read."""
    kind = str(item.get("type", ""))
    inner = item.get(kind)
    match kind, inner:
        case "reaction", {"message_id": str(of), **rest}:
            return "reaction", of, str(rest.get("emoji") or ""), ""
        case "revoke", {"original_message_id": str(of)}:
            return "delete", of, "", ""
        case "edit", {"original_message_id": str(of), "message": {"type": str(what), **rest}}:
            text, unread = _words(what, rest.get(what))
            return "edit", of, text, unread
    if not item.get("id"):
        raise ValueError(f"a message ({kind}) without an id")
    text, unread = _words(kind, inner)
    return "message", "", text, unread


def _words(kind: str, inner: object) -> tuple[str, str]:
    """What is shown of a message, and a remark about what is not."""
    match kind, inner:
        case "text", {"body": str(text)}:
            return text, ""
        case _, {**media} if kind in MEDIA:
            return str(media.get("caption", "")), ""
        case "location", {"latitude": lat, "longitude": long, **rest}:
            about = ", ".join(str(rest[one]) for one in ("name", "address") if rest.get(one))
            return f"Location: {lat}, {long}" + (f" ({about})" if about else ""), ""
        case "contacts", [*cards]:
            return "\n".join(map(_card, cards)), ""
        case "button", {"text": str(text)}:
            return text, ""
        case "interactive", {"type": str(what), **rest}:
            return _chosen(rest.get(what)) or f"({what})", ""
        case "order", {"product_items": [*items], **rest}:
            wanted = [one for one in items if isinstance(one, dict)]
            rows = [f"{one.get('quantity')} × {one.get('product_retailer_id')}" for one in wanted]
            return "\n".join(("Order:", *rows, str(rest.get("text") or ""))).strip(), ""
    return "", f"WhatsApp passes on no messages of this kind ({kind or 'unknown'})"


def _chosen(reply: object) -> str:
    return str(reply.get("title") or reply.get("body") or "") if isinstance(reply, dict) else ""


def _card(card: object) -> str:
    if not isinstance(card, dict):
        return "Contact"
    numbers = ", ".join(str(phone.get("phone", "")) for phone in parts(card, "phones"))
    name = str(part(card, "name").get("formatted_name", ""))
    return " ".join(filter(None, ("Contact:", name, numbers)))


def _referral(item: Json) -> str:
    """The advertisement by which they came."""
    referral = part(item, "referral")
    return "\n".join(str(referral[one]) for one in ("headline", "source_url") if referral.get(one))


def _status(event: Event) -> Sequence[Inbound | Undelivered]:
    """What became of a message of ours; of others' on the same number nothing."""
    item = event.item
    of = str(item.get("biz_opaque_callback_data", ""))
    how = item.get("status")
    if how in ARRIVALS and of:
        who = {"from": item.get("recipient_id"), "from_user_id": item.get("recipient_user_id")}
        sender, _ = _people({name: value for name, value in who.items() if value}, "")
        conversation, at = sender.value.removeprefix("+"), _moment(item, event.at)
        if not item.get("id"):
            raise ValueError("a status without the id of its message")
        return (Inbound(str(item["id"]), conversation, sender, "", at, kind=str(how)),)
    if how != "failed" or not of:
        return ()
    errors = [words_of(error) for error in parts(item, "errors")]
    return (Undelivered(of, "; ".join(errors) or "WhatsApp could not deliver it"),)


def _moment(item: Json, otherwise: int) -> datetime:
    said = str(item.get("timestamp", ""))
    known = said.isascii() and said.isdigit() and len(said) < MAX_DIGITS
    return moment(int(said) * 1000 if known else otherwise)


def files_of(fetched: Sequence[Fetched]) -> tuple[tuple[File, ...], str]:
    """The files that are here, and a remark about those that are not."""
    here = tuple(File(one.name, one.media_type, one.data) for one in fetched if not one.fault)
    faults = [f"{one.name}: {one.fault}" for one in fetched if one.fault]
    return here, "; ".join(faults)
