"""What a button carries: a verb, a thread, a number and a word, signed for the place it stands in.

A platform gives the data back as a client sent it, and a client may send anything; so it counts
only in the place for which it was signed.  Platforms allow 64 bytes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 64  # bytes
_MAC: Final = 6  # bytes, 8 characters


@dataclass(frozen=True, slots=True)
class Order:
    """What pressing a button asks for; *number* is a version or a count of turns."""

    verb: str
    thread: int = 0
    number: int = 0
    word: str = ""


class Signer:
    """Signs and reads with one secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, place: str, order: Order) -> str:
        """The data of a button in a place.  Raises `ValueError` if it does not fit."""
        said = f"{order.verb}:{order.thread}:{order.number}:{order.word}"
        data = f"{said}:{self._mac(place, said)}"
        if len(data.encode()) > LONGEST:
            raise ValueError(f"a button carries at most {LONGEST} bytes, not {len(data.encode())}")
        return data

    def read(self, place: str, data: str) -> Order | None:
        """What a button asks for; nothing if it is not ours or stood elsewhere."""
        said, _, mac = data.rpartition(":")
        if not hmac.compare_digest(mac.encode(), self._mac(place, said).encode()):
            return None
        verb, thread, number, word = said.split(":", 3)
        return Order(verb, int(thread), int(number), word)

    def _mac(self, place: str, said: str) -> str:
        whole = hmac.digest(self._secret, f"{place}\x1f{said}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(whole[:_MAC]).decode()
