"""A node on a store that another version has written: it takes in, and nothing of it is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2 as httpx
import pytest
from msgspec.structs import replace
from tests.server.house import House
from tests.server.shared import PATIENCE, Shared, running

from omniroute.cli.client import Client
from omniroute.runtime.clock import SystemClock
from omniroute.runtime.upgrading import OURS, bring_forward, signed
from omniroute.server.composition import Server
from omniroute.server.settings import load
from omniroute.stores.api import Unavailable
from omniroute.testing.server_process import until

FORM = "/channels/contactform/form"
WITH_FORM = '[channels.form]\nkind = "contactform"'
NEWER = replace(OURS, version="9.0", journal={**OURS.journal, "ThreadPaused": ("thread",)})
LACKS = "OmniRoute 9.0 has written it, and .* does not know ThreadPaused"


@pytest.fixture
async def house(tmp_path: Path) -> House:
    return House(tmp_path, store="shared:", more=WITH_FORM)


@pytest.fixture
async def store(house: House) -> Shared:
    """On which this version began, and a newer one has written."""
    store = Shared()
    async with running(house, store):
        pass
    bring_forward(store, SystemClock(), NEWER)
    return store


def upgrade(store: Shared) -> None:
    """As if the node were of the newer version: it knows all that is written."""
    store.commit(store.head(), [store.tail(0)[0].body], signed())


async def test_an_older_version_takes_in_and_the_newer_one_decides_it(
    house: House, store: Shared
) -> None:
    local = Client(house.database)
    async with running(house, store), httpx.AsyncClient(base_url=house.url) as browser:
        typed = {"email": "joe@mail.example", "message": "Where is my order?"}
        sent = await browser.post(f"{FORM}/", data=typed)
        assert sent.status_code == 303
        (node,) = (await asyncio.to_thread(local.get, "/api/admin/nodes"))["nodes"]
        assert (node["role"], node["spooled"]) == ("follower", 1)
        assert "does not know ThreadPaused" in node["waits"]
        before = store.head()
        assert store.nodes.lease("another", 0) == "another", "it has left the lease alone"
        assert store.head() == before
        upgrade(store)
        decided = "what was taken in is decided"
        await asyncio.to_thread(until, decided, PATIENCE, lambda: dict(store.scan("b/")))


async def test_a_server_that_may_not_begin_holds_nothing_and_may_begin_later(
    house: House, store: Shared
) -> None:
    settings, plugins = load(house.config), store.plugins()
    for _ in range(2):
        with pytest.raises(Unavailable, match=LACKS):
            Server(settings, plugins=plugins)
    upgrade(store)
    server = Server(settings, plugins=plugins)
    await server.start()
    await server.stop()
