"""How far a row is: a bar on a terminal, a plain line for each row elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TextIO

WIDTH = 20


class Progress:
    """The progress of one row after the other, told to *out*; standard error unless given."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._live = self._out.isatty()
        self._name, self._total, self._done = "", 1, 0
        self._began = 0.0

    def begin(self, name: str, total: int) -> None:
        """A piece of work of *total* steps begins."""
        self._name, self._total, self._done = name, max(total, 1), 0
        self._began = time.monotonic()
        self._show("")

    def step(self, count: int = 1, rate: str = "") -> None:
        """*count* steps more are done; *rate* is the last one's, for people."""
        self._done += count
        self._show(rate)

    def end(self, rate: str = "") -> None:
        """The piece of work is done."""
        took = time.monotonic() - self._began
        line = f"{self._name:22} {took:5.1f} s   {rate}"
        self._out.write(f"\r\x1b[K{line}\n" if self._live else f"{line.rstrip()}\n")
        self._out.flush()

    def _show(self, rate: str) -> None:
        if not self._live:
            return
        part = min(self._done / self._total, 1.0)
        bar = ("█" * round(part * WIDTH)).ljust(WIDTH, "·")
        took = time.monotonic() - self._began
        left = f"{took / part - took:3.0f} s left" if part else ""
        self._out.write(f"\r\x1b[K{self._name:22} {bar} {part:4.0%}  {left}  {rate}")
        self._out.flush()
