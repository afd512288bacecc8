"""All that reading finds in a message, by name: what ``omniroute parse email`` prints."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from omniroute import File
from omniroute_email.reading.addresses import Mailbox
from omniroute_email.reading.authenticity import fails_dmarc, is_spam
from omniroute_email.reading.automatic import Automatic, automatic
from omniroute_email.reading.automatic import Kind as Machine
from omniroute_email.reading.charset import one_line
from omniroute_email.reading.fields import first_date
from omniroute_email.reading.identity import identity
from omniroute_email.reading.mail import examine
from omniroute_email.reading.reports import Kind, Report

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
    mail = examine(_HEAD.get(form, b"") + raw)
    author = next((who for who in mail.authors if who.address or who.display), Mailbox("", ""))
    machine = automatic(
        mail.headers,
        subject=mail.subject,
        return_path=None,
        sender=author.address,
        ours=frozenset(),
    )
    sent = first_date(mail.headers.all("date"))
    return {
        "from_email": author.address,
        "from_name": author.display,
        "reply_identity": identity(mail).address,
        "to": [who.address for who in mail.to if who.address],
        "cc": [who.address for who in mail.cc if who.address],
        "reply_to": mail.reply_to[0].address if mail.reply_to else "",
        "subject": mail.subject,
        "date": sent.strftime("%Y-%m-%dT%H:%M:%SZ") if sent else None,
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to,
        "references": mail.references,
        "language": one_line(mail.headers.first("content-language").partition(",")[0], 35) or None,
        "text": mail.text,
        "reply": mail.visible.reply,
        "quoted": mail.visible.quoted,
        "signature": mail.visible.signature,
        "attachments": [_file(file) for file in mail.files],
        "forwarded": {
            "from_email": mail.forwarded.author.address,
            "from_name": mail.forwarded.author.display,
            "subject": mail.forwarded.subject,
            "text": mail.forwarded.text,
        }
        if mail.forwarded
        else None,
        "auto": machine is not None or mail.report is not None,
        "auto_because": _because(mail.report, machine),
        "spam": is_spam(mail.headers),
        "dmarc_fail": fails_dmarc(mail.headers),
        "sealed": mail.sealed,
        "unread": str(mail.remarks),
        **_reported(mail.report, machine),
    }


def _because(report: Report | None, machine: Automatic | None) -> str:
    """What shows that a machine wrote; empty if nothing does."""
    if machine is not None:
        return f"{machine.kind}: {machine.because}"
    return "report: by its words" if report is not None else ""


def _reported(report: Report | None, machine: Automatic | None) -> dict[str, object]:
    """What sort of automatic mail it is, and whom it is about."""
    away = machine is not None and machine.kind is Machine.REPLY
    kind = "auto_reply" if away or (report and report.kind is Kind.READ) else "not"
    if report is None or report.kind is Kind.READ:
        return {"class": kind, "bounce": False, "recipients": [], "status": [], "hard": False}
    return {
        "class": report.kind,
        "bounce": report.kind is Kind.BOUNCE,
        "recipients": [failure.address for failure in report.failures],
        "status": list(dict.fromkeys(f.status for f in report.failures if f.status)),
        "hard": report.kind is Kind.BOUNCE and report.permanent,
    }


def _file(file: File) -> dict[str, object]:
    return {
        "filename": file.name,
        "type": file.media_type,
        "size": len(file.data),
        "sha256": sha256(file.data).hexdigest(),
        "inline": file.inline,
    }
