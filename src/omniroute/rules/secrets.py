"""Secrets do not belong into files of rules; one that is found is named without being shown."""

from __future__ import annotations

from collections.abc import Iterator

from omniroute.core.words import Expression

_KINDS = (
    ("a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    ("a Slack token", r"\bxox[abeoprs]-[\w-]{10,}|\bxapp-[\w-]{10,}"),
    ("a Telegram token", r"\b\d{8,10}:[\w-]{30,}"),
    ("an access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_\w{20,}|\bsk-[\w-]{20,}"),
    ("a web token", r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{4,}"),
    ("a password in an address", r"\b[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s@]+@"),
)
_SECRETS = tuple((kind, Expression(pattern)) for kind, pattern in _KINDS)
_LONGEST = 60


def secrets_in(text: str) -> Iterator[tuple[int, str]]:
    """Each (line, kind of secret) in a text."""
    for number, line in enumerate(text.splitlines(), 1):
        for kind, pattern in _SECRETS:
            if pattern.found(line) is not None:
                yield number, kind


def shown(text: str) -> str:
    """A text as it may stand in a message: on one line, not too long, no secret."""
    if any(pattern.found(text) is not None for _, pattern in _SECRETS):
        return "…"
    line = " ".join(text.encode("utf-8", "replace").decode().split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
