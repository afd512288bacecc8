"""Mail about our own mail: from a report to what the engine is told of the message it is about.

Which message that was is told by the address that the report went to, if each message has one of
its own to come back to (VERP), or by the Message-ID that the report returns.  Both hold the key
of the message, so that nothing needs to be remembered.
"""

from __future__ import annotations

import re
from typing import Final

from omniroute import Undelivered
from omniroute_email.envelope import Envelope
from omniroute_email.reading.charset import one_line
from omniroute_email.reading.reports import Failure, Kind, Report
from omniroute_email.settings import Mailboxes

MAX_REASON: Final = 400
KEY: Final = re.compile(r"[A-Za-z0-9._-]{1,60}")


def return_path(key: str, mailboxes: Mailboxes, at: int = 0) -> str:
    """The address to which a message comes back if it cannot be delivered, sent *at* (ms)."""
    own = mailboxes.bounces.address_for(key, at)
    return own or mailboxes.bounce_address or mailboxes.from_address


def undelivered(report: Report, envelope: Envelope, mailboxes: Mailboxes) -> list[Undelivered]:
    """What a report means for the message it is about; nothing where all went well."""
    if report.kind in (Kind.DELIVERED, Kind.READ):
        return []
    complaint = report.kind is Kind.FEEDBACK
    return [
        Undelivered(
            of=_key(report, envelope, mailboxes),
            reason=_reason(report),
            permanent=complaint or report.permanent or not report.failures,
            complaint=complaint,
            to=next((failure.address for failure in report.failures if failure.address), ""),
        )
    ]


def _key(report: Report, envelope: Envelope, mailboxes: Mailboxes) -> str:
    for address in envelope.rcpt_to:
        if key := mailboxes.bounces.key_in(address, envelope.received_at):
            return key
    key, _, domain = report.original_id.rpartition("@")
    if domain.lower() == mailboxes.domain:
        return key
    return report.envelope_id if KEY.fullmatch(report.envelope_id) else ""


def _reason(report: Report) -> str:
    """“kim@x.example: 550 5.1.1 no such user”, for each recipient."""
    if report.kind is Kind.FEEDBACK:
        return "the recipient has reported it as spam"
    said = "; ".join(map(_about, report.failures)) or "a mail server has returned it"
    return one_line(said, MAX_REASON)


def _about(failure: Failure) -> str:
    why = failure.reason or failure.status or "not delivered"
    return why if failure.address in why.lower() else f"{failure.address}: {why}"
