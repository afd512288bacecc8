"""How a send ended."""

from __future__ import annotations

import msgspec


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """This is what the spool keeps as the receipt."""

    outcome: str  # sent | rejected | not_authorised | gave_up | withdrawn | later
    reason: str = ""
    external_ids: tuple[str, ...] = ()
    repeat: bool = False
    by_content: bool = False
