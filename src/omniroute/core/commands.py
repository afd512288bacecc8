"""The agents' grammar: one line of words becomes a verb with what belongs to it.

The same words on every desk; a desk may put ``/`` or ``#`` before them.  What is not understood
is said to be so, with the nearest verb, and is never taken for a reply: no path leads from a
misspelt command to the customer.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias

import msgspec

from omniroute.core.model import Status
from omniroute.core.spans import parse_span
from omniroute.core.urgency import PRIORITIES


class Spoken(msgspec.Struct, frozen=True, omit_defaults=True):
    """A verb with its words: *text* a reply, note or reason; *to* an agent or a queue by name."""

    verb: str
    text: str = ""
    to: str = ""
    until: int = 0  # ms since the epoch
    priority: int = 0
    span: int = 0  # ms
    status: str = ""
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    everybody: bool = False  # a reply of which each participant gets a copy
    warm: bool = False  # a transfer for which the receiver is asked first
    values: tuple[str, ...] = ()  # for the variables of the template *to*


class Misheard(msgspec.Struct, frozen=True):
    """A line that is no command; *fault* is a sentence that says what would be."""

    fault: str


Heard: TypeAlias = Spoken | Misheard

USAGE: Mapping[str, str] = {
    "accept": "accept",
    "pass": "pass [why]",
    "take": "take",
    "reply": "reply <text>",
    "via": "via <channel|address> <text>",
    "all": "all <text>",
    "template": "template [name] [value …]",
    "cc": "cc <address …|-address …>",
    "note": "note <text>",
    "transfer": "transfer <who|queue> <why>",
    "warm": "warm <who> <why>",
    "snooze": "snooze <2h|3d|2026-03-02T09:00+01:00>",
    "resolve": "resolve",
    "reopen": "reopen",
    "tag": "tag <word …|-word …>",
    "priority": f"priority <{'|'.join(PRIORITIES)}>",
    "done": "done",
    "boost": "boost <10m|-10m>",
    "new": "new matter",
    "merge": "merge <#thread> [why]",
    "split": "split <address>",
    "status": f"status <{'|'.join(Status)}>",
    "undo": "undo",
    "edit": "edit <text>",
    "delete": "delete",
    "why": "why",
    "who": "who",
    "help": "help",
}
"""Every verb with how it is said."""

_TAG = re.compile(r"-?[\w][\w.:/-]{0,49}")
_VALUE = re.compile(r"[\"“”„]([^\"“”„]*)[\"“”„]|(\S+)")  # as telephones quote, too


def understand(line: str, at: int, *, files: bool = False) -> Heard:
    """What a line says at the time *at* (ms); with *files*, an answer or a note needs no words."""
    words = line.strip().lstrip("/#").strip()
    verb, _, rest = words.partition(" ")
    verb, rest = verb.lower(), rest.strip()
    if verb not in USAGE:
        close = difflib.get_close_matches(verb, USAGE, n=1, cutoff=0.6)
        hint = f"did you mean “{close[0]}”?" if close else f"known are {', '.join(USAGE)}"
        return Misheard(f"“{verb}” is no command — {hint}")
    if files and not rest and verb in _WORDLESS:
        return _WORDLESS[verb]
    if verb in _READERS:
        return _READERS[verb](rest, at) or _usage(verb)
    if rest and verb != "pass":
        return Misheard(f"{verb} takes nothing more — “{rest}” was not understood")
    return Spoken(verb, text=rest)


def _usage(verb: str) -> Misheard:
    return Misheard(f"say it as: {USAGE[verb]}")


def _text(verb: str) -> Callable[[str, int], Heard | None]:
    return lambda rest, at: Spoken(verb, text=rest) if rest else None


def _transfer(rest: str, at: int) -> Heard | None:
    return _handed("transfer", rest, warm=False)


def _warm(rest: str, at: int) -> Heard | None:
    """A transfer by which it stays one's own until the other accepts."""
    return _handed("warm", rest, warm=True)


