"""Places where a test may end the process, as a power cut would: no clean-up, no flush.

``OMNIROUTE_CRASH_AT=label`` kills the process the first time it reaches the label, ``label:3`` the
third time.  The variable is read once, at import; without it a crash point costs one look-up.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from itertools import count
from typing import NoReturn

from omniroute.errors import ConfigError, did_you_mean

VARIABLE = "OMNIROUTE_CRASH_AT"

LABELS: dict[str, str] = {
    "spool.before_write": "A batch was taken from the callers; nothing of it is written.",
    "spool.before_fsync": "The batch is written and not committed; nobody was told.",
    "spool.after_fsync": "The batch is on the disk; nobody was told.",
    "store.before_commit": "The decision is taken; nothing of it is written.",
    "store.inside_commit": "Records and rows are written and not committed.",
    "store.after_commit": "The commit is on the disk; the writer has not heard of it.",
    "outbox.before_attempt": "An effect is due; no attempt is recorded.",
    "outbox.before_send": "The attempt is recorded; the provider was not called.",
    "outbox.after_send": "The provider has answered; no receipt is recorded.",
    "outbox.after_receipt": "The receipt is in the spool; the journal does not have it yet.",
}
"""Every crash point, and what is true there."""


def reach(label: str) -> None:
    """Pass the point *label*, or die there by SIGKILL; an unknown label is a `KeyError`."""
    if label not in LABELS:
        raise KeyError(label)
    if _watcher is not None:
        _watcher(label)
    if label == _wanted and next(_passes) == _nth:
        _die()


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit  # not reached; SIGKILL does not return


def _read(setting: str) -> tuple[str, int]:
    label, _, nth = setting.partition(":")
    if label and label not in LABELS:
        raise ConfigError(VARIABLE, f"no crash point “{label}”", did_you_mean(label, LABELS))
    if nth and not (nth.isdecimal() and int(nth)):
        raise ConfigError(VARIABLE, f"“{nth}” is not a number from 1", "as in store.after_commit:3")
    return label, int(nth or 1)


def arm(setting: str) -> None:
    """Have this process die at *setting*, as the variable says it.  Raises `ConfigError`."""
    global _wanted, _nth, _passes
    (_wanted, _nth), _passes = _read(setting), count(1)


def watch(watcher: Callable[[str], None] | None) -> None:
    """Have *watcher* told of every point that is passed; for a simulation, which kills by it."""
    global _watcher
    _watcher = watcher


_watcher: Callable[[str], None] | None = None
_wanted, _nth = _read(os.environ.get(VARIABLE, ""))
_passes = count(1)
