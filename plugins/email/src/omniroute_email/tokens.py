"""Addresses that hold a signed token: by them mail that comes back tells which of ours it is about.

``thread+KEY.SIGN@help.example.org`` is where an answer asks to be answered, ``bounces+KEY.SIGN@…``
where it comes back undelivered.  KEY is the message's own; SIGN is the day on which it was made (15
bits) and 115 bits of HMAC-SHA256 over the account's secret, what the token is for, the domain, the
day and KEY; so nobody makes one up, and one for a bounce is none for an answer.  A token shows that
its bearer has seen the message, not who they are: mail is passed on, and lies in archives, so a
token names its message for a year and no longer.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final

DAY: Final = 86_400_000  # ms
DAYS: Final = 2**15  # that a token can name: until the year 2059
LASTS: Final = 366  # days
MAX_LOCAL: Final = 64  # bytes of a local part (RFC 5321, 4.5.3.1.1)
LONGEST_NAME: Final = 8  # before the “+”, so that a key of the engine's and its MAC have room
_LETTERS_OF_DAY: Final = 3
_LETTERS_OF_MAC: Final = 23
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"
_TOKEN: Final = re.compile(r"([a-z0-9._-]{1,60})\.([a-z2-7]{26})")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens behind one *address*; without one, or without a *secret*, there are none."""

    purpose: str
    address: str
    secret: bytes = field(repr=False)

    def address_for(self, key: str, at: int = 0) -> str:
        """The address that names *key*, made *at* (ms since the epoch); empty if there is none."""
        local, _, domain = self.address.rpartition("@")
        signed = f"{local}+{key}.{self._sign(domain, key, max(at, 0) // DAY % DAYS)}"
        usable = bool(local and self.secret) and len(signed) <= MAX_LOCAL
        return f"{signed}@{domain}" if usable and _TOKEN.fullmatch(signed, len(local) + 1) else ""

    def key_in(self, address: str, at: int | None = None) -> str:
        """The key that *address*, in its normal spelling, names; empty if we did not sign it.

        Empty, too, if it had been made more than `LASTS` days before *at*, where that is given.
        """
        local, _, domain = self.address.rpartition("@")
        given, _, place = address.rpartition("@")
        if not (self.secret and local and place == domain and given.startswith(f"{local}+")):
            return ""
        token = _TOKEN.fullmatch(given, len(local) + 1)
        if token is None:
            return ""
        key, sign = token.groups()
        made = _number(sign[:_LETTERS_OF_DAY])
        if not hmac.compare_digest(sign, self._sign(domain, key, made)):
            return ""
        return "" if at is not None and at // DAY - made > LASTS else key

    def _sign(self, domain: str, key: str, day: int) -> str:
        said = f"2\0{self.purpose}\0{domain}\0{day}\0{key}".encode()
        mac = hmac.digest(self.secret or b"-", said, hashlib.sha256)
        letters = base64.b32encode(mac).decode().lower()
        return f"{_letters(day)}{letters[:_LETTERS_OF_MAC]}"


def _letters(number: int) -> str:
    shifts = range(5 * (_LETTERS_OF_DAY - 1), -1, -5)
    return "".join(_ALPHABET[number >> shift & 31] for shift in shifts)


def _number(letters: str) -> int:
    return functools.reduce(
        lambda so_far, letter: so_far * 32 + _ALPHABET.index(letter), letters, 0
    )
