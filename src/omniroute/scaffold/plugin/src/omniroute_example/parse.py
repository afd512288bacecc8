"""From an event of Example's to what a customer did.  Pure: equal bytes, equal answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec
from omniroute import Address, Inbound

KINDS: Final = {
    "message": "message",
    "message_edited": "edit",
    "message_deleted": "delete",
}
"""What we read, by Example's name for it; everything else is not for us."""


class Author(msgspec.Struct):
    """Whoever wrote, as Example vouches for them."""

    id: str
    name: str = ""
    bot: bool = False


class Event(msgspec.Struct):
    """The fields that we need; others may come and go."""

    type: str
    id: str = ""
    chat: str = ""
    author: Author = msgspec.field(name="from", default_factory=lambda: Author(""))
    text: str = ""
    at: int = 0  # s since the epoch


def read(raw: bytes) -> list[Inbound]:
    """What a customer did; nothing for what is not for us.  Raises for what cannot be read."""
    event = msgspec.json.decode(raw, type=Event)
    kind = KINDS.get(event.type)
    if kind is None or event.author.bot:  # a new kind of event, or a machine, or ourselves
        return []
    if not (event.id and event.chat and event.author.id):
        raise ValueError(f"a {event.type} without id, chat or author")
    author = event.author
    sender = Address("example", author.id, verified=True, display=author.name)
    return [
        Inbound(
            external_id=event.id,
            conversation=event.chat,
            sender=sender,
            text=event.text,
            sent_at=datetime.fromtimestamp(event.at, UTC),
            kind=kind,
        ),
    ]
