"""Plays scenes, one at a time, for whoever watches: in the terminal and on a page."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from omniroute.demo.scenes import SCENES
from omniroute.demo.scenes.cast import Cast
from omniroute.demo.visitors import Visitors
from omniroute.demo.windows import Windows
from omniroute.errors import OmniRouteError
from omniroute.server.composition import Server
from omniroute.testing.mail_sink import MailSink

log = logging.getLogger(__name__)

SPEEDS: Final = (1.0, 0.5, 0.25)  # what a beat is multiplied with


@dataclass(frozen=True, slots=True)
class Line:
    """Something that was said about a scene, at so many seconds since the epoch."""

    at: float
    text: str


class Player:
    """*at_ease* is set while nothing is played: everybody else rests meanwhile.

    With *hurry* nothing waits for a watcher, and what is written goes out at once.
    """

    def __init__(
        self,
        server: Server,
        windows: Windows,
        sink: MailSink,
        visitors: Visitors,
        say: Callable[[str], None],
        *,
        hurry: bool = False,
    ) -> None:
        self._server, self._windows, self._sink = server, windows, sink
        self._visitors, self._say, self._hurry = visitors, say, hurry
        self.at_ease, self._goes_on = asyncio.Event(), asyncio.Event()
        self.at_ease.set()
        self._goes_on.set()
        self.number = 0  # of the scene that plays, or played last
        self.lines: list[Line] = []  # what was said about it
        self.looks: dict[str, tuple[str, str]] = {}  # where windows are turned: name and address
        self.outcome = ""  # of the last one: done, or what went wrong
        self._plays, self._speed = 0, 0
        self._changed = asyncio.Event()
        self.changes = 0
        self._task: asyncio.Task[None] | None = None

    # --- for whoever watches ---

    @property
    def playing(self) -> bool:
        """Whether a scene is on."""
        return not self.at_ease.is_set()

    @property
    def paused(self) -> bool:
        """Whether it waits for who watches."""
        return not self._goes_on.is_set()

    def pause(self) -> None:
        """Stop before the next line, or go on."""
        if self.paused:
            self._goes_on.set()
        else:
            self._goes_on.clear()
        self._ring()

    def faster(self) -> float:
        """Let less time pass between lines, and in the end as much as at first; how fast it is."""
        self._speed = (self._speed + 1) % len(SPEEDS)
        self._ring()
        return 1 / SPEEDS[self._speed]

    def start(self, number: int) -> bool:
        """Begin a scene, unless one is on."""
        if self.playing or not 1 <= number <= len(SCENES):
            return False
        self.at_ease.clear()
        self._task = asyncio.create_task(self._watched(number))
        self._task.add_done_callback(lambda task: self.at_ease.set())  # whatever became of it
        return True

    async def news(self, since: int, seconds: float) -> None:
        """Wait until more than *since* has happened, but not for ever."""
        if since == self.changes:
            try:
                async with asyncio.timeout(seconds):
                    await self._changed.wait()
            except TimeoutError:
                pass

    def _ring(self) -> None:
        self.changes += 1
        self._changed.set()
        self._changed = asyncio.Event()

    # --- playing ---

    async def _watched(self, number: int) -> None:
        try:
            await self.play(number)
        except (AssertionError, TimeoutError, OSError, OmniRouteError) as error:
            log.warning("scene %d broke off: %s: %s", number, type(error).__name__, error)

    async def play(self, number: int) -> None:
        """Play a scene to its end.  Raises whatever it fails with."""
        scene, application = SCENES[number - 1], self._server.application
        cast = self.cast()
        self.number, self.lines, self.outcome = number, [], ""
        self.looks = {}
        self.at_ease.clear()
        self._tell(f"Now playing “{scene.name}”")
        application.undo = 0 if self._hurry else cast.hold
        try:
            async with cast.on_stage():
                await scene.play(cast)
            self.outcome = "done"
        except BaseException as error:
            self.outcome = f"{type(error).__name__}: {error}"
            raise
        finally:
            application.undo = cast.hold
            self.at_ease.set()
            self._ring()

    def cast(self) -> Cast:
        """Everybody, for one more play."""
        self._plays += 1
        return Cast(
            self._server, self._windows, self._sink, self._visitors,
            number=self._plays, beat=self._beat, say=self._tell, look=self._look,
        )  # fmt: skip

    async def close(self) -> None:
        """Break off what plays."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _beat(self, seconds: float) -> None:
        await self._goes_on.wait()
        if not self._hurry:
            await asyncio.sleep(seconds * SPEEDS[self._speed])

    def _tell(self, text: str) -> None:
        self.lines.append(Line(time.time(), text))
        self._say(text)
        self._ring()

    def _look(self, window: str, name: str, address: str) -> None:
        self.looks[window] = name, address
        self._ring()
