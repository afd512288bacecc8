"""The console as a desk and as a plugin."""

import asyncio
from typing import Any, cast

from omniroute.desk import Card, CardKind, Desk, Door
from omniroute.plugins import Plugins
from omniroute.web import plugin
from omniroute.web.desk import WebDesk


class Nobody:
    def __getattr__(self, name: str) -> Any:
        raise AssertionError("the web desk acts through its pages")


async def test_a_card_is_shown_by_being_committed() -> None:
    desk: Desk = WebDesk()
    card = Card("k", "ana", CardKind.OFFER, 4812, 3, "o1", 1_772_442_941_000, ("● HIGH  refund",))
    async with asyncio.timeout(5):
        await desk.start(cast(Door, Nobody()))
        assert (await desk.present(card)).external_ids == ()
    assert list(desk.routes()) == []


def test_it_comes_in_through_the_same_hook_as_anyones() -> None:
    plugins = Plugins()
    plugins.register(plugin, "web")
    assert plugins.desks() == {"web": WebDesk}
