"""A message as the customer meant it: `read` puts together what the other modules find."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from omniroute import Address, File, Inbound
from omniroute_email.envelope import Envelope
from omniroute_email.reading import addresses, bodies, quotes
from omniroute_email.reading.authenticity import vouched
from omniroute_email.reading.charset import decoded, one_line
from omniroute_email.reading.fields import is_automatic, message_ids, sent_at
from omniroute_email.reading.headers import Headers, words
from omniroute_email.reading.html import visible_text
from omniroute_email.reading.mime import Part, read_parts

MAX_TEXT = 1_000_000  # characters shown of a text or of HTML; the raw message keeps the rest
MAX_BYTES = 4 * MAX_TEXT  # no character takes more
TOO_LONG = f"text beyond {MAX_TEXT:,} characters"
MAX_SUBJECT = 998
MAX_NAME = 200
MAX_REMARKS = 10
NOBODY = "unknown.invalid"  # a domain that never exists (RFC 2606)


@dataclass(slots=True)
class Remarks:
    """What could not be read, each thing once."""

    said: list[str] = field(default_factory=list)

    def add(self, *remarks: str) -> None:
        for remark in remarks:
            if remark and remark not in self.said:
                self.said.append(remark)

    def __str__(self) -> str:
        more = ["and more"] if len(self.said) > MAX_REMARKS else []
        return "; ".join(self.said[:MAX_REMARKS] + more)


def read(envelope: Envelope, message: bytes, ours: frozenset[str], authserv_id: str) -> Inbound:
    """Read *message*; *ours* are our own addresses.  Pure, and raises for no message.

    What cannot be read is named in `Inbound.unread`; what can be read is there nonetheless.
    """
    remarks = Remarks()
    root, found = read_parts(message)
    remarks.add(*found)
    headers = root.headers
    digest = hashlib.sha256(message).hexdigest()
    sender = _sender(envelope, headers, authserv_id, digest, remarks)
    parts = bodies.sort(root)
    html = _joined(parts.html, remarks, only_html=True)
    text, quoted = quotes.cut(_joined(parts.text, remarks))
    replied = message_ids(headers.first("in-reply-to"))
    return Inbound(
        external_id=next(iter(message_ids(headers.first("message-id"))), f"{digest[:32]}@{NOBODY}"),
        conversation=sender.value,
        sender=sender,
        text=text,
        sent_at=_sent_at(headers, envelope),
        subject=words(headers.first("subject"), MAX_SUBJECT),
        html=html,
        quoted=quoted,
        in_reply_to=replied[0] if replied else "",
        references=message_ids(" ".join(headers.all("references"))),
        files=tuple(_files(parts.files, remarks)),
        automatic=is_automatic(headers, envelope.mail_from, sender.value, ours),
        unread=str(remarks),
    )


def _sender(
    envelope: Envelope, headers: Headers, authserv_id: str, digest: str, remarks: Remarks
) -> Address:
    """The author by the From field alone: Reply-To and the return path are no identity."""
    mailbox, wrong = addresses.sender(headers.all("from"))
    remarks.add(wrong)
    if mailbox is None:
        # An address of its own for each such message, or strangers would share a conversation.
        return Address("email", f"{digest[:32]}@{NOBODY}")
    domain = mailbox.address.rpartition("@")[2]
    verified = envelope.trusted and not wrong and vouched(headers, domain, authserv_id)
    return Address("email", mailbox.address, verified=verified, display=mailbox.display)


def _sent_at(headers: Headers, envelope: Envelope) -> datetime:
    received_at = datetime.fromtimestamp(envelope.received_at / 1000, UTC)
    return sent_at(headers.first("date"), received_at)


def _joined(parts: Sequence[Part], remarks: Remarks, *, only_html: bool = False) -> str:
    """The text of *parts* one below the other, or their HTML; no more of it than may be shown."""
    texts: list[str] = []
    source = 0
    for part in parts:
        is_html = part.media_type == "text/html"
        if only_html and not is_html:
            continue
        text = _text(part, remarks)
        source += len(text)
        texts.append(text if only_html or not is_html else visible_text(text))
        if source > MAX_TEXT:
            remarks.add(TOO_LONG)
            break
    return "\n".join(text.strip("\n") for text in texts if text.strip())[:MAX_TEXT]


def _text(part: Part, remarks: Remarks) -> str:
    data, remark = part.content()
    remarks.add(remark)
    if len(data) > MAX_BYTES:
        remarks.add(TOO_LONG)
        line_end = data.rfind(b"\n", 0, MAX_BYTES)  # not amid a character, if possible
        data = data[: line_end if line_end > 0 else MAX_BYTES]
    text, remark = decoded(data, part.parameters.get("charset", ""))
    remarks.add(remark)
    return text[: MAX_TEXT + 1]


def _files(parts: Sequence[Part], remarks: Remarks) -> Iterator[File]:
    for part in parts:
        data, remark = part.content()
        remarks.add(remark, _sealed(part))
        yield File(
            name=_file_name(part),
            media_type=part.media_type,
            data=data,
            inline=part.disposition == "inline" or (not part.disposition and bool(part.content_id)),
            content_id=part.content_id,
        )


def _sealed(part: Part) -> str:
    sealed = ("application/pgp-encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
    return "encrypted or sealed content" if part.media_type in sealed else ""


def _file_name(part: Part) -> str:
    """For display only: no folders, no characters that hide something."""
    name = one_line(part.name.replace("\\", "/").rpartition("/")[2], MAX_NAME)
    return name or ("message.eml" if part.media_type == "message/rfc822" else "unnamed")
