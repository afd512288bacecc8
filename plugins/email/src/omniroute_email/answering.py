"""Which of our messages one answers: by the token it is sent to, or by the message ids it names."""

from __future__ import annotations

from omniroute import Inbound
from omniroute_email.envelope import Envelope
from omniroute_email.reading.mail import Mail
from omniroute_email.returned import KEY
from omniroute_email.settings import Mailboxes


def answered(said: Inbound, mail: Mail, envelope: Envelope, mailboxes: Mailboxes) -> str:
    """The key of the message of ours that *said* answers; empty if that does not show.

    A token is signed, and names its message for a year; our message ids hold the same keys, which
    nobody guesses.  Subjects are looked at by nobody.
    """
    named = (*envelope.rcpt_to, *(to.address for to in (*mail.to, *mail.cc)))
    for address in named:
        if key := mailboxes.replies.key_in(address, envelope.received_at):
            return key
    for known in (said.in_reply_to, *reversed(said.references)):
        key, _, domain = known.rpartition("@")
        if domain.lower() == mailboxes.domain and KEY.fullmatch(key):
            return key
    return ""
