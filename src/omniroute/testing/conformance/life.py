"""Checks of a channel's life: it begins, goes on whatever happens, explains itself, and ends."""

from __future__ import annotations

import asyncio
import gc
import warnings
from pathlib import Path

from omniroute.channel import Forgets, Health, ReadsFiles
from omniroute.errors import ConfigError, RemoteError
from omniroute.testing.conformance.scenes import Bound, scene
from omniroute.testing.conformance.watching import blocks
from omniroute.testing.platform import How, NotShown
from omniroute.testing.stage import Stage


class Life(Bound):
    """From the start to the end."""

    @scene(listens=False)
    async def test_it_says_that_it_listens(self, stage: Stage) -> None:
        async with stage.listening() as task:
            assert stage.notebook.listening.is_set()
            assert not task.done(), "listen returned; it serves until it is cancelled"

    @scene(listens=False)
    async def test_it_stops_when_it_is_told(self, stage: Stage) -> None:
        async with stage.listening() as task:
            await stage.heard("hello")
            task.cancel()
            done, _ = await asyncio.wait({task}, timeout=self.stops_within)
            assert done, f"still there {self.stops_within:g} s after it was cancelled"
            error = None if task.cancelled() else task.exception()
            assert error is None, f"it ended with {error!r}"

    @scene(listens=False)
    async def test_it_stops_before_it_has_begun(self, stage: Stage) -> None:
        task = asyncio.ensure_future(stage.channel.listen(stage.notebook))
        await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=self.stops_within)
        assert done, "cancelled at its beginning, it went on"

    @scene(listens=False)
    async def test_nothing_is_left_running(self, stage: Stage) -> None:
        before = asyncio.all_tasks()
        async with stage.listening():
            await stage.exchange("hello", "Hello Joe")
        left = {task for task in asyncio.all_tasks() - before if _ours(task, stage)}
        if left:
            await asyncio.wait(left, timeout=1.0)
        still = [task.get_coro() for task in left if not task.done()]
        assert still == [], f"listen has ended and left behind: {still}"

    @scene(listens=False)
    async def test_it_can_be_started_again(self, stage: Stage) -> None:
        for text in ("one", "two"):
            stage.open()
            async with stage.listening():
                await stage.heard(text)
        assert [one.text for one in stage.messages()] == ["one", "two"]

    @scene()
    async def test_it_never_blocks_the_loop(self, stage: Stage) -> None:
        with blocks() as found:
            await stage.exchange("hello", "Hello Joe")
            await stage.channel.check()
        assert not found, f"{sorted(found)}: everybody waits meanwhile; use asyncio, or a thread"

    @scene()
    async def test_it_comes_back_after_a_broken_connection(self, stage: Stage) -> None:
        await stage.heard("before")
        await stage.platform.breaks()
        await stage.platform.says("after")
        assert [one.text for one in await stage.hears(2)] == ["before", "after"]

    @scene()
    async def test_garbage_from_outside_does_not_end_it(self, stage: Stage) -> None:
        await stage.platform.something_new()
        await stage.platform.something_new()
        message = await stage.heard("still here")
        assert message.text == "still here"

    # --- check ---

    @scene()
    async def test_check_finds_it_well(self, stage: Stage) -> None:
        await stage.heard("hello")
        health = await self._health(stage)
        assert health.ok, f"check says: {health.found} {health.fix}"
        assert len(health.found.split()) > 1, "say what was found, in words"

    @scene(listens=False)
    async def test_check_explains_wrong_credentials(self, stage: Stage) -> None:
        stage.open(stage.platform.wrong_settings())
        health = await self._health(stage)
        assert not health.ok, f"the credentials are wrong, and check says: {health.found}"
        assert len(health.fix.split()) > 3, (
            f"“{health.fix}” does not tell an admin what to do: which setting, and where to get it"
        )
        self._tells_none(stage, health)

    @scene()
    async def test_check_explains_a_platform_that_is_away(self, stage: Stage) -> None:
        stage.platform.fails("away", times=9)
        health = await self._health(stage)
        assert not health.ok, f"the platform is away, and check says: {health.found}"
        self._tells_none(stage, health)

    def test_check_leaves_nothing_open(self, tmp_path: Path) -> None:
        """``omniroute channel doctor`` asks an account that never listens."""
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", ResourceWarning)
            self._check_alone(tmp_path)
            gc.collect()
        left = [str(one.message) for one in told if one.category is ResourceWarning]
        assert left == [], f"check opens what nobody closes: {left}"

    @scene(listens=False)
    async def _check_alone(self, stage: Stage) -> None:
        gc.collect()  # of what others have left
        await stage.channel.check()

    @scene(listens=False)
    async def test_a_start_with_wrong_credentials_names_the_setting(self, stage: Stage) -> None:
        stage.open(stage.platform.wrong_settings())
        try:
            async with stage.listening():
                health = await self._health(stage)
                assert not health.ok, "it listens with wrong credentials and finds itself well"
        except ConfigError as error:
            assert error.place.startswith("channels."), f"“{error}” names no setting"
            for secret in stage.secrets():
                assert secret not in str(error), "the error tells the secret"
        except RemoteError as error:
            raise AssertionError(
                f"listen raised {type(error).__name__}; an admin needs a ConfigError that names"
                " the setting"
            ) from error

    @scene()
    async def test_no_secret_is_logged(self, stage: Stage) -> None:
        message = await stage.heard("hello")
        hows: tuple[How, ...] = ("away", "unauthorised")
        for how in hows:
            try:
                stage.platform.fails(how)
                await stage.send(stage.answer(message, "Hello Joe", how))
            except (RemoteError, NotShown):
                continue
        await stage.channel.check()
        for secret in stage.secrets():
            told = [line for line in stage.logged.lines if secret in line]
            assert told == [], f"the log tells a secret {len(told)} times: {_masked(told, secret)}"

    @scene()
    async def test_nothing_that_people_say_is_logged(self, stage: Stage) -> None:
        await stage.exchange("my card ends in 4242", "the code is 7531")
        told = [line for line in stage.logged.lines if "4242" in line or "7531" in line]
        assert told == [], f"the log tells what was said: {told}"

    # --- what a channel may offer besides ---

    @scene()
    async def test_forgetting_may_be_repeated(self, stage: Stage) -> None:
        channel: object = stage.channel
        if isinstance(channel, Forgets):
            message = await stage.heard("hello")
            for _ in range(2):
                await channel.forget([message.sender.value])

    def test_a_file_that_is_none_is_said_to_be_so(self) -> None:
        """``omniroute parse`` prints a line for it, whatever it is."""
        channel: object = self.channel
        if isinstance(channel, ReadsFiles):
            for form in ("", *channel.forms):
                try:
                    fields = channel.read_file(b"\x00\xff\x00", form)
                except Exception as error:  # noqa: BLE001 - it becomes the file's error
                    assert str(error), "an error without a word"
                else:
                    assert isinstance(dict(fields), dict)

    async def _health(self, stage: Stage) -> Health:
        async with asyncio.timeout(20):
            health = await stage.channel.check()
        assert isinstance(health, Health), f"check answered {type(health).__name__}"
        return health

    def _tells_none(self, stage: Stage, health: Health) -> None:
        for secret in stage.secrets():
            assert secret not in f"{health.found} {health.fix}", "check tells a secret"


def _ours(task: asyncio.Task[object], stage: Stage) -> bool:
    """Whether a task is the channel's: its code lies in the channel's package."""
    code = getattr(task.get_coro(), "cr_code", None)
    package = stage.kind.__module__.partition(".")[0]
    return code is not None and f"/{package}" in code.co_filename


def _masked(lines: list[str], secret: str) -> str:
    return "; ".join(line.replace(secret, "…") for line in lines[:3])
