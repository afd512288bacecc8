"""A desk that an early version left, killed under traffic, goes on under this one."""

import asyncio
import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from omniroute.application.authorize import SYSTEM
from omniroute.runtime.clock import SystemClock
from omniroute.runtime.upgrading import bring_forward
from omniroute.runtime.verify import verify
from omniroute.server.composition import Server
from omniroute.server.settings import Rules, Settings, Storage, Web
from omniroute.stores.api import Corrupt
from omniroute.stores.sqlite import SqliteReader, SqliteStore
from omniroute.testing.crash_trial import RULES, TEAM

STORED = (Path(__file__).parent / "stored" / "desk.sql").read_text(encoding="utf-8")
ITS_LAST = 1_795_665_499_366  # when the last message came to it, in ms
SAID = ("mail 0", "chat 1", "mail 3", "chat 4", "mail 6", "chat 7", "mail 9", "chat 10")
ACKNOWLEDGED = ("chat 13", "mail 15")  # and not decided when it was killed
ANSWERED = ("reply 2", "reply 5", "reply 8", "reply 11")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What it left: its database, its spool and its key."""
    key, *files = re.split(r"^-- (?=key|file)", STORED, flags=re.M)[1:]
    (tmp_path / "desk.key").write_bytes(bytes.fromhex(key.split()[1]))
    (tmp_path / "desk.key").chmod(0o600)
    for file in files:
        head, _, sql = file.partition("\n")
        _, name, application, version = head.split()
        with closing(sqlite3.connect(tmp_path / name)) as db:
            db.executescript(sql)
            db.execute(f"PRAGMA application_id={application}")
            db.execute(f"PRAGMA user_version={version}")
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "desk.yaml").write_text(RULES)
    (rules / "team.yaml").write_text(TEAM)
    return tmp_path


def settings(folder: Path) -> Settings:
    return Settings(
        server=Web(port=0),
        store=Storage(folder / "desk.db"),
        rules=Rules(folder / "rules"),
        channels={
            "help": {"kind": "email", "addresses": ["help@desk.example"], "listen_port": 0},
            "site": {"kind": "webchat"},
        },
    )


def bodies(folder: Path) -> list[str]:
    """All that was ever said, by whomever."""
    with closing(SqliteReader(folder / "desk.db")) as reader:
        return [msgspec.json.decode(row)["text"].strip() for _, row in reader.scan("b/")]


def clock() -> SystemClock:
    """Goes on where it was killed."""
    began = time.monotonic_ns()
    return SystemClock(lambda: ITS_LAST * 1_000_000 + time.monotonic_ns() - began)


async def test_f11_nothing_of_it_is_lost_and_it_goes_on(folder: Path) -> None:
    server = Server(settings(folder), clock=clock())
    await server.start()
    async with asyncio.timeout(20):
        while server.node.parts.spool.depth:  # noqa: ASYNC110 - it lies in a file
            await asyncio.sleep(0.01)
    rows = {row.id: row for row in await server.application.query.threads(SYSTEM)}
    phases = {id: str(row.phase) for id, row in rows.items()}
    assert {id: phases[id] for id in (1, 3)} == {1: "assigned", 3: "resolved"}
    assert rows[1].tags == ("vip",)
    found = bodies(folder)
    for text in (*SAID, *ACKNOWLEDGED, *ANSWERED, "She called, too."):
        assert found.count(text) == 1, text
    assert verify(server.store.reader()).faults == ()
    await server.stop()


def test_its_rows_are_made_anew_once(folder: Path) -> None:
    with closing(SqliteStore(folder / "desk.db")) as store:
        assert not verify(store.reader()).ok  # an earlier version made other rows of its events
        assert bring_forward(store, clock()) > 0
        assert verify(store.reader()).ok
        head = store.head()
        assert bring_forward(store, clock()) == 0
        assert store.head() == head
    assert set(SAID) < set(bodies(folder))


def test_a_damaged_journal_makes_no_rows(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "desk.db")) as db:
        db.execute("UPDATE journal SET body = replace(body, 'vip', 'vup') WHERE seq = 22")
        db.commit()
    with closing(SqliteStore(folder / "desk.db")) as store:
        head = store.head()
        with pytest.raises(Corrupt, match="journal record 22: does not match its hash"):
            bring_forward(store, clock())
        assert store.head() == head
