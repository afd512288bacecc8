"""A store in memory that several servers of one process share, as they would a database server."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tests.server.house import House

from omniroute import hookimpl
from omniroute.hookspecs import StoreFactory
from omniroute.plugins import Plugins
from omniroute.server.composition import Server, load_plugins
from omniroute.server.settings import load
from omniroute.server.several import Member
from omniroute.stores.exchange import Exchange
from omniroute.stores.memory import MemoryStore
from omniroute.stores.memory_exchange import MemoryExchange
from omniroute.stores.shelf import MemoryShelf, Shelf

PATIENCE = 120  # seconds, on a machine that has much else to do


class Shared(MemoryStore):
    """Outlives whoever opens it."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes, self.beside = MemoryExchange(), MemoryShelf()

    @hookimpl
    def omniroute_stores(self) -> Mapping[str, StoreFactory]:
        return {"shared": lambda url: self}

    def exchange(self) -> Exchange:
        return self.nodes

    def shelf(self) -> Shelf:
        return self.beside

    def close(self) -> None:
        """It stays."""

    def plugins(self) -> Plugins:
        """What is installed, and this store, whose URL is ``shared:``."""
        plugins = load_plugins()
        plugins.register(self, "shared")
        return plugins


@asynccontextmanager
async def serving(house: House, plugins: Plugins) -> AsyncIterator[Server]:
    """A server of the house, from its start to its stop."""
    server = Server(load(house.config), plugins=plugins)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def running(house: House, store: Shared) -> AsyncIterator[None]:
    """A member in this process, once it has said what it is."""
    said = asyncio.Event()
    member = Member(load(house.config), store.plugins(), store.exchange())
    task = asyncio.create_task(member.run(lambda text: said.set()))
    try:
        async with asyncio.timeout(PATIENCE):
            await said.wait()
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def moved(house: House, to: House) -> None:
    """Give another machine the key, as whoever sets it up does."""
    shutil.copy(house.database.with_suffix(".key"), to.database.with_suffix(".key"))
