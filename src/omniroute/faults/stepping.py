"""Inbox and spool without their threads: the same code, as steps of the node's loop."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable

from omniroute.runtime.inbox import BATCH, Inbox, Letting, Work
from omniroute.runtime.spool import Spool
from omniroute.runtime.spool_file import SpoolFile
from omniroute.runtime.spool_thread import Answers, SpoolThread

LEAST_FREE = 0  # bytes; the world's disks do not fill


class SteppedInbox(Inbox):
    """Decides when the loop comes round, and when a timer is due."""

    _timer: asyncio.TimerHandle | None = None
    _planned = False

    def start(self) -> None:
        """Begin to decide."""
        self._loop = asyncio.get_running_loop()
        self._plan()

    async def stop(self) -> None:
        """Decide what was handed in so far."""
        self._step()

    def _hand_in(self, what: Work | Letting) -> None:
        super()._hand_in(what)
        self._plan()

    def _plan(self) -> None:
        if self._loop is not None and not self._planned:
            self._planned = True
            self._loop.call_soon(self._step)

    def _step(self) -> None:
        self._planned = False
        self._do(self._at_hand())
        if self._over is not None:
            self._turn_away(self._over)
        elif not self._queue.empty():
            self._plan()
        self._wake_for_timers()

    def _at_hand(self) -> list[Work | Letting]:
        batch: list[Work | Letting] = []
        while len(batch) < BATCH and not (batch and batch[-1].ends_round):
            try:
                work = self._queue.get_nowait()
            except queue.Empty:
                break
            if work is not None:
                batch.append(work)
        return batch

    def _wake_for_timers(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        wait = self._patience()
        if wait is not None and self._over is None and self._loop is not None:
            self._timer = self._loop.call_later(wait + 0.001, self._plan)


class SteppedSpoolThread(SpoolThread):
    """Writes when the loop comes round: what has gathered goes into one transaction."""

    _planned = False

    def _begin(self) -> None: ...

    def _wake_up(self) -> None:
        if not self._planned:
            self._planned = True
            self._here().call_soon(self._step)

    def _here(self) -> asyncio.AbstractEventLoop:
        self._loop = self._loop or asyncio.get_running_loop()
        return self._loop

    def _step(self) -> None:
        self._planned = False
        self._write(self._take())
        if self._asked or (self._lazy() and not self._failed):
            self._wake_up()

    async def close(self) -> None:
        """Write what was asked and close the file."""
        if self._closed is None:
            self._closed = self._here().create_future()
            while self._asked or (self._lazy() and not self._failed):
                self._write(self._take())
            self._file.close()


class SteppedSpool(Spool):
    """A spool whose file is real and whose thread is the loop."""

    def _threaded(
        self, file: SpoolFile, min_free: int, answer: Callable[[Answers], None]
    ) -> SpoolThread:
        return SteppedSpoolThread(file, LEAST_FREE, answer)

    def lying(self) -> list[bytes]:
        """What the file has of messages that are decided, or cannot be read."""
        ids = [id for id, _ in self._file.kept.entries()] + [it.id for it in self._file.dead()]
        return [raw for id in ids if (raw := self._file.raw(id)) is not None]

    def break_off(self) -> None:
        """The process dies: what is not committed is gone, and the file is free."""
        self._file.sqlite.db.rollback()
        self._file.close()
        self.suspects.close()
        self.others_suspects.close()
