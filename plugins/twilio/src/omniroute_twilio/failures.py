"""Twilio's codes in words: why a message was refused, or did not arrive.

https://www.twilio.com/docs/api/errors.  A code that stands nowhere here is said in Twilio's words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Cause:
    """Why; *by_content* if it is the message's fault, *stopped* if they want none any more."""

    reason: str
    by_content: bool = False
    stopped: bool = False


UNREACHABLE: Final = "their telephone cannot be reached: it is off, or without a network"
LANDLINE: Final = "this is a landline, or its network takes no texts; call them instead"
STOPPED: Final = "they have answered STOP and get nothing from this number until they write START"

CAUSES: Final[Mapping[int, Cause]] = {
    21211: Cause("this is no telephone number that exists"),
    21217: Cause("this is no telephone number that exists"),
    21408: Cause(
        "texts to their country are switched off at Twilio; an admin switches them on under"
        " Messaging, Settings, Geo permissions"
    ),
    21606: Cause("our number sends no texts; an admin has to get one that does"),
    21610: Cause(STOPPED, stopped=True),
    21612: Cause("Twilio knows no way from our number to theirs"),
    21614: Cause(LANDLINE),
    21617: Cause("it is too long for one message", by_content=True),
    21620: Cause("the file's address is none that Twilio takes", by_content=True),
    21623: Cause("Twilio takes one file more or less here", by_content=True),
    30003: Cause(UNREACHABLE),
    30004: Cause("their number, or their network, has blocked us"),
    30005: Cause("this number is not in use any more"),
    30006: Cause(LANDLINE),
    30007: Cause("their network took it for advertising and dropped it", by_content=True),
    30008: Cause("their network does not say why"),
    30011: Cause("their network takes no MMS; send the file another way", by_content=True),
    30034: Cause("our number is not registered with US networks; an admin registers it at Twilio"),
    63003: Cause("this number has no WhatsApp"),
    63013: Cause("WhatsApp takes no such message", by_content=True),
    63016: Cause(
        "they last wrote more than 24 hours ago; WhatsApp takes a template only", by_content=True
    ),
    63019: Cause("Twilio could not get the file", by_content=True),
    63021: Cause("the template's values are none that WhatsApp takes", by_content=True),
    63024: Cause("this number has no WhatsApp"),
    63032: Cause("WhatsApp does not let us write to them, for reasons of its own"),
    63033: Cause("they have blocked us on WhatsApp", stopped=True),
    63049: Cause("WhatsApp holds back advertising from them; write in another way"),
}
"""By code."""


def cause_of(code: int, said: str = "") -> Cause:
    """The cause behind *code*; *said* are Twilio's own words, where it has any.

    >>> cause_of(30006).reason
    'this is a landline, or its network takes no texts; call them instead'
    >>> cause_of(99999, "Something new")
    Cause(reason='Twilio says: Something new (99999)', by_content=False, stopped=False)
    """
    known = CAUSES.get(code)
    if known is not None:
        return known
    number = f" ({code})" if code else ""
    return Cause(f"Twilio says: {said}{number}" if said else f"Twilio does not say why{number}")
