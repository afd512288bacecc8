"""What Meta's error codes mean, as data: what the engine does, and what a person reads.

The codes are those of the pages *Error codes* of the Graph API, the Cloud API and the Messenger
Platform.  WhatsApp tells some failures only later, by a status, in the same codes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from omniroute import NotAuthorised, Rejected, Retry, seconds_to_wait

Failure: TypeAlias = Retry | Rejected | NotAuthorised


class TokenEnded(NotAuthorised):
    """The token opens nothing, whatever is done at Meta."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """*how*: ``wait`` (with *after*, s), ``again``, ``admin``, ``customer`` or ``message``.

    Of ``customer`` another way is worth trying; ``message`` is wrong for everybody.  Where *said*
    is empty Meta's own words say more.
    """

    how: str
    said: str
    after: float = 0.0


_TOKEN: Final = "the token does not serve any more; make a new one for the system user"  # noqa: S105
_RIGHTS: Final = "the token lacks a permission; give the system user the account, with messages"
_CLOSED: Final = "the time to answer is over until the customer writes again"
_MEANT: Final = "the template and its values do not fit"

TOKEN: Final = (102, 190)
"""Codes that only another token helps against."""

MEANINGS: Final[Mapping[int, Meaning]] = {
    # Graph API
    1: Meaning("again", "Meta has trouble of its own"),
    2: Meaning("again", "Meta has trouble of its own"),
    3: Meaning("admin", _RIGHTS),
    4: Meaning("wait", "Meta asks to wait: too many calls of the app", 60.0),
    10: Meaning("admin", _RIGHTS),
    32: Meaning("wait", "Meta asks to wait: too many calls for the page", 60.0),
    100: Meaning("message", ""),
    102: Meaning("admin", _TOKEN),
    190: Meaning("admin", _TOKEN),
    368: Meaning("admin", "Meta has blocked the account for breaking its policies"),
    613: Meaning("wait", "Meta asks to wait: too many calls", 60.0),
    80006: Meaning("wait", "Meta asks to wait: too many messages of the page", 60.0),
    80007: Meaning("wait", "Meta asks to wait: too many calls of the business account", 60.0),
    # Messenger and Instagram
    551: Meaning("customer", "this person cannot be reached now: they may have blocked the page"),
    1545041: Meaning("customer", "this person does not take messages of the page"),
    # WhatsApp
    130403: Meaning("customer", "WhatsApp says that this number must not be written to"),
    130429: Meaning("wait", "WhatsApp asks to wait: too many messages", 5.0),
    130472: Meaning("customer", "WhatsApp did not deliver it: the customer is in an experiment"),
    131000: Meaning("again", "WhatsApp has trouble of its own"),
    131005: Meaning("admin", _RIGHTS),
    131008: Meaning("message", "WhatsApp misses a part of the message"),
    131009: Meaning("message", "WhatsApp does not take a value of the message"),
    131016: Meaning("again", "WhatsApp is overloaded"),
    131021: Meaning("customer", "that is the number itself"),
    131026: Meaning(
        "customer", "WhatsApp cannot deliver it: they may not have WhatsApp, or have blocked us"
    ),
    131031: Meaning("admin", "Meta has locked the WhatsApp account; see Business Support"),
    131037: Meaning("admin", "the number has no approved display name"),
    131042: Meaning("admin", "the WhatsApp account has no valid means of payment"),
    131045: Meaning("admin", "the number is not registered; do so in WhatsApp Manager"),
    131047: Meaning("customer", _CLOSED),
    131048: Meaning("customer", "WhatsApp holds this number back: too many called it unwanted"),
    131049: Meaning("customer", "WhatsApp did not deliver it: they get much advertising already"),
    131050: Meaning("customer", "they take no advertising from this number any more"),
    131051: Meaning("message", "WhatsApp does not take messages of this kind"),
    131052: Meaning("message", "WhatsApp could not fetch the file"),
    131053: Meaning("message", "WhatsApp does not take this file"),
    131056: Meaning("wait", "WhatsApp asks to wait: too many messages to this customer", 6.0),
    131057: Meaning("again", "WhatsApp is being maintained"),
    132000: Meaning("message", _MEANT),
    132001: Meaning("message", "there is no such template, or not in this language"),
    132005: Meaning("message", "the template is too long with these values"),
    132007: Meaning("message", "the template breaks WhatsApp's policies"),
    132012: Meaning("message", _MEANT),
    132015: Meaning("message", "WhatsApp has paused the template: too many did not want it"),
    132016: Meaning("message", "WhatsApp has disabled the template"),
    133010: Meaning("admin", "the number is not registered; do so in WhatsApp Manager"),
    133016: Meaning("wait", "WhatsApp asks to wait: registered too often", 600.0),
}

SUBCODES: Final[Mapping[int, Meaning]] = {
    2018001: Meaning("customer", "Meta knows nobody by this id"),
    2018108: Meaning("customer", "this person does not take messages of the page"),
    2018278: Meaning("customer", _CLOSED),
    2534022: Meaning("customer", _CLOSED),
    2534014: Meaning("customer", "Meta knows nobody by this id"),
    2534037: Meaning("message", "the message is too long"),
}
"""Where the code alone says little."""


def meaning_of(error: Mapping[str, Any]) -> Meaning | None:
    """What an error says, by its codes."""
    return SUBCODES.get(_number(error, "error_subcode")) or MEANINGS.get(_number(error, "code"))


def words_of(error: Mapping[str, Any]) -> str:
    """An error as a person reads it: what we know of its code, and what Meta adds."""
    known = meaning_of(error)
    details = error.get("error_data")
    said = details.get("details", "") if isinstance(details, Mapping) else ""
    said = str(said or error.get("error_user_msg") or error.get("message") or error.get("title"))
    code = _number(error, "code")
    mine = known.said if known else ""
    return f"{mine or f'Meta refuses it: {said[:200]}'} ({code})"


def failure(
    status: int, error: Mapping[str, Any], headers: Mapping[str, str], place: str
) -> Failure:
    """The error to raise for an answer that is no yes."""
    known, words = meaning_of(error), words_of(error)
    code = _number(error, "code")
    if known is None and 200 <= code <= 299:
        known, words = Meaning("admin", _RIGHTS), f"{_RIGHTS} ({code})"
    how = known.how if known else ""
    if how == "wait" or status == 429:
        return Retry(words, max(wait_of(headers), known.after if known else 5.0))
    if code in TOKEN or (not how and status in (401, 403)):
        return TokenEnded(f"{words}, and set {place}.token")
    if how == "admin":
        return NotAuthorised(f"{words} ({place})")
    if how in ("customer", "message"):
        return Rejected(words, by_content=how == "message")
    if how == "again" or status >= 500:
        return Retry(words, in_doubt=True)
    return Rejected(words)


def wait_of(headers: Mapping[str, str]) -> float:
    """Seconds to wait, as `Retry-After` or as Meta's usage headers say it (in minutes)."""
    waits = [seconds_to_wait(headers.get("retry-after", ""), time.time()) or 0.0]
    try:
        usage = json.loads(headers.get("x-business-use-case-usage", "{}"))
        for each in usage.values():
            waits += [60.0 * float(one.get("estimated_time_to_regain_access", 0)) for one in each]
    except (ValueError, AttributeError, TypeError):
        pass
    return max(waits)


def _number(error: Mapping[str, Any], name: str) -> int:
    value = error.get(name, 0)
    return value if isinstance(value, int) else 0
