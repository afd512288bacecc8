"""Waiting for what may hang, or worse."""

from __future__ import annotations

import asyncio

import pytest

from omniroute.runtime.patience import Overdue, Unruly, within


async def answers() -> str:
    await asyncio.sleep(0)
    return "yes"


async def raises() -> str:
    raise KeyError("no")


async def exits() -> str:
    raise SystemExit(3)


async def cancels_itself() -> str:
    raise asyncio.CancelledError


async def hangs() -> str:
    await asyncio.Event().wait()
    return "never"


async def test_the_outcome_is_that_of_the_work() -> None:
    assert await within(10, answers()) == "yes"
    with pytest.raises(KeyError, match="no"):
        await within(10, raises())


async def test_no_work_lasts_longer_than_it_may() -> None:
    with pytest.raises(Overdue, match=r"no answer within 0.001 s"):
        await within(0.001, hangs())


async def test_what_refuses_to_be_cancelled_is_left_behind() -> None:
    done = asyncio.Event()

    async def stubborn() -> None:
        while not done.is_set():
            try:
                await done.wait()
            except asyncio.CancelledError:
                pass
        raise ValueError("which nobody waits for any more")

    with pytest.raises(Overdue):
        await within(0.001, stubborn())
    done.set()
    await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    ("work", "said"), [(exits, "called sys.exit"), (cancels_itself, "cancelled itself")]
)
async def test_what_no_work_may_do_stays_its_own_affair(work, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Unruly, match=said):
        await within(10, work())


async def test_whoever_is_cancelled_cancels_the_work() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.ensure_future(within(10, work()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.sleep(0)
    assert ended.is_set()
