"""Mail that is really signed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

import dkim
from dkim.canonicalization import CanonicalizationPolicy
from dkim.crypto import parse_pem_private_key

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


def sealed(message: bytes, found: str, domain: str, covered: Sequence[bytes]) -> bytes:
    """*message* with an ARC set of *domain*'s above it (RFC 8617), which says what it *found*.

    The library signs each field; what a set consists of is put together here, since its own
    function reads what was found by a package that nothing else needs.
    """
    chain = dkim.ARC(message)
    earlier, fields = chain.sorted_arc_headers()
    instance, known = str(earlier + 1).encode(), [field for _, field in fields]
    chain.hasher, relaxed = hashlib.sha256, CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
    body = base64.b64encode(hashlib.sha256(relaxed.canonicalize_body(chain.body)).digest())
    key, who = parse_pem_private_key(KEY), [(b"d", domain.encode()), (b"s", b"s")]
    algorithm, room = (b"a", b"rsa-sha256"), (b"b", b"0" * 60)
    ours: list[bytes] = []

    def put(name: bytes, value: bytes) -> None:
        ours.insert(0, name + b": " + value)
        known.insert(0, (name, value))
        chain.headers = relaxed.canonicalize_headers(known[:1]) + chain.headers

    put(b"ARC-Authentication-Results", b"i=%b; %b; %b\r\n" % (instance, who[0][1], found.encode()))
    names = [name.lower() for name in covered]
    signed_by = [(b"i", instance), algorithm, (b"c", b"relaxed/relaxed"), *who]
    signed_by += [(b"h", b" : ".join(names)), (b"bh", body), room]
    put(b"ARC-Message-Signature",
        chain.gen_header(signed_by, names, relaxed, b"ARC-Message-Signature", key))  # fmt: skip
    within = [name.lower() for name, _ in reversed(known)]
    seal = [(b"i", instance), (b"cv", b"pass" if earlier else b"none"), algorithm, *who, room]
    put(b"ARC-Seal", chain.gen_header(seal, within, relaxed, b"ARC-Seal", key))
    return b"".join(ours) + message
