"""Mail that is really signed."""

from __future__ import annotations

from pathlib import Path

import dkim

_HERE = Path(__file__).parent
KEY = (_HERE / "key.pem").read_bytes()
PUBLIC = (_HERE / "public.txt").read_text().strip()
MAIL = (
    b"From: Joe <joe@x.example>\r\nTo: help@demo.example\r\nSubject: Order 1182\r\n"
    b"Message-ID: <1@x.example>\r\n\r\nI was charged twice.\r\n"
)


def signed(message: bytes = MAIL, domain: str = "x.example", *, length: bool = False) -> bytes:
    """*message* with a signature of *domain*'s above it."""
    field: bytes = dkim.sign(
        message,
        b"s",
        domain.encode(),
        KEY,
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=[b"From", b"To", b"Subject", b"Message-ID"],
        length=length,
    )
    return field + message
