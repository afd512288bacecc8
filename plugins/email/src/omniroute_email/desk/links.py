"""What a link or an answer to a desk's mail is about, signed: who was not sent it cannot ask.

A link names the agent, the address it was sent to (as a short mark, so that it ends with the
binding), what it asks for, and until when.  Where an answer goes to is an address with a token of
the same kind (`omniroute_email.tokens`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final

import msgspec

from omniroute_email.tokens import Tokens

MARK: Final = 6  # hex digits that stand for an address
LINKS_LAST: Final = 14 * 86_400_000  # ms, where an offer's end does not say less
_MAC: Final = 16  # bytes
_LONGEST: Final = 1000  # characters of a link's token
_ABOUT: Final = re.compile(r"(\d{1,10})-(\d{1,6})-([0-9a-f]{6})")


class Ask(msgspec.Struct, frozen=True, array_like=True):
    """What pressing the button behind a link asks for."""

    verb: str
    agent: str
    mark: str  # of the address it was sent to
    thread: int = 0
    number: int = 0  # customer turns that stood there
    until: int = 0  # ms since the epoch
    word: str = ""  # an offer, a line or something that waits


@dataclass(frozen=True, slots=True)
class About:
    """What a mail of the desk's was about, as the address for answers tells."""

    thread: int  # 0 for none
    turns: int  # customer turns that the agent has been shown with it
    mark: str

    @property
    def key(self) -> str:
        return f"{self.thread}-{self.turns}-{self.mark}"


@dataclass(frozen=True, slots=True)
class Seal:
    """Signs for one account of mail."""

    secret: bytes = field(repr=False)
    answers: Tokens

    def mark(self, address: str) -> str:
        """A few characters that stand for an agent's address."""
        return self._mac("mark", address).hex()[:MARK]

    def line(self, about: About) -> str:
        """What stands in the line above which an agent writes, and nowhere else by chance."""
        return base64.b32encode(self._mac("line", about.key)[:5]).decode().lower()

    def answer_to(self, about: About, at: int = 0) -> str:
        """The address for answers to a mail that is sent *at* (ms since the epoch)."""
        return self.answers.address_for(about.key, at)

    def about(self, address: str, at: int | None = None) -> About | None:
        """What an answer is about that was sent to *address*; nothing once that is too old *at*."""
        found = _ABOUT.fullmatch(self.answers.key_in(address, at))
        return About(int(found[1]), int(found[2]), found[3]) if found else None

    def sign(self, ask: Ask) -> str:
        """The token of a link."""
        said = msgspec.json.encode(ask)
        return f"{_text(said)}.{_text(self._mac('link', said.decode()))}"

    def read(self, token: str) -> Ask | None:
        """What a link asks for; nothing unless we made it."""
        said, _, mac = token.partition(".")
        if len(token) > _LONGEST or not token.isascii():
            return None
        try:
            payload, given = _bytes(said), _bytes(mac)
            if not hmac.compare_digest(given, self._mac("link", payload.decode())):
                return None
            return msgspec.json.decode(payload, type=Ask)
        except ValueError:
            return None

    def _mac(self, purpose: str, said: str) -> bytes:
        whole = f"1\0desk {purpose}\0{said}".encode()
        return hmac.digest(self.secret, whole, hashlib.sha256)[:_MAC]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
