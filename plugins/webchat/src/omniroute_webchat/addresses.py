"""The one spelling of an e-mail address, the same as the e-mail channel's."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 254  # characters

_LOCAL = re.compile(r"[^\s\x00-\x20\x7f-\x9f()<>\[\]:;@\\,\"]+")
_DOMAIN = re.compile(r"[a-z0-9_][a-z0-9_-]{0,62}(\.[a-z0-9_][a-z0-9_-]{0,62})*")


def normalised(text: str) -> str:
    """Lower case, NFC, the domain in its ASCII form; an empty string for what is no plain address.

    >>> normalised("Joe@Bücher.Example")
    'joe@xn--bcher-kva.example'
    """
    if len(text) > LONGEST:
        return ""
    local, _, domain = unicodedata.normalize("NFC", text.strip()).rpartition("@")
    try:
        domain = ".".join(_label(label) for label in domain.lower().removesuffix(".").split("."))
    except UnicodeError:
        return ""
    if not (_LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)):
        return ""
    return f"{local.lower()}@{domain}"


def _label(label: str) -> str:
    if label.isascii():
        return label
    plain = label.encode("idna").decode()
    if not plain.startswith("xn--"):
        raise UnicodeError("only looks like another name")
    return plain
