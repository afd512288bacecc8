"""Small readings of single fields: ids and dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MAX_IDS = 50
MAX_DATES = 5  # Date fields of one message that are looked at
CLOCKS_DIFFER = timedelta(minutes=10)

_ID = re.compile(r"<([^<>\s]{1,900})>")
_BARE_ID = re.compile(r"[^<>\s,;]{1,900}")


def message_ids(value: str) -> tuple[str, ...]:
    """Ids without their brackets, oldest first; of very many the first and the newest remain."""
    found = _ID.findall(value) or ([] if "<" in value else _BARE_ID.findall(value)[:1])
    return tuple(found if len(found) <= MAX_IDS else [found[0], *found[1 - MAX_IDS :]])


def stated_date(value: str) -> datetime | None:
    """The date that a field states, in UTC; none if it states none."""
    try:
        stated = parsedate_to_datetime(value.strip()[:200])
        return (stated if stated.tzinfo else stated.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def first_date(values: Sequence[str]) -> datetime | None:
    """The date of the first of several fields that states one."""
    return next((date for value in values[:MAX_DATES] if (date := stated_date(value))), None)


def sent_at(values: Sequence[str], received_at: datetime) -> datetime:
    """When it was sent, by the sender's word; the time of receipt if that cannot be."""
    stated = first_date(values)
    if stated is None or stated > received_at + CLOCKS_DIFFER:
        return received_at
    return stated
