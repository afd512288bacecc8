"""From a folder of YAML files to the rule set that the core decides by.

Files are merged in the order of their names, each after those that it includes: lists follow each
other, names must be unique.  All
faults of all files are found in one run; a set with a fault is not a set, so whoever reloads
keeps the one they have.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

import msgspec

from omniroute.core.conditions import FACTS, Kind
from omniroute.core.rules import WAIT, Defaults, RuleSet
from omniroute.core.skills import Edges, Skills
from omniroute.core.urgency import DAY, HORIZON_DAYS, Calendar
from omniroute.errors import ConfigError, ConfigErrors
from omniroute.rules import sections
from omniroute.rules.calendars import calendar
from omniroute.rules.includes import SUFFIX, in_order, is_rules, with_included
from omniroute.rules.needs import Names
from omniroute.rules.reading import Reader
from omniroute.rules.statements import Statements
from omniroute.rules.stems import stem_of
from omniroute.rules.surveys import our_texts
from omniroute.rules.team import FILE as TEAM
from omniroute.rules.team import Known, Member, check_version, members, read_bytes
from omniroute.rules.whens import Whens
from omniroute.rules.yaml12 import Fields, Node, Scalar, parse, place


class Draft(msgspec.Struct, frozen=True):
    """What files say, faults and all: `check` looks at it, `load` accepts it or raises.

    Where there are faults, *rules* holds what could be read.  *team* is None without a team file.
    """

    rules: RuleSet
    team: tuple[Member, ...] | None
    edges: Edges
    faults: tuple[ConfigError, ...]
    counts: Mapping[str, int]  # of what stands in the files, readable or not
    closed: Mapping[str, Node]  # the closed days of calendars, as written


def load(folder: Path) -> RuleSet:
    """The rule set in a folder, or in a single file.

    Raises `ConfigErrors` with every finding, each with file and line.
    """
    return accepted(read(folder))


def parse_rules(files: Mapping[str, bytes]) -> RuleSet:
    """The rule set in files given by name, ``team.yaml`` among them if there is one."""
    return accepted(draft(files))


def sources(folder: Path) -> bytes:
    """What the version of a folder's rules is the hash of: its files, less the team's."""
    return canonical(rule_files(folder))


def canonical(files: Mapping[str, bytes]) -> bytes:
    """Names and contents in the order of names; ends of lines and byte order marks count not."""
    parts: list[bytes] = []
    for name in sorted(files):
        if name != TEAM:
            data = files[name].removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
            parts.append(b"--- %s %d\n%s" % (name.encode(), len(data), data))
    return b"".join(parts)


def rule_files(folder: Path) -> dict[str, bytes]:
    """The files of a folder, or a single file and the team beside it, by name.

    Raises `ConfigErrors` where there is nothing to read.
    """
    if folder.is_file():
        chosen = [folder, folder.with_name(TEAM)]
    elif folder.is_dir():
        chosen = [
            p for p in sorted(folder.glob(f"*{SUFFIX}")) if is_rules(p.name) or p.name == TEAM
        ]
    else:
        fix = "make it, with rules.yaml and team.yaml in it, or set rules.folder"
        raise ConfigErrors([ConfigError(str(folder), "no such folder of rules", fix)])
    home = folder if folder.is_dir() else folder.parent
    found = {path.name: read_bytes(path) for path in chosen if path.is_file()}
    if not found.keys() - {TEAM}:
        fix = f"rules are in files whose names end in {SUFFIX}"
        raise ConfigErrors([ConfigError(str(folder), "no rules in this folder", fix)])
    return with_included(home, found)


def read(folder: Path) -> Draft:
    """What a folder says.  Raises `ConfigErrors` only where there is nothing to read."""
    return draft(rule_files(folder))


@contextmanager
def _no_search_for_garbage() -> Iterator[None]:
    """Ten thousand rules are a million objects that stay: to sift them again and again while
    they grow takes as long as making them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_no_search_for_garbage()
def draft(files: Mapping[str, bytes]) -> Draft:
    """What files say."""
    reader = Reader()
    nodes: dict[str, Node] = {}
    for name in sorted(files):
        try:
            nodes[name] = parse(files[name], name)
        except ConfigErrors as errors:
            reader.faults.extend(errors.findings)
    version = hashlib.sha256(canonical(files)).hexdigest()[:16]
    if reader.faults:  # what a broken file would have declared, others may refer to: stop here
        bare = RuleSet(version, Defaults(""))
        return Draft(bare, None, {}, tuple(reader.faults), {}, {})
    return _Merged(reader, in_order(reader, nodes)).draft(version)


def accepted(draft: Draft) -> RuleSet:
    """The rules of a draft without faults.  Raises `ConfigErrors` with those it has."""
    if draft.faults:
        raise ConfigErrors(draft.faults)
    return draft.rules


