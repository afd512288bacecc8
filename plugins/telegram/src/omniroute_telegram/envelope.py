"""How updates lie in the spool: as Telegram sent them, with what was known when they came.

Reading is pure; whatever it needs besides is written down at the edge: when it came, whether it is
an agent's doing, who the sender has proved to be, and the bytes of the files, which Telegram gives
out for a while only.  An album, which comes as one update a picture, lies here as one.
"""

from __future__ import annotations

from typing import Any

import msgspec

from omniroute import Address, Packing

VERSION = 1


class Fetched(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file of an update; *fault* says why its bytes are not here."""

    data: bytes = b""
    fault: str = ""


class Proved(msgspec.Struct, frozen=True):
    """Another address of the sender, by a link that their site signed."""

    kind: str
    value: str

    def address(self) -> Address:
        """As the engine knows it."""
        return Address(self.kind, self.value, verified=True, unique=self.kind != "email")


class Envelope(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the intake keeps."""

    at: int  # ms since the epoch
    updates: tuple[dict[str, Any], ...]  # several for an album
    desk: bool = False  # an agent's doing, or done in the team's group
    agent: str = ""  # whose account it is, where it is an agent's
    proved: tuple[Proved, ...] = ()
    files: dict[str, Fetched] = {}  # by file_id
    v: int = VERSION


_packing = Packing(Envelope, VERSION)
pack, unpack = _packing.pack, _packing.unpack
