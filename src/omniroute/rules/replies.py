"""Automatic replies as a customer reads them: in their language, with their blanks filled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from omniroute.core.rules import RuleSet

_NEXT_OPEN = re.compile(r"\{calendar\.([\w.-]+)\.next_open\}")
_DAYS: Mapping[str, tuple[str, ...]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
}
_WHEN = {"en": "on {day} at {time}", "de": "am {day} um {time} Uhr"}


def language_of(texts: Mapping[str, str], wanted: str) -> str:
    """The language to answer in: the one wanted, its parent, English, or the first there is."""
    known = {language.lower(): language for language in texts}
    for language in (wanted.lower(), wanted.lower().partition("-")[0], "en"):
        if language in known:
            return known[language]
    return next(iter(texts))


def reply_text(rules: RuleSet, reply: str, language: str, at: int) -> tuple[str, str]:
    """An automatic reply's text and the language it is in.  Raises `KeyError` if there is none."""
    texts = rules.replies[reply]
    chosen = language_of(texts, language)

    def when(match: re.Match[str]) -> str:
        calendar = rules.calendars[match[1]]
        opens = datetime.fromtimestamp(calendar.next_open(at) / 1000, calendar.tz)
        return _said(opens, chosen)

    return _NEXT_OPEN.sub(when, texts[chosen]), chosen


def _said(moment: datetime, language: str) -> str:
    base = language.lower().partition("-")[0]
    if base not in _WHEN:
        return f"{moment:%Y-%m-%d %H:%M}"
    return _WHEN[base].format(day=_DAYS[base][moment.weekday()], time=f"{moment:%H:%M}")
