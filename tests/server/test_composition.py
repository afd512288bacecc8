"""One server as a whole: what it does when somebody else writes to its database, and at its end."""

import sqlite3
from pathlib import Path

import pytest
from tests.server.house import House

from omniroute.server.composition import Server
from omniroute.server.settings import load
from omniroute.testing.server_process import until


def move_head(house: House, by: int) -> None:
    """Do what another writer would, past the lock."""
    db = sqlite3.connect(house.database, timeout=10)
    db.execute("UPDATE head SET seq = seq + ?", (by,))
    db.commit()
    db.close()


def test_it_stops_when_another_writes_and_keeps_what_it_has_acknowledged(tmp_path: Path) -> None:
    house = House(tmp_path)
    with house.running() as running:
        running.mail("joe@mail.example", "Refund", "I was charged twice")
        running.wait_for_threads(1)
        move_head(house, 1)
        running.mail("kim@mail.example", "Refund", "So was I")
        until("it has stopped by itself", 20, lambda: not running.process.is_alive())
        assert running.process.exit_code == 1
        assert "the head has moved" in running.process.log
        move_head(house, -1)
        running.process.start()
        assert running.thread_of("kim@mail.example")["excerpt"] == "So was I"
        assert running.local.get("/api/admin/verify")["ok"]


async def test_it_can_be_started_and_stopped_again_in_one_process(tmp_path: Path) -> None:
    house = House(tmp_path)
    for _ in range(2):
        server = Server(load(house.config))
        await server.start()
        assert server.url == house.url
        await server.stop()
    assert not house.database.with_suffix(".sock").exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_its_address_is_the_one_it_is_bound_to_or_the_one_it_is_known_by(
    tmp_path: Path, host: str
) -> None:
    house = House(tmp_path, channels=False)
    bound = f'[server]\nhost = "{host}"\nport = 0\n'
    shown = f"[{host}]" if ":" in host else host
    assert (await url_of(house, bound)).startswith(f"http://{shown}:")
    known = f'{bound}public_url = "https://desk.example.org/"\n'
    assert await url_of(house, known) == "https://desk.example.org"


async def url_of(house: House, settings: str) -> str:
    house.write(f"{settings}[store]\npath = 'desk.db'\n")
    server = Server(load(house.config))
    await server.start()
    url = server.url
    await server.stop()
    return url
