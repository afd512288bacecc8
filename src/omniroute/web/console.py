"""What the console is made of; every page finds it as ``request.app.state.console``."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from omniroute.web.ports import Accounts, Application, Clock, Operations


@dataclass(frozen=True, slots=True)
class Console:
    """The doors, and how this site calls itself.

    With *local* every request is taken for one of the system itself: for a socket that only the
    machine's owner can open.  *closing* is set when live streams should end.
    """

    application: Application
    accounts: Accounts
    clock: Clock
    organisation: str
    public_url: str
    demo: bool = False
    local: bool = False
    operations: Operations | None = None
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    heartbeat: float = 15.0  # seconds between signs of life on a live stream

    @property
    def https(self) -> bool:
        """Whether browsers reach us by https, so that cookies can insist on it."""
        return self.public_url.lower().startswith("https:")
