"""The rule sets of a running server: read again, put on trial, made live, rolled back.

What is live is kept in the store, not in the folder.  A server that was last told by *reload* (or
by its start) takes the folder over when it starts; one that was told by *promote* or *rollback*
goes on with the version it was told, until the next *reload*.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from omniroute.application import matches
from omniroute.application.authorize import Action, Actor, Kind, authorize
from omniroute.application.bounds import clean
from omniroute.application.door import Application
from omniroute.application.rulebook import (
    DAY,
    LIVE,
    Promoted,
    Promotion,
    Reload,
    Rollback,
    TrialView,
    TryOut,
    Usage,
    VersionView,
)
from omniroute.core.inputs import Member, Reseen
from omniroute.core.model import Agent, Fact
from omniroute.core.observations import Texts
from omniroute.core.rules import RuleSet
from omniroute.core.trials import CANARY, MODES, SHADOW, Trial
from omniroute.errors import Refused
from omniroute.rules.changes import Change
from omniroute.rules.explain import explain
from omniroute.rules.load import canonical, parse_rules
from omniroute.rules.tell import tell
from omniroute.runtime import recall, versions
from omniroute.runtime.node import Node
from omniroute.runtime.rows import RulesAct, TestRun
from omniroute.runtime.sweeping import last_record
from omniroute.server.desk import DeskFiles, read_desk
from omniroute.stores.api import Reader

log = logging.getLogger(__name__)

_agent_row = msgspec.json.Decoder(Agent).decode

MOST_MESSAGE: Final = 300  # characters
MOST_NAME: Final = 80
PINNING: Final = ("live", "rollback")
"""Acts after which a start does not take the folder over."""


class ServerRulebook:
    """`omniroute.application.rulebook.Rulebook` over a node."""

    def __init__(
        self,
        node: Node,
        application: Application,
        folder: Path,
        desk: Callable[[], DeskFiles],
        on_change: Callable[[DeskFiles], None],
        team: Callable[[DeskFiles], tuple[Member, ...]],
    ) -> None:
        """*desk* says what the server works by now, *on_change* is told what it does from now;
        *team* is who of its people works here."""
        self._team = team
        self._node, self._application, self._folder = node, application, folder
        self._desk, self._on_change = desk, on_change
        self._reader = node.reader
        self._one = asyncio.Lock()  # change at a time
        self._before: dict[str, tuple[RuleSet, bytes]] = {}  # what was live, ready to be again

    # --- asking ---

    async def versions(self, actor: Actor) -> tuple[VersionView, ...]:
        """Every version that was live or on trial, the latest first."""
        authorize(actor, Action.RULES)
        return await asyncio.to_thread(self._versions)

    def _versions(self) -> tuple[VersionView, ...]:
        done = self._acts()
        by_version: dict[str, list[RulesAct]] = {}
        for act in reversed(done):
            by_version.setdefault(act.version, []).append(act)
        for version in versions.kept(self._reader):  # live before acts were kept
            by_version.setdefault(version, [])
        return tuple(
            VersionView(version, self._state_of(version), tuple(acts))
            for version, acts in by_version.items()
        )

    async def version(self, actor: Actor, named: str) -> VersionView:
        """One of them with its files."""
        authorize(actor, Action.RULES)
        version = await asyncio.to_thread(versions.meant, self._reader, named)
        found = next(v for v in await self.versions(actor) if v.version == version)
        sources = await asyncio.to_thread(versions.sources, self._reader, version)
        files = dict(versions.files_in(sources or b""))
        texts = {name: data.decode("utf-8", "replace") for name, data in files.items()}
        return VersionView(version, found.state, found.acts, texts)

    async def trial(self, actor: Actor) -> TrialView | None:
        """What the present trial has shown."""
        authorize(actor, Action.RULES)
        trial = self._node.state.trial
        return await asyncio.to_thread(self._trial, trial) if trial.version else None

    def _trial(self, trial: Trial) -> TrialView:
        done = versions.acts(self._reader)
        begun = [act for act in done if act.version == trial.version and act.how == trial.mode]
        since = begun[-1].at if begun else 0
        after, now = last_record(self._reader, since), self._application.now()
        with self._application.reading() as db:
            changes: tuple[Change, ...] = ()
            differ = 0
            if trial.mode == SHADOW:
                decided, differ, changes = matches.shown(db, after, trial.version)
                routed = decided
            else:
                decided, routed = matches.decided_by(db, after, trial.version)
        return TrialView(
            trial.version, trial.mode, trial.share, since, trial.until,
            not trial.running(now), decided, differ, routed, changes,
        )  # fmt: skip

    async def usage(self, actor: Actor, days: int) -> Usage:
        """How often each live rule has matched in the last *days*."""
        authorize(actor, Action.RULES)
        days = max(1, min(days, 366))
        return await asyncio.to_thread(self._usage, self._desk().rules, days)

    def _usage(self, rules: RuleSet, days: int) -> Usage:
        now = self._application.now()
        after = last_record(self._reader, now - days * DAY)
        with self._application.reading() as db:
            return matches.usage(db, rules, after, now, days)

    async def explain(self, actor: Actor, asked: TryOut) -> str:
        """Where a message would go now."""
        authorize(actor, Action.RULES)
        return await asyncio.to_thread(self._explain, asked, self._desk().rules)

    def _explain(self, asked: TryOut, rules: RuleSet) -> str:
        facts: dict[str, Fact | tuple[str, ...]] = {"channel": asked.channel, "tags": ()}
        known = {
            "account": asked.account,
            "message.language": asked.language,
            "customer.tier": asked.tier,
        }
        facts |= {name: value for name, value in known.items() if value}
        emails = (asked.email,) if asked.email else ()
        texts = Texts(asked.text, asked.subject, emails, asked.name)
        team = [_agent_row(row) for _, row in self._reader.scan("a/")]
        explanation = explain(rules, facts, at=self._application.now(), team=team, texts=texts)
        return tell(explanation, rules)

    # --- changing ---

    async def reload(self, actor: Actor, asked: Reload) -> Promoted:
        """Take the folder over; if anything is wrong the last good set stays."""
        authorize(actor, Action.RULES)
        async with self._one:
            desk = await asyncio.to_thread(read_desk, self._folder)
            act = self._act(actor, desk.rules.version, "reload", asked.message, asked.by)
            act = _tested(act, asked.tests)
            moved = await self._activate(actor, desk, act, reevaluate=asked.reevaluate)
            await self._node.load_team(self._team(desk))
        return self._promoted(desk, act, moved)

    async def promote(self, actor: Actor, asked: Promotion) -> Promoted:
        """Have a rule set decide, or try it."""
        authorize(actor, Action.RULES)
        if asked.mode not in (LIVE, *MODES):
            raise Refused("invalid", "Say how: live, shadow or canary.")
        if asked.mode == CANARY and not 0 < asked.share <= 1:
            raise Refused("invalid", "A canary has a share of the customers above 0, at most all.")
        async with self._one:
            rules, sources = await asyncio.to_thread(self._brought, asked)
            act = self._act(actor, rules.version, asked.mode, asked.message, asked.by)
            act = _tested(act, asked.tests)
            if asked.mode == LIVE:
                desk = replace(self._desk(), rules=rules, sources=sources)
                moved = await self._activate(actor, desk, act, reevaluate=asked.reevaluate)
                return self._promoted(desk, act, moved)
            return await self._try(actor, rules, sources, act, asked)

    async def rollback(self, actor: Actor, asked: Rollback) -> Promoted:
        """Have an earlier version decide again."""
        authorize(actor, Action.RULES)
        async with self._one:
            live = self._node.state.counters.rules
            version = await asyncio.to_thread(self._earlier, asked.version, live)
            if (kept := self._before.get(version)) is None:
                kept = await asyncio.to_thread(versions.kept_rules, self._reader, version)
            rules, sources = kept
            act = self._act(actor, version, "rollback", asked.message, asked.by)
            desk = replace(self._desk(), rules=rules, sources=sources)
            if version == live:
                raise Refused("already_live", f"Version {version} is live already.")
            moved = await self._activate(actor, desk, act, reevaluate=asked.reevaluate)
        return self._promoted(desk, act, moved)

    async def stop_trial(self, actor: Actor, message: str = "", by: str = "") -> None:
        """End the trial."""
        authorize(actor, Action.RULES)
        async with self._one:
            trial = self._node.state.trial
            if not trial.version:
                raise Refused("no_trial", "Nothing is on trial.")
            act = self._act(actor, trial.version, "stopped", message, by)
            await self._node.stop_trial(act, agent=_agent(actor))

    # --- the parts of it ---

    def _acts(self) -> list[RulesAct]:
        """Everything that was done, with people's names."""
        name = self._application.directory.name
        return [msgspec.structs.replace(a, by=name(a.by)) for a in versions.acts(self._reader)]

    def _state_of(self, version: str) -> str:
        state = self._node.state
        if version == state.counters.rules:
            return LIVE
        return state.trial.mode if version == state.trial.version else ""

    def _earlier(self, named: str, live: str) -> str:
        if named:
            return versions.meant(self._reader, named)
        if before := versions.before(versions.acts(self._reader), live):
            return before
        raise Refused("no_earlier", "No version was live before this one.")

    def _brought(self, asked: Promotion) -> tuple[RuleSet, bytes]:
        if not asked.files:
            return versions.kept_rules(self._reader, versions.meant(self._reader, asked.version))
        files = {name: text.encode() for name, text in asked.files.items()}
        return parse_rules(files), canonical(files)

    async def _activate(
        self, actor: Actor, desk: DeskFiles, act: RulesAct, *, reevaluate: bool
    ) -> int:
        """Have these rules decide; how many waiting threads that has moved."""
        reseen = await asyncio.to_thread(self._reseen, desk.rules) if reevaluate else ()
        agent, moved = _agent(actor), 0
        answer = await self._node.activate(
            desk.rules, desk.sources, act, agent=agent, reseen=reseen
        )
        replaced = self._desk()
        self._before = {replaced.rules.version: (replaced.rules, replaced.sources)}
        self._on_change(desk)
        if reevaluate:  # who came while the others were looked at was queued by the old rules
            seen = {one.thread for one in reseen}
            later = await asyncio.to_thread(self._reseen, desk.rules)
            if late := [one for one in later if one.thread not in seen]:
                again = msgspec.structs.replace(act, at=act.at + 1)
                more = await self._node.activate(
                    desk.rules, desk.sources, again, agent=agent, reseen=late
                )
                moved = int(more.values.get("moved", 0))
        return int(answer.values.get("moved", 0)) + moved

    def _reseen(self, rules: RuleSet) -> Sequence[Reseen]:
        """The waiting threads as *rules* see them."""
        threads = [thread.id for thread in recall.waiting(self._reader)]
        with self._application.reading() as db:
            routed = {thread: matches.records(db, thread, "route") for thread in threads}
        return list(recall.reseen(self._reader, rules, routed))

    async def _try(
        self, actor: Actor, rules: RuleSet, sources: bytes, act: RulesAct, asked: Promotion
    ) -> Promoted:
        trial = self._node.state.trial
        again = (trial.version, trial.mode, trial.share) == (act.version, act.how, asked.share)
        if again and trial.running(act.at):
            view = await asyncio.to_thread(self._trial, trial)
            return Promoted(act.version, act.how, act, until=trial.until, trial=view)
        until = act.at + asked.span if asked.span else 0
        act = msgspec.structs.replace(act, share=asked.share, until=until)
        answer = await self._node.try_rules(rules, sources, act, agent=_agent(actor))
        if not answer.ok:
            raise Refused(answer.code, f"Version {act.version} is live already.")
        view = await asyncio.to_thread(self._trial, self._node.state.trial)
        count = len(rules.enrich) + len(rules.route)
        return Promoted(act.version, act.how, act, count, until=until, trial=view)

    def _promoted(self, desk: DeskFiles, act: RulesAct, moved: int) -> Promoted:
        return Promoted(
            act.version,
            act.how,
            self._made(act),
            len(desk.rules.enrich) + len(desk.rules.route),
            moved,
            agents=len(desk.people),
        )

    def _made(self, act: RulesAct) -> RulesAct:
        """Who wrote a version and why: what was said when it was live for the first time."""
        if act.how != "rollback":
            return msgspec.structs.replace(act, by=self._application.directory.name(act.by))
        done = [one for one in self._acts() if one.version == act.version]
        made = [one for one in done if one.how != "rollback"]
        said = [one for one in made if one.message]
        return (said or made or [act])[-1]

    def _act(self, actor: Actor, version: str, how: str, message: str, by: str) -> RulesAct:
        if len(message) > MOST_MESSAGE or len(by) > MOST_NAME:
            raise Refused("too_long", f"A message has at most {MOST_MESSAGE} characters.")
        who = actor.id if actor.kind is Kind.AGENT else clean(by).strip()
        said = " ".join(clean(message).split())
        return RulesAct(self._application.now(), version, how, who, said)


def choose(reader: Reader, desk: DeskFiles) -> DeskFiles:
    """What a server that starts works by: its folder, or the version it was told to keep to."""
    done = versions.acts(reader)
    last = versions.last_deciding(done)
    if last is None or last.how not in PINNING or last.version == desk.rules.version:
        return desk
    try:
        rules, sources = versions.kept_rules(reader, last.version)
    except Refused as error:
        log.error("the rules that were live cannot be used, the folder's are: %s", error)
        return desk
    log.warning(
        "rules %s are live, as %s said; the folder has %s: `omniroute rules reload` takes it over",
        last.version,
        last.how,
        desk.rules.version,
    )
    return replace(desk, rules=rules, sources=sources)


def tried(reader: Reader, trial: Trial) -> RuleSet | None:
    """The rules that were on trial when the server stopped."""
    if not trial.version:
        return None
    try:
        return versions.kept_rules(reader, trial.version)[0]
    except Refused as error:
        log.error("the trial of %s cannot go on: %s", trial.version, error)
        return None


def _agent(actor: Actor) -> str:
    return actor.id if actor.kind is Kind.AGENT else ""


def _tested(act: RulesAct, tests: TestRun | None) -> RulesAct:
    return msgspec.structs.replace(act, tests=tests)
