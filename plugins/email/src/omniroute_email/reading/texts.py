"""The text of parts: from bytes in some charset and format to what a reader sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from omniroute_email.reading.charset import decoded
from omniroute_email.reading.enriched import enriched_text, richtext
from omniroute_email.reading.flowed import unflowed
from omniroute_email.reading.guess import declared
from omniroute_email.reading.html import MAX_TAGS, has_too_many_tags, visible_text
from omniroute_email.reading.mime import Part

MAX_TEXT = 300_000  # characters shown of a text or of HTML; the raw message keeps the rest
MAX_BYTES = 4 * MAX_TEXT  # no character takes more
TOO_MANY_TAGS = f"HTML beyond {MAX_TAGS:,} tags"
TOO_LONG = f"text beyond {MAX_TEXT:,} characters"
MAX_REMARKS = 10


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
        if part.media_type == "text/html" and has_too_many_tags(text):
            remarks.add(TOO_MANY_TAGS)
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
    label = part.parameters.get("charset", "")
    if not label and part.media_type == "text/html":
        label = declared(data)
    text, remark = decoded(data, label)
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
