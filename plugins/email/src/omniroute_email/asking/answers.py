"""What somebody answered on the page, as it lies in the spool: a line of JSON."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from omniroute import Address, Inbound

_BEGIN = b'{"answers":'


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A choice, or words."""

    answers: str  # the key of the message that asked
    at: int  # ms since the epoch
    value: str = ""
    words: str = ""


def pack(answer: Answer) -> bytes:
    """The bytes for the spool."""
    return msgspec.json.encode(answer)


def given(raw: bytes) -> Inbound | None:
    """What *raw* says, unless it is a mail.  Raises `ValueError`."""
    if not raw.startswith(_BEGIN):
        return None
    answer = msgspec.json.decode(raw, type=Answer)
    return Inbound(
        external_id=f"{answer.answers}/{answer.at}",
        conversation="",
        sender=Address("email", ""),  # whoever has the link has the mail
        text=answer.value or answer.words,
        sent_at=datetime.fromtimestamp(answer.at / 1000, UTC),
        kind="choice" if answer.value else "remark",
        answers=answer.answers,
    )
