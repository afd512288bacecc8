"""From an envelope about a call to messages of the caller's thread.  Pure.

A caller's number is what the caller's exchange says; anybody with a line of their own can have it
say another.  So it is *asserted*: such a caller is another handle than the one that texts from this
number, and it is proposed to a person that they are the same.  Where the carriers along the way
attest that the caller may use it (STIR/SHAKEN, level A), it is *verified*.

A call has one line, known by the call's id, which tells how it went; a voicemail has its own, since
it has a file, and its transcript becomes its words.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final

from omniroute import Address, Inbound
from omniroute_twilio.envelope import Envelope
from omniroute_twilio.numbers import NUMBER, PHONE

ATTESTED: Final = "TN-Validation-Passed-A"
HIDDEN: Final = "call"  # the name space of callers who hide their number: each call is its own
NOT_REACHED: Final = {"busy": "it was busy", "failed": "it broke off", "canceled": "they hung up"}
_ANONYMOUS: Final = ("+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253")
"""“anonymous”, “restricted”, “blocked”, “unknown”, “unavailable”, in the keys of a telephone."""


def read(envelope: Envelope) -> Sequence[Inbound]:
    """What a caller did."""
    params = envelope.params
    call = params.get("CallSid", "")
    if not call:
        raise ValueError("a call without CallSid")
    match envelope.what:
        case "call_back":
            asked = f"☎ Asks to be called back{_link(envelope)}."
            return [_inbound(envelope, call, asked)]
        case "ended":
            return [_inbound(envelope, call, _course(envelope), kind=_kind(envelope))]
        case "voicemail":
            return [_voicemail(envelope)]
        case _:
            text = _voicemail_text(envelope, params.get("TranscriptionText", ""))
            return [_inbound(envelope, params.get("RecordingSid", ""), text, kind="edit")]


def caller_of(envelope: Envelope) -> Address:
    """Who calls, and whether anybody vouches for that."""
    params = envelope.params
    number = params.get("From", "")
    if not NUMBER.fullmatch(number) or number in _ANONYMOUS:
        return Address(HIDDEN, params.get("CallSid", ""), display="a hidden number")
    sure = envelope.believed or params.get("StirVerstat") == ATTESTED
    return Address(PHONE, number, verified=sure, display=_named(params.get("CallerName", "")))


def _named(name: str) -> str:
    """The name that the caller's exchange gives; some say a number or nothing in words."""
    return "" if name.lower() in ("unknown", "anonymous", "unavailable") else name


def _inbound(envelope: Envelope, id: str, text: str, kind: str = "message") -> Inbound:
    if not id:
        raise ValueError("a call's event without the id that it is about")
    caller = caller_of(envelope)
    return Inbound(
        external_id=id,
        conversation=caller.value,
        sender=caller,
        text=text,
        sent_at=envelope.moment(),
        kind=kind,
    )


def _link(envelope: Envelope) -> str:
    """How to call back, for whoever reads: a link on every telephone and in most programs."""
    caller = caller_of(envelope)
    return "" if caller.kind == HIDDEN else f": tel:{caller.value}"


def _kind(envelope: Envelope) -> str:
    """A call that has a line already says there how it went on."""
    return "edit" if envelope.params.get("said") == "call_back" else "message"


def _course(envelope: Envelope) -> str:
    """How a call went, once it is over."""
    params = envelope.params
    lasted = clock(params.get("CallDuration", ""))
    if params.get("said") == "call_back":
        return f"☎ Asks to be called back{_link(envelope)}. The call ended after {lasted}."
    status = params.get("CallStatus", "")
    if status in NOT_REACHED:
        return f"☎ Missed call: {NOT_REACHED[status]}{_back(envelope)}."
    return f"☎ Missed call: heard the greeting, hung up after {lasted}{_back(envelope)}."


def _back(envelope: Envelope) -> str:
    link = _link(envelope)
    return f"; call back{link}" if link else ""


def _voicemail(envelope: Envelope) -> Inbound:
    id = envelope.params.get("RecordingSid", "")
    made = _inbound(envelope, id, _voicemail_text(envelope, envelope.transcript))
    files, unread = envelope.read_files()
    return dataclasses.replace(made, files=files, unread=unread)


def _voicemail_text(envelope: Envelope, transcript: str) -> str:
    seconds = envelope.params.get("RecordingDuration", "")
    lasted = f", {clock(seconds)}" if seconds else ""
    head = f"☎ Voicemail{lasted}{_back(envelope)}."
    return f"{head}\n\n{transcript}" if transcript else head


def clock(seconds: str) -> str:
    """A length of time as on a telephone.

    >>> clock("42"), clock("605"), clock("")
    ('0:42', '10:05', '0:00')
    """
    whole = int(seconds) if seconds.isdecimal() else 0
    return f"{whole // 60}:{whole % 60:02}"
