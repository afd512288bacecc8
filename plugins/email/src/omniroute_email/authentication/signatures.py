"""DKIM (RFC 6376): which domains have signed a message, so that it is as they sent it.

dkimpy does the checking.  What it would take very long for is not handed to it: its expressions
are quadratic in runs of blanks and in folded lines.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from typing import Final

import dkim

from omniroute_email.authentication.names import Questions, Unanswered
from omniroute_email.reading.charset import one_line

MAX_SIGNATURES: Final = 5
MAX_SIGNATURE: Final = 4096  # bytes of one
MAX_HEADER: Final = 256 * 1024  # bytes of all header fields
MAX_BLANKS: Final = 2000  # in a row
LEAST_KEY: Final = 1024  # bits; a shorter one signs nothing (RFC 8301)

_BLANKS = b" " * MAX_BLANKS
PARTIAL: Final = re.compile(rb"(?:^|;)\s{0,20}l\s{0,20}=")
_DOMAIN = re.compile(rb"[A-Za-z0-9._-]{1,253}")
_log = logging.getLogger("omniroute.email.dkim")
_log.setLevel(logging.CRITICAL)  # what a stranger's signature lacks is no news


def signatures(message: bytes, questions: Questions) -> Iterator[tuple[str, str]]:
    """For each signature its result, in the words of RFC 8601, and the domain that signs."""
    head = message.partition(b"\r\n\r\n")[0]
    if b"dkim-signature" not in head.lower() or too_much(message):
        return
    try:
        reader = dkim.DKIM(message, logger=_log, minkey=LEAST_KEY)
    except Exception:  # noqa: BLE001  whatever a stranger's header makes of a library
        return
    fields = [value for name, value in reader.headers if name.lower() == b"dkim-signature"]
    for index, value in enumerate(fields[:MAX_SIGNATURES]):
        if len(value) <= MAX_SIGNATURE:
            outcome = _outcome(reader, index, value, questions)
            domain = reader.domain if outcome == "pass" else reader.signature_fields.get(b"d", b"")
            if domain and _DOMAIN.fullmatch(domain):
                yield outcome, one_line(domain.decode("ascii"), 253).lower()


def too_much(message: bytes) -> bool:
    """Whether the library would take very long for it."""
    head = message.partition(b"\r\n\r\n")[0]
    return len(head) > MAX_HEADER or _BLANKS in message.replace(b"\t", b" ")


def key_of(questions: Questions) -> Callable[..., bytes | None]:
    """How the library asks for a key."""

    def key(name: bytes, timeout: float = 0) -> bytes | None:
        found = questions.texts(name.decode("ascii"))
        return found[0] if found else None

    return key


def _outcome(reader: dkim.DKIM, index: int, value: bytes, questions: Questions) -> str:
    reader.signature_fields = {}
    try:
        good = reader.verify(idx=index, dnsfunc=key_of(questions))
    except Unanswered:
        return "temperror"
    except Exception:  # noqa: BLE001  whatever a stranger's signature makes of a library
        return "permerror"
    if good and PARTIAL.search(value):
        return "neutral"  # anybody could have added to the part that is not signed (8.2)
    return "pass" if good else "fail"
