"""Whether a machine wrote a message, and what says so (RFC 3834, RFC 2369, RFC 2919).

An automatic message must not be answered automatically: two machines that thank each other do not
stop.  So any one sign is enough here.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple

from omniroute_email.reading import phrases
from omniroute_email.reading.headers import Headers, parameters

MAX_HOPS: Final = 50  # Received fields; more is a loop
_LOOKED_AT = 200  # characters of a subject


class Kind(StrEnum):
    """What sort of machine it was."""

    REPORT = "report"  # about mail: bounces, receipts, complaints
    REPLY = "auto-reply"  # somebody is away, or has received our message
    LIST = "list"
    BULK = "bulk"
    GENERATED = "generated"  # any other machine
    LOOP = "loop"


class Automatic(NamedTuple):
    """A sign of a machine: which, and the field that shows it."""

    kind: Kind
    because: str


_MACHINES = re.compile(
    r"(?:mailer-daemon|postmaster|mail-?daemon|bounces?|(?:no|do[-_.]?not|nao|ne[-_.]pas)[-_.]?"
    r"(?:reply|responder|respond|responda|repondre))(?:[+._-].*)?@",
    re.IGNORECASE,
)
_REPLY_MARKS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponse",
    "x-auto-reply-from",
    "x-mail-autoreply",
    "x-vacation",
)
_OTHER_MARKS = {
    "x-auto-response-suppress": Kind.GENERATED,
    "x-loop": Kind.LOOP,
    "x-beenthere": Kind.LIST,
    "x-mailing-list": Kind.LIST,
    "feedback-id": Kind.BULK,
    "x-csa-complaints": Kind.BULK,
    "x-campaign-id": Kind.BULK,
}
_PRECEDENCE = {
    "bulk": Kind.BULK,
    "junk": Kind.BULK,
    "list": Kind.LIST,
    "auto_reply": Kind.REPLY,
    "auto-reply": Kind.REPLY,
}
_ANSWERS = re.compile(r"(?:re|aw|sv|antw)\s?:\s?", re.IGNORECASE)
_SUBJECTS = tuple(subject.casefold() for subject in phrases.AUTOMATIC_SUBJECTS)


def automatic(
    headers: Headers, *, subject: str, return_path: str | None, sender: str, ours: frozenset[str]
) -> Automatic | None:
    """The strongest sign that a machine wrote it, or that a loop brought it back; none if none.

    *return_path* is what the SMTP session knew, empty for a null sender, None if nobody knows.
    """
    return (
        _report(headers)
        or _submitted(headers)
        or _marked(headers)
        or _by_subject(subject)
        or _by_sender(headers, return_path, sender, ours)
    )


def _report(headers: Headers) -> Automatic | None:
    media_type, given = parameters(headers.first("content-type"))
    if media_type == "multipart/report":
        return Automatic(Kind.REPORT, f"a report: {given.get('report-type', 'of any kind')[:40]}")
    if headers.first("x-failed-recipients"):
        return Automatic(Kind.REPORT, "X-Failed-Recipients")
    return None


def _submitted(headers: Headers) -> Automatic | None:
    """Auto-Submitted, as RFC 3834 has it."""
    word = headers.first("auto-submitted").partition(";")[0].strip().lower()
    if word in ("", "no"):
        return None
    kind = Kind.REPLY if word.startswith("auto-replied") else Kind.GENERATED
    return Automatic(kind, f"Auto-Submitted: {word[:40]}")


def _marked(headers: Headers) -> Automatic | None:
    names = {name for name, _ in headers.fields}
    for mark in _REPLY_MARKS:
        if mark in names and headers.first(mark).strip().lower() not in ("no", "false"):
            return Automatic(Kind.REPLY, mark.title())
    precedence = headers.first("precedence") or headers.first("x-precedence")
    word = precedence.strip().lower()
    if _PRECEDENCE.get(word) is Kind.REPLY:
        return Automatic(Kind.REPLY, f"Precedence: {word}")
    for name, _ in headers.fields:
        if name.startswith("list-"):
            return Automatic(Kind.LIST, name.title())
    if word in _PRECEDENCE:
        return Automatic(_PRECEDENCE[word], f"Precedence: {word}")
    for mark, kind in _OTHER_MARKS.items():
        if mark in names:
            return Automatic(kind, mark.title())
    return None


def _by_subject(subject: str) -> Automatic | None:
    bare = _ANSWERS.sub("", subject[:_LOOKED_AT].strip(), count=1).strip("[]()*-_ ").casefold()
    for begins in _SUBJECTS:
        if bare.startswith(begins):
            return Automatic(Kind.REPLY, f"the subject begins with “{begins}”")
    return None


def _by_sender(
    headers: Headers, return_path: str | None, sender: str, ours: frozenset[str]
) -> Automatic | None:
    if sender in ours:
        return Automatic(Kind.LOOP, "from our own address")
    if len(headers.all("received")) > MAX_HOPS:
        return Automatic(Kind.LOOP, f"more than {MAX_HOPS} Received fields")
    if return_path in ("", "<>") or headers.first("return-path").strip() == "<>":
        return Automatic(Kind.REPORT, "a null return path")
    if _MACHINES.match(sender):
        return Automatic(Kind.GENERATED, f"from {sender.partition('@')[0][:40]}@")
    return None
