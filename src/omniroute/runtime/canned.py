"""Canned replies: the text of a rule set's reply in the customer's language."""

from __future__ import annotations

import datetime as dt
import re

from omniroute.core.rules import RuleSet
from omniroute.core.urgency import Calendar

_HOLE = re.compile(r"\{calendar\.([\w-]+)\.next_open\}")


def canned(rules: RuleSet, reply: str, language: str, at: int) -> str:
    """The reply named *reply*, in *language* if there is one, else in English, else in any."""
    texts = rules.replies.get(reply, {})
    text = texts.get(language) or texts.get("en") or next(iter(texts.values()), "")
    return _HOLE.sub(lambda hole: _next_open(rules.calendars.get(hole[1]), at), text)


def _next_open(calendar: Calendar | None, at: int) -> str:
    if calendar is None:
        return "soon"
    moment = dt.datetime.fromtimestamp(calendar.next_open(at) / 1000, calendar.tz)
    return f"{moment:%A %H:%M}"
