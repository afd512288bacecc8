"""The files of tests, ``tests/*.test.yaml``: read whole, every fault with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from omniroute.core.conditions import FACTS, PRIVATE, Kind, asked, leaves
from omniroute.core.inputs import Member
from omniroute.core.ladder import holes
from omniroute.core.model import Ask, Fact, Needs, Status
from omniroute.core.observations import Texts
from omniroute.core.requirements import both, every_skill
from omniroute.core.rules import EnrichRule, EscalateRule, RouteRule, RuleSet, SurveyRule
from omniroute.core.spans import parse_span
from omniroute.errors import ConfigError, ConfigErrors
from omniroute.rules.grammar import BESIDES_LEVELS, STATES
from omniroute.rules.load import accepted, read
from omniroute.rules.needs import Names, besides
from omniroute.rules.reading import Reader
from omniroute.rules.team import read_bytes
from omniroute.rules.yaml12 import Fields, Node, Scalar, parse, place

FOLDER = "tests"
SUFFIX = ".test.yaml"
AT = 1_772_445_600_000  # Monday, 2 March 2026, 10:00 UTC
NOT_LIVE = frozenset({"email"})
SHORT = {
    "text": "message.text",
    "subject": "message.subject",
    "language": "message.language",
    "email": "customer.email",
    "name": "customer.name",
    "tier": "customer.tier",
}
"""Facts that are spoken of so often that they have a short name."""


class Expectation(msgspec.Struct, frozen=True, omit_defaults=True):
    """What should be so; only what is named is looked at."""

    rule: str | msgspec.UnsetType | None = msgspec.UNSET
    enriched: tuple[str, ...] = ()
    queue: str | msgspec.UnsetType = msgspec.UNSET
    priority: int | msgspec.UnsetType = msgspec.UNSET
    tags: tuple[str, ...] = ()
    need: Mapping[str, float | None] = {}
    besides: Ask | msgspec.UnsetType = msgspec.UNSET  # what `need` names besides levels
    unasked: tuple[str, ...] = ()  # such words of `need` under which nothing is asked
    agent: str | msgspec.UnsetType | None = msgspec.UNSET
    agents: tuple[str, ...] = ()
    tell: str | msgspec.UnsetType = msgspec.UNSET
    reply: str | msgspec.UnsetType | None = msgspec.UNSET
    article: str | msgspec.UnsetType | None = msgspec.UNSET
    first_reply: int | msgspec.UnsetType = msgspec.UNSET
    state: str | msgspec.UnsetType = msgspec.UNSET
    survey: str | msgspec.UnsetType | None = msgspec.UNSET
    says: str = ""
    solved: str = ""


class Present(msgspec.Struct, frozen=True):
    """Somebody who works here during a test."""

    member: Member
    status: Status = Status.ONLINE
    load: int = 0
    idle: int = 0  # ms


class Case(msgspec.Struct, frozen=True):
    """One test."""

    name: str
    place: str
    at: int
    given: Mapping[str, Fact | tuple[str, ...]]  # public facts
    texts: Texts
    named: frozenset[str]  # every fact that is given, private ones too
    live: bool
    without: tuple[str, ...] = ()
    expect: tuple[tuple[int, Expectation], ...] = ()  # by ms after the message


class Suite(msgspec.Struct, frozen=True):
    """The tests of one file, with the rules and the people they are about."""

    file: str
    rules: RuleSet
    people: tuple[Present, ...]
    cases: tuple[Case, ...]


def files_of_tests(folder: Path) -> list[Path]:
    """The files of tests that belong to a folder of rules, or the one that is named."""
    if folder.name.endswith(SUFFIX):
        return [folder]
    home = folder if folder.is_dir() else folder.parent
    return sorted((home / FOLDER).rglob(f"*{SUFFIX}"))


def read_suites(folder: Path) -> list[Suite]:
    """The tests of a folder of rules.  Raises `ConfigErrors` with the faults of all of them."""
    found: list[Suite] = []
    faults: list[ConfigError] = []
    for path in files_of_tests(folder):
        try:
            found.append(suite_of(path))
        except ConfigErrors as errors:
            faults.extend(errors.findings)
    if faults:
        raise ConfigErrors(list({str(fault): fault for fault in faults}.values()))
    if not found:
        fix = f"tests are in {FOLDER}/, in files whose names end in {SUFFIX}"
        raise ConfigErrors([ConfigError(str(folder), "no tests of rules", fix)])
    return found


def suite_of(path: Path) -> Suite:
    """The tests in one file.  Raises `ConfigErrors` with every fault, also those of its rules."""
    return suite_from(read_bytes(path), path)


def suite_from(data: bytes, path: Path) -> Suite:
    """The tests in what is, or shall be, the content of a file."""
    reader = Reader()
    node = parse(data, path.name)
    given = reader.shape(node, "test file")
    home = path.parent.parent if path.parent.name == FOLDER else path.parent
    if "rules" in given:
        home = path.parent / (reader.text(given["rules"]) or "")
    draft = read(home)
    rules = accepted(draft)
    team = {member.id: member for member in draft.team or ()}
    people = tuple(
        Present(Member(m.id, m.teams, m.skills, m.capacity, m.role, m.desks, caps=m.caps))
        for m in team.values()
    )
    if "agents" in given:
        at_home = {present.member.id: present.member for present in people}
        people = tuple(_people(reader, given["agents"], at_home, rules))
    cases = _Cases(reader, rules, frozenset(present.member.id for present in people))
    items = reader.items(given["tests"], "tests") if "tests" in given else ()
    found = tuple(case for item in items if (case := cases.case(item)) is not None)
    if reader.faults:
        raise ConfigErrors(reader.faults)
    return Suite(path.name, rules, people, found)


def _people(
    reader: Reader, node: Node, team: Mapping[str, Member], rules: RuleSet
) -> Iterator[Present]:
    for name, _, value in reader.named(node, "an agent"):
        about = reader.about(name)
        empty = isinstance(value, Scalar) and value.value is None
        given = {} if empty else about.shape(value, "test agent")
        known = team.get(name, Member(name))
        load, capacity = _load(about, given["load"]) if "load" in given else (0, None)
        skills = _skills(about, given["skills"], rules) if "skills" in given else known.skills
        teams = about.texts(given["teams"]) if "teams" in given else known.teams
        status = about.choice(given["status"], tuple(Status)) if "status" in given else None
        yield Present(
            msgspec.structs.replace(
                known,
                skills=skills,
                teams=teams,
                capacity=known.capacity if capacity is None else capacity,
            ),
            Status(status or Status.ONLINE),
            load,
            (about.span(given["idle"]) or 0) if "idle" in given else 0,
        )


def _skills(reader: Reader, node: Node, rules: RuleSet) -> Needs:
    found: Needs = {}
    for skill, key, value in reader.named(node, "a skill"):
        level = reader.number(value, 0, 5, "a level from 0 to 5")
        if skill not in rules.skills.known:
            reader.unknown(key, "skill", skill, rules.skills.known)
        elif level is not None:
            found[skill] = float(level)
    return found


def _load(reader: Reader, node: Node) -> tuple[int, int | None]:
    used, _, capacity = (node.text if isinstance(node, Scalar) else "").partition("/")
    if not used.isdecimal() or not (capacity or "0").isdecimal() or int(used) > 1000:
        reader.wrong(node, "units in use, such as 2 or 2/5")
        return 0, None
    return int(used), int(capacity) if capacity else None


class _Cases:
    """Reads tests against a rule set."""

    def __init__(self, reader: Reader, rules: RuleSet, agents: frozenset[str]) -> None:
        self._reader, self._rules, self._agents = reader, rules, agents
        self._facts = known_facts(rules)
        self._names: set[str] = set()

    def case(self, node: Node) -> Case | None:
        """One test, or None where too little of it can be read."""
        given = self._reader.shape(node, "rule test")
        name = (self._reader.text(given["name"]) or "") if "name" in given else ""
        reader = self._reader.about(name)
        if name in self._names:
            reader.fault(given["name"], "a second test of this name")
        self._names.add(name)
        if "expect" not in given and "after" not in given:
            reader.fault(node, "nothing is expected", "add `expect` or `after`")
        if "given" not in given:
            return None
        facts = self._given(reader, given["given"])
        channel = str(facts.setdefault("channel", "email"))
        return Case(
            name=name,
            place=place(node),
            at=_moment(reader, given["at"]) if "at" in given else AT,
            given={fact: value for fact, value in facts.items() if fact not in PRIVATE},
            texts=_texts(facts),
            named=frozenset(facts),
            live=self._live(reader, given, channel),
            without=self._people(reader, given["without"]) if "without" in given else (),
            expect=tuple(self._expected(reader, given)),
        )

    def _live(self, reader: Reader, given: Mapping[str, Node], channel: str) -> bool:
        said = reader.flag(given["live"]) if "live" in given else None
        return channel not in NOT_LIVE if said is None else said

    def _people(self, reader: Reader, node: Node) -> tuple[str, ...]:
        found = [reader.reference(item, "agent", self._agents) for item in reader.several(node)]
        return tuple(name for name in found if name is not None)

    def _given(self, reader: Reader, node: Node) -> dict[str, Fact | tuple[str, ...]]:
        found: dict[str, Fact | tuple[str, ...]] = {}
        if not isinstance(node, Fields):
            reader.wrong(node, "facts of the message", "given: {message.text: My refund?}")
            return found
        for said, (key, value) in node.entries.items():
            fact = SHORT.get(said, said)
            kind = self._facts.get(fact)
            if kind is None or kind is Kind.CLOCK:
                fix = "the time is `at`" if kind is Kind.CLOCK else ""
                if fix:
                    reader.fault(key, f"{fact} cannot be given", fix)
                else:
                    reader.unknown(key, "fact", said, {*self._facts, *SHORT})
            else:
                found[fact] = self._value(reader, fact, kind, value)
        return found

    def _value(self, reader: Reader, fact: str, kind: Kind, node: Node) -> Fact | tuple[str, ...]:
        if isinstance(node, Scalar) and node.value is None:
            return None
        if fact == "thread.last_agent":
            return reader.reference(node, "agent", self._agents)
        match kind:
            case Kind.SEVERAL:
                return reader.texts(node)
            case Kind.ADDRESS:
                return reader.texts(node, "an address")
            case Kind.FLAG:
                return reader.flag(node)
            case Kind.SPAN:
                return reader.span(node)
            case Kind.NUMBER:
                return reader.number(node, -1e15, 1e15, "a number")
            case Kind.ANY if isinstance(node, Scalar):
                return node.value
        return reader.text(node)

    def _expected(
        self, reader: Reader, given: Mapping[str, Node]
    ) -> Iterator[tuple[int, Expectation]]:
        if "expect" in given:
            yield 0, self._expectation(reader, given["expect"])
        later: dict[int, Expectation] = {}
        after = given.get("after")
        if isinstance(after, Fields):
            for span, (key, value) in after.entries.items():
                try:
                    later[parse_span(span)] = self._expectation(reader, value)
                except ValueError:
                    reader.wrong(key, "a span such as 45s, 2m or 4h")
        elif after is not None:
            reader.wrong(after, "expectations by span", "after: {2m: {agent: bo}}")
        yield from sorted(later.items(), key=lambda item: item[0])

    def _expectation(self, reader: Reader, node: Node) -> Expectation:
        given = reader.shape(node, "expectation")
        if isinstance(node, Fields) and not node.entries:
            reader.fault(node, "nothing is expected")
        rules = self._rules
        ids = {rule.id for rule in rules.route}
        said: dict[str, object] = {}
        for key, value in given.items():
            match key:
                case "rule":
                    said[key] = _maybe(reader, value, "routing rule", ids)
                case "enriched":
                    enriching = {rule.id for rule in rules.enrich}
                    said[key] = self._names_of(reader, value, "enriching rule", enriching)
                case "queue":
                    said[key] = reader.reference(value, "queue", rules.queues)
                case "priority":
                    said[key] = reader.priority(value)
                case "tags":
                    said[key] = reader.texts(value, "a tag")
                case "need":
                    said |= self._need(reader, value)
                case "agent":
                    said[key] = _maybe(reader, value, "agent", self._agents)
                case "agents":
                    said[key] = self._people(reader, value)
                case "tell":
                    said[key] = reader.text(value)
                case "reply":
                    said[key] = _maybe(reader, value, "reply", rules.replies)
                case "article":
                    known = {rule.deflect.article for rule in rules.route if rule.deflect}
                    said[key] = _maybe(reader, value, "article", known)
                case "survey":
                    asking = {rule.id for rule in rules.surveys}
                    said[key] = _maybe(reader, value, "survey", asking)
                case "solved":
                    said[key] = reader.reference(value, "agent", self._agents)
                case "says":
                    said[key] = reader.text(value)
                case "first_reply":
                    said[key] = reader.span(value)
                case "state":
                    said[key] = reader.choice(value, STATES)
        return msgspec.structs.replace(Expectation(), **said)

    def _names_of(self, reader: Reader, node: Node, what: str, known: set[str]) -> tuple[str, ...]:
        found = [reader.reference(item, what, known) for item in reader.several(node)]
        return tuple(name for name in found if name is not None)

    def _need(self, reader: Reader, node: Node) -> dict[str, object]:
        levels: dict[str, float | None] = {}
        ask: Ask | None = None
        unasked: list[str] = []
        names = Names(skills=self._rules.skills.known, agents=self._agents)
        for skill, key, value in reader.named(node, "a skill"):
            absent = isinstance(value, Scalar) and value.value is None
            if skill in BESIDES_LEVELS:
                unasked += [skill] if absent else []
                ask = ask if absent else both(ask, besides(reader, skill, value, names))
                continue
            if skill not in self._rules.skills.known:
                reader.unknown(key, "skill", skill, self._rules.skills.known)
            levels[skill] = None if absent else reader.level(value)
        if ask is not None:
            levels |= ask.need
            ask = msgspec.structs.replace(ask, need=())
        found: dict[str, object] = {"need": levels, "unasked": tuple(unasked)}
        if ask is not None and ask != Ask():
            found["besides"] = ask
        return found


def known_facts(rules: RuleSet) -> Mapping[str, Kind]:
    """Every fact there is for these rules: the engine's, and those of plugins that rules ask."""
    every: list[EnrichRule | RouteRule | EscalateRule | SurveyRule] = []
    every += [*rules.enrich, *rules.route, *rules.escalate, *rules.surveys]
    named = {fact for rule in every for leaf, _ in leaves(rule.when) for fact in asked(leaf)}
    for rule in rules.enrich:
        templates = (*rule.need, *every_skill(rule.ask))
        named.update(fact for template in templates for fact in holes(template))
    return {**dict.fromkeys(named, Kind.ANY), **FACTS}


def _maybe(reader: Reader, node: Node, what: str, known: Sequence[str] | object) -> str | None:
    if isinstance(node, Scalar) and node.value is None:
        return None
    return reader.reference(node, what, known)  # type: ignore[arg-type]


def _moment(reader: Reader, node: Node) -> int:
    text = node.text if isinstance(node, Scalar) else ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        reader.wrong(node, "a time with its zone", "as in 2026-03-02T10:15+01:00")
        return AT
    return int(moment.timestamp() * 1000)


def _texts(facts: Mapping[str, Fact | tuple[str, ...]]) -> Texts:
    emails = facts.get("customer.email")
    vouched = facts.get("message.verified") is not False
    return Texts(
        text=str(facts.get("message.text") or ""),
        subject=str(facts.get("message.subject") or ""),
        emails=emails if vouched and isinstance(emails, tuple) else (),
        name=str(facts.get("customer.name") or ""),
        language=str(facts.get("message.language") or ""),
    )
