"""Whom a message names as its readers besides us: they take part in the conversation."""

from __future__ import annotations

from omniroute import Address, Inbound
from omniroute_email.reading.addresses import normalised
from omniroute_email.reading.mail import Mail
from omniroute_email.settings import Mailboxes

MOST = 20


def others(said: Inbound, mail: Mail, mailboxes: Mailboxes) -> tuple[Address, ...]:
    """Everybody in To and Cc who is neither one of us nor the sender; nobody of list mail."""
    if said.automatic or mail.headers.all("list-id"):
        return ()
    found: dict[str, Address] = {}
    for mailbox in (*mail.to, *mail.cc):
        address = normalised(mailbox.address)
        if address and address != said.sender.value and not mailboxes.takes(address):
            found.setdefault(address, Address("email", address, display=mailbox.display))
    return tuple(found.values())[:MOST]
