"""The door over a real database, with the writer and the views each in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from omniroute.application import commands as c
from omniroute.application.authorize import Actor, Kind
from omniroute.application.directory import Directory
from omniroute.application.door import Application
from omniroute.application.views import Views
from omniroute.core import inputs as i
from omniroute.core.model import Status
from omniroute.runtime.clock import SystemClock
from omniroute.runtime.files import Files
from omniroute.runtime.inbox import Inbox
from omniroute.runtime.loading import load
from omniroute.runtime.rows import Body, Reached
from omniroute.stores.sqlite import SqliteStore

AGENTS = [f"a{n}" for n in range(8)]


@dataclass
class Running:
    """A desk that runs: its parts, and how to put a customer's message in."""

    store: SqliteStore
    inbox: Inbox
    application: Application

    async def writes(self, number: int, text: str) -> int:
        message, handle = f"m{number}", f"h{number % 5}"
        answer = await self.inbox.submit(
            lambda at: i.MessageReceived(
                f"in/{number}", at, message, "email", "main", i.Seen(handle, "email")
            ),
            {
                f"b/{message}": msgspec.json.encode(Body(text)),
                f"p/{handle}": msgspec.json.encode(Reached("email", f"{handle}@x.org")),
            },
        )
        return int(answer.values["thread"])


async def start(folder: Path) -> Running:
    store = SqliteStore(folder / "desk.db")
    inbox = Inbox(store, load(store), SystemClock(), on_commit=lambda committed: application.wake())
    reader = store.reader()
    application = Application(
        inbox, Views(folder / "desk.views", store.reader()), reader, Files(folder / "files"),
        SystemClock().now, Directory(agents={agent: agent.upper() for agent in AGENTS}),
    )  # fmt: skip
    inbox.start()
    application.start()
    return Running(store, inbox, application)


async def stop(running: Running) -> None:
    await running.inbox.stop()
    await running.application.stop()
    running.store.close()


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    running = await start(tmp_path)
    members = tuple(i.Member(agent, capacity=50) for agent in AGENTS)
    await running.inbox.submit(lambda at: i.TeamLoaded("team", at, members))
    yield running
    await stop(running)


def agent(id: str) -> Actor:
    return Actor(Kind.AGENT, id, "agent")


async def test_of_many_who_take_at_once_one_has_it(running: Running) -> None:
    thread = await running.writes(1, "who has me?")

    outcomes = await asyncio.gather(
        *(running.application.do(agent(id), c.Take(thread=thread)) for id in AGENTS)
    )

    won = [id for id, outcome in zip(AGENTS, outcomes, strict=True) if outcome.ok]
    assert len(won) == 1
    lost = [outcome for outcome in outcomes if not outcome.ok]
    assert {outcome.code for outcome in lost} == {"taken"}
    assert all(outcome.text.startswith(f"{won[0].upper()} took it") for outcome in lost)
    page = await running.application.query.thread(agent("a0"), thread)
    assert page.row.agent == won[0]


async def test_everybody_at_once_and_nothing_is_lost(running: Running) -> None:
    """Customers write, agents note, pages are read and searched, all at the same time."""
    ask = running.application.query
    threads = [await running.writes(number, f"message {number}") for number in range(5)]

    async def customer(number: int) -> None:
        await running.writes(number, f"message {number}")

    async def colleague(number: int) -> None:
        thread = threads[number % 5]
        outcome = await running.application.do(
            agent(AGENTS[number % 8]), c.Note(thread=thread, text=f"note {number}")
        )
        assert outcome.ok
        page = await ask.thread(agent("a0"), thread)
        assert f"note {number}" in [item.text for item in page.items]  # one's own act is seen

    async def reader(number: int) -> None:
        await ask.board(agent(AGENTS[number % 8]))
        await ask.search(agent("a0"), "message")

    tasks = [customer(n) for n in range(5, 45)] + [colleague(n) for n in range(40)]
    tasks += [reader(n) for n in range(20)]
    async with asyncio.timeout(60):
        await asyncio.gather(*tasks)
        await running.application.projector.at_least(running.store.head()[0])

    said = []
    for thread in threads:
        page = await ask.thread(agent("a0"), thread)
        said += [item.text for item in page.items if item.kind in ("customer", "note")]
    assert sorted(said) == sorted(
        [f"message {n}" for n in range(45)] + [f"note {n}" for n in range(40)]
    )


async def test_after_a_restart_everything_is_there_again(tmp_path: Path) -> None:
    first = await start(tmp_path)
    await first.inbox.submit(lambda at: i.TeamLoaded("team", at, (i.Member("a0"),)))
    thread = await first.writes(1, "before")
    await first.application.do(agent("a0"), c.SetStatus(status=Status.ONLINE))
    await stop(first)
    (tmp_path / "desk.views").write_bytes(b"trodden on")

    second = await start(tmp_path)
    async with asyncio.timeout(10):
        await second.application.projector.at_least(second.store.head()[0])
    await second.application.do(agent("a0"), c.Note(thread=thread, text="after"))
    page = await second.application.query.thread(agent("a0"), thread)
    await stop(second)

    assert [item.text for item in page.items if item.kind != "event"] == ["before", "after"]
