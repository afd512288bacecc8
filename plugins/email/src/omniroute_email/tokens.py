"""Addresses that hold a signed token: by them mail that comes back tells which of ours it is about.

``thread+KEY.MAC@help.example.org`` is where an answer asks to be answered, ``bounces+KEY.MAC@…``
where it comes back undelivered.  KEY is the message's own, MAC 128 bits of HMAC-SHA256 over the
account's secret, what the token is for, the domain and KEY; so nobody makes one up, and one for a
bounce is none for an answer.  A token shows that its bearer has seen the message, not who they
are: mail is passed on.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final

MAC_BYTES: Final = 16
MAX_LOCAL: Final = 64  # bytes of a local part (RFC 5321, 4.5.3.1.1)
LONGEST_NAME: Final = 8  # before the “+”, so that a key of the engine's and its MAC have room
_TOKEN: Final = re.compile(r"([a-z0-9._-]{1,60})\.([a-z2-7]{26})")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens behind one *address*; without one, or without a *secret*, there are none."""

    purpose: str
    address: str
    secret: bytes = field(repr=False)

    def address_for(self, key: str) -> str:
        """The address that names *key*; empty where there can be none."""
        local, _, domain = self.address.rpartition("@")
        signed = f"{local}+{key}.{self._mac(domain, key)}"
        usable = bool(local and self.secret) and len(signed) <= MAX_LOCAL
        return f"{signed}@{domain}" if usable and _TOKEN.fullmatch(signed, len(local) + 1) else ""

    def key_in(self, address: str) -> str:
        """The key that *address*, in its normal spelling, names; empty if we did not sign it."""
        local, _, domain = self.address.rpartition("@")
        given, _, place = address.rpartition("@")
        if not (self.secret and local and place == domain and given.startswith(f"{local}+")):
            return ""
        token = _TOKEN.fullmatch(given, len(local) + 1)
        if token is None:
            return ""
        key, mac = token.groups()
        return key if hmac.compare_digest(mac, self._mac(domain, key)) else ""

    def _mac(self, domain: str, key: str) -> str:
        said = f"1\0{self.purpose}\0{domain}\0{key}".encode()
        mac = hmac.digest(self.secret or b"-", said, hashlib.sha256)[:MAC_BYTES]
        return base64.b32encode(mac).decode().rstrip("=").lower()
