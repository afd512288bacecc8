"""An event loop that stands still is told with the line it stands in."""

import threading

import pytest

from omniroute.server.watchdog import Watchdog

PATIENCE = 20.0  # seconds
TICK = 0.005


class Heard:
    """A log that somebody who blocks the loop can wait for."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    def until(self, words: str) -> None:
        """Block, as a bad plugin does, until something has been said."""
        end = threading.Event()
        for _ in range(int(PATIENCE / TICK)):
            if words in self._caplog.text:
                return
            end.wait(TICK)
        raise AssertionError(self._caplog.text)


async def test_f60_whoever_blocks_the_loop_is_named(caplog: pytest.LogCaptureFixture) -> None:
    watchdog = Watchdog(tick=TICK)
    watchdog.start()
    Heard(caplog).until("the event loop stands still, in ")
    assert f"{__file__}:" in caplog.text
    assert " until" in caplog.text
    assert watchdog.stalls == 1
    watchdog.stop()


async def test_a_loop_that_never_goes_on_ends_the_process(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ended = threading.Event()
    watchdog = Watchdog(tick=TICK, longest=2, end=ended.set)
    watchdog.start()
    assert ended.wait(PATIENCE)
    assert "the process ends itself" in caplog.text
    watchdog.stop()
