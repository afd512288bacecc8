"""Where the village tries rules: what differs, a back-test that is at some point, a test."""

from __future__ import annotations

from omniroute.application.authorize import Action, Actor, authorize
from omniroute.application.workbench import Comparison, Trying
from omniroute.errors import ConfigError, Refused
from omniroute.rules.backtest import Backtest
from omniroute.rules.changes import Change as Difference
from omniroute.rules.diff import Change, Detail
from omniroute.rules.testing.saving import Recording

MORNING = 1_772_442_900_000  # Mon 2026-03-02 09:15 UTC

CHANGES = (
    Change("+", "route", "invoices", "refunds"),
    Change("~", "enrich", "at-risk", details=(Detail("set.priority", "urgent", "<b>high</b>"),)),
)
FOUND = Backtest(
    "9c41", "77ab", 310, 4, {"queue": 12},
    (Difference("queue", "general", "billing", "invoices", 12, 4812, "invoice <42> is"),), None,
)  # fmt: skip


class Bench:
    """The workbench of the village."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.at: Trying | None = None
        self.changes: tuple[Change, ...] = CHANGES
        self.faults: tuple[str, ...] = ()

    async def compare(self, actor: Actor, before: str, after: str) -> Comparison:
        authorize(actor, Action.RULES)
        if after == "folder" and not self.changes:
            raise ConfigError("rules.yaml:14", "no queue “bilings”", "did you mean “billing”?")
        return Comparison(before, after, self.changes, 3, ("a refund goes to Bo",))

    async def start(self, actor: Actor, after: str, days: int) -> Trying:
        authorize(actor, Action.RULES)
        self.asked.append((after, days))
        if self.at is not None and self.at.running:
            raise Refused("busy", "A back-test is running; see how it stands.")
        self.at = Trying(after, days, MORNING, "reading the journal")
        return self.at

    async def trying(self, actor: Actor) -> Trying | None:
        authorize(actor, Action.RULES)
        return self.at

    async def record(self, actor: Actor, thread: int, name: str = "") -> Recording:
        authorize(actor, Action.RULES)
        text = f"  - name: {name or f'#{thread}'}\n    given: {{}}\n"
        return Recording(name or f"#{thread}", text, text, ("rule <x> asks else",), self.faults)

    async def save(self, actor: Actor, thread: int, name: str = "") -> Recording:
        made = await self.record(actor, thread, name)
        self.asked.append((thread, name))
        return made
