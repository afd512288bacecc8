"""text/enriched (RFC 1896) and its forerunner text/richtext (RFC 1341), as plain text."""

from __future__ import annotations

import re

_COMMAND = re.compile(r"<(/?)([A-Za-z0-9-]{1,60})>|<<")
_BREAKS = re.compile(r"\n(\n*)")


def enriched_text(text: str) -> str:
    """What a reader of text/enriched sees: of line ends in a row one is none."""
    return _without_commands(_BREAKS.sub(lambda found: found[1] or " ", text))


def richtext(text: str) -> str:
    """What a reader of text/richtext sees: line ends are commands."""
    flat = text.replace("\n", " ")
    for command, shown in (("<nl>", "\n"), ("<np>", "\n"), ("<lt>", "<<")):
        flat = flat.replace(command, shown).replace(command.upper(), shown)
    return _without_commands(flat)


def _without_commands(text: str) -> str:
    shown: list[str] = []
    position, hidden = 0, ""
    for match in _COMMAND.finditer(text):
        if not hidden:
            shown.append(text[position : match.start()])
            if match[0] == "<<":
                shown.append("<")
        position = match.end()
        name = (match[2] or "").lower()
        if name in ("param", "comment") and not match[1]:
            hidden = hidden or name
        elif name == hidden and match[1]:
            hidden = ""
        elif name in ("paragraph", "center", "flushleft", "flushright", "indent", "excerpt"):
            shown.append("\n" if not hidden else "")
    if not hidden:
        shown.append(text[position:])
    return "".join(shown)
