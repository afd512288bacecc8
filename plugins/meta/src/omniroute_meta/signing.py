"""How Meta signs what it posts: HMAC-SHA256 with the app's secret, over the bytes as they came."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

HEADER: Final = "x-hub-signature-256"


def sign(secret: str, body: bytes) -> str:
    """The header's value."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_signed(secret: str, body: bytes, shown: str) -> bool:
    """Whether *shown* is what Meta would have written over *body*."""
    return hmac.compare_digest(sign(secret, body).encode(), shown.encode())
