"""From what the intake kept to what the engine understands.  Pure.

The raw bytes are JSON of our own making (`Said`), written when the visitor had been recognised:
who speaks is recorded, never asked again.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from omniroute import Address, File, Inbound

VERSION = 1

# Line feed and tab stay.  What else controls a terminal or hides from the eye has no business in a
# message, and lone surrogates cannot be stored.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?|\u2028|\u2029")
_SPACES = re.compile(r"\s+")


class Brought(msgspec.Struct, frozen=True):
    """A file of a message; in JSON its bytes are base64."""

    name: str
    media_type: str
    data: bytes


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message as it was accepted.

    *session* is the visitor's own conversation; *conversation* is where an answer belongs, which
    for an identified user is shared by all their devices.  *joined* tells that this session wrote
    before its user was known, so that what it said then belongs to the same person.
    """

    id: str  # made by the browser, unique within the session
    session: str
    conversation: str
    text: str
    at: int  # ms since the epoch
    sub: str = ""
    email: str = ""
    name: str = ""
    joined: bool = False
    left: bool = False  # nothing was said: they went away
    answers: str = ""  # the id of a line of ours that asks: *text* is what was pressed there
    words: bool = False  # or what was said about it besides
    files: tuple[Brought, ...] = ()
    v: int = VERSION


def clean(text: str) -> str:
    """Text without control characters, with plain line ends and nothing around it."""
    if text.isprintable():  # a single line with nothing hidden in it, as most are
        return text.strip()
    return _CONTROLS.sub("", _LINE_ENDS.sub("\n", text)).strip()


def clean_line(text: str) -> str:
    """The same on a single line, for names and ids."""
    return _SPACES.sub(" ", clean(text))


def key(said: Said) -> str:
    """What makes a message one of its kind: browsers cannot be trusted not to share ids."""
    return f"{said.session}/{said.id}"


def read(raw: bytes, account: str) -> Inbound:
    """The message in *raw*.  Raises `ValueError` for what is not ours."""
    said = msgspec.json.decode(raw, type=Said)
    if said.v != VERSION:
        raise ValueError(f"a web chat message of version {said.v}; this plugin reads {VERSION}")
    return Inbound(
        external_id=key(said),
        conversation=said.conversation,
        sender=sender_of(said, account),
        text=clean(said.text),
        sent_at=datetime.fromtimestamp(said.at / 1000, UTC),
        also_known_as=_also_known_as(said),
        files=tuple(File(clean_line(f.name), f.media_type, f.data) for f in said.files),
        kind=_kind(said),
        answers=said.answers,
    )


def _kind(said: Said) -> str:
    if said.answers:
        return "remark" if said.words else "choice"
    return "left" if said.left else "message"


def sender_of(said: Said, account: str) -> Address:
    """Whoever wrote it, as the engine knows them."""
    if not said.sub:
        return _visitor(said)
    # Ids of users are the site's own; another account may belong to another site.
    return Address(f"webchat:{account}", said.sub, verified=True, display=said.name, unique=True)


def _also_known_as(said: Said) -> tuple[Address, ...]:
    known: list[Address] = []
    if said.sub and said.email:
        known.append(Address("email", said.email, verified=True, display=said.name))
    if said.sub and said.joined:
        known.append(_visitor(said))
    return tuple(known)


def _visitor(said: Said) -> Address:
    """Whoever holds the session's secret: verified, since we made the secret and check it."""
    return Address("webchat-visitor", said.session, verified=True, display="Visitor")
