"""How events lie in the spool: as Twilio sent them, with what was known when they came.

Reading is pure; whatever it needs besides is written down at the edge: when it came, the bytes of
files and recordings, and a transcript that was there before its recording.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from omniroute import File, Packing

VERSION: Final = 1
What = Literal["message", "status", "call_back", "ended", "voicemail", "transcript"]


class Fetched(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file of an event; *fault* says why its bytes are not here."""

    name: str
    media_type: str = "application/octet-stream"
    data: bytes = b""
    fault: str = ""


class Envelope(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the intake keeps."""

    what: What
    at: int  # ms since the epoch
    params: dict[str, str]
    of: str = ""  # the key of our message that a status is about
    files: tuple[Fetched, ...] = ()
    transcript: str = ""
    believed: bool = False  # a caller's number, by the settings of the time
    v: int = VERSION

    def moment(self) -> datetime:
        """When it happened."""
        return datetime.fromtimestamp(self.at / 1000, UTC)

    def read_files(self) -> tuple[tuple[File, ...], str]:
        """The files that came along, and what to say of those that did not."""
        files = tuple(
            File(one.name, one.media_type, one.data) for one in self.files if not one.fault
        )
        return files, "; ".join(f"“{one.name}”: {one.fault}" for one in self.files if one.fault)


_packing = Packing(Envelope, VERSION)
pack, unpack = _packing.pack, _packing.unpack
