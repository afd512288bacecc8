"""What somebody has typed: taken as it is meant, or said to be wrong, field by field."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs

import msgspec

from omniroute_contactform.attached import Attached, Parts
from omniroute_contactform.settings import Settings

FIELDS: Final = ("name", "email", "subject", "message")
TRAP: Final = "fax_number"
"""A field that nobody sees; machines fill in everything."""
TICKET: Final = "ticket"
KEPT: Final = "kept"

_EMAIL: Final = re.compile(
    r"[^\s@<>()\[\]:;,\\\"\x00-\x20\x7f]{1,64}@[^\s@<>()\[\]:;,\\\"\x00-\x20\x7f]+"
    r"\.[^\s@<>()\[\]:;,\\\"\x00-\x20\x7f.]{2,}"
)
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
_LINE_ENDS: Final = re.compile("\r\n?|\u2028|\u2029")
HOUR: Final = 3600  # s


class Entries(msgspec.Struct, frozen=True):
    """The fields as they were typed, cleaned; *trapped* where the field that nobody sees was
    filled in; *ticket* names the form; *kept* are marks of files that a form brought before."""

    name: str = ""
    email: str = ""
    subject: str = ""
    message: str = ""
    ticket: str = ""
    trapped: bool = False
    kept: tuple[str, ...] = ()
    files: tuple[Attached, ...] = ()
    left_out: Mapping[str, tuple[str, ...]] = {}
    """Names of files that do not come along, by the sentence that says why."""

    def without(self, why: str, *names: str) -> Entries:
        """The same, and that the files of these *names* do not come along."""
        left_out = {**self.left_out, why: (*self.left_out.get(why, ()), *names)}
        return msgspec.structs.replace(self, left_out=left_out) if names else self


def in_fields(body: bytes) -> Entries:
    """What a browser sent of a form without files.  Raises `ValueError`."""
    text = body.decode("utf-8", "replace")
    return _cleaned(parse_qs(text, keep_blank_values=True, max_num_fields=40))


def in_parts(parts: Parts) -> Entries:
    """What a browser sent of a form with files, as far as it was read."""
    typed = _cleaned(parts.fields)
    typed = msgspec.structs.replace(typed, files=tuple(parts.files))
    return typed.without("large_files", *parts.too_large)


def _cleaned(given: Mapping[str, Sequence[str]]) -> Entries:
    """Of a field's several values the first."""
    first = {name: values[0] for name, values in given.items()}
    line = {name: " ".join(_clean(first.get(name, "")).split()) for name in FIELDS}
    return Entries(
        line["name"],
        line["email"],
        line["subject"],
        _clean(first.get("message", "")),
        first.get(TICKET, ""),
        bool(first.get(TRAP, "").strip()),
        tuple(given.get(KEPT, ())),
    )


def fitted(typed: Entries, settings: Settings) -> Entries:
    """The same with the files that may come along, in their order; the others are left out."""
    files: list[Attached] = []
    size = 0
    for file in typed.files:
        if len(files) >= settings.max_files:
            typed = typed.without("many_files" if settings.max_files else "no_files", file.name)
        elif size + len(file.data) > settings.max_upload:
            typed = typed.without("large_files", file.name)
        else:
            files.append(file)
            size += len(file.data)
    return msgspec.structs.replace(typed, files=tuple(files))


def faults(typed: Entries, settings: Settings) -> Mapping[str, str]:
    """What is wrong with what was typed, by field: the name of a sentence."""
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
