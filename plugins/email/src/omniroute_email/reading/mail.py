"""A message, read: `examine` puts together what the other modules find in its bytes.

Nothing here asks who we are, who handed the message over or when; `message.read` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from omniroute import File
from omniroute_email.reading import bodies
from omniroute_email.reading.addresses import Mailbox
from omniroute_email.reading.fields import message_ids
from omniroute_email.reading.headers import Headers, words
from omniroute_email.reading.mailboxes import mailboxes
from omniroute_email.reading.mime import read_parts
from omniroute_email.reading.texts import Remarks, files, joined, markup
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
    remarks: Remarks


def examine(message: bytes) -> Mail:
    """Read *message*.  Pure, and raises for no message; what cannot be read is in the remarks."""
    remarks = Remarks()
    root, found = read_parts(message)
    remarks.add(*found)
    headers = root.headers
    parts = bodies.sort(root)
    html = markup(parts.html, remarks)
    text = joined(parts.text, remarks)
    authors = mailboxes(headers.all("from"))
    subject = words(headers.first("subject"), MAX_SUBJECT)
    name = authors[0].display if authors else ""
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
        visible=cut(text, author=name, passes_on=is_forward_subject(subject)),
        files=tuple(files(parts.files, remarks)),
        remarks=remarks,
    )
