"""Whether a message is sealed: signed or encrypted, with S/MIME (RFC 8551) or PGP (RFC 3156, 9580).

Nothing is decrypted and no signature is checked.  A signed message is read as any other; of an
encrypted one, people are told that they cannot read it here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from omniroute_email.reading.mime import Part

MAX_PARTS: Final = 50

PKCS7: Final = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_SIGNATURES = {
    "application/pkcs7-signature": "S/MIME",
    "application/x-pkcs7-signature": "S/MIME",
    "application/pgp-signature": "PGP",
}


class Seal(StrEnum):
    """What was done to a message; the value is what people are told."""

    NONE = ""
    SIGNED = "signed"
    SMIME = "encrypted content (S/MIME)"
    PGP = "encrypted content (PGP)"


def seal(root: Part, text: str) -> Seal:
    """The seal of a message; *text* is its visible body."""
    if text.lstrip()[:40].startswith("-----BEGIN PGP MESSAGE-----"):
        return Seal.PGP
    pending, seen, signed = [root], 0, False
    while pending and seen < MAX_PARTS:
        part = pending.pop()
        seen += 1
        kind = part.media_type
        if kind == "application/pgp-encrypted" or part.parameters.get("protocol") == (
            "application/pgp-encrypted"
        ):
            return Seal.PGP
        if kind in PKCS7 and part.parameters.get("smime-type", "").lower() != "certs-only":
            return Seal.SMIME
        signed = signed or kind in _SIGNATURES
        pending.extend(part.children)
    signed = signed or text.lstrip()[:40].startswith("-----BEGIN PGP SIGNED MESSAGE-----")
    return Seal.SIGNED if signed else Seal.NONE
