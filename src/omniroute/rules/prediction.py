"""The past played again through the core: the same messages, the same agents at their hours.

Whoever gets a thread takes it at once and has it as long as it took then; what took an unknown time
takes the median.  So only what the rules change differs between two forecasts.
"""

from __future__ import annotations

import dataclasses
import heapq
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Final

import msgspec
from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.conditions import Facts
from omniroute.core.engine import decide
from omniroute.core.model import AgentId, Customer, Fact, Handle, Past, Status, Thread, ThreadId
from omniroute.core.rules import RuleSet
from omniroute.core.state import State
from omniroute.core.urgency import HOUR, MINUTE

UNKNOWN_HANDLING: Final = 10 * MINUTE  # where nothing of the past says how long a thread takes
UNKNOWN_ANSWERING: Final = 2 * MINUTE
AFTERWARDS: Final = 12 * HOUR  # that the desk goes on after the last message
_OURS = ("channel", "account", "tags", "message.automatic", "message.verified")


class Arrival(msgspec.Struct, frozen=True):
    """A message that opens a thread, as the core takes it; see `backtest.Case`."""

    thread: ThreadId
    at: int
    channel: str
    live: bool
    facts: Facts
    observed: tuple[int, ...]
    handling: int | None
    answering: int | None


class Presence(msgspec.Struct, frozen=True):
    """The team, and who declared what when, in the order of time."""

    members: tuple[i.Member, ...] = ()
    changes: tuple[tuple[int, AgentId, Status], ...] = ()


class Forecast(msgspec.Struct, frozen=True):
    """What customers and agents would have met; times in ms.

    *wait* is until somebody had the thread, *missed* counts first answers after their deadline,
    *load* is the share of an agent's room that was in use while they were there.
    """

    wait_median: int
    wait_p95: int
    missed: int
    unserved: int
    load: Mapping[AgentId, float]


class Played(msgspec.Struct, frozen=True):
    """The forecast, and who had which thread first."""

    forecast: Forecast
    agents: Mapping[ThreadId, AgentId]


def predict(
    arrivals: Sequence[Arrival], rules: RuleSet, presence: Presence, told: Callable[[], None]
) -> Played:
    """Play *arrivals*, in the order of time, under *rules*; *told* hears of each."""
    return _Desk(arrivals, _at_once(rules), presence).play(told)


def _at_once(rules: RuleSet) -> RuleSet:
    """The rules with offers that are taken at once, and no window to reopen in."""
    queues = {
        name: replace(queue, auto_assign=True, reopen_window_ms=0)
        for name, queue in rules.queues.items()
    }
    return dataclasses.replace(rules, queues=queues)


