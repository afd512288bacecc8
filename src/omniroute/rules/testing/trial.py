"""One test: the message is decided, time passes, and what is so is held against what should be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core.engine import Decision
from omniroute.core.inputs import MessageReceived, ReplyWritten, ThreadResolved
from omniroute.core.model import Ask, Step, Thread
from omniroute.core.observations import Texts
from omniroute.core.requirements import told
from omniroute.core.rules import Routing, route, trail
from omniroute.core.spans import show_span
from omniroute.core.surveys import pending
from omniroute.core.urgency import PRIORITIES
from omniroute.errors import ConfigError
from omniroute.rules.testing import before
from omniroute.rules.testing.cases import Case, Expectation, Suite
from omniroute.rules.testing.clockwork import Clockwork

# Facts that the engine makes by itself; all others must be given where `strict` is asked for.
OF_THE_ENGINE = ("thread.", "clock", "tags", "message.automatic", "message.verified")
DOING = ("says", "solved")  # what somebody does, and no expectation
_WORDS = {number: word for word, number in PRIORITIES.items()}


class Ran(msgspec.Struct, frozen=True):
    """What came of a test: no faults if it passed; *covered* are the rules that matched."""

    faults: tuple[str, ...]
    covered: frozenset[str]


def run(suite: Suite, case: Case, strict: bool = False) -> Ran:
    """Run one test of a suite; with *strict*, a fact that a rule asks for must be given."""
    try:
        trial = _Trial(suite, case)
    except ConfigError as error:
        return Ran((error.fault + (f" — {error.fix}" if error.fix else ""),), frozenset())
    faults = [*trial.not_given()] if strict else []
    for after, expected in case.expect:
        trial.wait(after)
        if expected.says:
            trial.write(msgspec.structs.replace(case.texts, text=expected.says))
        if expected.solved:
            trial.solve(expected.solved)
        when = f"after {show_span(after)} " if after else ""
        faults += [f"{when}{fault}" for fault in trial.faults(expected)]
    return Ran(tuple(faults), trial.covered)


class _Trial:
    """A test that is under way."""

    def __init__(self, suite: Suite, case: Case) -> None:
        past = before.Past(case)
        idlest = max((present.idle for present in suite.people), default=0)
        self._case, self._rules = case, suite.rules
        self._work = Clockwork(case.at - max(past.length, idlest) - 1)
        before.make(self._work, case, suite.people, past)
        before.come(self._work, case, suite.people)
        self._work.wait(case.at - 1)
        self._work.adopt(suite.rules)
        self._work.wait(case.at)
        self._events = len(self._work.events)
        decision = self.write(case.texts)
        self._thread = int(decision.answer.values["thread"])
        self._known: Thread = self._work.state.threads[self._thread]
        why = next((w for w in decision.why if w["about"] == "route"), None)
        facts: Any = why["facts"] if why is not None else {}
        observed = suite.rules.observer.observe(case.texts)
        self._met = trail(suite.rules, facts, observed, case.at)
        self._routing: Routing = route(suite.rules, facts, observed, case.at)

    def write(self, texts: Texts) -> Decision:
        """Let the customer write."""
        case, work, rules = self._case, self._work, self._rules
        engine = ("channel", "account", "tags", "message.automatic", "message.verified")
        return work.put(
            MessageReceived,
            message=f"message/{work.now}",
            channel=str(case.given["channel"]),
            account=str(case.given.get("account") or "main"),
            sender=before.sender_of(case),
            facts={
                fact: value
                for fact, value in case.given.items()
                if fact not in engine and not fact.startswith("thread.") and value is not None
            },
            observed=rules.observer.observe(texts),
            rules=rules.version,
            live=case.live,
            automatic=case.given.get("message.automatic") is True,
        )

    def solve(self, agent: str) -> None:
        """Let an agent answer, and say that it is solved."""
        thread = self.thread
        self._work.put(
            ReplyWritten,
            agent=agent,
            thread=thread.id,
            message=f"answer/{self._work.now}",
            seen=thread.turns,
        )
        self._work.put(ThreadResolved, agent=agent, thread=thread.id)

    @property
    def covered(self) -> frozenset[str]:
        """The rules that matched."""
        return frozenset(rule.id for rule in self._met if rule.matched)

    def not_given(self) -> Iterator[str]:
        """Each fact that a rule has asked for and the test has left open, once."""
        told: set[str] = set()
        for rule in self._met:
            for fact in (fact for leaf in rule.leaves for fact in leaf.asks):
                engine = fact.startswith(OF_THE_ENGINE)
                if not engine and fact not in self._case.named and fact not in told:
                    told.add(fact)
                    yield f"{fact} is not given, and {rule.id} asks for it"

    def wait(self, after: int) -> None:
        """Let so much time pass since the message."""
        self._work.wait(self._case.at + after)

    @property
    def thread(self) -> Thread:
        """The thread as it is, or as it was before it became history."""
        self._known = self._work.state.threads.get(self._thread, self._known)
        return self._known

    def faults(self, expected: Expectation) -> Iterator[str]:
        """Where what is so differs from what is expected."""
        for key in expected.__struct_fields__:
            wanted = getattr(expected, key)
            if wanted is msgspec.UNSET or not (wanted or wanted is None) or key in DOING:
                continue
            fault = getattr(self, f"_{key}")(wanted)
            if fault:
                yield fault

    # --- one expectation each: what is wrong, or nothing ---

    def _rule(self, wanted: str | None) -> str:
        return _differ("rule", wanted, self._routing.rule or None)

    def _enriched(self, wanted: tuple[str, ...]) -> str:
        return _lacking("enriched", wanted, self._routing.enriched)

    def _queue(self, wanted: str) -> str:
        return _differ("queue", wanted, self.thread.queue)

    def _priority(self, wanted: int) -> str:
        found = self.thread.priority
        return _differ("priority", _WORDS.get(wanted, wanted), _WORDS.get(found, found))

    def _tags(self, wanted: tuple[str, ...]) -> str:
        return _lacking("tags", wanted, self.thread.tags)

    def _need(self, wanted: dict[str, float | None]) -> str:
        asked = self._step.need
        wrong = {skill: level for skill, level in wanted.items() if asked.get(skill) != level}
        return _differ("need", _levels(wrong), _levels({s: asked.get(s) for s in wrong}))

    def _besides(self, wanted: Ask) -> str:
        """Each part that is named must be asked; what else is asked does not matter."""
        found = self._beside_levels()
        ways = [_parts(group) for group in found.any]
        whole = (
            set(wanted.agents) <= set(found.agents)
            and all(_parts(group) in ways for group in wanted.any)
            and _parts(wanted.none) <= _parts(found.none)
        )
        return "" if whole else _differ("need", _asking(wanted), _asking(found))

    def _unasked(self, wanted: tuple[str, ...]) -> str:
        found = self._beside_levels()
        parts = {"agents": found.agents, "any": found.any, "not": found.none}
        asked = [word for word in wanted if parts.get(word)]
        return f"need: expected no '{asked[0]}', got {_said(_asking(found))}" if asked else ""

    def _beside_levels(self) -> Ask:
        ask = self._step.ask or Ask()
        return replace(ask, agents=ask.agents or self._step.agents)

    def _agent(self, wanted: str | None) -> str:
        return _differ("agent", wanted, ", ".join(self._asked()) or None)

    def _agents(self, wanted: tuple[str, ...]) -> str:
        return _differ("agents", ", ".join(sorted(wanted)), ", ".join(sorted(self._asked())))

    def _tell(self, wanted: str) -> str:
        return _differ("tell", wanted, self._step.tell or None)

    def _reply(self, wanted: str | None) -> str:
        sent = [
            event.reply
            for event in self._work.events[self._events :]
            if isinstance(event, e.AutomaticReplyReleased) and event.thread == self._thread
        ]
        return _differ("reply", wanted, sent[-1] if sent else None)

    def _article(self, wanted: str | None) -> str:
        proposed = [
            event.article
            for event in self._work.events[self._events :]
            if isinstance(event, e.ArticleProposed) and event.thread == self._thread
        ]
        return _differ("article", wanted, proposed[-1] if proposed else None)

    def _survey(self, wanted: str | None) -> str:
        survey = pending(self.thread)
        return _differ("survey", wanted, survey.rule if survey is not None else None)

    def _first_reply(self, wanted: int) -> str:
        promised = show_span(self._routing.sla.first_reply)
        return _differ("first_reply", show_span(wanted), promised)

    def _state(self, wanted: str) -> str:
        return _differ("state", str(wanted), self.thread.phase.value)

    @property
    def _step(self) -> Step:
        thread = self.thread
        return thread.steps[thread.step] if thread.steps else Step()

    def _asked(self) -> list[str]:
        thread = self.thread
        return [thread.agent] if thread.agent else [offer.agent for offer in thread.offers]


def _differ(key: str, wanted: object, found: object) -> str:
    return "" if wanted == found else f"{key}: expected {_said(wanted)}, got {_said(found)}"


def _lacking(key: str, wanted: tuple[str, ...], found: tuple[str, ...]) -> str:
    lacking = [one for one in wanted if one not in found]
    said = ", ".join(found) or None
    return f"{key}: expected {_said(', '.join(lacking))}, got {_said(said)}" if lacking else ""


def _levels(need: dict[str, float | None]) -> str:
    said = (f"{s} {'not asked' if n is None else f'{n:g}'}" for s, n in sorted(need.items()))
    return ", ".join(said)


def _parts(asks: Iterable[Ask]) -> set[tuple[str, ...]]:
    """What each asks for, in whatever order it was written."""
    return {tuple(sorted(told({}, ask))) for ask in asks}


def _asking(ask: Ask) -> str | None:
    return ", ".join(told({}, ask)) or None


def _said(value: object) -> str:
    return "nothing" if value is None else f"'{value}'"
