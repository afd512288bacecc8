"""From what the intake kept to what the engine understands.  Pure.

An event lies in the spool as it was sent, beside what was known when it came: which integration
signed it, and what that one might vouch for then.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from omniroute import Address, File, Inbound, Undelivered
from omniroute_http import wire

VERSION = 1


class Envelope(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the intake keeps."""

    integration: str
    at: int  # ms since the epoch
    event: msgspec.Raw
    vouches: list[str] = []
    unique: bool = False
    v: int = VERSION


_encode = msgspec.json.Encoder().encode
_open = msgspec.json.Decoder(Envelope).decode
_event: msgspec.json.Decoder[wire.Event] = msgspec.json.Decoder(wire.Event)


def pack(envelope: Envelope) -> bytes:
    """The bytes that are kept."""
    return _encode(envelope)


def event_in(body: bytes | msgspec.Raw) -> wire.Event:
    """What an integration told.  Raises `msgspec.DecodeError`, which names the field."""
    return _event.decode(body)


def read(raw: bytes, account: str) -> list[Inbound | Undelivered]:
    """What was told in *raw*.  Raises `ValueError` for what is not ours."""
    envelope = _open(raw)
    if envelope.v != VERSION:
        raise ValueError(f"an envelope of version {envelope.v}; this plugin reads {VERSION}")
    event = event_in(envelope.event)
    if isinstance(event, wire.Undelivered):
        return [Undelivered(event.message, event.reason, event.permanent)]
    if isinstance(event, wire.Typing):
        return []
    whose = envelope.integration
    at = event.at or datetime.fromtimestamp(envelope.at / 1000, UTC)
    did = Inbound(
        external_id=f"{whose}/{at.timestamp()}",
        conversation=f"{whose}/{event.conversation or event.person.id}",
        sender=sender_of(event.person, whose, account, unique=envelope.unique),
        text="",
        sent_at=at,
        also_known_as=tuple(_also(known, envelope) for known in event.person.also),
    )
    return [_done(did, event, whose)]


def _done(
    did: Inbound,
    event: wire.Message
    | wire.Edit
    | wire.Delete
    | wire.Reaction
    | wire.Delivered
    | wire.Seen
    | wire.Left,
    whose: str,
) -> Inbound:
    """*did*, and what it was."""
    match event:
        case wire.Message():
            return replace(
                did,
                external_id=f"{whose}/{event.id}",
                text=event.text,
                subject=event.subject,
                files=tuple(File(file.name, file.type, file.data) for file in event.files),
                in_reply_to=f"{whose}/{event.in_reply_to}" if event.in_reply_to else "",
                automatic=event.automatic,
                place=event.place,
            )
        case wire.Edit() | wire.Reaction():
            kind = "edit" if isinstance(event, wire.Edit) else "reaction"
            return replace(did, external_id=f"{whose}/{event.message}", text=event.text, kind=kind)
        case wire.Delete():
            return replace(did, external_id=f"{whose}/{event.message}", kind="delete")
        case wire.Delivered() | wire.Seen():
            kind = "read" if isinstance(event, wire.Seen) else "delivered"
            return replace(did, external_id=f"{whose}/{event.message}", kind=kind)
        case wire.Left():
            return replace(did, kind="left")


def sender_of(person: wire.Person, whose: str, account: str, *, unique: bool = False) -> Address:
    """A person as the engine knows them: their ids are the integration's own, which signs."""
    kind = f"http:{account}:{whose}"
    return Address(kind, person.id, verified=True, display=person.name, unique=unique)


def _also(known: wire.Known, envelope: Envelope) -> Address:
    return Address(known.kind, known.value, known.verified and known.kind in envelope.vouches)
