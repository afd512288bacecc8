"""The accounts of one server that listen: an app has one webhook, whichever of them it calls.

What comes to one account and is another's is handed over, if both trust the same app.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from omniroute_meta.account import MetaChannel

_LISTENING: Final[dict[tuple[Path, str, str], MetaChannel]] = {}
"""By the folder of the server, and by what Meta calls the object and the account."""


@contextmanager
def listening(server: Path, account: MetaChannel) -> Iterator[None]:
    """Be found while this lasts."""
    place = (server, account.of, account.id)
    _LISTENING[place] = account
    try:
        yield
    finally:
        if _LISTENING.get(place) is account:
            del _LISTENING[place]


def find(server: Path, of: str, id: str) -> MetaChannel | None:
    """The account that listens on the same server."""
    return _LISTENING.get((server, of, id))
