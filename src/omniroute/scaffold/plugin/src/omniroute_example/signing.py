"""How Example signs a request: HMAC-SHA256 over the time and the body."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

HEADER: Final = "x-example-signature"
OLDEST: Final = 300  # s after which a request is not believed any more


def sign(secret: str, body: bytes, at: int) -> str:
    """The header's value."""
    mac = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


def is_signed(secret: str, body: bytes, shown: str, now: float) -> bool:
    """Whether *shown* is what Example would have written over *body*, not long ago."""
    at = shown.partition(",")[0].removeprefix("t=")
    if not (at.isascii() and at.isdigit()) or abs(now - int(at)) > OLDEST:
        return False
    return hmac.compare_digest(sign(secret, body, int(at)).encode(), shown.encode())
