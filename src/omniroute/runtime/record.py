"""The journal's record: one input with all that followed from it."""

from __future__ import annotations

from typing import Any

import msgspec

from omniroute.core.events import AnyEvent
from omniroute.core.inputs import AnyInput

VERSION = 1


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, rename={"input": "in"}):
    """One decided input: ids and numbers only."""

    v: int
    at: int
    input: AnyInput
    ev: tuple[AnyEvent, ...]
    why: tuple[dict[str, Any], ...] = ()
    ef: tuple[str, ...] = ()
    rules: str = ""


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Entry).decode
