"""Small readings of single fields: ids, date, and whether a machine wrote the message."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from omniroute_email.reading.headers import Headers, parameters

MAX_IDS = 50
MAX_HOPS = 50  # Received fields; more is a loop
CLOCKS_DIFFER = timedelta(minutes=10)

_ID = re.compile(r"<([^<>\s]{1,900})>")
_BARE_ID = re.compile(r"[^<>\s,;]{1,900}")
_MACHINES = re.compile(
    r"(?:mailer-daemon|postmaster|(?:no|do-?not|donot)[-_.]?reply)(?:[+._-].*)?@", re.IGNORECASE
)
_PRECEDENCE = frozenset({"bulk", "junk", "list", "auto_reply"})
_MARKS = (
    "x-auto-response-suppress",
    "x-autoreply",
    "x-autorespond",
    "x-auto-reply-from",
    "feedback-id",
    "x-loop",
)


def message_ids(value: str) -> tuple[str, ...]:
    """Ids without their brackets, oldest first; of very many the first and the newest remain."""
    found = _ID.findall(value) or ([] if "<" in value else _BARE_ID.findall(value)[:1])
    return tuple(found if len(found) <= MAX_IDS else [found[0], *found[1 - MAX_IDS :]])


def sent_at(value: str, received_at: datetime) -> datetime:
    """When it was sent, by the sender's word; the time of receipt if that cannot be."""
    try:
        stated = parsedate_to_datetime(value.strip()[:200])
        stated = (stated if stated.tzinfo else stated.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return received_at
    return stated if stated <= received_at + CLOCKS_DIFFER else received_at


def is_automatic(headers: Headers, return_path: str, sender: str, ours: frozenset[str]) -> bool:
    """Whether a machine wrote it, or a loop brought it back: answers must not be automatic then."""
    media_type, _ = parameters(headers.first("content-type"))
    submitted = headers.first("auto-submitted").partition(";")[0].strip().lower()
    return (
        return_path in ("", "<>")
        or submitted not in ("", "no")
        or headers.first("precedence").strip().lower() in _PRECEDENCE
        or media_type == "multipart/report"
        or any(name.startswith("list-") or name in _MARKS for name, _ in headers.fields)
        or len(headers.all("received")) > MAX_HOPS
        or bool(_MACHINES.match(sender))
        or sender in ours
    )
