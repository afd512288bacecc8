"""``omniroute verify``: beside a running server, on a database at rest, on one that was changed."""

import json
import sqlite3
from pathlib import Path

import pytest
from tests.cli.terminal import omniroute
from tests.server.house import House

Options = tuple[str, Path]


def test_beside_a_running_server(config: Options) -> None:
    (line,) = omniroute("verify", *config).lines
    assert line.endswith(" 2 threads: all is well")
    verdict = omniroute("verify", *config, "--json").json
    assert (verdict["ok"], verdict["threads"], verdict["faults"]) == (True, 2, [])


@pytest.fixture(scope="module")
def at_rest(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("at-rest"))
    with house.running() as running:
        running.mail("joe@mail.example", "Order 1182", "I was charged twice")
        running.wait_for_threads(1)
        assert running.process.stop() == 0
    return house


@pytest.fixture
def house(at_rest: House, tmp_path: Path) -> House:
    """A copy of the database at rest, to be changed."""
    house = House(tmp_path)
    house.database.write_bytes(at_rest.database.read_bytes())
    return house


def test_on_a_database_at_rest(house: House) -> None:
    ran = omniroute("verify", "--config", house.config)
    assert ran.lines[0].endswith(" 1 threads: all is well")
    assert "(100 %)" in ran.err  # the way there is shown where it does not disturb
    quiet = omniroute("verify", "--config", house.config, "--json")
    assert quiet.json["ok"]
    assert quiet.err == ""


def change(house: House, statement: str) -> None:
    db = sqlite3.connect(house.database)
    assert db.execute(statement).rowcount > 0
    db.commit()
    db.close()


def test_a_changed_record_is_named(house: House) -> None:
    change(house, "UPDATE journal SET body = replace(body, 'refunds', 'general') WHERE seq = 3")
    ran = omniroute("verify", "--config", house.config)
    assert ran.code == 1
    fault, verdict = ran.out.splitlines()
    assert fault.startswith("fault  ")
    assert "record 3" in fault
    assert verdict.endswith(": 1 faults")
    ran = omniroute("verify", "--config", house.config, "--json")
    assert ran.code == 1
    assert not json.loads(ran.out)["ok"]


def test_a_missing_record_is_named(house: House) -> None:
    change(house, "DELETE FROM journal WHERE seq = 2")
    ran = omniroute("verify", "--config", house.config)
    assert ran.code == 1
    assert "record 2" in ran.out


def test_a_changed_row_is_named(house: House) -> None:
    change(house, "UPDATE kv SET v = replace(v, 'billing', 'general') WHERE k = 't/1'")
    ran = omniroute("verify", "--config", house.config)
    assert ran.code == 1
    assert "fault  row t/1: differs from what the journal makes of it" in ran.out


def test_what_is_no_database(house: House) -> None:
    house.database.write_bytes(b"nonsense " * 1000)
    assert omniroute("verify", "--config", house.config).refusal == (
        f"{house.database}: is not a database — name another path, or restore a copy"
    )


def test_no_database_at_all(tmp_path: Path) -> None:
    house = House(tmp_path)
    assert omniroute("verify", "--config", house.config).refusal == (
        f"{house.database}: there is no such database — name its server's settings with --config"
    )
