"""Two machines behind one load balancer: whichever is asked, it is the desk that answers."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import uuid
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import httpx2 as httpx
import pytest
from tests.cli.terminal import omniroute
from tests.server.house import CHAT, House
from tests.server.shared import Shared, running

from omniroute.cli.client import Client
from omniroute.runtime.clock import SystemClock
from omniroute.runtime.erasures import Erasures
from omniroute.runtime.keyed import open_key
from omniroute.runtime.node import Node
from omniroute.runtime.spool import Spool
from omniroute.server.leftovers import Leftovers
from omniroute.stores.books import OnShelf
from omniroute.testing.server_process import Browserless, until

FORM = "/channels/contactform/form"
WITH_FORM = '[channels.form]\nkind = "contactform"'
METRICS = 'metrics_token = "sesame"'
PATIENCE = 120  # seconds, on a machine that has much else to do


@dataclass
class Machines:
    """One that writes and one that follows."""

    writer: House
    follower: House

    async def link(self, agent: str) -> str:
        """A link by which *agent* comes in."""
        local = Client(self.writer.database)
        made: dict[str, str] = await asyncio.to_thread(
            local.post, "/api/admin/links", {"agent": agent}
        )
        return made["url"].partition("link=")[2]


@pytest.fixture
async def machines(tmp_path: Path) -> AsyncIterator[Machines]:
    store = Shared()
    writer, follower = (
        House(tmp_path / "a", store="shared:", more=WITH_FORM),
        House(tmp_path / "b", store="shared:", more=WITH_FORM),
    )
    for house in (writer, follower):
        house.write(house.settings().replace("[server]", f"[server]\n{METRICS}"))
    async with running(writer, store):
        shutil.copy(writer.database.with_suffix(".key"), follower.database.with_suffix(".key"))
        async with running(follower, store):
            yield Machines(writer, follower)


async def test_an_agent_works_at_a_machine_that_follows(machines: Machines) -> None:
    """Pages, commands, live pages, the customer's chat: the writer holds them for both."""
    agent = Browserless(machines.follower.url)
    await asyncio.to_thread(agent.sign_in, await machines.link("ana"))
    assert agent.token
    status = {"do": "SetStatus", "status": "online"}
    assert (await asyncio.to_thread(agent.do, status))["ok"]
    visitor = Browserless(machines.follower.url)
    await asyncio.to_thread(visitor.post, f"{CHAT}/session", {})
    async with (
        httpx.AsyncClient(base_url=machines.follower.url) as browser,
        asyncio.timeout(PATIENCE),
        browser.stream("GET", "/live", headers={"cookie": agent.cookies}) as live,
    ):
        assert live.status_code == 200
        line = {"id": str(uuid.uuid4()), "text": "Hello"}
        assert "id" in await asyncio.to_thread(visitor.post, f"{CHAT}/messages", line)
        async for told in live.aiter_lines():
            if told.startswith("data:"):
                break
    agent.to(machines.writer.url)  # the next request goes to the other machine
    await asyncio.to_thread(
        until, "the thread is listed", PATIENCE, lambda: agent.get("/api/threads")
    )
    async with httpx.AsyncClient(base_url=machines.follower.url) as browser:
        proof = await browser.post(f"{FORM}/confirm/any")
        assert proof.status_code == 410, "the writer, which has the links, knows none such"
    await has_figures_of_its_own(machines)
    config = machines.follower.config
    examined = await asyncio.to_thread(omniroute, "doctor", "--config", config)
    assert "ok     server       runs, and follows: " in examined.out


async def has_figures_of_its_own(machines: Machines) -> None:
    async with httpx.AsyncClient(base_url=machines.follower.url) as browser:
        assert (await browser.get("/metrics")).status_code == 401
        key = {"authorization": "Bearer sesame"}
        told = (await browser.get("/metrics", headers=key)).text
    assert 'role="follower"} 1.0' in told
    assert "omniroute_spooled 0.0" in told
    assert "omniroute_spooled_oldest_seconds 0.0" in told
    assert "omniroute_handed_over 0.0" in told


async def test_a_form_is_taken_in_while_nobody_writes(tmp_path: Path) -> None:
    """It lies on the disk of the machine that follows; who asks for what the writer has waits."""
    store = Shared()
    store.nodes.lease("one that has died", 600)
    house = House(tmp_path, store="shared:", more=WITH_FORM)
    async with running(house, store), httpx.AsyncClient(base_url=house.url) as browser:
        typed = {"email": "joe@mail.example", "message": "Where is my order?"}
        sent = await browser.post(f"{FORM}/", data=typed)
        assert (sent.status_code, sent.headers["location"]) == (303, f"{FORM}/sent")
        proof = await browser.post(f"{FORM}/confirm/any")
        assert (proof.status_code, proof.headers["retry-after"]) == (503, "2")
        chat = await browser.post(f"{CHAT}/session", json={})
        assert chat.status_code == 503
    kept = Spool(house.database.with_suffix(".spool"), min_free=0)
    (entry,) = kept.pending()
    assert (entry.channel, b"Where is my order?" in entry.raw) == ("contactform", True)
    await kept.close()


async def test_who_is_erased_is_erased_on_the_disk_of_a_machine_that_follows(
    tmp_path: Path,
) -> None:
    """The writer leaves a mark of the address; what could not be read of it goes elsewhere, too."""
    store, house = Shared(), House(tmp_path, store="shared:")
    letters = Spool(house.database.with_suffix(".spool"), min_free=0)
    for sender in (b"Joe", b"kim"):
        id = await letters.append("email", "help", b"From: %s@mail.example" % sender, at=1)
        await letters.bury(id, "odd")
    await letters.close()
    books = OnShelf(store.shelf(), tmp_path / "of_the_writer.db", lambda error: None)
    keyed = open_key(house.database.with_suffix(".key"))
    erasures = Erasures(books.open(tmp_path / "of_the_writer.erased"), keyed, SystemClock())
    own = Spool(tmp_path / "of_the_writer.spool", min_free=0)
    node = cast(Node, SimpleNamespace(parts=SimpleNamespace(spool=own, channels={}, store=store)))
    await Leftovers(node, erasures=erasures).forget(["joe@mail.example"], [])
    await own.close()
    erasures.close()
    books.close()
    store.nodes.lease("the writer", 600)

    async with running(house, store):
        await asyncio.to_thread(until, "one letter is left", PATIENCE, lambda: dead(house) == 1)


def dead(house: House) -> int:
    """How many dead letters lie on a machine's disk."""
    with closing(sqlite3.connect(house.database.with_suffix(".spool"))) as db:
        return int(db.execute("SELECT count(*) FROM entry WHERE why IS NOT NULL").fetchone()[0])
