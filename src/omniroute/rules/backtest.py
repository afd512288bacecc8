"""Stored history under other rules: what would have gone elsewhere, and what that would have meant.

Both rule sets are asked about the same messages, with the facts of their time; conditions on text
are answered anew, since their numbers mean nothing in another rule set.  What was erased cannot be
asked about: it counts as unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from omniroute.core.conditions import Facts
from omniroute.core.model import AgentId, CustomerId, ThreadId
from omniroute.core.observations import Reading, Texts
from omniroute.core.rules import Routing, RuleSet, route
from omniroute.core.spans import show_span
from omniroute.rules.changes import ORDER, Change, Tally, blamed, differences
from omniroute.rules.prediction import Arrival, Forecast, Presence, predict
from omniroute.rules.twice import both

EXAMPLE: Final = 60  # letters of a message that are shown
SHOWN: Final = 5  # kinds of one change that are told
MOST: Final = 20_000  # threads that are played through the core; of more, the latest

Progress = Callable[[int, int], None]


class Case(msgspec.Struct, frozen=True):
    """A message of the past that was routed, and what became of its thread.

    *texts* is None where it has been erased; what held under the *rules* of its time is
    *observed*.  *handling* is how long somebody had the thread, *answering* how long after they
    had it the first answer went out (ms); None where unknown.
    """

    thread: ThreadId
    customer: CustomerId
    at: int
    channel: str
    live: bool
    facts: Facts
    texts: Texts | None
    handling: int | None = None
    answering: int | None = None
    rules: str = ""  # the version by whose numbers it is known what held
    observed: tuple[int, ...] = ()


class History(msgspec.Struct, frozen=True):
    """The past of a desk: what was asked, and who was there to answer."""

    cases: tuple[Case, ...]
    presence: Presence


class Backtest(msgspec.Struct, frozen=True):
    """What came of it; *changes* by kind and rule, the most frequent of each kind first."""

    before: str  # version
    after: str
    threads: int
    unknown: int  # of them: erased
    changed: Mapping[str, int]  # how many threads differ, by what
    changes: tuple[Change, ...]
    predicted: tuple[Forecast, Forecast] | None
    played: int = 0  # threads in the forecast

    def __str__(self) -> str:
        order = sorted(self.changed, key=ORDER.index)
        lines = [line for what in order for line in self._lines(what)]
        if not lines:
            lines = [f"nothing changes for {self.threads - self.unknown} threads"]
        if self.unknown:
            lines.append(f"unknown {self.unknown} of {self.threads}: what was written is erased")
        if self.predicted is not None:
            some = self.played < self.threads - self.unknown
            latest = f"of the latest {self.played}  " if some else ""
            lines.append(f"predicted  {latest}{_beside(*self.predicted)}")
        return "\n".join(lines)

    def _lines(self, what: str) -> Iterable[str]:
        known = self.threads - self.unknown
        count = self.changed[what]
        head = f"{what} changes {count} of {known} ({100 * count / max(known, 1):.1f}%)"
        kinds = [change for change in self.changes if change.what == what]
        for change in kinds[:SHOWN]:
            yield f"{head}  {str(change).removeprefix(f'{what} ')}"
            head = " " * len(head)
        if len(kinds) > SHOWN:
            yield f"{head}  … and {len(kinds) - SHOWN} other kinds; --json has them all"


def backtest(
    history: History,
    before: RuleSet,
    after: RuleSet,
    progress: Progress = lambda done, total: None,
    *,
    forecast: bool = True,
    most: int = MOST,
) -> Backtest:
    """Ask both rule sets about *history*; with *forecast*, play it through the core under both.

    Of more than *most* threads only the latest are played.
    """
    cases = [case for case in history.cases if case.texts is not None]
    played = min(len(cases), most) if forecast else 0
    total = len(cases) + 2 * played
    told = _Told(progress, total)
    tally, changed, moved = Tally(), dict[str, int](), dict[ThreadId, str]()
    arrivals: tuple[list[Arrival], list[Arrival]] = ([], [])
    for case in cases:
        assert case.texts is not None
        read = Reading(case.texts)
        one, other = (_asked(rules, case, read) for rules in (before, after))
        for what, was, then in differences(one[1], other[1]):
            changed[what] = changed.get(what, 0) + 1
            rule = blamed(what, one[1], other[1])
            tally.add(what, was, then, rule, case.thread)
            moved.setdefault(case.thread, rule)
        arrivals[0].append(_arrival(case, one[0]))
        arrivals[1].append(_arrival(case, other[0]))
        told.one()
    predicted = None
    if played:
        latest = tuple(found[-played:] for found in arrivals)
        first, second = both(
            lambda tell: predict(latest[0], before, history.presence, tell),
            lambda tell: predict(latest[1], after, history.presence, tell),
            played,
            told.one,
        )
        told.all()
        predicted = (first.forecast, second.forecast)
        _count_agents(tally, changed, moved, first.agents, second.agents)
    said = {case.thread: case.texts.text for case in reversed(cases) if case.texts}
    found = [replace(c, said=_excerpt(said.get(c.thread, ""))) for c in tally.changes()]
    return Backtest(
        before.version,
        after.version,
        len(history.cases),
        len(history.cases) - len(cases),
        changed,
        tuple(found),
        predicted,
        played,
    )


def _count_agents(
    tally: Tally,
    changed: dict[str, int],
    moved: Mapping[ThreadId, str],
    before: Mapping[ThreadId, AgentId],
    after: Mapping[ThreadId, AgentId],
) -> None:
    """Other agents, of the threads that the rules put elsewhere.

    That the others are moved about by those is in the forecast.
    """
    for thread, rule in moved.items():
        was, then = before.get(thread, ""), after.get(thread, "")
        if was != then:
            changed["agent"] = changed.get("agent", 0) + 1
            tally.add("agent", was, then, rule, thread)


class _Told:
    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def one(self) -> None:
        """One thread more."""
        self._done += 1
        if self._done % 100 == 0 or self._done == self._total:
            self._progress(self._done, self._total)

    def all(self) -> None:
        """Nothing is left; some of it may have been done elsewhere."""
        if self._done < self._total:
            self._progress(self._total, self._total)


def _asked(rules: RuleSet, case: Case, read: Reading) -> tuple[tuple[int, ...], Routing]:
    known = case.rules == rules.version
    observed = case.observed if known else rules.observer.observe(read)
    return observed, route(rules, case.facts, observed, case.at)


def _arrival(case: Case, observed: tuple[int, ...]) -> Arrival:
    return Arrival(
        case.thread,
        case.at,
        case.channel,
        case.live,
        case.facts,
        observed,
        case.handling,
        case.answering,
    )


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= EXAMPLE else line[: EXAMPLE - 1].rstrip() + "…"


def _beside(before: Forecast, after: Forecast) -> str:
    waits = (
        f"wait median {_span(before.wait_median)} → {_span(after.wait_median)}, "
        f"95% {_span(before.wait_p95)} → {_span(after.wait_p95)}"
    )
    parts = [waits, f"SLA misses {before.missed} → {after.missed}"]
    if before.unserved or after.unserved:
        parts.append(f"never served {before.unserved} → {after.unserved}")
    loads = _loads(before.load, after.load)
    parts += [f"load {', '.join(loads)}"] if loads else []
    return " · ".join(parts)


def _loads(before: Mapping[AgentId, float], after: Mapping[AgentId, float]) -> Sequence[str]:
    """Those whose load changes by a percent or more."""
    return [
        f"{agent} {100 * was:.0f}% → {100 * then:.0f}%"
        for agent in sorted({**before, **after})
        if abs((was := before.get(agent, 0.0)) - (then := after.get(agent, 0.0))) >= 0.01
    ]


def _span(ms: int) -> str:
    return show_span(ms - ms % 1000)
