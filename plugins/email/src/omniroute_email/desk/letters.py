"""A mail to an agent: what stands in it, as text and as HTML.  Pure.

The first line says what an answer does, and ends with a mark by which the answer's own words are
told from what it quotes.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from omniroute import Address, File, Outbound
from omniroute_email.compose import compose
from omniroute_email.desk.links import About
from omniroute_email.reading.charset import clean

AUTOMATIC: Final = {
    "": b"",
    "generated": b"Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n",
    "replied": b"Auto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\n",
}
"""RFC 3834: what a person wrote, and is only passed on, is not marked."""

LINE: Final = "Write above this line ·"

_HEAD: Final = (
    '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head>\n'
    '<body style="font: 15px/1.5 sans-serif">'
)
_SMALL: Final = "color: #555; font-size: 13px"
_CARD: Final = "border: 1px solid #999; border-radius: 6px; padding: 8px 12px; margin: 12px 0"
_BUTTON: Final = (
    "display: inline-block; padding: 6px 14px; margin: 4px 8px 4px 0; border: 1px solid #1a5fb4;"
    " border-radius: 6px; color: #1a5fb4; text-decoration: none"
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to an agent.

    *key* makes its Message-ID, the same for every attempt.  *automatic* is a key of `AUTOMATIC`.
    *links* are a label and an address each.
    """

    key: str
    to: str
    about: About
    subject: str
    banner: str
    said: str
    card: Sequence[str] = ()
    links: Sequence[tuple[str, str]] = ()
    files: Sequence[File] = ()
    footer: str = ""
    sender: str = ""
    automatic: str = "generated"
    answers: str = ""  # a Message-ID
    within: str = ""  # the Message-ID that holds the conversation together


def as_mail(
    letter: Letter, line: str, reply_to: str, sender: str, name: str, now: datetime
) -> bytes:
    """The bytes to send; *line* is the mark, *sender* the desk's address and *name* our name."""
    known = tuple(id for id in (letter.within, letter.answers) if id)
    out = Outbound(
        letter.key,
        letter.to,
        Address("email", letter.to),
        text(letter, line),
        subject=letter.subject,
        in_reply_to=letter.answers or letter.within,
        references=known,
        sender_name=letter.sender,
        files=tuple(letter.files),
    )
    mail = compose(out, sender, name, now, reply_to, markup=markup(letter, line))
    return AUTOMATIC[letter.automatic] + mail


def first_line(letter: Letter, line: str) -> str:
    """What an answer does, and the mark."""
    return f"{letter.banner} {LINE} {line}"


def text(letter: Letter, line: str) -> str:
    """The mail as plain text."""
    parts = [
        first_line(letter, line),
        letter.said,
        "\n".join(letter.card),
        "\n".join(f"{label}: {address}" for label, address in letter.links),
        letter.footer,
    ]
    return clean("\n\n".join(part for part in parts if part.strip())) + "\n"


def markup(letter: Letter, line: str) -> str:
    """The mail as HTML; nothing that came from outside can be markup."""
    parts = [f'<p style="{_SMALL}">{_safe(first_line(letter, line))}</p>']
    parts += [f"<p>{_safe(part)}</p>" for part in letter.said.split("\n\n") if part.strip()]
    if letter.card:
        first, *rest = letter.card
        lines = "<br>\n".join([f"<b>{_safe(first)}</b>", *map(_safe, rest)])
        parts.append(f'<div style="{_CARD}">{lines}</div>')
    if letter.links:
        links = "\n".join(
            f'<a style="{_BUTTON}" href="{html.escape(address)}">{_safe(label)}</a>'
            for label, address in letter.links
        )
        parts.append(f"<p>{links}</p>")
    if letter.footer:
        parts.append(f'<p style="{_SMALL}">{_safe(letter.footer)}</p>')
    body = "\n".join(parts)
    return f"{_HEAD}\n{body}\n</body></html>\n"


def _safe(said: str) -> str:
    return html.escape(clean(said)).replace("\n", "<br>\n")
