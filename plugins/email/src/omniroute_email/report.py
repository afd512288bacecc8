"""All that reading finds in a message, by name: what ``omniroute parse email`` prints."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from omniroute import File
from omniroute_email.envelope import Envelope
from omniroute_email.reading import read

FORMS: Final[Mapping[str, str]] = {
    "text": "The file is a plain body without header fields.",
    "html": "The file is an HTML body without header fields.",
}
_HEAD: Final = {
    "text": b"Content-Type: text/plain; charset=utf-8\r\n\r\n",
    "html": b"Content-Type: text/html; charset=utf-8\r\n\r\n",
}


def fields_of(raw: bytes, form: str) -> Mapping[str, object]:
    """The fields of a message, or of a bare body if *form* names one."""
    message = _HEAD.get(form, b"") + raw
    envelope = Envelope(peer="", trusted=False, mail_from="-", rcpt_to=(), received_at=1 << 43)
    said = read(envelope, message, frozenset(), "")
    return {
        "from_email": said.sender.value,
        "from_name": said.sender.display,
        "subject": said.subject,
        "date": said.sent_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "message_id": said.external_id,
        "in_reply_to": said.in_reply_to,
        "references": said.references,
        "text": f"{said.text}\n{said.quoted}".strip(),
        "reply": said.text,
        "quoted": said.quoted,
        "attachments": [_file(file) for file in said.files],
        "auto": said.automatic,
    }


def _file(file: File) -> dict[str, object]:
    return {
        "filename": file.name,
        "type": file.media_type,
        "size": len(file.data),
        "sha256": sha256(file.data).hexdigest(),
        "inline": file.inline,
    }
