"""How a check is written: an async function on a stage, which pytest sees as a plain test.

So a plugin's tests need pytest and nothing beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import ClassVar, Final, TypeVar

import pytest

from omniroute.channel import Cap, Channel
from omniroute.testing.platform import NotShown, Platform
from omniroute.testing.stage import Stage

SCENE: Final = 120.0  # s until a check gives up: something hangs


class Bound:
    """What the author of a plugin says to bind the checks to it."""

    channel: ClassVar[type[Channel]]
    platform: ClassVar[type[Platform]]
    absent: ClassVar[Mapping[str, str]] = {}
    """What the platform cannot play, by the name of `Platform`'s method, and why."""
    patience: ClassVar[float] = 20.0
    """Seconds until a check gives up waiting for what does not come."""
    large_file: ClassVar[int] = 10 * 1024 * 1024
    """Bytes of a large file; fewer where a fake is slow, and not the channel."""
    file: ClassVar[tuple[str, str]] = ("grün.bin", "application/octet-stream")
    """Name and type of the files that go out: others where a platform takes not just any."""
    stops_within: ClassVar[float] = 5.0
    """Seconds in which `Channel.listen` ends once it is cancelled; it should take none."""


S = TypeVar("S", bound=Bound)
Check = Callable[[S, Stage], Awaitable[None]]
Test = Callable[[S, Path], None]


def scene(
    *, listens: bool = True, needs: Cap = Cap.NONE, routes: bool = False
) -> Callable[[Check[S]], Test[S]]:
    """A check on a stage whose account listens, unless it says otherwise.

    It is left out, with the reason, where the channel has not the capabilities that it *needs*, or
    has no routes.
    """

    def made(check: Check[S]) -> Test[S]:
        def test(self: S, tmp_path: Path) -> None:
            missing = needs & ~self.channel.caps
            if missing:
                pytest.skip(f"caps has no {missing.name}")
            try:
                asyncio.run(asyncio.wait_for(_play(self, check, tmp_path, listens, routes), SCENE))
            except NotShown as error:
                not_shown(self, error.what)

        test.__name__, test.__qualname__ = check.__name__, check.__qualname__
        test.__doc__, test.__module__ = check.__doc__, check.__module__
        return test

    return made


async def _play(kit: S, check: Check[S], folder: Path, listens: bool, routes: bool) -> None:
    async with AsyncExitStack() as stack:
        platform = await stack.enter_async_context(kit.platform())
        stage = Stage(kit.channel, platform, folder, kit.patience)
        stack.enter_context(stage.logged.capturing())
        await stack.enter_async_context(stage.served())
        stage.open()
        if routes and not stage.channel.routes():
            pytest.skip("routes() is empty: the platform does not call us")
        if listens:
            await stack.enter_async_context(stage.listening())
        await check(kit, stage)


def not_shown(kit: Bound, what: str) -> None:
    """Leave a check out for the reason that the kit's user gave, or fail for want of one."""
    reason = kit.absent.get(what, "")
    if not reason:
        pytest.fail(
            f"{kit.platform.__name__} does not play {what}: write it, or say why it cannot be:"
            f' absent = {{"{what}": "…"}}',
            pytrace=False,
        )
    pytest.skip(f"{what}: {reason}")
