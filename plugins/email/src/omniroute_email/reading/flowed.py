"""format=flowed (RFC 3676): lines that a mail program has broken are made whole again.

Quoted lines keep one mark for each level and a space, as people know it.
"""

from __future__ import annotations

MAX_LEVEL = 50


def unflowed(text: str, *, delsp: bool) -> str:
    """*text* with its paragraphs whole; with *delsp* the space before a soft break goes, too."""
    lines: list[str] = []
    paragraph: list[str] = []
    level = 0
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:]
        content = content.removeprefix(" ")  # stuffing
        if paragraph and depth != level:
            lines.append(_quoted("".join(paragraph), level))
            paragraph = []
        level = depth
        soft = content.endswith(" ") and content != "-- "
        if content == "-- " and paragraph:
            lines.append(_quoted("".join(paragraph), level))
            paragraph = []
        paragraph.append(content[:-1] if soft and delsp else content)
        if not soft:
            lines.append(_quoted("".join(paragraph), level))
            paragraph = []
    if paragraph:
        lines.append(_quoted("".join(paragraph), level))
    return "\n".join(lines)


def _quoted(content: str, level: int) -> str:
    marks = ">" * min(level, MAX_LEVEL)
    return f"{marks} {content}" if marks and content else marks or content
