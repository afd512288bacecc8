"""What comes with a message: files, things shown in place, and what Outlook has packed."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from omniroute import File
from omniroute_email.reading.bodies import is_shown_as_text
from omniroute_email.reading.charset import one_line
from omniroute_email.reading.mime import Part
from omniroute_email.reading.rtf import rtf_text
from omniroute_email.reading.texts import Remarks
from omniroute_email.reading.tnef import Winmail, unpacked

MAX_NAME: Final = 200  # characters
MAX_UNPACKED: Final = 20  # winmail.dat in one message

_NAMES: Final = {"message/rfc822": "message.eml", "text/calendar": "invitation.ics"}
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,80}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}")


@dataclass(slots=True)
class Attachments:
    """Files in their order, and the text that was found in one of them."""

    files: list[File] = field(default_factory=list)
    text: str = ""  # of a body that Outlook has packed
    html: str = ""


def attachments(parts: Sequence[Part], remarks: Remarks) -> Attachments:
    """What is attached or shown in place, with names that are for display only."""
    found, unpackings = Attachments(), 0
    for part in parts:
        data, remark = part.content()
        remarks.add(remark)
        packed = None
        if unpackings < MAX_UNPACKED and _may_be_packed(part):
            unpackings += 1
            packed = unpacked(data)
        if packed is None or not _worth_it(packed):
            found.files.append(_file(part, data))
            continue
        if not packed.whole:
            remarks.add("a winmail.dat that is not whole")
        text = packed.text
        if packed.rtf and not (text or packed.html or found.text or found.html):
            text = rtf_text(packed.rtf)
            remarks.add("" if text else "a body in RTF")
        found.text, found.html = found.text or text, found.html or packed.html
        found.files.extend(_packed_files(packed))
    return found


def _may_be_packed(part: Part) -> bool:
    return "ms-tnef" in part.media_type or part.name.lower() == "winmail.dat"


def _worth_it(packed: Winmail) -> bool:
    """Whether anything came out, for else the file itself is all there is."""
    return packed.whole or bool(packed.files) or bool(packed.text or packed.html or packed.rtf)


def _packed_files(packed: Winmail) -> Iterator[File]:
    for file in packed.files:
        name = file_name(file.name)
        said = file.media_type.lower()
        guess = mimetypes.guess_type(name, strict=False)[0] or "application/octet-stream"
        yield File(
            name=name or "unnamed",
            media_type=said if _TYPE.fullmatch(said) else guess,
            data=file.data,
            inline=bool(file.content_id),
            content_id=one_line(file.content_id, 250).strip("<>"),
        )


def _file(part: Part, data: bytes) -> File:
    name = file_name(part.name) or _NAMES.get(part.media_type, "")
    return File(
        name=name or ("text.txt" if is_shown_as_text(part) else "unnamed"),
        media_type=part.media_type,
        data=data,
        inline=part.disposition == "inline" or (not part.disposition and bool(part.content_id)),
        content_id=part.content_id,
    )


def file_name(name: str) -> str:
    """*name* without folders and without characters that hide something; may be empty."""
    return one_line(name.replace("\\", "/").rpartition("/")[2], MAX_NAME)
