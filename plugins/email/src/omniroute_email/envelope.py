"""How mail lies in the spool: one line of JSON with what the session knew, then the message.

Reading mail is pure; whatever it needs besides the bytes of the message is therefore written down
when the message arrives: who handed it over, whether that is one of our own servers, and when.
"""

from __future__ import annotations

import msgspec


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of the SMTP transaction, as they were when we took the message."""

    peer: str  # IP address
    trusted: bool  # the peer is one of our own mail servers
    mail_from: str  # return path; empty for bounces and other automatic mail
    rcpt_to: tuple[str, ...]
    received_at: int  # ms since the epoch
    checked: str = ""  # what our own check of the sender found, if one was made (RFC 8601)


_to_json = msgspec.json.Encoder().encode
_from_json = msgspec.json.Decoder(Envelope).decode


def pack(envelope: Envelope, message: bytes) -> bytes:
    """One piece of bytes for the spool."""
    return b"%b\n%b" % (_to_json(envelope), message)


def unpack(raw: bytes) -> tuple[Envelope, bytes]:
    """What `pack` was given.  Raises `ValueError` when it was not `pack` that made *raw*."""
    line, newline, message = raw.partition(b"\n")
    if not newline:
        raise ValueError("not a spooled e-mail: the envelope line is missing")
    try:
        return _from_json(line), message
    except msgspec.DecodeError as error:
        raise ValueError(f"not a spooled e-mail: {error}") from None
