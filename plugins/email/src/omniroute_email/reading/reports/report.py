"""Finding out whether a message is a report, and on what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from omniroute_email.reading.addresses import Mailbox
from omniroute_email.reading.charset import one_line
from omniroute_email.reading.fields import message_ids
from omniroute_email.reading.headers import Headers, split
from omniroute_email.reading.mailboxes import mailboxes
from omniroute_email.reading.mime import Part, read_parts
from omniroute_email.reading.reports import notices, statuses
from omniroute_email.reading.reports.values import Failure, Kind, Report

__all__ = ["Failure", "Kind", "Report", "find"]

MAX_PARTS: Final = 50
MAX_WRAPPED: Final = 512 * 1024  # bytes of a report within a report
MAX_RETURNED: Final = 64 * 1024  # characters of a body in which a returned message is looked for

_STATUS = ("message/delivery-status", "message/global-delivery-status")
_RECEIPT = "message/disposition-notification"
_RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")
_ID_LINE = re.compile(r"^[>\s]{0,4}message-id:\s*(<[^<>\s]{1,900}>)", re.IGNORECASE | re.MULTILINE)


def find(
    root: Part,
    *,
    text: str,
    subject: str,
    authors: tuple[Mailbox, ...],
    return_path: str | None = None,
) -> Report | None:
    """The report that a message is, or none.

    *text* is its visible body; *return_path* is that of the SMTP session, None if not known.
    """
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
    receipt = next((part for part in parts if part.media_type == _RECEIPT), None)
    if receipt is not None:
        return _receipt(receipt, original, text)
    path = root.headers.first("return-path").strip() if return_path is None else return_path
    signs = _Signs(
        told=bool(status) or "status" in root.parameters.get("report-type", ""),
        by_subject=notices.is_bounce_subject(subject),
        by_author=any(notices.is_mail_system(f"{who.address} {who.display}") for who in authors)
        or notices.is_daemon(path),
        by_path=(return_path == "" or path == "<>"),
        marked=_is_marked(root.headers),
        failed=mailboxes(root.headers.all("x-failed-recipients")),
        by_file=return_path is None and not path and notices.is_mail_subject(subject),
        domain=authors[0].address.rpartition("@")[2] if authors else "",
    )
    nobody = [who.address for who in (*authors, *mailboxes(root.headers.all("to")))]
    return _by_words(signs, text, nobody, original)


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


def _receipt(part: Part, original: str, text: str) -> Report:
    """What the recipient's program did (RFC 8098): a message that a filter refused was not read."""
    content, _ = part.content()
    for fields in statuses.groups(content):
        original = original or next(iter(message_ids(fields.first("original-message-id"))), "")
        done = fields.first("disposition").lower().replace(" ", "")
        address = statuses.recipient(fields)
        if address and done.startswith("automatic-action") and ";deleted" in done:
            reason = one_line(text, statuses.MAX_REASON)
            return Report(Kind.BOUNCE, (Failure(address, reason=reason),), original)
    return Report(Kind.READ, original_id=original)


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


@dataclass(frozen=True, slots=True)
class _Signs:
    """What shows that a mail system wrote, apart from the words."""

    told: bool  # it calls itself a report
    by_subject: bool
    by_author: bool
    by_path: bool  # a null return path, as every automatic message has
    marked: bool  # as automatic, or as bulk
    failed: tuple[Mailbox, ...]  # as a field names them
    by_file: bool  # nobody knows the return path, as in files, and the subject speaks of mail
    domain: str  # of the author

    @property
    def believable(self) -> bool:
        """Whether what people cannot easily write shows a mail system.

        A customer whose parcel was not delivered may well say just that in the subject, and who is
        away may write that a mailbox is full.
        """
        by_machine = self.by_path or self.marked
        return self.told or bool(self.failed) or self.by_author or (self.by_subject and by_machine)

    @property
    def worth_reading(self) -> bool:
        """Whether it may be a report if it says so in sure words."""
        return self.believable or self.by_file or self.by_path or self.marked


def _by_words(signs: _Signs, text: str, nobody: list[str], original: str) -> Report | None:
    """A report from its wording, if it is believable."""
    words = signs.worth_reading and notices.speaks_of_failure(text)
    if not signs.believable and not (words and _names_surely(text, nobody)):
        return None
    if not (signs.told or signs.failed or words or signs.by_subject):
        return None
    found = notices.failures(text, nobody, signs.domain)
    if signs.failed:
        permanent = not found or any(failure.permanent for failure in found)
        known = {failure.address: failure for failure in found}
        found = tuple(
            known.get(who.address, Failure(who.address, permanent=permanent))
            for who in signs.failed
        )
    if not found and not (signs.told or (words and signs.by_subject and signs.believable)):
        return None
    return Report(Kind.BOUNCE, found, original)


def _names_surely(text: str, nobody: list[str]) -> bool:
    return notices.surely_speaks_of_failure(text) and notices.names_somebody(text, nobody)


def _is_marked(headers: Headers) -> bool:
    submitted = headers.first("auto-submitted").strip().lower()
    precedence = headers.first("precedence").strip().lower()
    return submitted not in ("", "no") or precedence in ("bulk", "junk", "auto_reply")
