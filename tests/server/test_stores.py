"""A store that a plugin brings is used when the settings name it by its URL."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from omniroute import hookimpl
from omniroute.errors import ConfigError
from omniroute.hookspecs import StoreFactory
from omniroute.server.composition import Server, load_plugins
from omniroute.server.settings import Rules, Settings, Storage, Web
from omniroute.stores.memory import MemoryStore

RULES = Rules(Path(__file__).parents[2] / "routing_rules")


class Brings:
    """A plugin with a store of its own."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    @hookimpl
    def omniroute_stores(self) -> Mapping[str, StoreFactory]:
        return {"memory": self._open}

    def _open(self, url: str) -> MemoryStore:
        self.opened.append(url)
        return MemoryStore()


def settings(folder: Path, url: str) -> Settings:
    return Settings(
        server=Web(port=0), store=Storage(folder / "desk.db", url), rules=RULES
    )  # fmt: skip


async def test_the_server_runs_on_a_store_that_a_plugin_brings(tmp_path: Path) -> None:
    brings, plugins = Brings(), load_plugins()
    plugins.register(brings, "brings")
    server = Server(settings(tmp_path, "memory://here"), plugins=plugins)
    await server.start()
    assert brings.opened == ["memory://here"]
    assert server.store.head()[0] > 0
    assert not (tmp_path / "desk.db").exists()
    await server.stop()


async def test_a_store_that_nobody_brings_is_named(tmp_path: Path) -> None:
    plugins = load_plugins()
    plugins.register(Brings(), "brings")
    with pytest.raises(ConfigError) as error:
        Server(settings(tmp_path, "memry://here"), plugins=plugins)
    assert str(error.value) == (
        "store.url: no store for “memry:” is installed — did you mean “memory”?"
    )
