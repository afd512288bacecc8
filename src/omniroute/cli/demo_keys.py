"""Keys of the demo, where it runs in a terminal: play a scene, pause, faster, quit."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from typing import Final

KEYS: Final = "1-6 play a scene · p pause · f faster · q quit"


@contextlib.contextmanager
def keys(pressed: Callable[[str], None]) -> Iterator[bool]:
    """Have *pressed* called with each key, if there is a terminal; whether there is."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        yield False
        return
    terminal, loop = sys.stdin.fileno(), asyncio.get_running_loop()
    before = termios.tcgetattr(terminal)

    def read() -> None:
        for key in os.read(terminal, 64).decode(errors="replace"):
            pressed(key.lower())

    tty.setcbreak(terminal)
    loop.add_reader(terminal, read)
    try:
        yield True
    finally:
        loop.remove_reader(terminal)
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
