"""The visible text of HTML, for mail that brings no plain text.

A real HTML parser does the reading, but not for everything: some input of a few hundred KB makes
any conforming parser busy for many seconds (deep nesting) or fills the memory (open formatting
elements are copied into every paragraph).  A linear look over the tags decides; what is not tame
gets the crude treatment: tags away, the rest stays.
"""

from __future__ import annotations

import html
import re

from selectolax.lexbor import LexborHTMLParser

from omniroute_email.reading.charset import clean

MAX_TREE = 256 * 1024  # characters that are given to the parser
MAX_DEPTH = 500
MAX_TAGS = 210_000  # what follows more of them is not read
MAX_COPIES = 200_000  # open formatting elements times blocks

_TAG = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9]{0,15})")
_SPACE = re.compile(r"[ \t\r\n\f]+")
_HIDDEN = (
    "script,style,head,title,template,noscript,textarea,select,object,iframe,[hidden],"
    '[style*="display:none"],[style*="display: none"],[style*="mso-hide:all"]'
)
# What mail programs quote; others indent by the same element.
_QUOTED = (
    'blockquote[type="cite"],blockquote[class*="quote"],blockquote[style*="border-left"],'
    "blockquote[cite]"
)
_OPENS, _CLOSES = "\x02", "\x03"  # of a quotation, on lines of their own
MAX_LEVEL = 20  # of quotations that are marked
_BLOCKS = (
    "address,article,aside,blockquote,center,dd,div,dl,dt,fieldset,figure,footer,form,h1,h2,h3,h4,"
    "h5,h6,header,hr,li,main,nav,ol,p,pre,section,table,tr,ul"
)
_FORMATTING = frozenset(
    {
        "a",
        "b",
        "big",
        "code",
        "em",
        "font",
        "i",
        "nobr",
        "s",
        "small",
        "strike",
        "strong",
        "tt",
        "u",
    }
)
_VOID = frozenset(
    {
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    }
)
_CLOSES_ITSELF = frozenset(
    {"p", "li", "dt", "dd", "tr", "td", "th", "option", "tbody", "thead", "tfoot", "colgroup"}
)


def visible_text(source: str) -> str:
    """What a reader sees, blocks on lines of their own, quotations marked.  Never raises."""
    if has_too_many_tags(source):
        source = "<".join(source.split("<", MAX_TAGS)[:MAX_TAGS])
    return clean(_tidy(_of_tree(source) if _is_tame(source) else _crude(source)))


def has_too_many_tags(source: str) -> bool:
    """Whether the end of *source* is not read."""
    return source.count("<") > MAX_TAGS


def _is_tame(source: str) -> bool:
    if len(source) > MAX_TREE:
        return False
    depth = deepest = formatting = most_formatting = blocks = 0
    for piece in source.split("<"):
        match = _TAG.match(piece)
        if match is None or (name := match[2].lower()) in _VOID:
            continue
        step = -1 if match[1] else 1
        if name in _FORMATTING:
            formatting = max(0, formatting + step)
            most_formatting = max(most_formatting, formatting)
        else:
            blocks += 1
        if name not in _CLOSES_ITSELF:
            depth = max(0, depth + step)
            deepest = max(deepest, depth)
    return deepest <= MAX_DEPTH and most_formatting * blocks <= MAX_COPIES


def _of_tree(source: str) -> str:
    tree = LexborHTMLParser(source if "<pre" in source else _SPACE.sub(" ", source))
    if tree.body is None:
        return ""
    for node in tree.css(_HIDDEN):
        node.remove()
    for node in tree.css(_QUOTED):
        node.insert_before(f"\n{_OPENS}\n")
        node.insert_after(f"\n{_CLOSES}\n")
    for node in tree.css("br"):
        node.replace_with("\n")
    for node in tree.css(_BLOCKS):
        node.insert_before("\n")
        node.insert_after("\n")
    for node in tree.css("td,th"):
        node.insert_after(" ")
    return tree.body.text()


def _crude(source: str) -> str:
    """Everything outside of angle brackets; content of scripts and styles goes with them."""
    before, *pieces = source.split("<")
    shown, hidden = [before], ""
    for piece in pieces:
        tag, _, text = piece.partition(">")
        match = _TAG.match(tag)
        name, closing = (match[2].lower(), bool(match[1])) if match else ("", False)
        if not hidden:
            shown.append(text if name in _FORMATTING else f"\n{text}")
        if name == hidden and closing:
            hidden = ""
            shown.append(text)
        elif not hidden and not closing and name in ("script", "style", "title", "head"):
            hidden = name
            shown.pop()
    return html.unescape("".join(shown))


def _tidy(text: str) -> str:
    """No white space at the ends of lines, at most one empty line in a row, quotations marked."""
    lines: list[str] = []
    level = above = 0
    gap = False
    for line in (line.strip(" \t\r\f\xa0") for line in text.split("\n")):
        if line in (_OPENS, _CLOSES):
            level = max(0, level + (1 if line == _OPENS else -1))
        elif not line:
            gap = bool(lines)
        else:
            if gap:
                lines.append(">" * min(level, above, MAX_LEVEL))
            marks = ">" * min(level, MAX_LEVEL)
            lines.append(f"{marks} {line}" if marks else line)
            above, gap = level, False
    return "\n".join(lines)
