"""The text of parts: from bytes in some charset and format to what a reader sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from omniroute import File
from omniroute_email.reading.bodies import is_shown_as_text
from omniroute_email.reading.charset import decoded, one_line
from omniroute_email.reading.enriched import enriched_text, richtext
from omniroute_email.reading.flowed import unflowed
from omniroute_email.reading.html import visible_text
from omniroute_email.reading.mime import Part

MAX_TEXT = 400_000  # characters shown of a text or of HTML; the raw message keeps the rest
MAX_BYTES = 4 * MAX_TEXT  # no character takes more
TOO_LONG = f"text beyond {MAX_TEXT:,} characters"
MAX_NAME = 200
MAX_REMARKS = 10

_SEALED = ("application/pgp-encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
_SUFFIXES = {"message/rfc822": "message.eml", "text/calendar": "invitation.ics"}


@dataclass(slots=True)
class Remarks:
    """What could not be read, each thing once."""

    said: list[str] = field(default_factory=list)

    def add(self, *remarks: str) -> None:
        for remark in remarks:
            if remark and remark not in self.said:
                self.said.append(remark)

    def __str__(self) -> str:
        more = ["and more"] if len(self.said) > MAX_REMARKS else []
        return "; ".join(self.said[:MAX_REMARKS] + more)


def joined(parts: Sequence[Part], remarks: Remarks) -> str:
    """The visible text of *parts* one below the other; no more of it than may be shown."""
    texts: list[str] = []
    source = 0
    for part in parts:
        text = raw_text(part, remarks)
        source += len(text)
        texts.append(_shown(part, text))
        if source > MAX_TEXT:
            remarks.add(TOO_LONG)
            break
    return "\n".join(text.strip("\n") for text in texts if text.strip())[:MAX_TEXT]


def markup(parts: Sequence[Part], remarks: Remarks) -> str:
    """The HTML of those *parts* that are HTML, as it came."""
    sources: list[str] = []
    size = 0
    for part in parts:
        if part.media_type == "text/html":
            sources.append(raw_text(part, remarks))
            size += len(sources[-1])
            if size > MAX_TEXT:
                remarks.add(TOO_LONG)
                break
    return "\n".join(source.strip("\n") for source in sources if source.strip())[:MAX_TEXT]


def raw_text(part: Part, remarks: Remarks) -> str:
    """The characters of a part of text."""
    data, remark = part.content()
    remarks.add(remark)
    if len(data) > MAX_BYTES:
        remarks.add(TOO_LONG)
        line_end = data.rfind(b"\n", 0, MAX_BYTES)  # not amid a character, if possible
        data = data[: line_end if line_end > 0 else MAX_BYTES]
    text, remark = decoded(data, part.parameters.get("charset", ""))
    remarks.add(remark)
    return text[: MAX_TEXT + 1]


def _shown(part: Part, text: str) -> str:
    match part.media_type:
        case "text/html":
            return visible_text(text)
        case "text/enriched":
            return enriched_text(text)
        case "text/richtext":
            return richtext(text)
    if part.parameters.get("format", "").lower() == "flowed":
        return unflowed(text, delsp=part.parameters.get("delsp", "").lower() == "yes")
    return text


def files(parts: Sequence[Part], remarks: Remarks) -> Iterator[File]:
    """What is attached or shown in place, with names that are for display only."""
    for part in parts:
        data, remark = part.content()
        sealed = "encrypted or sealed content" if part.media_type in _SEALED else ""
        remarks.add(remark, sealed)
        shown = part.disposition == "inline" or (not part.disposition and bool(part.content_id))
        yield File(
            name=file_name(part.name)
            or _SUFFIXES.get(part.media_type, "")
            or ("text.txt" if is_shown_as_text(part) else "unnamed"),
            media_type=part.media_type,
            data=data,
            inline=shown,
            content_id=part.content_id,
        )


def file_name(name: str) -> str:
    """*name* without folders and without characters that hide something; may be empty."""
    return one_line(name.replace("\\", "/").rpartition("/")[2], MAX_NAME)
