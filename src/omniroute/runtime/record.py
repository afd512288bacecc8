"""The journal's record: one input with all that followed from it."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from omniroute.core.events import AnyEvent
from omniroute.core.inputs import AnyInput

VERSION = 1


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, rename={"input": "in"}):
    """One decided input: ids and numbers only.

    *rows* are the keys of the private rows that were written or deleted with it.
    """

    v: int
    at: int
    input: AnyInput
    ev: tuple[AnyEvent, ...]
    why: tuple[dict[str, Any], ...] = ()
    ef: tuple[str, ...] = ()
    rules: str = ""
    rows: tuple[str, ...] = ()


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Entry).decode


class _Kind(msgspec.Struct):
    """What stands in a record, by its kind alone."""

    ev: str = ""
    asked: str = msgspec.field(default="", name="in")


class _Kinds(msgspec.Struct):
    ev: list[_Kind] = []
    asked: _Kind = msgspec.field(default_factory=_Kind, name="in")


_kinds = msgspec.json.Decoder(_Kinds).decode
_KNOWN = frozenset(kind.__name__ for union in (AnyInput, AnyEvent) for kind in get_args(union))


def strange(body: bytes) -> list[str]:
    """Kinds of inputs and events in a record that are not known here."""
    try:
        found = _kinds(body)
    except msgspec.DecodeError:
        return []
    named = [found.asked.asked, *(event.ev for event in found.ev)]
    return sorted({kind for kind in named if kind and kind not in _KNOWN})
