"""Automatic replies as a customer reads them: in their language, with their blanks filled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from omniroute.core.rules import EXPECTED_WAIT, RuleSet

_MINUTE = 60_000
_NEXT_OPEN = re.compile(r"\{calendar\.([\w.-]+)\.next_open\}")
_WAIT: Mapping[str, tuple[str, str, str]] = {
    "en": ("about {} minutes", "less than a minute", "unknown"),
    "de": ("etwa {} Minuten", "unter einer Minute", "unbekannt"),
}
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


def reply_text(
    rules: RuleSet, reply: str, language: str, at: int, wait: tuple[int, int] | None = None
) -> tuple[str, str]:
    """An automatic reply's text and the language it is in; *wait* is what the customer can expect,
    likely and late (ms), None where it is unknown.  Raises `KeyError` if there is no such reply.
    """
    texts = rules.replies[reply]
    chosen = language_of(texts, language)

    def when(match: re.Match[str]) -> str:
        calendar = rules.calendars[match[1]]
        opens = datetime.fromtimestamp(calendar.next_open(at) / 1000, calendar.tz)
        return _said(opens, chosen)

    text = _NEXT_OPEN.sub(when, texts[chosen])
    if EXPECTED_WAIT in text:
        text = text.replace(EXPECTED_WAIT, _expected(wait, chosen))
    return text, chosen


def _expected(wait: tuple[int, int] | None, language: str) -> str:
    """A wait in minutes, in words where the language is known here."""
    fallback = ("{} min", "< 1 min", "–")
    band, soon, unknown = _WAIT.get(language.lower().partition("-")[0], fallback)
    if wait is None:
        return unknown
    likely, late = wait[0] // _MINUTE, -(-wait[1] // _MINUTE)
    if late <= 1:
        return soon
    likely = max(likely, 1)
    return band.format(f"{likely}–{late}" if likely < late else late)


def _said(moment: datetime, language: str) -> str:
    base = language.lower().partition("-")[0]
    if base not in _WHEN:
        return f"{moment:%Y-%m-%d %H:%M}"
    return _WHEN[base].format(day=_DAYS[base][moment.weekday()], time=f"{moment:%H:%M}")
