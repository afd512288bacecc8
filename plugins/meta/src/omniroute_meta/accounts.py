"""The accounts of one server: an app has one webhook, whichever of them it calls.

What comes to one account and is another's is handed over, if both trust the same app.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from omniroute_meta.account import MetaChannel

_KNOWN: Final[WeakValueDictionary[tuple[Path, str, str], MetaChannel]] = WeakValueDictionary()
"""By the folder of the server, and by what Meta calls the object and the account."""


def enter(server: Path, account: MetaChannel) -> None:
    """Have an account found from now on, whether it listens already or not."""
    _KNOWN[server, account.of, account.id] = account


def find(server: Path, of: str, id: str) -> MetaChannel | None:
    """The account of the same server."""
    return _KNOWN.get((server, of, id))
