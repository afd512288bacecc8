"""Who wrote: one address out of a From field, or none.

Everything that joins a message to a person hangs on this, and senders choose the field freely.
So it is read strictly: where mail servers and programs could disagree about which address is
meant, the answer is that there is none.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from omniroute_email.reading.headers import words

MAX_FIELD = 4096  # characters; a longer From field is not read
MAX_ADDRESS = 320
MAX_DISPLAY = 200

_LOCAL = re.compile(r"[^\s\x00-\x20\x7f-\x9f()<>\[\]:;@\\,\"]+")
_QUOTED_LOCAL = re.compile(r'"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])+"')
_DOMAIN = re.compile(
    r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*"
)
_LITERAL = re.compile(r"\[[0-9a-f:.]{2,45}\]")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address in its one normal spelling, and the name beside it."""

    address: str
    display: str


def normalised(text: str) -> str:
    """The spelling under which an address is one handle, or an empty string if it is none.

    Lower case, NFC, the domain in its ASCII form, no needless quotes.  Nothing is guessed: dots
    and tags in the local part mean what the provider says they mean.

    >>> normalised("Joe@Bücher.Example")
    'joe@xn--bcher-kva.example'
    """
    text = unicodedata.normalize("NFC", text.strip()) if len(text) <= MAX_ADDRESS else ""
    local, _, domain = text.rpartition("@")
    if _QUOTED_LOCAL.fullmatch(local):
        bare = re.sub(r"\\(.)", r"\1", local[1:-1])
        local = bare if _LOCAL.fullmatch(bare) else local
    elif not _LOCAL.fullmatch(local):
        return ""
    domain = _ascii_domain(domain.lower().removesuffix("."))
    return f"{local.lower()}@{domain}" if domain else ""


def sender(fields: list[str]) -> tuple[Mailbox | None, str]:
    """The mailbox that the From *fields* of a message name, and what is wrong with them.

    Where something is wrong nobody can vouch for the mailbox, even if one is named.
    """
    if len(fields) != 1:
        return None, "several From fields" if fields else "no From field"
    field = fields[0].strip()
    if not field:
        return None, "an empty From field"
    if len(field) > MAX_FIELD:
        return None, "a From field too long to be one"
    outside, angles = _tokens(field)
    bare = "".join(text for kind, text in outside if kind == "text").strip()
    if len(angles) > 1 or (not angles and re.search(r"[\s,;:]", bare)):
        return None, "a From field that names not exactly one address"
    if angles:
        text = angles[0].rpartition(":")[2] if angles[0].startswith("@") else angles[0]
        name = "".join(text for kind, text in outside if kind != "comment")
    else:
        text = bare = field if any(kind == "quoted" for kind, _ in outside) else bare
        name = " ".join(text for kind, text in outside if kind == "comment")
    address = normalised(text)
    if not address:
        return None, "a From field without a valid address"
    return _beside(address, name, bare)


def _beside(address: str, name: str, bare: str) -> tuple[Mailbox | None, str]:
    """The mailbox with its name, unless that pretends to be another address."""
    display = words(name, MAX_DISPLAY)
    if "@" in display and normalised(display.strip("'\"<> ")) != address:
        display = ""
    if "@" not in bare or address in (normalised(bare), normalised(bare.strip("' "))):
        return Mailbox(address, display), ""
    if "," in bare:
        return None, "a From field that names not exactly one address"
    # Mail servers disagree which of the two counts, so what they vouch for may be the other.
    return Mailbox(address, display), "a From field with another address beside its address"


def _tokens(field: str) -> tuple[list[tuple[str, str]], list[str]]:
    """The field taken apart: plain text, quoted strings and comments, and what is in brackets."""
    outside: list[tuple[str, str]] = []
    angles: list[str] = []
    position = 0
    while position < len(field):
        char = field[position]
        if char == '"':
            stop = end_of_quoted(field, position)
            outside.append(("quoted", unescaped(field[position + 1 : stop])))
        elif char == "(":
            stop = end_of_comment(field, position)
            outside.append(("comment", field[position + 1 : stop]))
        elif char == "<":
            stop = field.find(">", position)
            stop = len(field) if stop < 0 else stop
            angles.append(field[position + 1 : stop] if stop < len(field) else "<")
        else:
            stop = position
            while stop + 1 < len(field) and field[stop + 1] not in '"(<':
                stop += 1
            outside.append(("text", field[position : stop + 1]))
        position = stop + 1
    return outside, angles


def end_of_quoted(field: str, start: int) -> int:
    """Where the quoted string that begins at *start* has its closing mark."""
    position = start + 1
    while position < len(field) and field[position] != '"':
        position += 2 if field[position] == "\\" else 1
    return position


def end_of_comment(field: str, start: int) -> int:
    """Where the comment that begins at *start*, with those inside it, ends."""
    depth = 0
    position = start
    while position < len(field):
        match field[position]:
            case "\\":
                position += 1
            case "(":
                depth += 1
            case ")":
                depth -= 1
                if depth == 0:
                    break
        position += 1
    return position


def unescaped(text: str) -> str:
    """Quoted text without its backslashes."""
    return re.sub(r"\\(.)", r"\1", text)


def _ascii_domain(domain: str) -> str:
    if _LITERAL.fullmatch(domain):
        return domain
    labels = domain.split(".")
    try:
        spelled = [label if label.isascii() else label.encode("idna").decode() for label in labels]
    except UnicodeError:
        return ""
    for label, plain in zip(labels, spelled, strict=True):
        if not label.isascii() and not plain.startswith("xn--"):
            return ""  # only looks like another name
    return joined if _DOMAIN.fullmatch(joined := ".".join(spelled)) else ""
