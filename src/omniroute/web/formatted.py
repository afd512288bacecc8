"""Customers' HTML made harmless.

nh3 is safe, but a document can be written so that it takes minutes, and no signal stops it: by
nesting deeply (time grows with the square), or by formatting that is never closed, which a parser
opens anew in every paragraph.  So size, depth and number of tags are looked at first, by a scan
that costs next to nothing and errs towards "too deep".
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter

import nh3

MOST_OCTETS = 512 * 1024
MOST_TAGS = 20_000
MOST_DEPTH = 120
MOST_FORMATTING = 24

TAGS = {
    *("a", "abbr", "address", "b", "bdi", "bdo", "blockquote", "br", "caption", "center"),
    *("cite", "code", "col", "colgroup", "dd", "del", "div", "dl", "dt", "em", "font", "h1"),
    *("h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li", "ol", "p", "pre", "q", "s"),
    *("samp", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot"),
    *("th", "thead", "tr", "tt", "u", "ul"),
}
ATTRIBUTES = {
    "*": {"align", "dir", "lang", "style", "title", "valign"},
    "a": {"href"},
    "col": {"span", "width"},
    "font": {"color", "size"},
    "ol": {"start"},
    "table": {"bgcolor", "border", "cellpadding", "cellspacing", "width"},
    "td": {"bgcolor", "colspan", "rowspan", "width"},
    "th": {"bgcolor", "colspan", "rowspan", "width"},
    "tr": {"bgcolor"},
}
STYLES = {
    *("background-color", "color", "direction", "font-family", "font-size", "font-style"),
    *("font-weight", "line-height", "margin", "margin-bottom", "margin-left", "margin-right"),
    *("margin-top", "padding", "padding-bottom", "padding-left", "padding-right"),
    *("padding-top", "text-align", "text-decoration", "vertical-align", "white-space"),
}

_TAG = re.compile(r"<(/?)([a-zA-Z][^\t\n\f\r />]*)")

# Elements that hold nothing, and those whose end may be left out since another of them ends them.
_FLAT = frozenset(
    (
        *("br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"),
        *("dd", "dt", "li", "option", "p", "td", "th", "tr"),
    )
)
_FORMATTING = frozenset(
    (
        *("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong"),
        *("tt", "u"),
    )
)


async def sanitised(html: str) -> str:
    """Harmless HTML, or an empty text when it is too large or too deep to be looked at."""
    if not html or len(html) > MOST_OCTETS or len(html.encode(errors="replace")) > MOST_OCTETS:
        return ""
    return await asyncio.to_thread(clean, html) if is_simple(html) else ""


def clean(html: str) -> str:
    """*html* without anything that acts or loads; links open elsewhere."""
    return nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags={"script", "style", "title", "template", "noscript", "svg", "math"},
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        filter_style_properties=STYLES,
    )


def is_simple(html: str) -> bool:
    """Whether a parser is done with it soon.

    Each name is counted by itself: an end tag ends nothing that was not begun under its name, so
    stray end tags cannot hide how deep a document is.
    """
    opened: Counter[str] = Counter()
    deep = formatting = tags = 0
    for end, given in _TAG.findall(html):
        name = given.lower()
        tags += 1
        if tags > MOST_TAGS:
            return False
        if name in _FLAT or (end and not opened[name]):
            continue
        step = -1 if end else 1
        opened[name] += step
        deep += step
        formatting += step if name in _FORMATTING else 0
        if deep > MOST_DEPTH or formatting > MOST_FORMATTING:
            return False
    return True
