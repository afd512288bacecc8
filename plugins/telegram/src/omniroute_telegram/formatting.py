"""Formatting both ways: the marks that people type, and what Telegram shows.

An answer travels as plain text with the marks of Markdown that read well as they are: ``**bold**``,
``_slanted_``, ```` `code` ````, ``[a link](https://…)``.  Telegram gets them as tags; what an agent
formats in Telegram comes back as those marks.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Final

from telegram import MessageEntity

_MARKS: Final = re.compile(
    r"```(?P<pre>.+?)```"
    r"|`(?P<code>[^`\n]+)`"
    r"|\*\*(?P<bold>\S(?:[^\n]*?\S)?)\*\*"
    r"|(?<!\w)_(?P<italic>[^\s_](?:[^\n_]*[^\s_])?)_(?!\w)"
    r"|\[(?P<label>[^\]\n]+)\]\((?P<url>https?://[^\s()<>\"]+)\)",
    re.DOTALL,
)
_TAGS: Final = {"pre": "pre", "code": "code", "bold": "b", "italic": "i"}


def to_html(text: str) -> str:
    """Text as ``parse_mode=HTML`` takes it.

    >>> to_html("**No** < `a_b` snake_case_name")
    '<b>No</b> &lt; <code>a_b</code> snake_case_name'
    """
    parts, end = [], 0
    for mark in _MARKS.finditer(text):
        parts.append(html.escape(text[end : mark.start()], quote=False))
        end = mark.end()
        if mark["url"]:
            address = html.escape(mark["url"])
            parts.append(f'<a href="{address}">{html.escape(mark["label"], quote=False)}</a>')
            continue
        name = next(name for name in _TAGS if mark[name])
        tag, inner = _TAGS[name], html.escape(mark[name], quote=False)
        parts.append(f"<{tag}>{inner}</{tag}>")
    return "".join(parts) + html.escape(text[end:], quote=False)


_AROUND: Final = {"bold": "**", "italic": "_", "code": "`", "pre": "```"}


def with_marks(text: str, entities: Sequence[MessageEntity]) -> str:
    """Text with marks for what the writer formatted; entities count in UTF-16 units."""
    wide = text.encode("utf-16-le")
    cuts: list[tuple[int, int, bytes]] = []
    for number, entity in enumerate(entities):
        begin, end = entity.offset * 2, (entity.offset + entity.length) * 2
        if entity.type in _AROUND:
            mark = _AROUND[entity.type].encode("utf-16-le")
            cuts += [(begin, number, mark), (end, -number, mark)]
        elif entity.type == "text_link" and entity.url:
            cuts.append((begin, number, "[".encode("utf-16-le")))
            cuts.append((end, -number, f"]({entity.url})".encode("utf-16-le")))
    for place, _, mark in sorted(cuts, reverse=True):
        wide = wide[:place] + mark + wide[place:]
    return wide.decode("utf-16-le", "replace")
