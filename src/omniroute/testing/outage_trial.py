"""A server goes on taking messages in while its database is away, and decides them afterwards.

Mail and web chat come at a steady rate, before, meanwhile and after.  A message that is not
acknowledged at once is refused: nobody tries again.  The judge is the journal.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

from omniroute.bench.clients import Job, Outcome, perform
from omniroute.cli.stored import stored
from omniroute.core.events import CustomerWrote
from omniroute.errors import OmniRouteError
from omniroute.server.settings import load
from omniroute.testing.crash_trial import CHAT, Trial, entries_of

CONNECTIONS = 10  # of each kind
BESIDE = 2.0  # seconds of traffic before the outage, and after it
DRAINED = 1_800.0  # seconds to wait for the last decision, at most


@dataclass(frozen=True)
class Told:
    """What came of it; waits in ms from a message's moment to its answer."""

    acknowledged: int
    faults: tuple[str, ...]
    median: float
    longest: float
    decided: int  # messages in the journal
    distinct: int
    drained: float  # seconds from the database's return to the last decision

    @property
    def broken(self) -> str:
        """What was promised and is not so; empty where all is."""
        if self.faults:
            return f"refused: {'; '.join(self.faults)}"
        if not self.acknowledged == self.decided == self.distinct:
            return f"{self.decided} decided, {self.distinct} of them different"
        return ""


class OutageTrial(Trial):
    """One desk whose database goes away once; it must have one."""

    def _settings(self) -> str:
        # A connection brings more mail here than any of a customer's server would.
        kind = 'kind = "email"\n'
        return super()._settings().replace(kind, f"{kind}max_commands = 1_000_000\n")

    def outage(self, seconds: float, rate: float) -> Told:
        """Have it away for so long, *rate* messages coming a second."""
        assert self.database is not None
        outcomes, back = asyncio.run(self._lived(seconds, rate))
        taken = sum(outcome.taken for outcome in outcomes)
        end = time.monotonic() + DRAINED
        written = self._written()
        while len(written) < taken and time.monotonic() < end:
            time.sleep(0.5)
            written = self._written()
        drained = time.monotonic() - back
        return Told(
            taken,
            tuple(outcome.fault for outcome in outcomes if outcome.fault),
            max(outcome.waits[0] for outcome in outcomes),
            max(outcome.waits[2] for outcome in outcomes),
            len(written),
            len(set(written)),
            drained,
        )

    async def _lived(self, seconds: float, rate: float) -> tuple[list[Outcome], float]:
        whole = BESIDE + seconds + BESIDE
        mail = Job("smtp", self.smtp, CONNECTIONS, whole, 1_000, rate=rate / 2)
        paths = f"{CHAT}/messages", f"{CHAT}/session"
        chat = Job("http", self.http, CONNECTIONS, whole, 200, *paths, rate=rate / 2)
        traffic = [asyncio.create_task(perform(job)) for job in (mail, chat)]
        back = await asyncio.to_thread(self._away, seconds)
        return await asyncio.gather(*traffic), back

    def _away(self, seconds: float) -> float:
        """When it is back."""
        assert self.database is not None
        time.sleep(BESIDE)
        self.database.kill()
        time.sleep(seconds)
        self.database.start()
        return time.monotonic()

    def _written(self) -> list[str]:
        """Ids of all messages in the journal; none while it cannot be read."""
        with suppress(OmniRouteError), stored(load(self.config)) as reader:
            events = (event for entry in entries_of(reader) for event in entry.ev)
            return [event.message for event in events if isinstance(event, CustomerWrote)]
        return []
