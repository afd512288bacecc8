"""The store that the settings name by its URL: one that comes with us, or that a plugin brings."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from tests.cli.terminal import omniroute
from tests.server.house import House

from omniroute import hookimpl
from omniroute.errors import ConfigError
from omniroute.hookspecs import StoreFactory
from omniroute.server.composition import Server, load_plugins
from omniroute.server.settings import Rules, Settings, Storage, Web
from omniroute.settings import Secret
from omniroute.stores.memory import MemoryStore
from omniroute.testing.postgres_server import PostgresServer, postgres
from omniroute.testing.redis_server import RedisServer, redis_server

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
        server=Web(port=0), store=Storage(folder / "desk.db", Secret(url)), rules=RULES
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


@pytest.mark.crash
@pytest.mark.parametrize(
    "server",
    [
        pytest.param(postgres, marks=pytest.mark.postgres),
        pytest.param(redis_server, marks=pytest.mark.redis),
    ],
)
def test_a_desk_on_a_database_server_survives_a_kill_of_both(
    server: Callable[[], AbstractContextManager[PostgresServer | RedisServer]], tmp_path: Path
) -> None:
    with server() as database:
        house = House(tmp_path / "house", store=f"{database.url}?space=desk")
        with house.running() as running:
            running.mail("Joe Miller <joe@mail.example>", "Order", "I was charged twice, please")
            thread = running.thread_of("Joe Miller")["id"]
            ana = running.agent("ana")
            assert ana.do({"do": "Resolve", "thread": thread})["ok"]
            running.process.kill()
            database.kill()
            database.start()
            running.process.start()
            assert running.row(thread)["phase"] == "resolved"
            running.mail("Kim <kim@mail.example>", "Invoice", "Where is my invoice?")
            running.thread_of("Kim")
            config = ("--config", house.config)
            assert "all is well" in omniroute("verify", *config).out
        assert not house.database.exists()
