"""Which parts are the message and which are files, as JMAP (RFC 8621, section 4.1.4) sorts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from omniroute_email.reading.mime import Part

_SHOWN_AS_PLAIN = frozenset({"text/plain", "text/enriched", "text/richtext", "text/markdown"})
_SHOWN = frozenset({"image", "audio", "video"})


@dataclass(slots=True)
class Bodies:
    """Parts in the order in which a reader would meet them."""

    text: list[Part] = field(default_factory=list)
    html: list[Part] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)


def sort(root: Part) -> Bodies:
    """Sort the parts of a message into its two renderings and its files."""
    bodies = Bodies()
    _sort([root], "mixed", bodies, _Into(text=True, html=True, alternative=False))
    return bodies


def is_plain(part: Part) -> bool:
    """Whether it is text without HTML."""
    return part.media_type in _SHOWN_AS_PLAIN


def is_shown_as_text(part: Part) -> bool:
    """Whether it is text of any sort."""
    return is_plain(part) or part.media_type == "text/html"


@dataclass(frozen=True, slots=True)
class _Into:
    """For which renderings a part counts, and whether it stands within alternatives."""

    text: bool
    html: bool
    alternative: bool

    def seen(self, part: Part) -> _Into:
        """Within alternatives a part belongs to its own rendering, and so do those after it."""
        if not self.alternative:
            return self
        is_html = part.media_type == "text/html"
        return replace(self, text=self.text and not is_html, html=self.html and not is_plain(part))


def _sort(parts: Sequence[Part], kind: str, bodies: Bodies, into: _Into) -> None:
    texts, htmls = len(bodies.text), len(bodies.html)
    for place, part in enumerate(parts):
        if part.children:
            inner = part.media_type.partition("/")[2]
            deeper = replace(into, alternative=into.alternative or inner == "alternative")
            _sort(part.children, inner, bodies, deeper)
        elif not _is_inline(part, place, kind):
            bodies.files.append(part)
        elif kind == "alternative":
            _choose(part, bodies, into)
        else:
            into = into.seen(part)
            _show(part, bodies, into)
    if kind == "alternative" and into.text and into.html:
        # Only one rendering is there: it stands for the other as well.
        if len(bodies.text) == texts:
            bodies.text += bodies.html[htmls:]
        elif len(bodies.html) == htmls:
            bodies.html += bodies.text[texts:]


def _choose(part: Part, bodies: Bodies, into: _Into) -> None:
    if part.media_type == "text/plain" and into.text:
        bodies.text.append(part)
    elif part.media_type == "text/html" and into.html:
        bodies.html.append(part)
    else:
        bodies.files.append(part)


def _show(part: Part, bodies: Bodies, into: _Into) -> None:
    if part.main_type in _SHOWN:
        bodies.files.append(part)
        return
    if into.text:
        bodies.text.append(part)
    if into.html:
        bodies.html.append(part)


def _is_inline(part: Part, place: int, kind: str) -> bool:
    if part.disposition == "attachment":
        return False
    if is_shown_as_text(part):
        if place and part.media_type not in ("text/plain", "text/html"):
            return False  # read where it is the message, and a file where it comes with one
        return place == 0 or (kind != "related" and not part.name)
    return part.main_type in _SHOWN and (place == 0 or kind != "related")
