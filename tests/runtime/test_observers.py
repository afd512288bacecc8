"""Observers: told of everything in order, each at its own pace, and none can harm another."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from tests.plugin_objects import loaded, plugin

from omniroute import Notice, hookimpl
from omniroute.runtime.observers import Observers

PATIENCE = 10


def notices(*numbers: int) -> list[Notice]:
    return [Notice(number, 0, "ThreadOpened", number, {}) for number in numbers]


class Heard:
    """What an observer was told, to be waited for."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.more = asyncio.Event()

    def __call__(self, notice: Notice) -> None:
        self.numbers.append(notice.seq)
        self.more.set()

    async def until(self, *numbers: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.numbers != list(numbers):
                self.more.clear()
                await self.more.wait()


@asynccontextmanager
async def telling(
    *hooks: Callable[..., object], seconds: float = PATIENCE, backlog: int = 100
) -> AsyncIterator[Observers]:
    """Observers that run, of plugins with one of these hooks each."""
    plugins = loaded(*(plugin(omniroute_event=hookimpl(hook)) for hook in hooks))
    observers = Observers(plugins.observers(), seconds=seconds, backlog=backlog)
    running = asyncio.ensure_future(observers.run())
    yield observers
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def logged(caplog: pytest.LogCaptureFixture, count: int) -> None:
    """Wait until so many lines are in the log."""
    async with asyncio.timeout(PATIENCE):
        while len(caplog.messages) < count:  # noqa: ASYNC110 - there is nothing to wait for
            await asyncio.sleep(0.001)


async def test_everybody_hears_everything_in_order() -> None:
    first, second = Heard(), Heard()
    loop = asyncio.get_running_loop()

    async def on_the_loop(notice: Notice) -> None:
        await asyncio.sleep(0)
        first(notice)

    def on_a_thread(notice: Notice) -> None:
        assert threading.current_thread() is not threading.main_thread()
        loop.call_soon_threadsafe(second, notice)

    async with telling(on_the_loop, on_a_thread) as observers:
        observers.tell(notices(1, 2, 3))
        observers.tell(notices(4))
        await first.until(1, 2, 3, 4)
        await second.until(1, 2, 3, 4)


async def test_a_plain_function_may_answer_what_is_to_be_awaited() -> None:
    heard = Heard()

    async def later(notice: Notice) -> None:
        heard(notice)

    def observer(notice: Notice) -> Awaitable[None]:
        return later(notice)

    async with telling(observer) as observers:
        observers.tell(notices(1, 2))
        await heard.until(1, 2)


@pytest.mark.parametrize("error", [ValueError("no connection"), SystemExit(1)])
async def test_one_that_raises_harms_nobody_and_is_told_the_next(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    heard, loop = Heard(), asyncio.get_running_loop()

    async def async_raises(notice: Notice) -> None:
        raise error

    def plain_raises(notice: Notice) -> None:
        raise error

    async def cancels(notice: Notice) -> None:
        if notice.seq == 1:
            raise asyncio.CancelledError
        heard(notice)

    async with telling(async_raises, plain_raises, cancels) as observers:
        observers.tell(notices(1, 2))
        await heard.until(2)
        await logged(caplog, 5)
    assert loop.is_running()
    said = sorted(caplog.messages)
    assert said == ["plugin acme: omniroute_event raised"] * 2 + [
        "plugin bolt: omniroute_event raised"
    ] * 2 + ["plugin cog: omniroute_event raised"]


async def test_one_that_hangs_is_given_up_and_delays_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard, told = Heard(), Heard()

    async def hangs_once(notice: Notice) -> None:
        if notice.seq == 1:
            await asyncio.Event().wait()
        told(notice)

    async def listens(notice: Notice) -> None:
        heard(notice)

    async with telling(hangs_once, listens, seconds=0.2) as observers:
        observers.tell(notices(1, 2, 3))
        await heard.until(1, 2, 3)
        assert told.numbers == [], "the other is still waited for"
        await told.until(2, 3)
    assert caplog.messages == ["plugin acme: omniroute_event is given up: no answer within 0.2 s"]


async def test_one_that_blocks_has_its_own_thread_to_block(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard, told, loop = Heard(), Heard(), asyncio.get_running_loop()
    free: queue.SimpleQueue[None] = queue.SimpleQueue()

    def blocks(notice: Notice) -> None:
        free.get()
        loop.call_soon_threadsafe(told, notice)

    async def listens(notice: Notice) -> None:
        heard(notice)

    async with telling(blocks, listens, seconds=0.001) as observers:
        observers.tell(notices(1, 2))
        await heard.until(1, 2)
        await logged(caplog, 1)
        assert told.numbers == []
        free.put(None)
        free.put(None)
        await told.until(1, 2)
    said = "plugin acme: omniroute_event has been busy for 0.001 s; what it is to be told waits"
    assert caplog.messages[0] == said


async def test_one_that_is_too_slow_misses_the_oldest_and_that_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard, go = Heard(), asyncio.Event()

    async def slow(notice: Notice) -> None:
        await go.wait()
        heard(notice)

    async with telling(slow, backlog=3) as observers:
        observers.tell(notices(1))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        observers.tell(notices(2, 3, 4, 5, 6, 7))
        go.set()
        await heard.until(1, 5, 6, 7)
        await logged(caplog, 2)
        observers.tell(notices(8))
        await heard.until(1, 5, 6, 7, 8)
    assert caplog.messages == [
        "plugin acme: omniroute_event is too slow; notices are dropped",
        "plugin acme: omniroute_event missed 3 notices",
    ]


async def test_nobody_need_be_there() -> None:
    async with telling() as observers:
        assert not observers
        observers.tell(notices(1))
