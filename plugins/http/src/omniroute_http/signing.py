"""How requests are signed, both ways alike: as Standard Webhooks 1.0 says.

HMAC-SHA256 over ``id.timestamp.body``, in base64, with the bytes of the secret; see
https://github.com/standard-webhooks/standard-webhooks.  Libraries for it exist in most languages,
and without one it is five lines.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Final

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"

PREFIX: Final = "whsec_"
SHORTEST: Final = 24  # bytes of a secret
OLDEST: Final = 300  # s by which a timestamp may differ from our clock
LONGEST_ID: Final = 200  # characters


class Unusable(ValueError):
    """A secret that is none; the text says why, and never shows it."""


def key_of(secret: str) -> bytes:
    """The bytes that sign.  Raises `Unusable`."""
    fix = f'make one with: echo "{PREFIX}$(openssl rand -base64 32)"'
    if not secret.startswith(PREFIX):
        raise Unusable(f"does not begin with {PREFIX}; {fix}")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise Unusable(f"is not base64 behind {PREFIX}; {fix}") from None
    if len(key) < SHORTEST:
        raise Unusable(f"has fewer than {SHORTEST} bytes and could be guessed; {fix}")
    return key


def sign(secret: str, id: str, at: int, body: bytes) -> str:
    """One signature; *at* in seconds since the epoch."""
    mac = hmac.digest(key_of(secret), f"{id}.{at}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(mac).decode()


def signed(secrets: Iterable[str], id: str, at: int, body: bytes) -> dict[str, str]:
    """The headers of a request; a signature with each secret, so that either side may move."""
    shown = " ".join(sign(secret, id, at, body) for secret in secrets)
    return {ID: id, TIMESTAMP: str(at), SIGNATURE: shown}


def is_timely(headers: Mapping[str, str], now: float) -> bool:
    """Whether headers are such as a request of just now has, before its body is read."""
    id, at = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    if not (0 < len(id) <= LONGEST_ID and id.isascii() and id.isprintable()):
        return False
    if not (at.isascii() and at.isdigit() and len(at) <= 12):
        return False
    return abs(now - int(at)) <= OLDEST and bool(headers.get(SIGNATURE))


def is_signed(secrets: Iterable[str], headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of the signatures shown was made with one of *secrets*.

    *headers* are timely.
    """
    id, at = headers[ID], int(headers[TIMESTAMP])
    shown = [one.encode() for one in headers[SIGNATURE].split(" ")[:10]]
    due = [sign(secret, id, at, body).encode() for secret in secrets]
    return any(hmac.compare_digest(one, other) for one in shown for other in due)
