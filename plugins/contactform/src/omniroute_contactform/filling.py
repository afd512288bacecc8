"""What somebody has typed: taken as it is meant, or said to be wrong, field by field."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs

import msgspec

from omniroute_contactform.attached import MULTIPART, Attached, parts
from omniroute_contactform.settings import Settings

FIELDS: Final = ("name", "email", "subject", "message")
TRAP: Final = "fax_number"
"""A field that nobody sees; machines fill in everything."""
TICKET: Final = "ticket"

_EMAIL: Final = re.compile(
    r"[^\s@<>()\[\]:;,\\\"\x00-\x20\x7f]{1,64}@[^\s@<>()\[\]:;,\\\"\x00-\x20\x7f]+"
    r"\.[^\s@<>()\[\]:;,\\\"\x00-\x20\x7f.]{2,}"
)
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
_LINE_ENDS: Final = re.compile("\r\n?|\u2028|\u2029")
HOUR: Final = 3600  # s


class Entries(msgspec.Struct, frozen=True):
    """The fields as they were typed, cleaned; *trapped* where the field that nobody sees was
    filled in; *ticket* names the form."""

    name: str = ""
    email: str = ""
    subject: str = ""
    message: str = ""
    ticket: str = ""
    trapped: bool = False
    files: tuple[Attached, ...] = ()


async def entries(body: bytes, content_type: str) -> Entries:
    """What a browser sent.  Raises `ValueError`."""
    given: Mapping[str, str]
    files: tuple[Attached, ...] = ()
    if content_type.lower().startswith(MULTIPART):
        given, files = await parts(body, content_type)
    else:
        found = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=40)
        given = {name: values[0] for name, values in found.items()}
    line = {name: " ".join(_clean(given.get(name, "")).split()) for name in FIELDS}
    return Entries(
        line["name"],
        line["email"],
        line["subject"],
        _clean(given.get("message", "")),
        given.get(TICKET, ""),
        bool(given.get(TRAP, "").strip()),
        files,
    )


def faults(typed: Entries, settings: Settings) -> Mapping[str, str]:
    """What is wrong, by field: the name of a sentence."""
    found = {}
    if not _EMAIL.fullmatch(typed.email) or len(typed.email) > 254:
        found["email"] = "bad_email" if typed.email else "no_email"
    if not typed.message and not typed.files:
        found["message"] = "no_message"
    if len(typed.message) > settings.max_message:
        found["message"] = "long_message"
    for name in ("name", "subject"):
        if len(getattr(typed, name)) > 200:
            found[name] = "long"
    if len(typed.files) > settings.max_files:
        found["files"] = "many_files" if settings.max_files else "no_files"
    elif sum(len(file.data) for file in typed.files) > settings.max_upload:
        found["files"] = "large_files"
    return found


# --- tickets: each form that is shown may be sent once ---


def new_ticket(secret: bytes) -> str:
    """A name for a form that is shown; ours, so that nobody writes under another's."""
    id = secrets.token_hex(16)
    return f"{id}.{_mark(secret, id)}"


def id_of(typed: Entries, secret: bytes, at: int) -> str:
    """What names a message, so that a second press of the button sends no second one.

    A form on a page of your own has no ticket: there it is what was typed, within an hour.  *at*
    in s since the epoch.
    """
    id, _, mark = typed.ticket.partition(".")
    if hmac.compare_digest(mark.encode(), _mark(secret, id).encode()):
        return id
    sums = [hashlib.sha256(file.data).hexdigest() for file in typed.files]
    written = (typed.name, typed.email, typed.subject, typed.message)
    said = "\0".join((*written, *sums, str(at // HOUR)))
    return _mark(secret, said)


def _mark(secret: bytes, text: str) -> str:
    return hmac.digest(secret, text.encode(), hashlib.sha256).hex()[:32]


def _clean(text: str) -> str:
    return _CONTROLS.sub("", _LINE_ENDS.sub("\n", text)).strip()
