"""Two forecasts at once, where there is more than one core and enough to do.

Each is a play on its own, so the second runs in a copy of this process and sends what it found
through a pipe.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Final

import msgspec

from omniroute.rules.prediction import Played

ENOUGH: Final = 2_000  # arrivals; below that a second process is not worth its while

Told = Callable[[], None]
Play = Callable[[Told], Played]

_decode = msgspec.json.Decoder(Played).decode


def both(first: Play, second: Play, arrivals: int, told: Told) -> tuple[Played, Played]:
    """What *first* and *second* find; *second* perhaps in a process of its own.

    *told* is handed to what is played here.
    """
    forks = "fork" in multiprocessing.get_all_start_methods() and (os.cpu_count() or 1) > 1
    if arrivals < ENOUGH or not forks:
        return first(told), second(told)
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    other = context.Process(target=_send, args=(second, there), daemon=True)
    other.start()
    there.close()
    try:
        found = first(told)
        return found, _received(here) or second(told)
    finally:
        here.close()
        other.join()


def _send(play: Play, there: Connection) -> None:
    there.send_bytes(msgspec.json.encode(play(_nobody)))
    there.close()


def _nobody() -> None:
    """Progress is told by the process that was asked."""


def _received(here: Connection) -> Played | None:
    """What the other process found; None where it has ended without a word."""
    try:
        return _decode(here.recv_bytes())
    except EOFError:
        return None
