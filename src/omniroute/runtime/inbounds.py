"""What a channel's `parse` answered, checked before anything is made of it.

A fault is the channel's, and names the field; the message becomes a dead letter with that reason.
Rows that somebody reads later are written from these values, so nothing of a wrong type may pass.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from omniroute.channel import Address, Channel, File, Inbound, Undelivered
from omniroute.errors import PluginError

KINDS: Final = (
    "message",
    "edit",
    "delete",
    "reaction",
    "left",
    "delivered",
    "read",
    "choice",
    "remark",
)
SHOWN: Final = ("text", "subject", "quoted", "display", "name", "unread", "reason")
"""Fields of text that people read, in a browser, a chat or a terminal."""
_COMMANDS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""What a terminal takes for a command, and nobody can read (ECMA-48)."""

PRESSED: Final = ("choice", "remark")  # who has the link has the message: no sender need be named


V = TypeVar("V")


def checked(channel: Channel, answer: object) -> Sequence[Inbound | Undelivered]:
    """*answer*, if it is what `Channel.parse` may answer, without what commands a terminal.

    Two messages of one name would be one message, and the second would be lost; senders without an
    address would be one person.  Raises `PluginError`.
    """
    if isinstance(answer, str | bytes) or not isinstance(answer, Sequence):
        raise PluginError(channel.kind, "parse", f"answered {_kind(answer)}, not a list of Inbound")
    names: set[str] = set()
    for inbound in answer:
        fault = next(_faults(inbound), "")
        if not fault and isinstance(inbound, Inbound):
            if inbound.external_id in names:
                fault = f"external_id {inbound.external_id!r} stands for two messages"
            names.add(inbound.external_id)
        if fault:
            raise PluginError(channel.kind, "parse", fault)
    return [_readable(inbound) for inbound in answer]


def _readable(value: V) -> V:
    """*value*, and what it is made of, with text that a terminal only shows."""
    changed: dict[str, object] = {}
    for name, _, _ in _fields(type(value)):
        held = getattr(value, name)
        if name in SHOWN and isinstance(held, str) and _COMMANDS.search(held):
            changed[name] = _COMMANDS.sub("", held)
        elif isinstance(held, Address) and (one := _readable(held)) is not held:
            changed[name] = one
        elif isinstance(held, tuple | list) and held:
            several = [_readable(each) for each in held]
            if any(new is not old for new, old in zip(several, held, strict=True)):
                changed[name] = tuple(several)
    return dataclasses.replace(value, **changed) if changed else value  # type: ignore[type-var]


def _faults(inbound: object) -> Iterator[str]:
    if isinstance(inbound, Undelivered):
        yield from _type_faults(inbound, "")
        return
    if not isinstance(inbound, Inbound):
        yield f"answered {_kind(inbound)} among messages"
        return
    yield from _type_faults(inbound, "")
    if inbound.kind not in KINDS:
        yield f"kind {inbound.kind!r} is none of {', '.join(KINDS)}"
    if inbound.sent_at.tzinfo is None:
        yield "sent_at has no time zone"
    named = inbound.sender.kind and inbound.sender.value.strip()
    if not named and inbound.kind not in PRESSED:
        yield "sender has no address"


def _type_faults(value: object, place: str) -> Iterator[str]:
    """Fields of a dataclass that hold what their annotation does not allow, nested ones too."""
    for name, kind, many in _fields(type(value)):
        held = getattr(value, name)
        if many and not isinstance(held, tuple | list):
            yield f"{place}{name} is {_kind(held)}, not a tuple"
            continue
        for item in held if many else (held,):
            if not isinstance(item, kind):
                yield f"{place}{name} is {_kind(item)}, not {kind.__name__}"
            elif isinstance(item, str):
                if not _is_writable(item):
                    yield f"{place}{name} holds a lone surrogate, which is no character"
            elif isinstance(item, NESTED):
                yield from _type_faults(item, f"{place}{name}.")


class _Field(NamedTuple):
    """What a field may hold: one of *kind*, or *many*."""

    name: str
    kind: type
    many: bool


NESTED: Final = (Address, File)


_FIELDS: Final[dict[type, Sequence[_Field]]] = {}  # by what was asked for so far


def _fields(of: type) -> Sequence[_Field]:
    """Those of a message's dataclass, or of a plugin's own that is derived from it."""
    if of not in _FIELDS:
        kind = next((k for k in (Inbound, Undelivered, *NESTED) if issubclass(of, k)), None)
        hints = {} if kind is None else get_type_hints(kind)
        _FIELDS[of] = [_field(name, hint) for name, hint in hints.items()]
    return _FIELDS[of]


def _field(name: str, hint: type) -> _Field:
    many = get_origin(hint) is tuple
    return _Field(name, get_args(hint)[0] if many else hint, many)


def _is_writable(text: str) -> bool:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return False
    return True


def _kind(value: object) -> str:
    """A value's type; the value itself may be what somebody wrote."""
    return f"a {type(value).__name__}"