def _handed(verb: str, rest: str, *, warm: bool) -> Heard | None:
    to, _, why = rest.partition(" ")
    if to and not why.strip():
        return Misheard(f"say in a line why {to} should have it: {USAGE[verb]}")
    return Spoken("transfer", text=why.strip(), to=to.lower(), warm=warm) if to else None


def _via(rest: str, at: int) -> Heard | None:
    """A reply by another way than the usual one."""
    to, _, text = rest.partition(" ")
    return Spoken("reply", text=text.strip(), to=to.lower()) if text.strip() else None


def _all(rest: str, at: int) -> Heard | None:
    return Spoken("reply", text=rest, everybody=True) if rest else None


def _template(rest: str, at: int) -> Heard | None:
    """A message that the platform has approved; without a name: which there are."""
    name, *words = rest.split(None, 1) or [""]
    values = tuple(quoted or bare for quoted, bare in _VALUE.findall("".join(words)))
    return Spoken("template", to=name, values=values)


def _cc(rest: str, at: int) -> Heard | None:
    """Who gets a copy from now on; with a minus sign, who is out of the conversation."""
    named = [word.strip(",;<>") for word in rest.split()]
    add = tuple(word for word in named if word and not word.startswith("-"))
    remove = tuple(word[1:] for word in named if word.startswith("-") and len(word) > 1)
    return Spoken("cc", add=add, remove=remove) if add or remove else None


def _snooze(rest: str, at: int) -> Heard | None:
    try:
        return Spoken("snooze", until=at + parse_span(rest))
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(rest)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return Misheard("say in which zone, as in 2026-03-02T09:00+01:00")
    until = int(moment.timestamp() * 1000)
    return Spoken("snooze", until=until) if until > at else Misheard(f"{rest} has passed")


def _tag(rest: str, at: int) -> Heard | None:
    words = rest.split()
    if not words or not all(_TAG.fullmatch(word) for word in words):
        return None
    add = tuple(word for word in words if not word.startswith("-"))
    remove = tuple(word[1:] for word in words if word.startswith("-"))
    return Spoken("tag", add=add, remove=remove)


def _priority(rest: str, at: int) -> Heard | None:
    number = PRIORITIES.get(rest.lower())
    return None if number is None else Spoken("priority", priority=number)


def _boost(rest: str, at: int) -> Heard | None:
    try:
        span = parse_span(rest.removeprefix("-"))
    except ValueError:
        return None
    return Spoken("boost", span=-span if rest.startswith("-") else span)


def _merge(rest: str, at: int) -> Heard | None:
    number, _, why = rest.removeprefix("#").partition(" ")
    if not number.isascii() or not number.isdigit() or len(number) > 15:
        return None
    return Spoken("merge", to=number, text=why.strip())


def _split(rest: str, at: int) -> Heard | None:
    return Spoken("split", to=rest) if rest and " " not in rest else None


def _status(rest: str, at: int) -> Heard | None:
    known = rest.lower() in set(Status)
    return Spoken("status", status=rest.lower()) if known else None


_WORDLESS: Mapping[str, Spoken] = {
    "reply": Spoken("reply"),
    "all": Spoken("reply", everybody=True),
    "note": Spoken("note"),
}
"""What files alone say."""

_READERS: Mapping[str, Callable[[str, int], Heard | None]] = {
    "reply": _text("reply"),
    "via": _via,
    "all": _all,
    "template": _template,
    "cc": _cc,
    "note": _text("note"),
    "edit": _text("edit"),
    "transfer": _transfer,
    "warm": _warm,
    "snooze": _snooze,
    "tag": _tag,
    "priority": _priority,
    "boost": _boost,
    "new": lambda rest, at: Spoken("new") if rest.lower() == "matter" else None,
    "merge": _merge,
    "split": _split,
    "status": _status,
}
