"""What an admin tries on a running server before rules decide.

A back-test is work for a processor, so it has a thread of its own, which gives way between the
threads that it decides anew; there is one at a time.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec.structs import replace

from omniroute.application.authorize import SYSTEM, Action, Actor, authorize
from omniroute.application.door import Application
from omniroute.application.past import explained
from omniroute.application.rulebook import DAY, LIVE
from omniroute.application.workbench import FOLDER, LONGEST, Comparison, Trying
from omniroute.core.rules import RuleSet
from omniroute.errors import ConfigError, Refused
from omniroute.rules.backtest import Backtest, backtest
from omniroute.rules.diff import diff
from omniroute.rules.load import load, parse_rules, rule_files
from omniroute.rules.testing.recording import Decided
from omniroute.rules.testing.saving import RECORDED, Recording, recording, save
from omniroute.rules.testing.touching import tests_touched
from omniroute.runtime import versions
from omniroute.runtime.history import history
from omniroute.server.desk import DeskFiles
from omniroute.stores.api import Reader

READING, DECIDING = "reading the journal", "deciding anew"


class _Stopped(Exception):
    """The server ends."""


class ServerWorkbench:
    """`omniroute.application.workbench.Workbench` over a store and a folder."""

    def __init__(
        self,
        reader: Reader,
        application: Application,
        folder: Path,
        desk: Callable[[], DeskFiles],
    ) -> None:
        """*desk* says what the server works by now."""
        self._reader, self._application = reader, application
        self._folder, self._desk = folder, desk
        self._trying: Trying | None = None
        self._task: asyncio.Task[None] | None = None
        self._stop = threading.Event()

    async def over(self) -> None:
        """Return once no back-test runs."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Have a back-test that runs end soon."""
        self._stop.set()
        await self.over()

    # --- comparing ---

    async def compare(self, actor: Actor, before: str, after: str) -> Comparison:
        """What one rule set does otherwise than another."""
        authorize(actor, Action.RULES)
        return await asyncio.to_thread(self._compare, before, after)

    def _compare(self, before: str, after: str) -> Comparison:
        old, new = self._files(before), self._files(after)
        changes = diff(old, new)
        tests = tests_touched(changes, self._folder, parse_rules(old), parse_rules(new))
        failing = tuple(test.name for test in tests if not test.passed)
        return Comparison(before, after, changes, len(tests), failing)

    def _files(self, named: str) -> dict[str, bytes]:
        if named == FOLDER:
            return dict(rule_files(self._folder))
        if named == LIVE:
            return dict(versions.files_in(self._desk().sources))
        version = versions.meant(self._reader, named)
        return dict(versions.files_in(versions.sources(self._reader, version) or b""))

    # --- back-testing ---

    async def start(self, actor: Actor, after: str, days: int) -> Trying:
        """Begin a back-test."""
        authorize(actor, Action.RULES)
        if not 1 <= days <= LONGEST:
            raise Refused("invalid", f"A back-test goes back 1 to {LONGEST} days.")
        if self._trying is not None and self._trying.running:
            raise Refused("busy", "A back-test is running; see how it stands.")
        begun = self._trying = Trying(after, days, self._application.now(), READING)
        try:
            rules = await asyncio.to_thread(lambda: parse_rules(self._files(after)))
        except (ConfigError, Refused) as error:
            self._trying = replace(begun, trouble=str(error))
            raise
        before = self._desk().rules
        self._task = asyncio.create_task(self._run(before, rules))
        return begun

    async def trying(self, actor: Actor) -> Trying | None:
        """How the last back-test stands."""
        authorize(actor, Action.RULES)
        return self._trying

    async def _run(self, before: RuleSet, after: RuleSet) -> None:
        assert self._trying is not None
        try:
            found = await asyncio.to_thread(self._backtest, self._trying, before, after)
            self._trying = replace(self._trying, found=found)
        except _Stopped:
            self._trying = replace(self._trying, trouble="The server was stopped meanwhile.")
        except Refused as error:
            self._trying = replace(self._trying, trouble=error.text)
        except Exception as error:
            self._trying = replace(self._trying, trouble=f"{type(error).__name__}: {error}")
            raise

    def _backtest(self, begun: Trying, before: RuleSet, after: RuleSet) -> Backtest:
        past = history(self._reader, begun.since - begun.days * DAY, self._moved(READING))
        if not past.cases:
            span = "day" if begun.days == 1 else f"{begun.days} days"
            raise Refused("nothing", f"Nothing was routed in the last {span}.")
        return backtest(past, before, after, self._moved(DECIDING))

    def _moved(self, phase: str) -> Callable[[int, int], None]:
        def moved(done: int, total: int) -> None:
            if self._stop.is_set():
                raise _Stopped
            if self._trying is not None:
                self._trying = replace(self._trying, phase=phase, done=done, total=total)
            time.sleep(0)  # whoever decides goes first

        return moved

    # --- recording ---

    async def record(self, actor: Actor, thread: int, name: str = "") -> Recording:
        """The decision about a thread as a test."""
        return await self._recorded(actor, thread, name, written=False)

    async def save(self, actor: Actor, thread: int, name: str = "") -> Recording:
        """The same, put at the end of the recorded tests."""
        return await self._recorded(actor, thread, name, written=True)

    async def _recorded(self, actor: Actor, thread: int, name: str, *, written: bool) -> Recording:
        authorize(actor, Action.RULES)
        reasons = await self._application.query.reasons(SYSTEM, thread)
        routed = [reason.seq for reason in reasons if reason.why.get("about") == "route"]
        return await asyncio.to_thread(self._record, thread, routed[::-1], name, written)

    def _record(self, thread: int, routed: list[int], name: str, written: bool) -> Recording:
        told = explained(self._reader, thread, routed)
        plain = msgspec.to_builtins(told["explanation"])
        decided = msgspec.convert(plain, Decided, strict=False)
        file = self._folder / RECORDED
        made = recording(decided, thread, load(self._folder), self._folder, name=name, file=file)
        if written:
            try:
                save(made, file)
            except OSError as error:
                why = error.strerror or type(error).__name__
                raise Refused("not_written", f"{RECORDED} could not be written: {why}.") from None
        return made
