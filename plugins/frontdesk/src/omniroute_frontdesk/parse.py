"""From what the intake kept to what the engine understands.  Pure.

Each visit is a sender of its own: somebody stood here.  What they say of themselves is asserted;
who they are is proved by the code that they scan.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

from omniroute import Address, Inbound

VERSION: Final = 1
KIND: Final = "frontdesk"


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a visitor said, as it was written down."""

    id: str
    visit: str
    text: str
    at: int  # ms since the epoch
    name: str = ""
    email: str = ""
    phone: str = ""
    v: int = VERSION


def read(raw: bytes) -> Inbound:
    """The message in *raw*.  Raises `ValueError` for what is not ours."""
    said = msgspec.json.decode(raw, type=Said)
    if said.v != VERSION:
        raise ValueError(f"a visit of version {said.v}; this plugin reads {VERSION}")
    known = (("email", said.email), ("phone", said.phone))
    return Inbound(
        external_id=said.id,
        conversation=said.visit,
        sender=visitor(said.visit, said.name),
        text=said.text,
        sent_at=datetime.fromtimestamp(said.at / 1000, UTC),
        also_known_as=tuple(
            Address(kind, value, display=said.name) for kind, value in known if value
        ),
    )


def visitor(visit: str, name: str) -> Address:
    """Whoever stood at the desk."""
    return Address(KIND, visit, verified=True, display=name or "Visitor")
