"""Formatting both ways: the marks that people type, and Slack's own (mrkdwn).

An answer travels as plain text with the marks of Markdown that read well as they are: ``**bold**``,
``_slanted_``, ```` `code` ````, ``[a link](https://…)``.  In Slack's form only ``&``, ``<`` and
``>`` are escaped, so that nobody is called by ``<!channel>`` (docs.slack.dev, “Formatting message
text”).
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Final

_MARKS: Final = re.compile(
    r"```(?P<pre>.+?)```"
    r"|`(?P<code>[^`\n]+)`"
    r"|\*\*(?P<bold>\S(?:[^\n]*?\S)?)\*\*"
    r"|\[(?P<label>[^\]\n]+)\]\((?P<url>https?://[^\s()<>\"|]+)\)",
    re.DOTALL,
)
_ENTITY: Final = re.compile(r"<(?P<ref>[^<>|\n]*)(?:\|(?P<label>[^<>\n]*))?>")
_BOLD: Final = re.compile(r"(?<![\w*])\*(?P<bold>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])")
_CODE: Final = re.compile(r"(```.+?```|`[^`\n]+`)", re.DOTALL)
_STYLES: Final = (
    (re.compile(r"(?<![\w*])\*([^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"), "b"),
    (re.compile(r"(?<!\w)_([^\s_](?:[^_\n]*[^\s_])?)_(?!\w)"), "i"),
    (re.compile(r"(?<![\w~])~([^\s~](?:[^~\n]*[^\s~])?)~(?![\w~])"), "s"),
)


def escape(text: str) -> str:
    """Text in which nothing calls anybody."""
    return html.escape(text, quote=False)


def to_mrkdwn(text: str) -> str:
    """Text with marks as Slack takes it.

    >>> to_mrkdwn("**No** <!channel> [see](https://x.org/a)")
    '*No* &lt;!channel&gt; <https://x.org/a|see>'
    """
    parts, end = [], 0
    for mark in _MARKS.finditer(text):
        parts.append(escape(text[end : mark.start()]))
        end = mark.end()
        if mark["url"]:
            parts.append(f"<{escape(mark['url'])}|{escape(mark['label'])}>")
        elif mark["bold"]:
            parts.append(f"*{escape(mark['bold'])}*")
        else:
            parts.append(escape(mark[0]))
    return "".join(parts) + escape(text[end:])


def to_text(mrkdwn: str, names: Mapping[str, str] | None = None) -> str:
    """Slack's form as plain text; *names* are those of the accounts that may be mentioned.

    >>> to_text("Hi <@U1>, see <https://x.org|this> &amp; <#C2|general>", {"U1": "Ana"})
    'Hi @Ana, see this (https://x.org) & #general'
    """
    known = names or {}
    return html.unescape(_ENTITY.sub(lambda found: _entity(found, known, "{0} ({1})"), mrkdwn))


def to_marks(mrkdwn: str, names: Mapping[str, str] | None = None) -> str:
    """Slack's form as text with the marks that answers travel with.

    >>> to_marks("*today*, see <https://x.org|this>, not a*b*c")
    '**today**, see [this](https://x.org), not a*b*c'
    """
    known, parts = names or {}, []
    for number, piece in enumerate(_CODE.split(mrkdwn)):
        if number % 2 == 0:
            piece = _ENTITY.sub(lambda found: _entity(found, known, "[{0}]({1})"), piece)
            piece = _BOLD.sub(r"**\g<bold>**", piece)
        parts.append(piece)
    return html.unescape("".join(parts))


def to_html(mrkdwn: str, names: Mapping[str, str] | None = None) -> str:
    """The formatted version, if there is any formatting; the engine sanitises it."""
    known, parts, any_style = names or {}, [], False
    for number, piece in enumerate(_CODE.split(mrkdwn)):
        if number % 2:
            tag = "pre" if piece.startswith("```") else "code"
            parts.append(f"<{tag}>{escape(html.unescape(piece.strip('`')))}</{tag}>")
            any_style = True
            continue
        plain = html.unescape(_ENTITY.sub(lambda f: _entity(f, known, "{0} ({1})"), piece))
        styled = escape(plain)
        for form, tag in _STYLES:
            styled = form.sub(rf"<{tag}>\1</{tag}>", styled)
        any_style = any_style or styled != escape(plain)
        parts.append(styled.replace("\n", "<br>"))
    return "".join(parts) if any_style else ""


def _entity(found: re.Match[str], names: Mapping[str, str], link: str) -> str:
    ref, label = found["ref"], found["label"] or ""
    if ref.startswith("@"):
        return f"@{names.get(ref[1:]) or label or ref[1:]}"
    if ref.startswith("#"):
        return f"#{label or ref[1:]}"
    if ref.startswith("!date^"):
        return label
    if ref.startswith("!"):
        return label or f"@{ref[1:].partition('^')[0]}"
    bare = ref.removeprefix("mailto:").removeprefix("tel:")
    if not label or label in (ref, bare) or ref.partition("://")[2].rstrip("/") == label:
        return bare
    return link.format(label, bare)
