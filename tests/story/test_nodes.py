"""Two servers on one store, each with a disk of its own: one writes, the other takes over.

Judged by the receiving side's own record; see `omniroute.testing.nodes_trial`.  A longer run is
`omniroute faults --real --nodes 3 --store postgres`.
"""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from omniroute.cli import cli
from omniroute.errors import ConfigError, Refused
from omniroute.server.composition import load_plugins
from omniroute.server.settings import load
from omniroute.server.several import Member, open_exchange
from omniroute.testing.nodes_trial import NodesTrial
from omniroute.testing.postgres_server import postgres
from omniroute.testing.redis_server import redis_server
from omniroute.testing.server_process import Browserless, until

pytestmark = pytest.mark.crash


@pytest.fixture(
    params=[
        pytest.param(postgres, marks=pytest.mark.postgres, id="postgres"),
        pytest.param(redis_server, marks=pytest.mark.redis, id="redis"),
    ]
)
def trial(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[NodesTrial]:
    with request.param() as database:
        trial = NodesTrial(tmp_path, database)
        try:
            trial.open()
            yield trial
        finally:
            trial.close()


def test_another_takes_over_when_the_writer_is_killed_and_when_it_stops(trial: NodesTrial) -> None:
    first, second = trial.machines
    assert trial.writer is first
    says_where_the_writer_is(trial)
    lists_the_nodes(trial)
    refuses_another_key(trial)

    trial.kill_at_random(1, random.Random(4812))
    assert trial.writer is second
    until("the first follows", 60, lambda: first.role == "follower")

    for _ in range(6):
        trial.act()
    assert second.server.stop() == 0  # a rolling restart
    trial.smtp = first.smtp
    trial._mail("mail while nobody writes")
    trial._find()
    assert trial.writer is first
    trial.act()
    trial.judge()
    assert [node["term"] for node in trial.nodes()["nodes"] if node["role"] == "writer"] == [3]


def says_where_the_writer_is(trial: NodesTrial) -> None:
    """A follower passes on what browsers ask, and tells its own machine who writes."""
    first, second = trial.machines
    until("the follower knows the writer", 30, lambda: trial.nodes()["writer"])
    asked = Browserless(f"http://127.0.0.1:{second.http}").call("GET", "/api/threads")
    assert asked.status == 401
    with pytest.raises(Refused) as refused:
        second.local.get("/api/threads")
    assert refused.value.code == "follower"
    assert str(refused.value).endswith(f"writes is at http://127.0.0.1:{first.http}")
    with pytest.raises(Refused):
        second.local.get("/readyz?role=writer")


def lists_the_nodes(trial: NodesTrial) -> None:
    """Whichever is asked, on its own machine."""
    until("both are known", 30, lambda: len(trial.nodes()["nodes"]) == 2)
    for machine in trial.machines:
        own = str(machine.folder / "omniroute.toml")
        told = json.loads(CliRunner().invoke(cli, ["nodes", "--config", own, "--json"]).output)
        assert [node["role"] for node in told["nodes"]] == ["writer", "follower"]
        assert told["nodes"][0]["node"] == told["writer"]
    config = str(trial.machines[1].folder / "omniroute.toml")
    shown = CliRunner().invoke(cli, ["nodes", "--config", config]).output
    assert "writer" in shown
    assert "follower" in shown


def refuses_another_key(trial: NodesTrial) -> None:
    """By another key the same person would be somebody else; none is left behind."""
    third = trial.folder / "third"
    third.mkdir()
    shutil.copy(trial.machines[0].folder / "omniroute.toml", third / "omniroute.toml")
    settings = load(third / "omniroute.toml")
    plugins = load_plugins()
    exchange: Any = open_exchange(settings, plugins)
    with pytest.raises(ConfigError, match="is not the key of the other nodes"):
        Member(settings, plugins, exchange)
    exchange.close()
    assert not (third / "desk.key").exists()
