"""`email.parse`: mail read as a person would read it, beside the standard library's parser.

On one core, by its own time.  The floor parses the same bytes, decodes subject and plain text, and
neither takes quotations away nor looks whether a machine wrote, nor survives what is malformed.
"""

from __future__ import annotations

import email
import email.policy
import time
from collections.abc import Collection
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from omniroute.bench.progress import Progress
from omniroute.bench.rounds import in_turn
from omniroute.bench.rows import Row, Scale
from omniroute.channel import ReadsFiles
from omniroute.errors import ConfigError
from omniroute.plugins import Plugins

ROWS = ("email.parse",)
SHARE: Final = 20  # of the scale's routings, so many are mails

QUOTED = "\n\nOn Sun, 1 Mar 2026 at 13:00, Ana <help@desk.example> wrote:\n" + "\n".join(
    f"> line {number} of what was answered before" for number in range(15)
)
TEXTS: Final = (
    "I was charged twice for order 1182.\nPlease look into it.\n\nKind regards\nJoe Miller\n" * 2,
    f"Yes, that is right.{QUOTED}\n",
    f"Grüße aus Köln, die Bestellung ist noch nicht da.\n\nViele Grüße\nJörg{QUOTED}\n",
    f"注文はまだ届いていません。確認をお願いします。{QUOTED}\n",
    "Please see the picture.\n\nSent from my iPhone\n",
)


async def run(names: Collection[str], scale: Scale, folder: Path, progress: Progress) -> list[Row]:
    """The rows of this module.  Raises `ConfigError` where the e-mail channel is not installed."""
    plugins = Plugins()
    plugins.load_installed()
    reader: object = plugins.channels().get("email")
    if not isinstance(reader, ReadsFiles):
        fix = "install omniroute-email"
        raise ConfigError("bench", "email.parse needs the e-mail channel", fix)
    mails, many = ordinary(), max(1, scale.routings // SHARE)

    async def ours() -> float:
        began = time.thread_time()
        for number in range(many):
            reader.read_file(mails[number % len(mails)], "")
        return many / (time.thread_time() - began)

    async def floor() -> float:
        began = time.thread_time()
        for number in range(many):
            bare(mails[number % len(mails)])
        return many / (time.thread_time() - began)

    return [await in_turn(ROWS[0], "mails/s", scale.rounds, ours, floor, progress)]


def ordinary() -> list[bytes]:
    """Mail as customers send it: plain, with HTML beside it, and with a file of 10 KB."""
    return [_mail(number, text) for number, text in enumerate(TEXTS)] + [
        _mail(number, text, html=True, file=number % 2 == 0) for number, text in enumerate(TEXTS)
    ]


def _mail(number: int, text: str, html: bool = False, file: bool = False) -> bytes:
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = f"Jörg Müller <joe{number}@mail.example>"
    mail["To"] = "Help <help@desk.example>, kim@desk.example"
    mail["Subject"] = f"Re: Ihre Bestellung Nr. {number} – noch nicht da"
    mail["Date"] = "Sun, 01 Mar 2026 13:00:00 +0100"
    mail["Message-ID"] = f"<{number}.{html}@mail.example>"
    mail["References"] = " ".join(f"<{earlier}@desk.example>" for earlier in range(5))
    for hop in range(5):
        mail.add_header("Received", f"from a{hop}.example by b{hop}.example; Sun, 1 Mar 2026")
    mail.set_content(text)
    if html:
        lines = "".join(f"<div>{line}</div>" for line in text.split("\n"))
        mail.add_alternative(f"<html><body>{lines}</body></html>", subtype="html")
    if file:
        mail.add_attachment(bytes(range(256)) * 40, "image", "png", filename="Rechnung März.png")
    return mail.as_bytes()


def bare(raw: bytes) -> tuple[str, str]:
    """Subject and plain text, by the standard library."""
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    body = mail.get_body(("plain",))
    return str(mail["subject"]), body.get_content() if body is not None else ""
