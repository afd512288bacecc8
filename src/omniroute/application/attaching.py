"""Files that go with an answer or a note: from what was received to what is kept for good."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from omniroute.application import words
from omniroute.application.bounds import Invalid
from omniroute.application.ports import Files
from omniroute.runtime.rows import Attachment

_SHA = re.compile(r"[0-9a-f]{64}")
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,120}")  # RFC 6838, 4.2
UNKNOWN_TYPE = "application/octet-stream"


def settled(named: Sequence[Attachment], files: Files) -> tuple[Attachment, ...]:
    """Files on the disk for good, each of the size that it has there.

    Blocks.  Raises `Invalid` (``file_gone``) for one that nobody has brought, or too long ago:
    better now than when the answer should leave.
    """
    found = []
    for file in named:
        size = files.settle(file.sha) if _SHA.fullmatch(file.sha) else None
        if size is None:
            raise Invalid("file_gone", name=words.plain_name(file.name))
        found.append(
            msgspec.structs.replace(
                file,
                name=words.plain_name(file.name),
                media_type=media_type(file.media_type),
                size=size,
            )
        )
    return tuple(found)


def media_type(said: str) -> str:
    """What a browser or a program says of a file, without parameters; unknown if it says nothing.

    >>> media_type("image/PNG; charset=x"), media_type("nonsense")
    ('image/png', 'application/octet-stream')
    """
    plain = said.partition(";")[0].strip().lower()
    return plain if _MEDIA_TYPE.fullmatch(plain) else UNKNOWN_TYPE
