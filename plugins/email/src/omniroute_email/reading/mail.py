"""A message, read: `examine` puts together what the other modules find in its bytes.

Nothing here asks who we are, who handed the message over or when; `message.read` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from omniroute import File
from omniroute_email.reading import bodies
from omniroute_email.reading.addresses import Mailbox
from omniroute_email.reading.attachments import Attachments, attachments
from omniroute_email.reading.calendar import summary
from omniroute_email.reading.charset import clean
from omniroute_email.reading.cms import signed_content
from omniroute_email.reading.fields import message_ids
from omniroute_email.reading.forwarded import Forwarded, forwarded
from omniroute_email.reading.headers import Headers, words
from omniroute_email.reading.html import visible_text
from omniroute_email.reading.mailboxes import mailboxes
from omniroute_email.reading.mime import Part, read_parts
from omniroute_email.reading.reports import Report, find
from omniroute_email.reading.sealed import PKCS7, Seal, seal
from omniroute_email.reading.texts import MAX_TEXT, Remarks, joined, markup, raw_text
from omniroute_email.reading.visible import Visible, cut
from omniroute_email.reading.visible.dividers import is_forward_subject

MAX_SUBJECT = 998


@dataclass(frozen=True, slots=True)
class Mail:
    """What a message says."""

    headers: Headers = field(repr=False)
    authors: tuple[Mailbox, ...]  # as From names them, leniently read: nobody is vouched for
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    reply_to: tuple[Mailbox, ...]
    subject: str
    message_id: str  # without brackets, as are all ids; empty if there is none
    in_reply_to: str
    references: tuple[str, ...]
    text: str  # the whole body
    html: str
    visible: Visible  # the body, taken apart
    files: tuple[File, ...]
    forwarded: Forwarded | None  # the message that it passes on, if it does
    report: Report | None  # what it tells of another message, if it is a report
    sealed: Seal
    remarks: Remarks


def examine(message: bytes, return_path: str | None = None) -> Mail:
    """Read *message*.  Pure, and raises for no message; what cannot be read is in the remarks.

    *return_path* is what the SMTP session knew, empty for a null sender, None if nobody knows.
    """
    remarks = Remarks()
    root, found = read_parts(message)
    remarks.add(*found)
    headers = root.headers
    signed = _signed(root, remarks)
    parts = bodies.sort(signed or root)
    attached = attachments(parts.files, remarks)
    html = markup(parts.html, remarks) or attached.html[:MAX_TEXT]
    text = _text(parts, attached, remarks)
    sealed = Seal.SIGNED if signed else seal(root, text)
    remarks.add(sealed if sealed is not Seal.SIGNED else "")
    authors = mailboxes(headers.all("from"))
    subject = words(headers.first("subject"), MAX_SUBJECT)
    report = find(root, text=text, subject=subject, authors=authors, return_path=return_path)
    return Mail(
        headers=headers,
        authors=authors,
        to=mailboxes(headers.all("to")),
        cc=mailboxes(headers.all("cc")),
        reply_to=mailboxes(headers.all("reply-to")),
        subject=subject,
        message_id=next(iter(message_ids(headers.first("message-id"))), ""),
        in_reply_to=next(iter(message_ids(headers.first("in-reply-to"))), ""),
        references=message_ids(" ".join(headers.all("references"))),
        text=text,
        html=html,
        visible=_visible(text, subject, authors),
        files=tuple(attached.files),
        forwarded=None if report else forwarded(text, subject, parts.files),
        report=report,
        sealed=sealed,
        remarks=remarks,
    )


def _signed(root: Part, remarks: Remarks) -> Part | None:
    """What lies within the signature, if the whole message is that (S/MIME)."""
    content = signed_content(root.content()[0]) if root.media_type in PKCS7 else None
    if content is None:
        return None
    inner, found = read_parts(content)
    remarks.add(*found)
    return inner


def _text(parts: bodies.Bodies, attached: Attachments, remarks: Remarks) -> str:
    """The body; where it is empty, what else tells why the message was sent."""
    text = joined(parts.text, remarks) or joined(parts.html, remarks)
    if text or not (attached.files or attached.text or attached.html):
        return text
    packed = attached.text or visible_text(attached.html[:MAX_TEXT])
    return clean(packed)[:MAX_TEXT].strip() or _invitation(parts.files, remarks)


def _invitation(files: Sequence[Part], remarks: Remarks) -> str:
    calendar = next((part for part in files if part.media_type == "text/calendar"), None)
    return summary(raw_text(calendar, remarks)) if calendar else ""


def _visible(text: str, subject: str, authors: Sequence[Mailbox]) -> Visible:
    name = authors[0].display if authors else ""
    return cut(text, author=name, passes_on=is_forward_subject(subject))
