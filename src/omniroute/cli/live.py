"""The line that shows a day passing by: what time it is, who waits, what is at risk."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from omniroute.core.spans import show_span
from omniroute.simulate.charts import clock
from omniroute.simulate.rehearsal import Rehearsal
from omniroute.simulate.scenario import DAY

WIDTH = 20
AT_RISK = 10.0  # minutes before a promise is due
EVERY = 0.1  # seconds between two pictures of the line
HOUR = 60.0


class Live:
    """Watches a rehearsal from *first* to *last* minute; *speed* virtual seconds a second.

    On a terminal one line that changes, elsewhere a line for each hour.
    """

    def __init__(self, first: float, last: float, speed: float | None, out: TextIO) -> None:
        self._first, self._last, self._speed, self._out = first, last, speed, out
        self._live = out.isatty()
        self._began, self._shown, self._hour = time.monotonic(), 0.0, -1
        self._at = first
        self.world: Rehearsal | None = None

    def watch(self, at: float) -> None:
        """Wait until it is *at*, and show what is so until then."""
        if self.world is None or at < self._first:
            return
        while self._speed is not None and at > (now := self._now()):
            self._show(now)
            time.sleep(min(EVERY, (at - now) * 60 / self._speed))
        self._show(at)

    def end(self) -> None:
        """The day is over."""
        if self._live:
            self._out.write("\r\x1b[K")
            self._out.flush()

    def _now(self) -> float:
        assert self._speed is not None
        return self._first + (time.monotonic() - self._began) * self._speed / 60

    def _show(self, at: float) -> None:
        assert self.world is not None
        if self._live and time.monotonic() - self._shown >= EVERY:
            self._shown = time.monotonic()
            self._out.write(f"\r\x1b[K{line(self.world, at, self._first, self._last)}")
            self._out.flush()
        elif not self._live and int(at // HOUR) != self._hour:
            self._hour = int(at // HOUR)
            self._out.write(f"{line(self.world, at, self._first, self._last)}\n")


def line(world: Rehearsal, at: float, first: float, last: float) -> str:
    """How far it is, and how it stands."""
    part = min(max((at - first) / ((last - first) or 1.0), 0.0), 1.0)
    bar = ("█" * round(part * WIDTH)).ljust(WIDTH, "·")
    now = world.moment(at)
    waiting = [world.state.threads[id] for id in world.queued]
    oldest = max((now - thread.routing_since for thread in waiting), default=0)
    risk = sum(bool(t.deadline) and t.deadline <= now + AT_RISK * 60_000 for t in waiting)
    said = [f"[{bar}] {_day(at)}{clock(int(at % DAY))}", f"waiting {len(waiting)}"]
    said += [f"oldest {show_span(oldest)}", f"SLA at risk {risk}"]
    said += [f"{change.agent} {change.status.value} (what-if)" for change in world.active(at)]
    return "  ".join(said)


def _day(at: float) -> str:
    day = int(at // DAY)
    return f"day {day + 1} " if day else ""


def stderr() -> TextIO:
    """Where the line is shown."""
    return sys.stderr
