"""The console as a desk: agents who work in the browser.

A card needs no sending here.  The live stream tells every open page that something is new, and the
page asks for what it shows; so a card counts as shown as soon as it is committed, and what an agent
does comes in through the pages, not through this object.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from starlette.routing import BaseRoute

from omniroute.channel import Receipt
from omniroute.desk import Card, Door


class WebDesk:
    """The desk of kind ``web``; see `omniroute.Desk`."""

    kind: ClassVar[str] = "web"

    def routes(self) -> Sequence[BaseRoute]:
        """None: the console is served at the root, with its own rights."""
        return ()

    async def start(self, door: Door) -> None:
        """Return at once: there is nothing to serve beside the pages."""

    async def present(self, card: Card) -> Receipt:
        """Shown, by the live notice that follows each commit."""
        return Receipt()
