"""Watching what code calls, without a stopwatch: what is found does not hang on the machine.

Python's profiler tells of each call of a builtin on this thread.  `impurities` are calls that make
`parse` answer differently another time; `blocks` are those that hold up whoever shares the loop.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

CLOCKS: Final = frozenset(
    {
        "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns",
        "localtime", "gmtime", "datetime.now", "datetime.utcnow", "datetime.today", "date.today",
    }
)  # fmt: skip
CHANCE: Final = frozenset({"urandom", "getrandom", "Random.random", "Random.getrandbits"})
WORLD: Final = frozenset(
    {"open", "socket.connect", "getaddrinfo", "gethostbyname", "getenv", "listdir", "scandir"}
)
WITH_A_TIME: Final = frozenset({"localtime", "gmtime"})  # of their argument; no clock if given
ON_SOCKETS: Final = frozenset(
    {"socket.connect", "socket.recv", "socket.recv_into", "socket.send", "socket.sendall"}
)
AT_WORK: Final = ("logging", "importlib", "_frozen_importlib", "linecache", "warnings", "encodings")
"""Modules that ask for the time or a file on behalf of nobody's answer."""

Seen = Callable[[str, Any, FrameType], None]


@contextmanager
def watched(seen: Seen) -> Iterator[None]:
    """Tell *seen* of each builtin that is called on this thread: its name, itself, by whom."""

    def tell(frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call":
            seen(str(getattr(called, "__qualname__", "")), called, frame)

    before = sys.getprofile()
    sys.setprofile(tell)
    try:
        yield
    finally:
        sys.setprofile(before)


@contextmanager
def impurities() -> Iterator[set[str]]:
    """Names of what was called inside that no pure function calls."""
    found: set[str] = set()

    def seen(name: str, called: Any, frame: FrameType) -> None:
        if name in CLOCKS | CHANCE | WORLD and not _at_work(frame):
            found.add(f"{name} (called in {frame.f_globals.get('__name__')})")

    with watched(seen):
        yield found


@contextmanager
def blocks() -> Iterator[set[str]]:
    """Names of what was called inside, on this thread, that waits without the loop."""
    found: set[str] = set()

    def seen(name: str, called: Any, frame: FrameType) -> None:
        module = getattr(called, "__module__", None)
        waits = name == "sleep" and module == "time"
        waits = waits or (name in ("getaddrinfo", "gethostbyname") and module == "_socket")
        if name in ON_SOCKETS:
            waits = called.__self__.gettimeout() != 0
        if waits:
            found.add(f"{name} (called in {frame.f_globals.get('__name__')})")

    with watched(seen):
        yield found


def _at_work(frame: FrameType) -> bool:
    """Whether a call was made for a log line or an import, somewhere above."""
    above: FrameType | None = frame
    while above is not None:
        if str(above.f_globals.get("__name__", "")).partition(".")[0] in AT_WORK:
            return True
        above = above.f_back
    return False
