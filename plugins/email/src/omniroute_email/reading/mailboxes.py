"""Lists of addresses, as in To, Cc and Reply-To, read as leniently as people write them.

Who *wrote* a message is not read here: `addresses.sender` is strict, for much hangs on it.  These
fields say to whom else it went, and there a plausible reading beats none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from omniroute_email.reading.addresses import (
    MAX_DISPLAY,
    Mailbox,
    end_of_comment,
    end_of_quoted,
    normalised,
    unescaped,
)
from omniroute_email.reading.charset import one_line
from omniroute_email.reading.headers import words

MAX_FIELD = 64 * 1024  # characters of one field that are looked at
MAX_MAILBOXES = 1000

_STOPS = frozenset('"(<,;:')
_INSIDE = re.compile(r"[^\s<>()\[\]\",;:]{1,250}@[^\s<>()\[\]\",;:]{1,250}")
_SPACE_ROUND = re.compile(r"\s*([@.])\s*")


def mailboxes(fields: Sequence[str]) -> tuple[Mailbox, ...]:
    """Everybody named in *fields*, once and in their order.  Never raises."""
    found: dict[str, Mailbox] = {}
    items = chain.from_iterable(_items(value[:MAX_FIELD]) for value in fields)
    for item in islice(items, MAX_MAILBOXES):
        mailbox = _mailbox(item)
        if mailbox is not None and (mailbox.address or mailbox.display):
            found.setdefault(mailbox.address or f"\0{mailbox.display}", mailbox)
    return tuple(found.values())


@dataclass(slots=True)
class _Item:
    """What stands between two commas."""

    text: list[str] = field(default_factory=list)  # outside of everything
    name: list[str] = field(default_factory=list)  # as text, and what was quoted
    comments: list[str] = field(default_factory=list)
    angle: str | None = None
    at: bool = False  # an @ stands in the text


def _items(value: str) -> Iterator[_Item]:
    item, position = _Item(), 0
    while position < len(value):
        char = value[position]
        stop = position
        if char == '"':
            stop = end_of_quoted(value, position)
            item.name.append(unescaped(value[position + 1 : stop]))
        elif char == "(":
            stop = end_of_comment(value, position)
            item.comments.append(value[position + 1 : stop])
        elif char == "<":
            end = value.find(">", position)
            stop = end if end >= 0 else len(value)
            inner = value[position + 1 : stop]
            if item.angle is None or "@" not in item.angle:
                item.angle = inner
        elif char in ",;":
            yield item
            item = _Item()
        elif char == ":" and not item.at:
            item = _Item()  # the name of a group, as in “undisclosed-recipients:;”
        else:
            while stop + 1 < len(value) and value[stop + 1] not in _STOPS:
                stop += 1
            item.text.append(value[position : stop + 1])
            item.at = item.at or "@" in item.text[-1]
            item.name.append(value[position : stop + 1])
        position = stop + 1
    yield item


def _mailbox(item: _Item) -> Mailbox | None:
    if item.angle is None and not item.name and not item.comments:
        return None
    name = words("".join(item.name), MAX_DISPLAY)
    comment = words(" ".join(item.comments), MAX_DISPLAY)
    if item.angle is not None:
        return Mailbox(_address(item.angle), name or comment)
    bare = "".join(item.text).strip()
    if "@" not in bare:
        if "@" in name:
            return Mailbox(_address(name), comment)
        return Mailbox("", name or comment)
    address = _address(bare)
    if address and " " not in address:
        return Mailbox(address, comment)
    found = _INSIDE.search(bare)
    if found is None:
        return Mailbox("", name)
    rest = one_line(name.replace(found[0], " "), MAX_DISPLAY)
    return Mailbox(_address(found[0]), rest or comment)


def _address(text: str) -> str:
    """An address in its normal spelling; one that has none, as it stands."""
    text = one_line(text, 320).strip(" '")
    if text.startswith("@") and ":" in text:
        text = text.partition(":")[2]  # a route, which nobody takes any more
    if "=?" in text:
        text = words(text, 320)
    tight = _SPACE_ROUND.sub(r"\1", text).removeprefix("mailto:")
    return normalised(tight) or tight
