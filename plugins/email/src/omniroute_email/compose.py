"""An answer as an e-mail: pure, so the same answer at the same time is the same bytes.

No text that came from outside can add a header: line ends and NUL are taken out of every value,
and what looks like an encoded word is broken up, since the standard library would decode it into
the header again.  The fields that thread a conversation are written here rather than by the
library, which folds long message ids into encoded words that no mail program takes for ids.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from omniroute import File, Outbound
from omniroute_email.markup import as_html
from omniroute_email.reading.charset import clean, one_line

MAX_SUBJECT = 250
MAX_NAME = 100
MAX_REFERENCES = 20
REPEAT_FIELD = b"X-OmniRoute-Repeat: possible\r\n"
AUTOMATIC_FIELDS = b"Auto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\n"  # RFC 3834

_ID = re.compile(r"[!-;=?-~]{1,250}")
_KEY = re.compile(r"[A-Za-z0-9._-]{1,200}")
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,80}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}")
_REPLY = re.compile(r"(?:re|aw|sv|antw|rif|odp)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)


def compose(
    out: Outbound,
    from_address: str,
    from_name: str,
    now: datetime,
    reply_to: str = "",
    *,
    html: bool = False,
    markup: str = "",
) -> bytes:
    """The bytes to send for *out*, seven bits wide unless an address needs more.

    With *html* its text is there twice, and a mail program shows what it can (RFC 2046, 5.1.4).
    *markup* is the HTML to send in place of that made of the text.
    """
    named = "".join([from_address, out.to.value, *(copy.value for copy in out.copies)])
    policy = SMTP if named.isascii() else SMTPUTF8
    mail = EmailMessage(policy=policy.clone(cte_type="7bit"))
    mail["From"] = _mailbox(_author(out.sender_name, from_name), from_address)
    if reply_to:
        mail["Reply-To"] = _mailbox(from_name, reply_to)
    mail["To"] = _mailbox(out.to.display, out.to.value)
    if out.copies:
        mail["Cc"] = [_mailbox(copy.display, copy.value) for copy in out.copies]
    mail["Subject"] = _subject(out)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{message_id(out, from_address)}>"
    text = clean(out.text)
    mail.set_content(text, charset="utf-8")
    if markup or (html and text.strip()):
        mail.add_alternative(markup or as_html(text), subtype="html", charset="utf-8")
    for file in out.files:
        _attach(mail, file)
    return _threading(out) + mail.as_bytes()


def message_id(out: Outbound, from_address: str) -> str:
    """The id of *out*, the same for every attempt, without its brackets."""
    key = out.idempotency_key
    if not _KEY.fullmatch(key):
        key = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
    return f"{key}@{from_address.rpartition('@')[2]}"


def _author(sender_name: str, from_name: str) -> str:
    return f"{sender_name} · {from_name}" if sender_name and from_name else sender_name or from_name


def _subject(out: Outbound) -> str:
    subject = _header(out.subject, MAX_SUBJECT)
    answers = bool(out.in_reply_to or out.references)
    if answers and not _REPLY.match(subject):
        return f"Re: {subject}".rstrip()
    return subject


def _header(text: str, limit: int) -> str:
    return one_line(text, limit).replace("=?", "= ?")


def _mailbox(name: str, address: str) -> MailAddress:
    local, _, domain = address.rpartition("@")
    if local.startswith('"'):
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    return MailAddress(_header(name, MAX_NAME), local, domain)


def _attach(mail: EmailMessage, file: File) -> None:
    media_type = file.media_type.lower()
    if not _TYPE.fullmatch(media_type) or media_type.startswith(("message/", "multipart/")):
        media_type = "application/octet-stream"  # the others must not be encoded
    main, _, sub = media_type.partition("/")
    mail.add_attachment(
        file.data,
        maintype=main,
        subtype=sub,
        filename=_header(file.name, MAX_NAME) or "unnamed",
        disposition="inline" if file.inline else "attachment",
        cid=f"<{file.content_id}>" if _ID.fullmatch(file.content_id) else None,
    )


def _threading(out: Outbound) -> bytes:
    """The fields by which mail programs find the conversation, one id to a line."""
    replied = [out.in_reply_to] if _ID.fullmatch(out.in_reply_to) else []
    earlier = [known for known in dict.fromkeys(out.references) if _ID.fullmatch(known)]
    earlier = [known for known in earlier if known not in replied] + replied
    if len(earlier) > MAX_REFERENCES:
        earlier = [earlier[0], *earlier[1 - MAX_REFERENCES :]]
    marks = (REPEAT_FIELD if out.repeat else b"") + (AUTOMATIC_FIELDS if out.automatic else b"")
    return _ids("In-Reply-To", replied) + _ids("References", earlier) + marks


def _ids(field: str, ids: Sequence[str]) -> bytes:
    if not ids:
        return b""
    listed = "\r\n ".join(f"<{known}>" for known in ids)
    return f"{field}: {listed}\r\n".encode("ascii")
