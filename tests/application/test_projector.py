"""The thread that follows the journal: waiting for a record, hearing of changes, bad days."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from omniroute.application.pages import Change
from omniroute.application.projector import Projector
from omniroute.application.views import Views
from omniroute.stores.api import Reader, Record, Unavailable

if TYPE_CHECKING:
    from tests.application.conftest import Scene


@pytest.fixture
async def projector(scene: Scene, views: Views) -> AsyncIterator[Projector]:
    projector = Projector(views)
    scene.box.on_commit = projector.wake
    projector.start()
    yield projector
    await projector.stop()


@pytest.fixture
def faults() -> Iterator[list[str]]:
    """The names of errors that have ended a thread."""
    ended: list[str] = []
    hook, threading.excepthook = (
        threading.excepthook,
        lambda fault: ended.append(fault.exc_type.__name__),
    )
    yield ended
    threading.excepthook = hook


async def until(projector: Projector, seq: int) -> None:
    async with asyncio.timeout(10):
        await projector.at_least(seq)


async def test_what_is_committed_is_soon_in_the_tables(
    scene: Scene, views: Views, projector: Projector
) -> None:
    scene.writes("joe@x.org", "hello")
    await until(projector, scene.reader.head()[0])
    assert views.applied == scene.reader.head()[0]


async def test_what_was_there_before_the_start_is_read_too(scene: Scene, views: Views) -> None:
    scene.writes("joe@x.org", "hello")
    projector = Projector(views)
    projector.start()
    await until(projector, scene.reader.head()[0])
    await projector.stop()


async def test_waiting_for_what_is_there_returns_at_once(projector: Projector) -> None:
    await projector.at_least(0)


async def test_several_wait_for_several_records(scene: Scene, projector: Projector) -> None:
    first = scene.reader.head()[0] + 1
    waiting = [asyncio.ensure_future(until(projector, first + n)) for n in (2, 0, 1)]
    await asyncio.sleep(0)
    scene.writes("joe@x.org", "one")
    await waiting[1]
    assert not waiting[0].done()
    scene.writes("joe@x.org", "two")
    scene.writes("joe@x.org", "three")
    await asyncio.gather(*waiting)


async def test_who_gives_up_waiting_harms_nobody(scene: Scene, projector: Projector) -> None:
    seq = scene.reader.head()[0] + 1
    impatient = asyncio.ensure_future(projector.at_least(seq))
    await asyncio.sleep(0)
    impatient.cancel()
    patient = asyncio.ensure_future(until(projector, seq))
    await asyncio.sleep(0)
    scene.writes("joe@x.org", "hello")
    await patient
    assert impatient.cancelled()


async def test_listeners_hear_of_changes_on_the_event_loop(
    scene: Scene, projector: Projector
) -> None:
    await until(projector, scene.reader.head()[0])
    heard: list[Change] = []
    end = projector.on_change(heard.append)
    thread = scene.writes("joe@x.org", "hello")
    await until(projector, scene.reader.head()[0])
    assert heard == [Change(scene.reader.head()[0], threads=(thread,))]

    end()
    end()  # twice is once
    scene.writes("joe@x.org", "again")
    await until(projector, scene.reader.head()[0])
    assert len(heard) == 1


class Flaky:
    """A reader that fails so many times, then works."""

    def __init__(self, reader: Reader, failures: int) -> None:
        self._reader, self.failures = reader, failures

    def tail(self, after: int, limit: int = 1000) -> list[Record]:
        if self.failures:
            self.failures -= 1
            raise Unavailable("desk.db", "the disk is on holiday")
        return self._reader.tail(after, limit)

    def __getattr__(self, name: str) -> object:
        return getattr(self._reader, name)


async def test_a_journal_that_cannot_be_read_is_tried_again_and_said_once(
    scene: Scene, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scene.writes("joe@x.org", "hello")
    flaky = Flaky(scene.reader, failures=3)
    views = Views(tmp_path / "flaky", flaky)  # type: ignore[arg-type]
    projector = Projector(views, pause=0.0)

    with caplog.at_level(logging.INFO):
        projector.start()
        await until(projector, scene.reader.head()[0])
        await projector.stop()

    assert caplog.text.count("cannot follow the journal") == 1
    assert caplog.text.count("following the journal again") == 1
    views.close()


async def test_who_waits_is_told_when_it_ends(scene: Scene, projector: Projector) -> None:
    waiting = asyncio.ensure_future(projector.at_least(scene.reader.head()[0] + 1))
    await asyncio.sleep(0)
    await projector.stop()
    with pytest.raises(Unavailable, match="no longer follow the journal"):
        await waiting
    with pytest.raises(Unavailable):
        await projector.at_least(10**9)


async def test_a_fault_of_ours_surfaces_and_leaves_nobody_waiting(
    scene: Scene, projector: Projector, faults: list[str]
) -> None:
    await until(projector, scene.reader.head()[0])
    assert projector.following
    waiting = asyncio.ensure_future(projector.at_least(scene.reader.head()[0] + 1))
    await asyncio.sleep(0)

    scene.store.commit(scene.store.head(), [b"no record of ours"], {})
    projector.wake()

    with pytest.raises(Unavailable):
        await waiting
    await projector.stop()
    assert faults == ["DecodeError"]
    assert not projector.following


async def test_stopping_twice_is_harmless(projector: Projector) -> None:
    await projector.stop()
    await projector.stop()


async def test_it_can_be_stopped_before_it_was_started(views: Views) -> None:
    await Projector(views).stop()
