"""The rule sets of the village: three versions, the last but one live."""

from __future__ import annotations

from msgspec.structs import replace

from omniroute.application.authorize import Action, Actor, authorize
from omniroute.application.rulebook import (
    Promoted,
    Promotion,
    Reload,
    Rollback,
    RuleUse,
    TrialView,
    TryOut,
    Usage,
    VersionView,
)
from omniroute.errors import ConfigError, Refused
from omniroute.rules.changes import Change
from omniroute.runtime.rows import RulesAct, TestRun

DAY = 86_400_000
MORNING = 1_772_442_900_000  # Mon 2026-03-02 09:15 UTC


def act(version: str, how: str, days: int, message: str = "", by: str = "di") -> RulesAct:
    """Something that Di did so many days ago."""
    return RulesAct(MORNING - days * DAY, version, how, by, message)


TESTED = replace(act("9c41", "live", 1, "refund <wording>"), tests=TestRun(5, 0))


class Shelf:
    """The rule book of the village."""

    def __init__(self) -> None:
        self.broken = False
        self.asked: list[object] = []
        self.on_trial: TrialView | None = None
        self.kept = [
            VersionView("77ab", "", (act("77ab", "shadow", 0, "try invoices"),)),
            VersionView("9c41", "live", (TESTED,)),
            VersionView("1f00", "", (act("1f00", "start", 30, by=""),)),
        ]

    async def versions(self, actor: Actor) -> tuple[VersionView, ...]:
        authorize(actor, Action.RULES)
        return tuple(self.kept)

    async def version(self, actor: Actor, named: str) -> VersionView:
        authorize(actor, Action.RULES)
        for view in self.kept:
            if view.version == named:
                return replace(view, files={"rules.yaml": "version: 1 # <b>bold</b>\n"})
        raise Refused("unknown_rules", f"There are no rules of version {named}.")

    async def trial(self, actor: Actor) -> TrialView | None:
        authorize(actor, Action.RULES)
        return self.on_trial

    def try_out(self, mode: str, share: float = 0.0) -> None:
        """Something is on trial."""
        change = Change("queue", "general", "billing", "invoices", 12, 4812, "invoice <42> is")
        self.on_trial = TrialView(
            "77ab", mode, share, MORNING - DAY, MORNING + DAY, False, 310, 12, 310, (change,)
        )

    async def usage(self, actor: Actor, days: int) -> Usage:
        authorize(actor, Action.RULES)
        return Usage(
            "9c41",
            days,
            310,
            (
                RuleUse("language", "enrich", "support.yaml:8", 300, (40, 50, 30, 60, 50, 40, 30)),
                RuleUse("api", "route", "support.yaml:31", 0, (0,) * 7),
            ),
            2,
            {"fr": 12},
            {},
        )

    async def reload(self, actor: Actor, asked: Reload) -> Promoted:
        authorize(actor, Action.RULES)
        self.asked.append(asked)
        if self.broken:
            raise ConfigError("rules.yaml:14", "no queue “bilings”", "did you mean “billing”?")
        return Promoted("9c41", "reload", act("9c41", "reload", 0), 11, agents=5)

    async def promote(self, actor: Actor, asked: Promotion) -> Promoted:
        authorize(actor, Action.RULES)
        self.asked.append(asked)
        if not any(view.version == asked.version for view in self.kept):
            raise Refused("unknown_rules", f"There are no rules of version {asked.version}.")
        return Promoted(asked.version, asked.mode, act(asked.version, asked.mode, 0), 11)

    async def rollback(self, actor: Actor, asked: Rollback) -> Promoted:
        authorize(actor, Action.RULES)
        self.asked.append(asked)
        return Promoted(asked.version or "1f00", "rollback", act("1f00", "rollback", 0), 11)

    async def stop_trial(self, actor: Actor, message: str = "", by: str = "") -> None:
        authorize(actor, Action.RULES)
        self.asked.append("stop")
        if self.on_trial is None:
            raise Refused("no_trial", "Nothing is on trial.")

    async def explain(self, actor: Actor, asked: TryOut) -> str:
        authorize(actor, Action.RULES)
        self.asked.append(asked)
        return f"thread  new message on {asked.channel}\nroute  ✔ refunds  “{asked.text}”"
