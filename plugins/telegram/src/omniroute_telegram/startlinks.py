"""Signed `start` links: your site says who opens the chat, and Telegram carries it.

``https://t.me/<bot>?start=<payload>``: at most 64 characters of A-Z a-z 0-9 _ - are allowed, so
the payload is binary in base64url: a version, the end of its time (s, 4 bytes), the first 10 bytes
of an HMAC-SHA256 and the login or the e-mail address, at most 33 bytes of UTF-8.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Final

from omniroute import Secret

VERSION: Final = b"\x01"
MAC, LONGEST_ID = 10, 33  # bytes
DAY: Final = 86_400
"""No link is good for longer (s)."""


def sign(secret: Secret | str, person: str, now: float, lifetime: int = 3600) -> str:
    """The payload that says *person* (a login, or an e-mail address) for *lifetime* seconds."""
    said = person.encode()
    if not 0 < len(said) <= LONGEST_ID:
        raise ValueError(f"a start link carries 1 to {LONGEST_ID} bytes, not {len(said)}")
    ends = int(now + min(lifetime, DAY)).to_bytes(4, "big")
    whole = VERSION + ends + _mac(secret, ends, said) + said
    return base64.urlsafe_b64encode(whole).decode().rstrip("=")


def verify(payload: str, secret: Secret | str, now: float) -> str:
    """Who is meant; an empty string for what is forged, too old, or no such payload."""
    try:
        whole = base64.b64decode(payload + "=" * (-len(payload) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        return ""
    head, mac, said = whole[:5], whole[5 : 5 + MAC], whole[5 + MAC :]
    if head[:1] != VERSION or len(mac) < MAC or not said:
        return ""
    if not hmac.compare_digest(mac, _mac(secret, head[1:], said)):
        return ""
    if not now < int.from_bytes(head[1:], "big") <= now + DAY:
        return ""
    try:
        return said.decode()
    except UnicodeDecodeError:
        return ""


def _mac(secret: Secret | str, ends: bytes, said: bytes) -> bytes:
    key = secret.reveal() if isinstance(secret, Secret) else secret
    return hmac.digest(key.encode(), b"start" + ends + said, hashlib.sha256)[:MAC]