class _Merged:
    """All files as one: each section's values by name or in order."""

    def __init__(self, reader: Reader, nodes: Mapping[str, Node]) -> None:
        self.reader = reader
        self.nodes = nodes
        self.named: dict[str, dict[str, Node]] = {
            section: {} for section in ("calendars", "skills", "queues", "replies")
        }
        self.facts: dict[str, Kind] = dict(FACTS)
        self.enrich: list[Node] = []
        self.escalate: list[Node] = []
        self.surveys: list[Node] = []
        self.route: list[Node] = []
        self.defaults: Node | None = None
        for name, node in nodes.items():
            if name != TEAM:
                self._add(node)

    def _add(self, node: Node) -> None:
        reader = self.reader
        given = reader.shape(node, "file")
        check_version(reader, given)
        for section, into in self.named.items():
            if section in given:
                self._by_name(into, given[section], section)
        for item in reader.several(given["facts"]) if "facts" in given else ():
            if (fact := reader.name(item, "a fact")) is not None:
                self.facts.setdefault(fact, Kind.ANY)
        if "escalate" in given:
            self.escalate += reader.items(given["escalate"], "rules")
        if "surveys" in given:
            self.surveys += reader.items(given["surveys"], "surveys")
        if "enrich" in given:
            self.enrich += reader.items(given["enrich"], "rules")
        if "route" in given:
            self.route += reader.items(given["route"], "rules")
        if "defaults" in given:
            if self.defaults is not None:
                fault = f"a second “defaults”, the first is in {place(self.defaults)}"
                reader.fault(given["defaults"], fault)
            self.defaults = given["defaults"]

    def _by_name(self, into: dict[str, Node], node: Node, section: str) -> None:
        for name, key, value in self.reader.named(node, section):
            if name in into:
                self.reader.fault(key, f"{section}: “{name}” stands in {place(into[name])} too")
            into.setdefault(name, value)

    def draft(self, version: str) -> Draft:
        """Read everything there is, skills first: the team and the rules refer to them."""
        reader = self.reader
        before = len(reader.faults)
        graph = sections.edges(reader, self.named["skills"])
        if len(reader.faults) == before:
            skills = sections.skills(reader, graph, self.named["skills"])
        else:
            skills = Skills(frozenset(graph))
        team = None
        if TEAM in self.nodes:
            named = Known(skills.known, self.named["calendars"], self.named["queues"])
            team = members(reader, self.nodes[TEAM], named)
        calendars, closed = self._calendars()
        rules = self._rules(version, skills, calendars, team)
        reader.faults.extend(_endless(rules, place(self.defaults) if self.defaults else ""))
        counts = {
            "enrich": len(self.enrich),
            "route": len(self.route),
            "queues": len(self.named["queues"]),
            "skills": len(self.named["skills"]),
        }
        return Draft(rules, team, graph, tuple(reader.faults), counts, closed)

    def _rules(
        self,
        version: str,
        skills: Skills,
        calendars: Mapping[str, Calendar],
        team: Sequence[Member] | None,
    ) -> RuleSet:
        reader = self.reader
        queues, replies = self.named["queues"], self.named["replies"]
        agents = None if team is None else frozenset(member.id for member in team)
        teams = None if team is None else frozenset(t for member in team for t in member.teams)
        articles = sections.articles(reader, self.defaults)
        names = Names(calendars, skills.known, queues, replies, agents, self.facts, articles, teams)
        waits = {WAIT + queue: Kind.SPAN for queue in queues}
        whens = Whens(frozenset(calendars), {**self.facts, **waits})
        statements = Statements(reader, whens, names)
        enrich = [statements.enrich(node) for node in self.enrich]
        escalate = [statements.escalate(node) for node in self.escalate]
        surveys = [statements.survey(node) for node in self.surveys]
        last = len(self.route) - 1
        route = [statements.route(node, index == last) for index, node in enumerate(self.route)]
        root = next(iter(self.nodes.values()), Scalar("", 1, 1, "", None))
        texts = {n: sections.reply(reader.about(n), r, names) for n, r in replies.items()}
        said = {name: p.texts(texts) for name, p in statements.proposals.items()}
        kept = tuple(rule for rule in surveys if rule is not None)
        for survey in kept:
            said |= our_texts(survey)
        return RuleSet(
            version=version,
            defaults=sections.defaults(reader, self.defaults, names, root),
            enrich=tuple(rule for rule in enrich if rule is not None),
            escalate=tuple(rule for rule in escalate if rule is not None),
            route=tuple(rule for rule in route if rule is not None),
            queues={
                n: sections.queue(reader.about(n), n, q, teams, names) for n, q in queues.items()
            },
            calendars=calendars,
            skills=skills,
            surveys=kept,
            replies={**texts, **said},
            places=statements.places,
            expressions=whens.expressions.compiled,
            stems={language: stem_of(language) for language in whens.languages},
        )

    def _calendars(self) -> tuple[dict[str, Calendar], dict[str, Node]]:
        """By name, and the closed days of each as written; one with a fault counts as open."""
        found: dict[str, Calendar] = {}
        closed: dict[str, Node] = {}
        for name, node in self.named["calendars"].items():
            read = calendar(self.reader.about(name), node)
            found[name] = read or Calendar(UTC, {day: [(0, DAY)] for day in range(7)})
            if isinstance(node, Fields) and "closed" in node.entries:
                closed[name] = node.entries["closed"][1]
        return found, closed


def _endless(rules: RuleSet, of_defaults: str) -> Iterator[ConfigError]:
    """Promises whose clock runs so seldom that they would never fall due."""
    promises = [("defaults", of_defaults, rules.defaults.sla)]
    for rule in rules.enrich:
        said = {k: v for k, v in msgspec.structs.asdict(rule.sla).items() if v is not None}
        promise = msgspec.structs.replace(rules.defaults.sla, **said)
        promises.append((rule.id, rules.places.get(rule.id, ""), promise))
    for subject, where, promise in dict.fromkeys(promises):
        clock = rules.calendar(promise.clock)
        longest = max(promise.first_reply, promise.next_reply or 0, promise.resolution or 0)
        if clock is not None and clock.add(0, longest) >= HORIZON_DAYS * DAY:
            fault = f"{subject}: on the clock “{promise.clock}” this promise takes over 20 years"
            yield ConfigError(where, fault, "promise less, or open longer")
