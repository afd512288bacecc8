"""What lies outside the store goes with the person, too."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from omniroute.runtime.clock import SystemClock
from omniroute.runtime.erasures import Erasures
from omniroute.runtime.files import Files
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.node import Node
from omniroute.runtime.spool import Spool
from omniroute.server.leftovers import Leftovers
from omniroute.stores.api import GENESIS
from omniroute.stores.memory import MemoryStore
from omniroute.stores.sqlite import SqliteStore
from omniroute.testing.server_process import until


@dataclass
class Keeps:
    """A channel with a memory of its own."""

    kind: str = "post"
    account: str = "main"
    broken: bool = False
    asked: tuple[str, ...] = ()

    async def forget(self, values: Sequence[str]) -> None:
        if self.broken:
            raise OSError("no")
        self.asked = tuple(values)


async def test_files_letters_and_copies_are_deleted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool, files = Spool(tmp_path / "spool", min_free=0), Files(tmp_path / "files")
    for raw in (b"From: JOE@mail.example\\n\\nhello", b"From: kim@mail.example\\n\\nhello"):
        id = await spool.append("email", "help", raw, at=1)
        await spool.bury(id, "odd")
    bill = files.put(b"bill")
    broken, keeps = Keeps(broken=True), Keeps()
    channels = {("post", "a"): broken, ("post", "b"): keeps, ("plain", "c"): object()}
    store = MemoryStore()
    parts = SimpleNamespace(spool=spool, files=files, channels=channels, store=store)
    node = cast(Node, SimpleNamespace(parts=parts))

    gone = await Leftovers(node).forget(["joe@mail.example"], [bill])

    assert gone == 1
    assert files.get(bill) is None
    assert keeps.asked == ("joe@mail.example",)
    assert "post “main”: did not forget somebody" in caplog.text
    await spool.close()
    spool = Spool(tmp_path / "spool", min_free=0)
    assert len(await spool.dead()) == 1
    await spool.close()


async def test_who_was_erased_while_another_wrote_is_erased_here_before_this_one_does(
    tmp_path: Path,
) -> None:
    keyed, clock = Keyed(bytes(32)), SystemClock(lambda: 5_000_000)
    spool = Spool(tmp_path / "spool", min_free=0)
    id = await spool.append("email", "help", b"From: joe@mail.example", at=1)
    await spool.bury(id, "odd")
    node = cast(
        Node, SimpleNamespace(parts=SimpleNamespace(spool=spool, keyed=keyed, store=MemoryStore()))
    )
    with closing(Erasures(sqlite3.connect("", check_same_thread=False), keyed, clock)) as erasures:
        erasures.note(["joe@mail.example"])
        await Leftovers(node, erasures=erasures).catch_up()
    await spool.append("email", "help", b"another", at=1)  # written after what was asked before
    assert await spool.dead() == []
    await spool.close()


async def test_incident_25_what_was_erased_is_in_no_file_and_no_log(tmp_path: Path) -> None:
    """A log holds what was deleted until it is written over: on a quiet desk, for days."""
    store, files = SqliteStore(tmp_path / "desk.db"), Files(tmp_path / "files")
    spool = Spool(tmp_path / "spool", min_free=0)
    head = store.commit(GENESIS, [b"{}"], {"b/1": b"the canary of joe@mail.example"})
    store.commit(head, [b"{}"], {"b/1": None})
    letter = b"From: joe@mail.example, with a canary"
    await spool.bury(await spool.append("email", "help", letter, at=1), "odd")
    parts = SimpleNamespace(spool=spool, files=files, channels={}, store=store)
    assert len(with_canary(tmp_path)) == 2

    assert await Leftovers(cast(Node, SimpleNamespace(parts=parts))).forget(
        ["joe@mail.example"], []
    )

    await asyncio.to_thread(until, "logs without a canary", 15, lambda: not with_canary(tmp_path))
    await spool.close()
    store.close()


def with_canary(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]
