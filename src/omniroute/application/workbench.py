"""What an admin tries before rules decide: what differs, what the past would have been, a test.

The values here are what pages and programs are told; `Workbench` is who answers.
"""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

from omniroute.application.authorize import Actor
from omniroute.rules.backtest import Backtest
from omniroute.rules.diff import Change
from omniroute.rules.testing.saving import Recording

FOLDER: Final = "folder"
"""Names the rules in the folder as they are now, beside ``live`` and the versions."""

LONGEST: Final = 366
"""Days that a back-test may go back."""


class Comparison(msgspec.Struct, frozen=True):
    """What *after* does otherwise than *before*; of the tests that touches, how they go."""

    before: str
    after: str
    changes: tuple[Change, ...]
    tests: int = 0
    failing: tuple[str, ...] = ()


class Trying(msgspec.Struct, frozen=True):
    """A back-test that runs, or has run; *phase* is what it is at, *done* of *total* there.

    *found* is what came of it, *trouble* why nothing did.
    """

    after: str
    days: int
    since: int
    phase: str = ""
    done: int = 0
    total: int = 0
    found: Backtest | None = None
    trouble: str = ""

    @property
    def running(self) -> bool:
        """Whether it is not over yet."""
        return self.found is None and not self.trouble


class Workbench(Protocol):
    """Each call raises `Refused` for who may not ask it."""

    async def compare(self, actor: Actor, before: str, after: str) -> Comparison:
        """What one rule set does otherwise than another; each is ``live``, ``folder`` or a version.

        Raises `Refused` or `ConfigErrors`.
        """

    async def start(self, actor: Actor, after: str, days: int) -> Trying:
        """Begin a back-test of a rule set against the live one.

        Raises `Refused` (``busy`` while another runs) or `ConfigErrors`.
        """

    async def trying(self, actor: Actor) -> Trying | None:
        """How the last back-test stands; ``None`` where there was none since the server began."""

    async def record(self, actor: Actor, thread: int, name: str = "") -> Recording:
        """The decision about a thread as a test; nothing is written.  Raises `Refused`."""

    async def save(self, actor: Actor, thread: int, name: str = "") -> Recording:
        """The same, put at the end of the recorded tests in the folder.  Raises `Refused`."""
