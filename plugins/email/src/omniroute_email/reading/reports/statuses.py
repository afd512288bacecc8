"""Delivery status notifications for machines: ``message/delivery-status`` (RFC 3464)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from omniroute_email.reading.addresses import normalised
from omniroute_email.reading.charset import one_line
from omniroute_email.reading.headers import Headers, split
from omniroute_email.reading.reports.values import Failure

MAX_CONTENT: Final = 256 * 1024  # bytes that are read
MAX_RECIPIENTS: Final = 1000
MAX_REASON: Final = 300

STATUS: Final = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.])([45])\d\d(?![\d.])")
_ADDRESS = re.compile(r"[^\s<>()\[\]\",;:@]{1,250}@[^\s<>()\[\]\",;:@]{1,250}")
_SUCCESS = ("delivered", "relayed", "expanded")


def groups(content: bytes) -> Iterator[Headers]:
    """The groups of fields, parted by empty lines; the first is about the whole message."""
    content = content[:MAX_CONTENT].replace(b"\r\n", b"\n").strip(b"\n")
    for block in re.split(rb"\n[ \t]*\n+", content)[: MAX_RECIPIENTS + 1]:
        headers, _ = split(block, 0, len(block))
        if headers.fields:
            yield headers


def is_success(fields: Headers) -> bool:
    """Whether the group of a recipient tells that all went well."""
    return _word(fields.first("action")) in _SUCCESS


def failure(fields: Headers) -> Failure | None:
    """The recipient that a group of fields is about, if it was not reached."""
    if is_success(fields):
        return None
    address = recipient(fields)
    if not address:
        return None
    reason = _typed(fields.first("diagnostic-code"))
    status = _status(fields.first("status"), reason)
    action = _word(fields.first("action"))
    delayed = action == "delayed" or (action != "failed" and status.startswith("4"))
    return Failure(address, status, one_line(reason, MAX_REASON), permanent=not delayed)


def recipient(fields: Headers) -> str:
    """The address as the sender wrote it, if that is said; else as the last server knew it."""
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        value = fields.first(name)
        kind, semicolon, _ = value.partition(";")
        if semicolon and kind.strip().lower() not in ("rfc822", "utf-8", ""):
            continue
        found = address_in(value)
        if found:
            return found
    return ""


def address_in(text: str) -> str:
    """The first address in *text*, in its normal spelling."""
    found = _ADDRESS.search(text[:2000])
    if found is None:
        return ""
    bare = found[0].strip(".'`")
    return normalised(bare) or bare.lower()


def _status(field: str, reason: str) -> str:
    """The enhanced status; what the server said is more exact where the field says only 5.0.0."""
    stated = STATUS.search(field)
    said = STATUS.search(reason)
    if stated is None or (stated[1].endswith(".0.0") and said is not None):
        return said[1] if said else _from_reply_code(reason)
    return stated[1]


def _from_reply_code(reason: str) -> str:
    found = _REPLY_CODE.search(reason[:200])
    return f"{found[1]}.0.0" if found else ""


def _word(value: str) -> str:
    return value.partition("(")[0].strip(" ;").lower()


def _typed(value: str) -> str:
    """The text after ``smtp;``."""
    kind, semicolon, text = value.partition(";")
    return text.strip() if semicolon and kind.strip().isidentifier() else value.strip()