class _Desk:
    """The core on a clock that jumps from one thing to the next."""

    def __init__(self, arrivals: Sequence[Arrival], rules: RuleSet, presence: Presence) -> None:
        self._arrivals, self._rules, self._presence = arrivals, rules, presence
        self._handling = _median([a.handling for a in arrivals], UNKNOWN_HANDLING)
        self._answering = _median([a.answering for a in arrivals], UNKNOWN_ANSWERING)
        self._state = State()
        self._number = 0
        self._done: list[tuple[int, ThreadId, AgentId]] = []  # when who is done with what
        self._by_thread: dict[ThreadId, Arrival] = {}  # by the number it has here
        self._waits: list[int] = []
        self._missed = 0
        self._agents: dict[ThreadId, AgentId] = {}
        self._busy: dict[AgentId, int] = {}

    def play(self, told: Callable[[], None]) -> Played:
        arrivals, changes = self._arrivals, self._presence.changes
        began = arrivals[0].at
        end = arrivals[-1].at + AFTERWARDS
        self._open(min(began, changes[0][0]) if changes else began)
        coming, present = 0, 0
        while True:
            at, what = end, ""
            if coming < len(arrivals) and arrivals[coming].at < at:
                at, what = arrivals[coming].at, "arrival"
            if present < len(changes) and changes[present][0] <= at:
                at, what = changes[present][0], "presence"
            if self._done and self._done[0][0] <= at:
                at, what = self._done[0][0], "done"
            due = self._state.due()
            if due is not None and due[0] <= at:
                self._decide(i.due_now(due[0], *due))
            elif what == "done":
                self._finish()
            elif what == "presence":
                _, agent, status = changes[present]
                present += 1
                if agent in self._state.agents:
                    self._decide(i.StatusDeclared(self._key(), at, agent, status))
            elif what == "arrival":
                self._arrives(arrivals[coming])
                coming += 1
                told()
            else:
                return Played(self._forecast(began, end), self._agents)

    def _open(self, at: int) -> None:
        self._state.adopt(self._rules)
        self._decide(i.RulesLoaded(self._key(), at, self._rules.version))
        self._decide(i.TeamLoaded(self._key(), at, self._presence.members))

    def _arrives(self, arrival: Arrival) -> None:
        key = f"c{self._number}"
        facts = arrival.facts
        self._know(key, arrival)
        verified = facts.get("message.verified") is not False
        thread = self._state.counters.next_thread
        self._by_thread[thread] = arrival
        self._decide(
            i.MessageReceived(
                self._key(), arrival.at, key, arrival.channel, str(facts.get("account") or ""),
                i.Seen(key, "replayed", verified=verified),
                facts=_plain(facts), observed=arrival.observed, live=arrival.live,
                automatic=bool(facts.get("message.automatic")),
            )
        )  # fmt: skip

    def _know(self, key: str, arrival: Arrival) -> None:
        """The customer with the past that they had then."""
        facts, state = arrival.facts, self._state
        idle, history = facts.get("thread.idle"), facts.get("thread.history")
        state.handles[key] = Handle(key, key, "replayed", arrival.at)
        state.customers[key] = Customer(
            key,
            (key,),
            history=(Past(0),) * (history if isinstance(history, int) else 0),
            last_agent=str(facts.get("thread.last_agent") or ""),
            last_at=arrival.at - idle if isinstance(idle, int) else 0,
        )

    def _finish(self) -> None:
        at, thread, agent = heapq.heappop(self._done)
        known = self._state.threads.get(thread)
        if known is not None and known.agent == agent:
            self._decide(i.ThreadResolved(self._key(), at, agent, thread))

    def _decide(self, input: i.AnyInput) -> None:
        for event in decide(self._state, input, events_only=True).events:
            if isinstance(event, e.ThreadAssigned):
                self._assigned(input.at, event, self._state.threads[event.thread])
        self._state.settle()

    def _assigned(self, at: int, event: e.ThreadAssigned, thread: Thread) -> None:
        arrival = self._by_thread[event.thread]
        handling = self._handling if arrival.handling is None else arrival.handling
        answering = self._answering if arrival.answering is None else arrival.answering
        heapq.heappush(self._done, (at + max(handling, 1), event.thread, event.agent))
        self._busy[event.agent] = self._busy.get(event.agent, 0) + handling * thread.weight
        if arrival.thread not in self._agents:
            self._agents[arrival.thread] = event.agent
            self._waits.append(at - arrival.at)
            self._missed += at + answering > thread.deadline

    def _forecast(self, began: int, end: int) -> Forecast:
        unserved = [
            (thread, arrival)
            for thread, arrival in self._by_thread.items()
            if thread in self._state.threads and not self._state.threads[thread].agent
        ]
        late = sum(self._state.threads[thread].deadline < end for thread, _ in unserved)
        waits = sorted([*self._waits, *(end - arrival.at for _, arrival in unserved)])
        return Forecast(
            _quantile(waits, 0.5),
            _quantile(waits, 0.95),
            self._missed + late,
            len(unserved),
            self._load(began, end),
        )

    def _load(self, began: int, end: int) -> dict[AgentId, float]:
        """The share of each agent's room that was in use, of the time they were there."""
        there = _there(self._presence.changes, began, end)
        rooms = {member.id: member.capacity for member in self._presence.members}
        return {
            agent: round(self._busy.get(agent, 0) / (there[agent] * rooms[agent]), 4)
            for agent in sorted(there)
            if there[agent] and rooms.get(agent)
        }

    def _key(self) -> str:
        self._number += 1
        return str(self._number)


def _there(
    changes: Sequence[tuple[int, AgentId, Status]], began: int, end: int
) -> dict[AgentId, int]:
    """How long each agent was online."""
    since: dict[AgentId, int] = {}
    total: dict[AgentId, int] = {}
    for at, agent, status in changes:
        moment = min(max(at, began), end)
        if (before := since.pop(agent, None)) is not None:
            total[agent] = total.get(agent, 0) + moment - before
        if status is Status.ONLINE:
            since[agent] = moment
    for agent, before in since.items():
        total[agent] = total.get(agent, 0) + end - before
    return total


def _plain(facts: Facts) -> dict[str, Fact]:
    """What was found out about the message, less what the core finds out itself."""
    return {
        name: value
        for name, value in facts.items()
        if not isinstance(value, tuple) and name not in _OURS and not name.startswith("thread.")
    }


def _median(values: Sequence[int | None], otherwise: int) -> int:
    known = [value for value in values if value is not None]
    return int(median(known)) if known else otherwise


def _quantile(ordered: Sequence[int], share: float) -> int:
    """The smallest value that at least this share of them do not exceed."""
    if not ordered:
        return 0
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]
