"""Files of forms that were not sent yet: kept for a while, so that nobody chooses them again.

A form that comes back with a fault names them; only who was shown that name, which is signed, can
send such a file, and nobody can fetch it.  What lies here belongs to strangers who may never come
back: so there is little room, for an hour, and the oldest goes first.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from omniroute_contactform.attached import Attached, shown_name

ROOM: Final = 64 * 1024 * 1024  # bytes of one account
AGE: Final = 3600.0  # s
_ID: Final = re.compile("[0-9a-f]{32}")


class Chosen(msgspec.Struct, frozen=True):
    """A file that lies on the shelf; *mark* is what a form sends to have it."""

    mark: str
    name: str
    size: int


class Shelf:
    """The shelf of one account.  All of it blocks."""

    def __init__(self, folder: Path, secret: bytes, room: int = ROOM) -> None:
        self._folder, self._room = folder, room
        self._secret = secret or secrets.token_bytes(32)

    def put(self, files: Sequence[Attached]) -> tuple[Chosen, ...]:
        """Lay *files* there.  Raises `OSError`."""
        if not files:
            return ()
        self._folder.mkdir(mode=0o700, exist_ok=True)
        found = []
        for file in files:
            data = msgspec.msgpack.encode(file)
            id = self._digest(b"is " + data)  # brought again, it lies there once
            partly = self._folder / f"{id}.part"
            partly.write_bytes(data)
            partly.replace(self._folder / id)
            found.append(Chosen(f"{id}.{self._sign(id)}.{file.name}", file.name, len(file.data)))
        self.tidy()
        return tuple(found)

    def take(self, mark: str) -> Attached | None:
        """The file that *mark* names, which stays there; none if it is gone, or was never ours."""
        id, _, rest = mark.partition(".")
        signed = rest.partition(".")[0]
        if not _ID.fullmatch(id):
            return None
        if not hmac.compare_digest(signed.encode(), self._sign(id).encode()):
            return None
        try:
            return msgspec.msgpack.decode((self._folder / id).read_bytes(), type=Attached)
        except (OSError, msgspec.DecodeError):
            return None

    def tidy(self) -> None:
        """Take away what is old, and of the rest what is beyond the room."""
        found = []
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            with contextlib.suppress(FileNotFoundError):
                found.append((path.stat().st_mtime, path.stat().st_size, path))
        total, oldest = 0, time.time() - AGE
        for at, size, path in sorted(found, reverse=True):
            total += size
            if at < oldest or total > self._room:
                path.unlink(missing_ok=True)

    def _sign(self, id: str) -> str:
        return self._digest(b"shown " + id.encode())

    def _digest(self, what: bytes) -> str:
        return hmac.digest(self._secret, what, hashlib.sha256).hex()[:32]


def name_of(mark: str) -> str:
    """What a file was called, by its mark; nobody vouches for that.

    >>> name_of("id.signature.bill.pdf")
    'bill.pdf'
    """
    return shown_name(mark.split(".", 2)[-1])
