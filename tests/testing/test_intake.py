"""An intake in memory keeps what the real one keeps."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.plugin_objects import Chat

from omniroute import Busy, Intake, Site
from omniroute.testing.intake import Notebook, listening


async def test_the_same_key_is_kept_once_and_none_is_a_new_one_each_time() -> None:
    notebook = Notebook()
    for key in ("a", "a", "", ""):
        await notebook.accept(b"raw", key=key)
    assert await notebook.until(3) == [b"raw"] * 3


async def test_a_full_one_promises_nothing() -> None:
    notebook = Notebook()
    notebook.full = True
    with pytest.raises(Busy):
        await notebook.accept(b"raw")
    assert (notebook.kept, notebook.asked.is_set()) == ({}, True)


async def test_a_channel_listens_until_the_scene_is_over(tmp_path: Path) -> None:
    class Listens(Chat):
        async def listen(self, intake: Intake) -> None:
            intake.ready()
            await intake.accept(b"raw")
            await asyncio.Event().wait()

    notebook = Notebook()
    async with listening(Listens("main", None, Site(tmp_path, "http://x")), notebook) as task:
        await notebook.until(1)
        assert not task.done()
    assert task.cancelled()


async def test_what_keeps_a_channel_from_listening_is_raised(tmp_path: Path) -> None:
    class Refuses(Chat):
        async def listen(self, intake: Intake) -> None:
            raise LookupError("no such port")

    channel = Refuses("main", None, Site(tmp_path, "http://x"))
    with pytest.raises(LookupError, match="no such port"):
        async with listening(channel, Notebook()):
            pytest.fail("it listens")
