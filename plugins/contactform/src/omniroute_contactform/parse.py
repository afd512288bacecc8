"""From what the intake kept to what the engine understands.  Pure.

Nobody vouches for whoever fills in a form.  So each message has a sender of its own, who is known
by nothing but that message; the address they give is where they are answered, and a suggestion of
who they may be.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

from omniroute import Address, File, Inbound
from omniroute_contactform.attached import Attached

VERSION: Final = 1
KIND: Final = "contactform"


class Filled(msgspec.Struct, frozen=True, omit_defaults=True):
    """A form as it was filled in."""

    id: str
    email: str
    text: str
    at: int  # ms since the epoch
    name: str = ""
    subject: str = ""
    files: tuple[Attached, ...] = ()
    v: int = VERSION


def read(raw: bytes) -> Inbound:
    """The message in *raw*.  Raises `ValueError` for what is not ours."""
    filled = msgspec.json.decode(raw, type=Filled)
    if filled.v != VERSION:
        raise ValueError(f"a form of version {filled.v}; this plugin reads {VERSION}")
    return Inbound(
        external_id=filled.id,
        conversation=filled.email,
        sender=sender_of(filled),
        text=filled.text,
        subject=filled.subject,
        sent_at=datetime.fromtimestamp(filled.at / 1000, UTC),
        also_known_as=(Address("email", filled.email, display=filled.name),),
        files=tuple(File(file.name, file.media_type, file.data) for file in filled.files),
    )


def sender_of(filled: Filled) -> Address:
    """Whoever has filled it in: we know the form, and vouch for no more than that."""
    display = f"{filled.name} <{filled.email}>" if filled.name else filled.email
    return Address(KIND, filled.id, verified=True, display=display)
