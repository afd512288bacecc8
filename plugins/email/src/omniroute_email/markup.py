"""An answer's text as HTML, for those whose mail program shows plain text badly."""

from __future__ import annotations

import html
import re
from typing import Final

_LINK: Final = re.compile(r"https?://[^\s<>\"']{1,2000}")
_TRAILING: Final = ".,;:!?)]}"  # ends the sentence around a link


def as_html(text: str) -> str:
    """*text* in paragraphs, with its links; nothing in it can be markup."""
    lines = text.replace("\r\n", "\n").strip("\n")
    paragraphs = [_linked(part).replace("\n", "<br>\n") for part in re.split(r"\n{2,}", lines)]
    body = "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs if paragraph)
    head = '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head>'
    return f"{head}<body>\n{body}\n</body></html>\n"


def _linked(text: str) -> str:
    shown, position = [], 0
    for found in _LINK.finditer(text):
        link = found[0].rstrip(_TRAILING)
        address = html.escape(link)
        shown += [html.escape(text[position : found.start()]), f'<a href="{address}">{address}</a>']
        position = found.start() + len(link)
    return "".join([*shown, html.escape(text[position:])])
