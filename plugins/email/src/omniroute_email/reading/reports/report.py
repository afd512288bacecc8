"""Finding out whether a message is a report, and on what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from omniroute_email.reading.addresses import Mailbox
from omniroute_email.reading.fields import message_ids
from omniroute_email.reading.headers import Headers, parameters, split
from omniroute_email.reading.mailboxes import mailboxes
from omniroute_email.reading.mime import Part, read_parts
from omniroute_email.reading.reports import notices, statuses
from omniroute_email.reading.reports.values import Failure, Kind, Report

__all__ = ["Failure", "Kind", "Report", "find"]

MAX_PARTS: Final = 50
MAX_WRAPPED: Final = 512 * 1024  # bytes of a report within a report
MAX_RETURNED: Final = 64 * 1024  # characters of a body in which a returned message is looked for

_STATUS = ("message/delivery-status", "message/global-delivery-status")
_RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")
_ID_LINE = re.compile(r"^[>\s]{0,4}message-id:\s*(<[^<>\s]{1,900}>)", re.IGNORECASE | re.MULTILINE)


def find(root: Part, *, text: str, subject: str, authors: tuple[Mailbox, ...]) -> Report | None:
    """The report that a message is, or none.  *text* is its visible body."""
    parts = list(_leaves(root))
    wrapped = _wrapped(root, parts)
    if wrapped is not None:
        parts = list(_leaves(wrapped))
    original = _original(parts, text)
    feedback = next((part for part in parts if part.media_type == "message/feedback-report"), None)
    if feedback is not None:
        return _feedback(feedback, original)
    status = [part for part in parts if part.media_type in _STATUS]
    found = _by_status(status, original)
    if found is not None and (found.failures or found.kind is not Kind.BOUNCE):
        return found
    if any(part.media_type == "message/disposition-notification" for part in parts):
        return Report(Kind.READ, original_id=original)
    return _by_words(root.headers, text, subject, authors, original, told=bool(status))


def _leaves(part: Part) -> Iterator[Part]:
    pending, seen = [part], 0
    while pending and seen < MAX_PARTS:
        part = pending.pop()
        if part.children:
            pending.extend(reversed(part.children))
        else:
            seen += 1
            yield part


def _wrapped(root: Part, parts: list[Part]) -> Part | None:
    """The report that some gateways pack whole into a message of their own."""
    for part in parts:
        if part.media_type == "message/rfc822" and "report-type" in root.parameters:
            content, _ = part.content()
            inner, _ = read_parts(content[:MAX_WRAPPED])
            if inner.media_type == "multipart/report":
                return inner
    return None


def _original(parts: list[Part], text: str) -> str:
    """The Message-ID of the message that was returned, whole or in part."""
    for part in parts[1:]:
        if part.media_type in _RETURNED:
            headers, _ = split(part.message, part.start, part.end)
            ids = message_ids(headers.first("message-id"))
            if ids:
                return ids[0]
    found = _ID_LINE.search(text[:MAX_RETURNED])
    return message_ids(found[1])[0] if found else ""


def _by_status(parts: list[Part], original: str) -> Report | None:
    failures: dict[str, Failure] = {}
    success, envelope_id = False, ""
    for part in parts:
        content, _ = part.content()
        for fields in statuses.groups(content):
            envelope_id = envelope_id or fields.first("original-envelope-id").strip()[:250]
            success = success or statuses.is_success(fields)
            failure = statuses.failure(fields)
            if failure is not None:
                failures.setdefault(failure.address, failure)
    if not parts:
        return None
    kind = Kind.DELIVERED if success and not failures else Kind.BOUNCE
    return Report(kind, tuple(failures.values()), original, envelope_id)


def _feedback(part: Part, original: str) -> Report:
    """A complaint (RFC 5965)."""
    content, _ = part.content()
    recipients: dict[str, Failure] = {}
    for fields in statuses.groups(content):
        for name in ("original-rcpt-to", "removal-recipient"):
            for value in fields.all(name):
                address = statuses.address_in(value)
                if address:
                    reason = fields.first("feedback-type").strip()[:40]
                    recipients.setdefault(address, Failure(address, reason=reason))
    return Report(Kind.FEEDBACK, tuple(recipients.values()), original)


def _by_words(
    headers: Headers,
    text: str,
    subject: str,
    authors: tuple[Mailbox, ...],
    original: str,
    *,
    told: bool,
) -> Report | None:
    """A report from its wording; *told* says that it calls itself one."""
    failed = mailboxes(headers.all("x-failed-recipients"))
    by_subject = notices.is_bounce_subject(subject)
    by_sender = _is_from_mail_system(headers, authors, by_subject)
    _, given = parameters(headers.first("content-type"))
    told = told or "status" in given.get("report-type", "")
    if not (told or failed or by_sender) or _vacation(headers):
        return None
    words = notices.speaks_of_failure(text)
    if not (told or failed or words or by_subject):
        return None
    nobody = [who.address for who in (*authors, *mailboxes(headers.all("to")))]
    found = notices.failures(text, nobody)
    if failed:
        permanent = not found or any(failure.permanent for failure in found)
        by_address = {failure.address: failure for failure in found}
        found = tuple(
            by_address.get(who.address, Failure(who.address, permanent=permanent)) for who in failed
        )
    if not found and not (told or (words and by_subject)):
        return None
    return Report(Kind.BOUNCE, found, original)


def _is_from_mail_system(headers: Headers, authors: tuple[Mailbox, ...], by_subject: bool) -> bool:
    """Whether what people cannot easily write, the sender or the return path, shows a machine.

    A customer whose parcel was not delivered may well say just that in the subject.
    """
    path = headers.first("return-path").strip()
    if path == "<>" or notices.is_mail_system(path):
        return True
    if any(notices.is_mail_system(f"{who.address} {who.display}") for who in authors):
        return True
    marked = headers.first("auto-submitted").strip().lower() not in ("", "no")
    bulk = headers.first("precedence").strip().lower() in ("bulk", "junk", "auto_reply")
    return by_subject and (marked or bulk)


def _vacation(headers: Headers) -> bool:
    return headers.first("auto-submitted").strip().lower().startswith("auto-replied (vacation")
