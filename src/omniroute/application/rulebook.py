"""What one may ask of the rule sets: which there are, what a trial shows, which rule matches.

The values here are what pages, programs and the terminal are told; `Rulebook` is who answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

import msgspec

from omniroute.application.authorize import Actor
from omniroute.rules.changes import Change
from omniroute.runtime.rows import RulesAct, TestRun

DAY: Final = 86_400_000
LIVE: Final = "live"


class Promotion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Have a rule set decide, or try it: its *files*, or the *version* of one that is kept.

    *mode* is ``live``, ``shadow`` or ``canary``; *share* the canary's part of the customers, from
    0 to 1; *span* how long a trial lasts (ms; 0: until it is ended).  With *reevaluate* waiting
    threads are put under it, too.  *by* is who does it, where the actor is the system itself.
    """

    mode: str
    files: dict[str, str] = {}
    version: str = ""
    share: float = 0.0
    span: int = 0
    message: str = ""
    by: str = ""
    tests: TestRun | None = None
    reevaluate: bool = False


class Rollback(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Have the version before decide again, or the one that is named."""

    version: str = ""
    message: str = ""
    by: str = ""
    reevaluate: bool = False


class Reload(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read the folder again."""

    message: str = ""
    by: str = ""
    tests: TestRun | None = None
    reevaluate: bool = False


class TryOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message that nobody wrote, to see where it would go."""

    channel: str = "email"
    account: str = ""
    text: str = ""
    subject: str = ""
    language: str = ""
    email: str = ""  # of somebody who is vouched for
    name: str = ""
    tier: str = ""


class Promoted(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of it; *moved* counts the waiting threads that are elsewhere now.

    *act* is what made the version what it is, the last time that was done.
    """

    version: str
    mode: str
    act: RulesAct
    rules: int = 0
    moved: int = 0
    until: int = 0
    agents: int = 0
    trial: TrialView | None = None


class VersionView(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rule set that is kept; *state* is ``live``, ``shadow``, ``canary`` or empty."""

    version: str
    state: str
    acts: tuple[RulesAct, ...]  # what was done with it, the latest first
    files: Mapping[str, str] = {}

    @property
    def act(self) -> RulesAct | None:
        """What was done with it last."""
        return self.acts[0] if self.acts else None


class TrialView(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a trial has shown so far.

    Of a shadow: *decided* beside the live rules, of which *differ*.  Of a canary: *decided* is how
    many of *all* it has decided itself.
    """

    version: str
    mode: str
    share: float
    since: int
    until: int
    over: bool
    decided: int
    differ: int
    all: int
    changes: tuple[Change, ...]

    def __str__(self) -> str:
        if self.mode == "shadow":
            return f"no effect; {self.differ} of {self.decided} differ"
        return f"decides for {self.share:.4g} of customers; {self.decided} of {self.all} by it"


class RuleUse(msgspec.Struct, frozen=True):
    """How often a rule of the live set has matched, day by day, the oldest first."""

    id: str
    stage: str
    place: str
    total: int
    days: tuple[int, ...]


class Usage(msgspec.Struct, frozen=True):
    """What the live rules met: how often each matched, and what no rule asks for."""

    version: str
    days: int
    routed: int
    rules: tuple[RuleUse, ...]
    unmatched: int  # that no routing rule took
    languages: Mapping[str, int]  # seen without a rule or a skill for them
    facts: Mapping[str, int]  # that plugins bring and no rule asks for

    @property
    def stale(self) -> tuple[RuleUse, ...]:
        """The rules that never matched."""
        return tuple(rule for rule in self.rules if not rule.total)


class Rulebook(Protocol):
    """The rule sets of a running server.  Each call raises `Refused` for who may not ask it."""

    async def versions(self, actor: Actor) -> tuple[VersionView, ...]:
        """Every version that was live or on trial, the latest first."""

    async def version(self, actor: Actor, named: str) -> VersionView:
        """One of them with its files, by its beginning.  Raises `Refused`."""

    async def trial(self, actor: Actor) -> TrialView | None:
        """What the present trial has shown, or ``None`` where nothing is on trial."""

    async def usage(self, actor: Actor, days: int) -> Usage:
        """How often each live rule has matched in the last *days*."""

    async def explain(self, actor: Actor, asked: TryOut) -> str:
        """Where a message would go now, by the live rules and with the team as it stands."""

    async def reload(self, actor: Actor, asked: Reload) -> Promoted:
        """Take the folder over.  Raises `ConfigErrors` where something is wrong with it."""

    async def promote(self, actor: Actor, asked: Promotion) -> Promoted:
        """Have a rule set decide, or try it.  Raises `Refused` or `ConfigErrors`."""

    async def rollback(self, actor: Actor, asked: Rollback) -> Promoted:
        """Have an earlier version decide again.  Raises `Refused`."""

    async def stop_trial(self, actor: Actor, message: str = "", by: str = "") -> None:
        """End the trial.  Raises `Refused` where there is none."""
