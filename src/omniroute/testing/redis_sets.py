"""Several real Redis servers of the test's own: a watched primary with replicas, or a cluster."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import redis

from omniroute.testing.redis_server import FOLLOWS, MISSING, RedisServer, program
from omniroute.testing.server_process import free_port, until

WATCHED: Final = "desk"  # the sentinel's name of the primary
PATIENCE: Final = 60.0  # seconds that servers may take to agree on a machine that is busy
SLOTS: Final = 16384


@dataclass
class Watched:
    """A primary, its replicas, and the sentinel that watches them."""

    primary: RedisServer
    replicas: list[RedisServer]
    sentinel: RedisServer

    @property
    def url(self) -> str:
        """By the sentinel, whoever is the primary; patient for no more than two seconds."""
        where = f"127.0.0.1:{self.sentinel.port}/{WATCHED}/0"
        return f"redis+sentinel://{where}?socket_timeout=2"

    def ask(self, server: RedisServer, *command: str | int) -> Any:
        """The answer of one of them."""
        with redis.Redis(port=server.port, decode_responses=True) as client:
            return client.execute_command(*command)

    def copied(self) -> None:
        """Return when each replica has everything."""
        until(
            "the replicas have it",
            PATIENCE,
            lambda: self.ask(self.primary, "WAIT", len(self.replicas), 1000) == len(self.replicas),
        )

    def failed_over(self, meanwhile: Callable[[], None] = lambda: None) -> RedisServer:
        """Return when a replica has become the primary: that one."""

        def promoted() -> list[RedisServer]:
            meanwhile()
            return [each for each in self.replicas if self.ask(each, "ROLE")[0] == "master"]

        until("a replica is the primary", PATIENCE, promoted)
        return promoted()[0]

    def fail_over(self, meanwhile: Callable[[], None]) -> None:
        """Kill the primary; return when another is, and the killed one is back as its replica.

        *meanwhile* is called until another is.
        """
        self._look()
        gone = self.primary
        gone.kill()
        gone.follow(self.failed_over(meanwhile))
        gone.start()
        until("the others follow it", PATIENCE, self._follow)

    def _look(self) -> None:
        """Learn who is the primary; on a busy machine a sentinel may change its mind by itself."""
        _, port = self.ask(self.sentinel, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", WATCHED)
        everybody = [self.primary, *self.replicas]
        self.primary = next(each for each in everybody if each.port == int(port))
        self.replicas = [each for each in everybody if each is not self.primary]

    def _follow(self) -> bool:
        self._look()
        try:
            asked = self.ask(self.primary, "WAIT", len(self.replicas), 1000)
        except redis.RedisError:
            return False  # it is no primary yet
        return bool(asked == len(self.replicas))


@contextmanager
def watched(*settings: str, replicas: int = 2) -> Iterator[Watched]:
    """Servers that run meanwhile; *settings* are for those that keep data."""
    with _opened() as (folder, found, opened):

        def start(name: str, *more: str) -> RedisServer:
            place = folder / name
            place.mkdir()
            server = RedisServer(place, found, *more)
            opened.callback(server.kill)
            server.start()
            return server

        primary = start("primary", *settings)
        follows = (FOLLOWS, "127.0.0.1", str(primary.port))
        others = [start(f"replica{number}", *settings, *follows) for number in range(replicas)]
        config = folder / "sentinel.conf"
        config.write_text(SENTINEL.format(name=WATCHED, port=primary.port))
        sentinel = RedisServer(folder, found, config=config)
        opened.callback(sentinel.kill)
        sentinel.start()
        servers = Watched(primary, others, sentinel)
        servers.copied()
        until(
            "the sentinel knows the replicas",
            PATIENCE,
            lambda: len(servers.ask(sentinel, "SENTINEL", "REPLICAS", WATCHED)) == replicas,
        )
        yield servers


@contextmanager
def cluster(nodes: int = 3) -> Iterator[str]:
    """The URL of a cluster of so many primaries, which runs meanwhile."""
    with _opened() as (folder, found, opened):
        clients: list[Any] = []
        ports: list[int] = []
        for number in range(nodes):
            place = folder / f"node{number}"
            place.mkdir()
            server = RedisServer(place, found, "--cluster-enabled", "yes", "--cluster-port", "0")
            server.settings = (*server.settings[:-1], str(free_port()))
            opened.callback(server.kill)
            server.start()
            ports.append(server.port)
            clients.append(opened.enter_context(redis.Redis(port=server.port)))
        for number, client in enumerate(clients):
            first, last = SLOTS * number // nodes, SLOTS * (number + 1) // nodes - 1
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
            bus = clients[0].config_get("cluster-port")["cluster-port"]
            client.execute_command("CLUSTER", "MEET", "127.0.0.1", ports[0], bus)
        until("the cluster is whole", PATIENCE, lambda: all(_whole(c, nodes) for c in clients))
        yield f"redis+cluster://127.0.0.1:{ports[0]}"


SENTINEL: Final = """
sentinel monitor {name} 127.0.0.1 {port} 1
sentinel down-after-milliseconds {name} 500
sentinel failover-timeout {name} 5000
"""


def _whole(client: Any, nodes: int) -> bool:
    info = client.cluster("INFO")
    return bool(info["cluster_state"] == "ok" and info["cluster_known_nodes"] == str(nodes))


@contextmanager
def _opened() -> Iterator[tuple[Path, Path, ExitStack]]:
    found = program()
    if found is None:
        raise FileNotFoundError(MISSING)
    with tempfile.TemporaryDirectory(prefix="redis-") as folder, ExitStack() as opened:
        yield Path(folder), found, opened
