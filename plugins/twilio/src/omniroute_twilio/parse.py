"""From an envelope to what a customer did.  Pure; the only place that looks into Twilio's fields.

Networks vouch for the number of a text, and WhatsApp for its account and that account's number.
Nobody vouches for a name.  What a caller's number is worth is told in `calls`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from omniroute import Address, Inbound, Undelivered
from omniroute_twilio import calls, failures
from omniroute_twilio.envelope import Envelope
from omniroute_twilio.numbers import NUMBER, OVER_WHATSAPP, PHONE, WHATSAPP
from omniroute_twilio.words import word_of

FAILED: Final = ("failed", "undelivered")
ARRIVED: Final = ("delivered", "read")


def read(envelope: Envelope) -> Sequence[Inbound | Undelivered]:
    """What a customer did, or that a message of ours did not arrive; nothing for the rest."""
    match envelope.what:
        case "message":
            return [_message(envelope)]
        case "status":
            return _status(envelope)
        case _:
            return calls.read(envelope)


def _message(envelope: Envelope) -> Inbound:
    params = envelope.params
    sid, said = params.get("MessageSid", ""), params.get("From", "")
    if not (sid and said):
        raise ValueError("a message without MessageSid or From")
    number = said.removeprefix(OVER_WHATSAPP)
    person = bool(NUMBER.fullmatch(number))
    phone = Address(PHONE, number, verified=person)
    if said != number:
        name = params.get("ProfileName", "")
        sender = Address(WHATSAPP, number, verified=person, display=name)
    else:
        sender = phone
    files, unread = envelope.read_files()
    return Inbound(
        external_id=sid,
        conversation=number,
        sender=sender,
        text=_text(envelope),
        sent_at=envelope.moment(),
        in_reply_to=params.get("OriginalRepliedMessageSid", ""),
        also_known_as=() if sender is phone else (phone,),
        files=files,
        # A short code or a name is a machine; and whoever says STOP is not to be answered by one.
        automatic=not person or word_of(params) == "stop",
        unread=unread,
    )


def _text(envelope: Envelope) -> str:
    """The words of a message, or what stands for them."""
    params = envelope.params
    text = params.get("Body", "") or params.get("ButtonText", "")
    if params.get("Latitude") and params.get("Longitude"):
        place = ", ".join(filter(None, (params.get("Label"), params.get("Address"))))
        where = f"Location: {params['Latitude']}, {params['Longitude']}"
        return f"{where} ({place})" if place else where
    if not text and not envelope.files:
        return f"({params.get('MessageType') or 'an empty message'})"
    return text


def _status(envelope: Envelope) -> Sequence[Inbound | Undelivered]:
    """What became of a message of ours."""
    params = envelope.params
    status, sid, to = (params.get(name, "") for name in ("MessageStatus", "MessageSid", "To"))
    if status in ARRIVED and sid and to:
        number = to.removeprefix(OVER_WHATSAPP)
        sender = Address(PHONE if to == number else WHATSAPP, number, verified=True)
        return [Inbound(sid, number, sender, "", envelope.moment(), kind=status)]
    if status not in FAILED or not envelope.of:
        return []
    code = params.get("ErrorCode", "")
    cause = failures.cause_of(int(code) if code.isdecimal() else 0, params.get("ErrorMessage", ""))
    return [Undelivered(envelope.of, cause.reason)]
