"""In whose conversation a message stands: by what it answers, and by where it was written."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import ClassVar

import pytest
from tests.runtime.house import House, Pipe, inbounds

from omniroute import Address, Cap
from omniroute.runtime.keyed import Keyed


class Threaded(Pipe):
    """A channel with conversations."""

    caps: ClassVar[Cap] = Cap.LIVE | Cap.THREADS | Cap.REACTIONS


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[House]:
    """A node with such a channel."""
    house = House(tmp_path)
    house.pipe = Threaded()
    house.node = house.made()
    async with house.running() as running:
        yield running


def handle(name: str) -> str:
    return Keyed(b"k" * 32).handle(Address("pipe", name, verified=True))


async def wrote(desk: House, **more: object) -> tuple[str, ...]:
    """Somebody writes; in whose conversation that is."""
    before = len(desk.messages())
    await desk.says(**more)  # type: ignore[arg-type]
    await desk.read(before + 1)
    return desk.messages()[-1].within


async def test_by_the_message_that_is_answered(desk: House) -> None:
    assert await wrote(desk, sender="joe", id="m1") == ()
    assert await wrote(desk, sender="ana", id="m2", in_reply_to="m1") == (handle("joe"),)
    both = await wrote(desk, sender="eve", id="m3", references=["m1", "m2"])
    assert both == (handle("ana"), handle("joe"))  # the nearest first
    assert await wrote(desk, sender="joe", id="m4", in_reply_to="m1") == ()
    assert await wrote(desk, sender="eve", id="m5", in_reply_to="never heard of") == ()


async def test_by_our_own_answer(desk: House) -> None:
    await desk.goes("ana")
    await wrote(desk, sender="joe", id="m1")
    await desk.replies("hello")
    await desk.until(lambda: desk.events("ReplySent"))
    answer = desk.pipe.sent[0].idempotency_key
    assert await wrote(desk, sender="bob", id="m2", answers=answer) == (handle("joe"),)
    # A platform names our messages by its own ids.
    assert await wrote(desk, sender="bob", id="m3", in_reply_to=answer) == (handle("joe"),)


async def test_by_the_place_if_it_is_about_one_matter(desk: House) -> None:
    assert await wrote(desk, sender="joe", id="m1", place="topic") == ()
    desk.pipe.reads = in_one_place
    assert await wrote(desk, sender="joe", id="m2", place="topic") == ()
    assert await wrote(desk, sender="bob", id="m3", place="topic") == (handle("joe"),)
    assert await wrote(desk, sender="eve", id="m4", place="topic") == (handle("joe"), handle("bob"))
    assert await wrote(desk, sender="kim", id="m5", place="shared") == ()
    assert [message.shared for message in desk.messages()] == [True] * 5


def in_one_place(raw: bytes) -> object:
    """Whoever writes, it is in one conversation."""
    return [dataclasses.replace(one, conversation="a thread") for one in inbounds(raw)]


async def test_known_again_after_a_restart(desk: House) -> None:
    await wrote(desk, sender="joe", id="m1")
    await desk.restart()
    assert await wrote(desk, sender="ana", id="m2", in_reply_to="m1") == (handle("joe"),)


async def test_others_are_named_by_the_address_that_would_be_vouched_for(desk: House) -> None:
    others = [Address("pipe", "ana", display="Ana"), Address("pipe", "joe"), Address("pipe", " ")]
    desk.pipe.reads = naming(others)
    await wrote(desk, sender="joe", id="m1")
    (message,) = desk.messages()
    assert message.named == (handle("ana"),)
    assert b'"display":"Ana"' in desk.row("p/" + handle("ana"))


def naming(others: list[Address]) -> Callable[[bytes], object]:
    """A reader that finds these in copy."""

    def read(raw: bytes) -> object:
        return [dataclasses.replace(one, others=tuple(others)) for one in inbounds(raw)]

    return read
