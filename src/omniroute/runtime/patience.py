"""Waiting for a plugin: no longer than is said, and whatever it does stays its own affair.

What a plugin awaits may hang, may refuse to be cancelled, may cancel itself or call `sys.exit`; in
a task of its own none of that reaches whoever waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class Overdue(Exception):
    """The plugin took longer than it may; the text says how long that is."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no answer within {seconds:g} s")


class Unruly(Exception):
    """The plugin did what no plugin may; the text says what."""


async def within(seconds: float, work: Awaitable[T]) -> T:
    """The outcome of *work*, or what it raised.

    Raises `Overdue` after *seconds*, and `Unruly`.  If the caller is cancelled, so is the work.
    """
    task = asyncio.ensure_future(_contained(work))
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        if not task.done():
            task.add_done_callback(_forget)
            task.cancel()
    if not task.done():
        raise Overdue(seconds)
    if task.cancelled():
        raise Unruly("cancelled itself")
    return task.result()


async def _contained(work: Awaitable[T]) -> T:
    try:
        return await work
    except SystemExit as error:
        raise Unruly("called sys.exit") from error


def _forget(task: asyncio.Task[T]) -> None:
    """What came too late is not reported as an error that nobody looked at."""
    if not task.cancelled():
        task.exception()
