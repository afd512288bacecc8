"""The words that people stop and ask with, as the networks define them.

Only a message that is nothing but such a word counts: “please stop charging me” is a customer's.
https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Word = Literal["", "stop", "start", "help"]

STOP: Final = frozenset(
    ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "stopp")
)
START: Final = frozenset(("start", "unstop"))
HELP: Final = frozenset(("help", "info"))


def word_of(params: Mapping[str, str]) -> Word:
    """Which it is: what Twilio found (`OptOutType`), or what the whole message is.

    >>> word_of({"Body": " Stop. "}), word_of({"Body": "please stop"})
    ('stop', '')
    """
    found = params.get("OptOutType", "").lower() or params.get("Body", "").strip(" .!\n").lower()
    if found in STOP:
        return "stop"
    if found in START:
        return "start"
    return "help" if found in HELP else ""
