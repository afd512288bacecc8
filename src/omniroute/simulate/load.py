"""From a YAML file to a scenario; every fault is found in one run, with file and line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from omniroute.core.model import Needs
from omniroute.core.rules import ORDER, PICKS
from omniroute.core.skills import Edges
from omniroute.core.spans import UNITS, parse_span
from omniroute.errors import ConfigError, ConfigErrors
from omniroute.rules import sections
from omniroute.rules.reading import Reader
from omniroute.rules.team import read_bytes
from omniroute.rules.yaml12 import Fields, Node, Scalar, parse
from omniroute.simulate.distributions import Distribution, exponential
from omniroute.simulate.grammar import KINDS, SHAPES
from omniroute.simulate.scenario import CustomerClass, Group, Line, Relaxed, Scenario
from omniroute.simulate.tables import Arrivals, arrivals, values

LONGEST: Final = 1e7  # minutes: 19 years
MOST: Final = 1_000_000_000
OTHER_WORDS: Final = {"shape": "k", "min": "low", "max": "high"}


def load(path: Path) -> Scenario:
    """The scenario in a file.  Raises `ConfigErrors` with every finding."""
    return parse_scenario(read_bytes(path), path.name, path.parent)


def parse_scenario(data: bytes, file: str, folder: Path) -> Scenario:
    """The scenario in *data*, called *file*; files that it names are in *folder*."""
    reader = Reader(shapes=SHAPES)
    scenario = _Loader(reader, folder).scenario(parse(data, file))
    if scenario is None or reader.faults:
        raise ConfigErrors(reader.faults)
    return scenario


class _Loader:
    """Reads one file; what it cannot read is noted in the reader."""

    def __init__(self, reader: Reader, folder: Path) -> None:
        self._reader, self._folder = reader, folder
        self._files: dict[str, Arrivals | None] = {}

    def scenario(self, node: Node) -> Scenario | None:
        reader = self._reader
        given = reader.shape(node, "scenario")
        said: dict[str, Any] = {}
        for key, most in (("seed", MOST), ("replications", 10_000)):
            if key in given:
                said[key] = reader.integer(given[key], 0 if key == "seed" else 1, most)
        if "warmup" in given:
            said["warmup"] = reader.number(given["warmup"], 0, 0.99, "a share from 0 to 0.99")
        if "service_level" in given:
            said["within"] = self._within(given["service_level"])
        if "queue" in given:
            said["line"] = self._line(given["queue"])
        if "arrivals_total" in given:
            said["total"] = reader.integer(given["arrivals_total"], 1, MOST)
        if "horizon" in given:
            said["horizon"] = self._minutes(reader, given["horizon"])
        said["skills"] = self._graph(given["skills"]) if "skills" in given else {}
        groups = self._groups(given["groups"]) if "groups" in given else ()
        known = {skill for group in groups for skill in group.skills} | set(said["skills"])
        classes = self._classes(given["classes"], known) if "classes" in given else ()
        if reader.faults:
            return None
        read = {key: value for key, value in said.items() if value is not None}
        scenario = Scenario(classes, groups, **read)
        self._check_end(node, given, scenario)
        return scenario

    def _check_end(self, node: Node, given: Mapping[str, Node], scenario: Scenario) -> None:
        """Arrivals must end, and by one thing only."""
        if "arrivals_total" in given and "horizon" in given:
            fix = "leave one of them out"
            self._reader.fault(given["horizon"], "both “arrivals_total” and “horizon”", fix)
        if scenario.total is None and scenario.horizon is None:
            endless = [one.name for one in scenario.classes if one.between is not None]
            if endless:
                fix = "add `arrivals_total: 50000`, or `horizon:` in minutes"
                self._reader.fault(node, f"arrivals of “{endless[0]}” never end", fix)

    # --- the line ---

    def _line(self, node: Node) -> Line:
        reader = self._reader.about("queue")
        given = reader.shape(node, "queue")
        said: dict[str, Any] = {}
        if "order" in given:
            words = [
                reader.choice(item, ORDER)
                for item in reader.items(given["order"], "what goes first")
            ]
            said["order"] = tuple(word for word in words if word is not None)
        if "pick" in given:
            said["pick"] = reader.choice(given["pick"], PICKS)
        if "room" in given:
            said["room"] = reader.integer(given["room"], 0, MOST)
        if "misses" in given:
            said["misses"] = reader.integer(given["misses"], 1, 1_000)
        for key in ("promote_after", "offer_timeout", "wrap_up"):
            if key in given:
                said[key] = self._minutes(reader, given[key])
        return Line(**{key: value for key, value in said.items() if value is not None})

    def _within(self, node: Node) -> tuple[tuple[str, float], ...] | None:
        found: list[tuple[str, float]] = []
        for item in self._reader.several(node):
            text = item.text if isinstance(item, Scalar) else ""
            try:
                found.append((text, parse_span(text) / UNITS["m"]))
            except ValueError:
                self._reader.wrong(item, "a span such as 20s or 2m")
        return tuple(found) or None

    def _graph(self, node: Node) -> Edges:
        nodes = {name: value for name, _, value in self._reader.named(node, "skills")}
        graph = sections.edges(self._reader, nodes)
        if not self._reader.faults:
            sections.skills(self._reader, graph, nodes)
        return graph

    # --- groups ---

    def _groups(self, node: Node) -> tuple[Group, ...]:
        reader = self._reader
        found: list[Group] = []
        for item in reader.items(node, "groups of agents"):
            group = self._group(item)
            if group is None:
                continue
            if any(other.name == group.name for other in found):
                reader.fault(item, f"a second group “{group.name}”")
            found.append(group)
        if not found and not reader.faults:
            reader.fault(node, "no group of agents", "as in - {name: g1, agents: 5}")
        return tuple(found)

    def _group(self, node: Node) -> Group | None:
        given = self._reader.shape(node, "group")
        name = self._reader.name(given["name"], "a group") if "name" in given else None
        if name is None:
            return None
        reader = self._reader.about(name)
        said: dict[str, Any] = {}
        if "agents" in given:
            said["agents"] = reader.integer(given["agents"], 0, 1_000_000)
        if "skills" in given:
            said["skills"] = self._levels(reader, given["skills"], 0)
        if "capacity" in given:
            said["capacity"] = reader.integer(given["capacity"], 0, 1_000)
        if "accept" in given:
            said["accept"] = self._distribution(reader, given["accept"])
        if "shifts" in given:
            said["shifts"] = self._shifts(reader, given["shifts"])
        read = {key: value for key, value in said.items() if value is not None}
        return Group(name, **({"agents": 0} | read))

    def _shifts(self, reader: Reader, node: Node) -> tuple[tuple[float, float], ...]:
        found: list[tuple[float, float]] = []
        for item in reader.items(node, "shifts, each [from, to] in minutes"):
            ends = [self._minutes(reader, end, 0) for end in reader.items(item, "from and to")]
            if len(ends) != 2 or None in ends or ends[0] >= ends[1]:  # type: ignore[operator]
                reader.fault(item, "no shift", "two minutes, the later one second: [480, 960]")
            elif found and ends[0] < found[-1][1]:  # type: ignore[operator]
                reader.fault(item, "begins before the shift above it ends")
            else:
                found.append((ends[0], ends[1]))  # type: ignore[arg-type]
        return tuple(found)

    # --- classes ---

    def _classes(self, node: Node, known: set[str]) -> tuple[CustomerClass, ...]:
        found = []
        for name, _, value in self._reader.named(node, "a class of customers"):
            found.append(self._class(self._reader.about(name), name, value, known))
        if not found and not self._reader.faults:
            self._reader.fault(node, "no class of customers", "as in billing: {rate: 4, …}")
        return tuple(one for one in found if one is not None)

    def _class(
        self, reader: Reader, name: str, node: Node, known: set[str]
    ) -> CustomerClass | None:
        given = reader.shape(node, "class")
        said: dict[str, Any] = self._coming(reader, name, node, given)
        if "handling" in given:
            said["handling"] = self._distribution(reader, given["handling"])
        elif not said.get("handlings"):
            reader.fault(node, "“handling” is missing", "as in handling: {mean: 5}")
        if "patience" in given:
            said["patience"] = self._distribution(reader, given["patience"])
        if "priority" in given:
            said["priority"] = reader.priority(given["priority"])
        if "weight" in given:
            said["weight"] = reader.integer(given["weight"], 1, 100)
        if "deadline" in given:
            said["deadline"] = self._minutes(reader, given["deadline"])
        said["steps"] = self._steps(reader, given, known)
        read = {key: value for key, value in said.items() if value is not None}
        return CustomerClass(name, **({"handling": None} | read))

    def _coming(
        self, reader: Reader, name: str, node: Node, given: Mapping[str, Node]
    ) -> dict[str, Any]:
        """How they come: at a rate, by a distribution, or as a file says."""
        rate = None
        if "rate" in given:
            rate = reader.number(given["rate"], 1e-9, 1e6, "arrivals a minute, above 0")
        said = given.get("arrivals")
        if said is None:
            if "rate" not in given:
                reader.fault(
                    node, "“rate” is missing", "arrivals a minute, or arrivals: {csv: FILE}"
                )
            return {"between": exponential(1 / rate)} if rate else {}
        if isinstance(said, Fields) and "csv" in said.entries:
            reader.shape(said, "arrivals")
            return self._from_file(reader, name, said.entries["csv"][1])
        between = self._distribution(reader, said, mean=1 / rate if rate else None)
        return {"between": between}

    def _from_file(self, reader: Reader, name: str, node: Node) -> dict[str, Any]:
        file = reader.text(node, "a file")
        if file is None:
            return {}
        if file not in self._files:
            self._files[file] = None
            try:
                self._files[file] = arrivals(self._folder / file)
            except ConfigError as error:
                self._reader.faults.append(error)
        if (table := self._files[file]) is None:
            return {}
        found = table.of(name)
        if not found.times:
            reader.fault(node, f"no row of {file} has the class “{name}”")
            return {}
        said: dict[str, Any] = {"times": found.times}
        if "handling" in found.columns:
            try:
                given = found.numbers("handling")
            except ConfigError as error:
                self._reader.faults.append(error)
                return said
            said["handlings"] = tuple(span for span in given if span is not None)
            if None in given:
                reader.fault(node, f"a row of {file} says nothing of “handling”")
        return said

    def _steps(
        self, reader: Reader, given: Mapping[str, Node], known: set[str]
    ) -> tuple[Relaxed, ...]:
        steps = [self._step(reader, given, known)]
        later = reader.items(given["relax"], "steps") if "relax" in given else ()
        steps += [self._step(reader, reader.shape(item, "step"), known) for item in later]
        if later and any(step.span is None for step in steps[:-1]):
            reader.fault(given["relax"], "a step without “for” before another one",
                         "say for how many minutes each but the last holds")  # fmt: skip
        if steps[-1].span is not None:
            reader.fault(given.get("relax") or given["for"], "the last step has a “for”",
                         "the last holds to the end")  # fmt: skip
        return tuple(steps)

    def _step(self, reader: Reader, given: Mapping[str, Node], known: set[str]) -> Relaxed:
        need = self._levels(reader, given["require"], 1e-9) if "require" in given else {}
        for skill in need:
            if skill not in known and "require" in given:
                reader.unknown(given["require"], "skill", skill, known)
        span = self._minutes(reader, given["for"]) if "for" in given else None
        return Relaxed(need, span)

    # --- values ---

    def _levels(self, reader: Reader, node: Node, least: float) -> Needs:
        found: Needs = {}
        for skill, _, value in reader.named(node, "a skill"):
            level = reader.number(value, least, 5, "a level above 0, at most 5")
            if level is not None:
                found[skill] = float(level)
        return found

    def _minutes(self, reader: Reader, node: Node, least: float = 1e-9) -> float | None:
        """A number of minutes, or a span such as 20s."""
        text = node.text if isinstance(node, Scalar) else ""
        if text[-1:].isalpha():
            try:
                return parse_span(text) / UNITS["m"]
            except ValueError:
                pass
        return reader.number(node, least, LONGEST, "a number of minutes" + " above 0" * (least > 0))

    def _distribution(
        self, reader: Reader, node: Node, mean: float | None = None
    ) -> Distribution | None:
        """A distribution, or a bare number as the mean of an exponential one."""
        if not isinstance(node, Fields):
            bare = self._minutes(reader, node)
            return exponential(bare) if bare is not None else None
        given = reader.shape(node, "distribution")
        given = {OTHER_WORDS.get(key, key): value for key, value in given.items()}
        kind = reader.choice(given["dist"], KINDS) if "dist" in given else "exponential"
        if "mean" in given:
            mean = self._minutes(reader, given["mean"])
            if mean is None:
                return None
        if kind is None:
            return None
        if kind == "empirical":
            return self._empirical(reader, node, given)
        if kind == "uniform":
            return self._uniform(reader, node, given, mean)
        if mean is None:
            reader.fault(node, "“mean” is missing", "the mean in minutes")
            return None
        return Distribution(kind, mean, self._shape(reader, kind, given, mean))

    def _shape(self, reader: Reader, kind: str, given: Mapping[str, Node], mean: float) -> float:
        if kind == "erlang":
            return float(reader.integer(given["k"], 1, 1_000) or 1) if "k" in given else 1.0
        if kind not in ("gamma", "lognormal"):
            return 1.0
        if kind == "gamma" and "k" in given:
            return reader.number(given["k"], 1e-3, 1e6, "a shape above 0") or 1.0
        cv = 1.0
        if "cv" in given:
            cv = reader.number(given["cv"], 1e-3, 100, "a coefficient from 0.001 to 100") or 1.0
        elif "sd" in given:
            cv = (self._minutes(reader, given["sd"]) or mean) / mean
        return cv if kind == "lognormal" else 1 / (cv * cv)

    def _uniform(
        self, reader: Reader, node: Node, given: Mapping[str, Node], mean: float | None
    ) -> Distribution | None:
        low = (self._minutes(reader, given["low"], 0) or 0.0) if "low" in given else 0.0
        high = self._minutes(reader, given["high"]) if "high" in given else None
        if high is None and mean is not None:
            high = 2 * mean - low
        if high is None or high <= low:
            reader.fault(node, "no range", "low and high, or a mean above low")
            return None
        return Distribution("uniform", (low + high) / 2, low=low, high=high)

    def _empirical(
        self, reader: Reader, node: Node, given: Mapping[str, Node]
    ) -> Distribution | None:
        found: tuple[float, ...] = ()
        if "values" in given:
            numbers = [self._minutes(reader, item) for item in reader.several(given["values"])]
            found = tuple(number for number in numbers if number is not None)
        elif "csv" in given and (file := reader.text(given["csv"], "a file")) is not None:
            try:
                found = values(self._folder / file)
            except ConfigError as error:
                reader.faults.append(error)
                return None
        if not found:
            reader.fault(node, "no values", "as in values: [1, 2.5, 4], or csv: FILE")
            return None
        return Distribution("empirical", math.fsum(found) / len(found), values=found)
