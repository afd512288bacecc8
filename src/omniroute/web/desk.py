"""The web desk: the console as a place where agents are shown work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from starlette.routing import BaseRoute

from omniroute.channel import Receipt
from omniroute.desk import Card, Door


class WebDesk:
    """Shows cards by way of the live pages, which follow every commit by themselves."""

    kind: ClassVar[str] = "web"

    def routes(self) -> Sequence[BaseRoute]:
        """None of its own: the console's pages are the desk."""
        return ()

    async def start(self, door: Door) -> None:
        """Nothing to serve beyond the console."""

    async def present(self, card: Card) -> Receipt:
        """The live pages have it already, or show it when they are opened."""
        return Receipt()
