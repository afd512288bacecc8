"""A message as the customer meant it: from what it says and what the session knew to `Inbound`."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

from omniroute import Address, Inbound
from omniroute_email.envelope import Envelope
from omniroute_email.reading import addresses
from omniroute_email.reading.addresses import Mailbox, normalised
from omniroute_email.reading.authenticity import vouched
from omniroute_email.reading.automatic import automatic
from omniroute_email.reading.fields import sent_at
from omniroute_email.reading.headers import Headers
from omniroute_email.reading.identity import behind
from omniroute_email.reading.mail import Mail, examine

NOBODY = "unknown.invalid"  # a domain that never exists (RFC 2606)


def read(envelope: Envelope, message: bytes, ours: frozenset[str], authserv_id: str) -> Inbound:
    """Read *message*; *ours* are our own addresses.  Pure, and raises for no message.

    What cannot be read is named in `Inbound.unread`; what can be read is there nonetheless.
    """
    mail = examine(message, envelope.mail_from)
    return inbound(envelope, message, mail, ours, authserv_id)


def inbound(
    envelope: Envelope,
    message: bytes,
    mail: Mail,
    ours: frozenset[str],
    authserv_id: str,
    forms: frozenset[str] = frozenset(),
) -> Inbound:
    """The same for a message that was examined already; *forms* are addresses of web forms."""
    digest = hashlib.sha256(message).hexdigest()
    mailbox, wrong = addresses.sender(mail.headers.all("from"))
    instead = behind(mail, mailbox, ours, forms)
    if instead is not None:
        sender = Address("email", instead.address, display=instead.display)
    else:
        mail.remarks.add(wrong)
        sender = _sender(envelope, mail.headers, mailbox, wrong, authserv_id, digest)
    machine = automatic(
        mail.headers,
        subject=mail.subject,
        return_path=envelope.mail_from,
        sender=sender.value,
        ours=ours,
    )
    return Inbound(
        external_id=mail.message_id or f"{digest[:32]}@{NOBODY}",
        conversation=sender.value,
        sender=sender,
        text=mail.visible.reply,
        sent_at=_sent_at(mail.headers, envelope),
        subject=mail.subject,
        html=mail.html,
        quoted=mail.visible.cut,
        in_reply_to=mail.in_reply_to,
        references=mail.references,
        files=mail.files,
        automatic=machine is not None,
        unread=str(mail.remarks),
    )


def _sender(
    envelope: Envelope,
    headers: Headers,
    mailbox: Mailbox | None,
    wrong: str,
    authserv_id: str,
    digest: str,
) -> Address:
    """The author by the From field alone: Reply-To and the return path are no identity.

    Unless From is no author at all, and `behind` has found whom the message names instead.
    """
    if mailbox is None:
        # An address of its own for each such message, or strangers would share a conversation.
        return Address("email", f"{digest[:32]}@{NOBODY}")
    domain = mailbox.address.rpartition("@")[2]
    verified = not wrong and vouched(
        headers, domain, authserv_id, trusted=envelope.trusted, checked=envelope.checked
    )
    return Address("email", mailbox.address, verified=verified, display=mailbox.display)


def _sent_at(headers: Headers, envelope: Envelope) -> datetime:
    received_at = datetime.fromtimestamp(envelope.received_at / 1000, UTC)
    return sent_at(headers.all("date"), received_at)


def passed_on(said: Inbound, mail: Mail, ours: frozenset[str]) -> Inbound:
    """What a colleague forwarded, as written by whom they forward; *said* unless they did.

    Nobody vouches for that author, whoever the colleague is: the head of a forwarded message is
    text.  What the colleague wrote above it stays at the top.
    """
    if mail.forwarded is None or not said.sender.verified:
        return said
    author = mail.forwarded.author
    address = normalised(author.address)
    if not address or address in ours or address == said.sender.value:
        return said
    text, original = said.text, mail.forwarded.text
    return replace(
        said,
        text=text if original in text else f"{text}\n\n{original}".strip(),
        sender=Address("email", address, display=author.display),
        conversation=address,
        in_reply_to="",
        references=(),
        automatic=False,
    )
