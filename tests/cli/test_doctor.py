"""``omniroute doctor``."""

import json
import socket
import sqlite3
from pathlib import Path

import pytest
from tests.cli.terminal import omniroute
from tests.server.house import House

from omniroute.core.inputs import WritingTaken
from omniroute.runtime.record import VERSION, Entry, encode
from omniroute.stores.api import GENESIS
from omniroute.stores.sqlite import SqliteStore

YEAR_3000 = 32_503_680_000_000  # ms


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def wrong(house: House) -> list[tuple[str, str, str]]:
    """Place, fault and fix of what is not in order."""
    ran = omniroute("doctor", "--config", house.config, "--json")
    found = [row for row in json.loads(ran.out) if not row["ok"]]
    assert ran.code == (1 if found else 0)
    return [(row["place"], row["found"], row["fix"]) for row in found]


def test_each_part_is_named_and_told_how_it_is(house: House) -> None:
    before, _, after = house.settings().partition("[channels.help]")
    house.write(before + "[channels.site]" + after.partition("[channels.site]")[2])
    ran = omniroute("doctor", "--config", house.config)
    lines = [line for line in ran.out.splitlines() if not line.startswith("  ")]
    parts = ["settings", "python", "plugins", "rules", "store", "files", "disk", "limits"]
    parts += ["clock", "port"]
    assert [line.split()[:2] for line in lines[: len(parts)]] == [["ok", part] for part in parts]
    assert [line.split()[1:3] for line in lines[len(parts) :]] == [["webchat", "site"]]
    assert f"open at http://127.0.0.1:{house.http}/channels/webchat/site/" in lines[-1]
    assert ran.code == 0


def test_settings_that_cannot_be_read(house: House) -> None:
    house.write("[serverr]\n")
    ((part, found, fix),) = wrong(house)
    assert (part, found) == ("settings", "[serverr]: no such section")
    assert fix.startswith("did you mean “server”? sections are: ")


def test_rules_a_port_and_a_place_that_are_wrong_are_named_at_once(house: House) -> None:
    line = house.change("need: {refunds: 3}", "need: {refnds: 3}")
    house.write(house.settings().replace('"desk.db"', '"data/desk.db"'))
    with socket.create_server(("127.0.0.1", house.http)):
        found = {place: (fault, fix) for place, fault, fix in wrong(house)}
    fault, fix = found["rules"]
    assert fault.startswith(f"support.yaml:{line}: ")
    assert fix == "did you mean “refunds”?"
    assert found["store"][0].endswith("data: folder does not exist")
    assert found["disk"] == found["store"]
    assert found["port"][0] == f"server.port: port {house.http} is in use"


def test_a_clock_that_is_behind_the_journal(house: House) -> None:
    entry = Entry(VERSION, YEAR_3000, WritingTaken("k", YEAR_3000, "n"), ())
    store = SqliteStore(house.database)
    store.commit(GENESIS, [encode(entry)], {})
    store.close()
    (fault, fix) = next((f, x) for place, f, x in wrong(house) if place == "clock")
    assert "behind what the journal's last record says" in fault
    assert fix == "have it set from the network (NTP)"


def test_a_database_that_is_none(house: House) -> None:
    sqlite3.connect(house.database).close()
    house.database.write_bytes(b"nonsense " * 1000)
    places = {place: fault for place, fault, _ in wrong(house)}
    assert places["store"].endswith("desk.db: is not a database")


def test_what_others_of_the_machine_may_read_is_named(house: House) -> None:
    house.database.with_suffix(".key").write_bytes(b"k" * 32)
    house.database.with_suffix(".key").chmod(0o640)
    (fault, fix) = next((f, x) for place, f, x in wrong(house) if place == "files")
    assert fault == (
        f"{house.database.with_suffix('.key')}: "
        "others of this machine may look into it (-rw-r-----)"
    )
    assert fix == f"chmod go= {house.database.with_suffix('.key')}"


def test_an_address_that_leads_nowhere_is_named(house: House) -> None:
    public = '[server]\npublic_url = "https://desk.invalid"'
    house.write(house.settings().replace("[server]", public))
    (fault, fix) = next((f, x) for place, f, x in wrong(house) if place == "address")
    assert fault.startswith("server.public_url: the name desk.invalid is not known")
    assert fix == "give it an address in the DNS"


def test_beside_a_running_server_it_is_asked(house: House) -> None:
    with house.running():
        ran = omniroute("doctor", "--config", house.config)
    assert "ok     server       runs, and is ready" in ran.out
    assert "records, and a server has it" in ran.out
    assert "ok     files " in ran.out
    assert " port " not in ran.out
