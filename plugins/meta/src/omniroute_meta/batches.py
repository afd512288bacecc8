"""From what Meta posts at once to one event after the other.

A post names an object and has entries; an entry of WhatsApp has changes with messages and statuses,
one of Messenger or Instagram has `messaging`.  Nothing raises here: what has another form becomes
an event of the kind ``other``, which is kept and read as nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from omniroute_meta import envelope
from omniroute_meta.envelope import Event

WHATSAPP: Final = "whatsapp_business_account"
MESSAGING: Final = ("page", "instagram")
Json = dict[str, Any]


def unpack(raw: bytes) -> Sequence[Event]:
    """What lies in the spool, or what Meta posted, as a recorded file has it.

    Raises `ValueError` for what is neither.
    """
    try:
        return (envelope.unpack(raw),)
    except ValueError:
        found = tuple(events(json.loads(raw)))
        if not found:
            raise
        return found


def events(body: object) -> Iterator[Event]:
    """The events of a post, in their order."""
    posted = _dict(body)
    of = str(posted.get("object", ""))
    for entry in map(_dict, _list(posted.get("entry"))):
        if of == WHATSAPP:
            yield from _of_whatsapp(entry)
        elif of in MESSAGING:
            yield from _of_messaging(of, entry)
        else:
            yield _other(of, "", entry)


def _of_whatsapp(entry: Json) -> Iterator[Event]:
    for change in map(_dict, _list(entry.get("changes"))):
        value = _dict(change.get("value"))
        account = str(_dict(value.get("metadata")).get("phone_number_id", ""))
        if change.get("field") != "messages" or not account:
            yield _other(WHATSAPP, account or str(entry.get("id", "")), change)
            continue
        names = _names(value)
        for item in map(_dict, _list(value.get("messages"))):
            key = f"m/{item.get('id') or digest(item)}"
            who = (str(item.get("from", "")), str(item.get("from_user_id", "")))
            name = next((names[one] for one in who if one in names), "")
            yield Event(WHATSAPP, account, "message", item, key, name=name)
        for item in map(_dict, _list(value.get("statuses"))):
            key = f"s/{item.get('id', '')}/{item.get('status', '')}"
            yield Event(WHATSAPP, account, "status", item, key)
        if "errors" in value:
            yield _other(WHATSAPP, account, change)


def _names(value: Json) -> dict[str, str]:
    """What people call themselves, by number and by business-scoped id."""
    found = {}
    for contact in map(_dict, _list(value.get("contacts"))):
        name = _dict(contact.get("profile")).get("name")
        for id in (contact.get("wa_id"), contact.get("user_id")):
            if id and isinstance(name, str):
                found[str(id)] = name
    return found


def _of_messaging(of: str, entry: Json) -> Iterator[Event]:
    account = str(entry.get("id", ""))
    for item in map(_dict, _list(entry.get("messaging"))):
        yield _event(of, account, item)
    for change in map(_dict, _list(entry.get("changes"))):
        value = _dict(change.get("value"))
        if change.get("field") == "messages" and "sender" in value:
            yield _event(of, account, value)  # apps with Instagram's own login are told so
        else:
            yield _other(of, account, change)
    for item in map(_dict, _list(entry.get("standby"))):
        yield _other(of, account, item)  # another app has the conversation


def _event(of: str, account: str, item: Json) -> Event:
    message = _dict(item.get("message"))
    if "read" in item or "delivery" in item:
        return Event(of, account, "status", item, f"s/{digest(item)}")
    if message.get("mid") and not message.get("is_deleted"):
        return Event(of, account, "message", item, f"m/{message['mid']}")
    return Event(of, account, "message", item, f"x/{digest(item)}")


def _other(of: str, account: str, item: Json) -> Event:
    return Event(of, account, "other", item, f"o/{digest(item)}")


def digest(item: Mapping[str, Any]) -> str:
    """A name for what has no id of its own: equal events, equal name."""
    said = json.dumps(item, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(said).hexdigest()[:32]


def _dict(value: object) -> Json:
    return value if isinstance(value, dict) else {} if value is None else {"value": value}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
