"""An account read in a process of its own: whatever a message does there, the server goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from omniroute import Inbound
from omniroute.runtime.isolation import Child, Opening, Unreadable
from omniroute.stores.api import Unavailable

PLUGIN = """
import os, signal
from datetime import UTC, datetime
import msgspec
from omniroute import Address, Cap, Health, Inbound, Receipt, hookimpl

KEPT = []


class Odd:
    kind, label, caps, max_text = "odd", "Odd", Cap.NONE, 100

    class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
        mark: str = ""

    def __init__(self, account: str, config, site) -> None:
        self.account, self._mark = account, config.mark

    async def listen(self, intake) -> None: ...
    async def send(self, out) -> Receipt: ...
    async def check(self) -> Health: ...
    def routes(self): return ()

    def parse(self, raw: bytes):
        said = raw.decode()
        print("words that must not stand among the answers")
        if said == "die":
            os.kill(os.getpid(), signal.SIGSEGV)
        if said == "hang":
            while True: ...
        if said == "grow":
            KEPT.append(bytearray(500_000_000))
        if said == "leak":
            KEPT.append(bytearray(40_000_000))
        if said == "raise":
            raise ValueError("no such thing")
        if said == "nonsense":
            return [7]
        text = f"{self._mark}{said} {len(KEPT)}"
        joe = Address("odd", "joe")
        return [Inbound(said, "c", joe, text, datetime(2026, 1, 5, tzinfo=UTC))]


@hookimpl
def omniroute_channels():
    return [Odd]
"""
MB = 1024 * 1024


def child_of(tmp_path: Path, kind: str = "odd", table: bytes = b'{"mark":"> "}') -> Child:
    path = tmp_path / "odd.py"
    path.write_text(PLUGIN)
    paths = (str(path),)
    opening = Opening(
        kind,
        "one",
        table,
        b"s" * 32,
        "http://desk",
        "omniroute_even",
        "Even",
        paths,
        seconds=1,
        memory=128 * MB,
    )
    return Child(opening)


@pytest.fixture
async def child(tmp_path: Path) -> AsyncIterator[Child]:
    made = child_of(tmp_path)
    yield made
    await made.close()


async def text_of(child: Child, said: str) -> str:
    (inbound,) = await child.parse(said.encode())
    assert isinstance(inbound, Inbound)
    return inbound.text


async def test_it_reads_and_one_that_kills_it_is_unreadable_while_the_others_flow(
    child: Child,
) -> None:
    assert await text_of(child, "hello") == "> hello 0"
    for said, fault in {
        "raise": "ValueError: no such thing",
        "nonsense": "plugin odd: parse: answered a int among messages",
        "die": "whoever reads it dies of it: killed by SIGSEGV",
        "hang": "whoever reads it dies of it: it took more than 1 s of the processor",
        "grow": "whoever reads it dies of it: it took more than 128 MB",
    }.items():
        with pytest.raises(Unreadable) as unreadable:
            await child.parse(said.encode())
        assert str(unreadable.value).startswith(fault)
    assert await text_of(child, "and on") == "> and on 0"


async def test_who_comes_after_leaks_is_read_by_another(child: Child) -> None:
    said = [await text_of(child, "leak") for _ in range(5)]
    assert said == ["> leak 1", "> leak 2", "> leak 3", "> leak 1", "> leak 2"]


@pytest.mark.parametrize(
    ("kind", "table", "fault"),
    [
        ("even", b"{}", "plugin even: omniroute_even: cannot be imported"),
        ("odd", b'{"marc":"x"}', "channels.one.marc"),
    ],
)
async def test_where_it_cannot_start_messages_wait(
    tmp_path: Path, kind: str, table: bytes, fault: str
) -> None:
    child = child_of(tmp_path, kind, table)
    with pytest.raises(Unavailable, match=fault):
        await child.parse(b"hello")
    await child.close()
    await child.close()
