"""One rule at a time: from a node to an enriching or a routing rule of the core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from omniroute.core.conditions import Always, Condition
from omniroute.core.ladder import Stage
from omniroute.core.rules import Deflection, EnrichRule, EscalateRule, RouteRule, SurveyRule
from omniroute.rules.actions import added, stages, step
from omniroute.rules.deflect import Proposal, read_proposal
from omniroute.rules.escalations import escalation
from omniroute.rules.grammar import ANYONE, FALL_THROUGH
from omniroute.rules.needs import Names
from omniroute.rules.reading import Reader
from omniroute.rules.surveys import read_survey
from omniroute.rules.whens import Whens
from omniroute.rules.yaml12 import Fields, Node, Scalar, place


class Statements:
    """Reads the rules of a set: each id once, with its place."""

    def __init__(self, reader: Reader, whens: Whens, names: Names) -> None:
        self.places: dict[str, str] = {}
        self.proposals: dict[str, Proposal] = {}  # by the name of the reply that proposes
        self._reader, self._whens, self._names = reader, whens, names

    def enrich(self, node: Node) -> EnrichRule | None:
        """An enriching rule, or None where too little of it can be read."""
        id, reader = self._id(node)
        given = reader.shape(node, "enrich rule")
        when = self._whens.condition(reader, given["when"]) if "when" in given else None
        if "set" not in given:
            return None
        said = added(reader, given["set"], self._names)
        if when is None or not id:
            return None
        asked = said.required
        return EnrichRule(
            id, when, asked.need, said.priority, said.sla, said.tags, said.weight, said.boost,
            ask=asked.ask,
        )  # fmt: skip

    def escalate(self, node: Node) -> EscalateRule | None:
        """An escalation rule, or None where too little of it can be read."""
        id, reader = self._id(node)
        given = reader.shape(node, "escalation")
        if not id or "when" not in given or "do" not in given:
            return None
        return escalation(reader, id, given["when"], given["do"], self._names, self._whens)

    def survey(self, node: Node) -> SurveyRule | None:
        """A survey, or None where too little of it can be read."""
        id, reader = self._id(node)
        given = reader.shape(node, "survey")
        if not id or "when" not in given:
            return None
        return read_survey(reader, id, given, self._names, self._whens)

    def route(self, node: Node, last: bool) -> RouteRule | None:
        """A routing rule, or None where too little of it can be read."""
        id, reader = self._id(node)
        given = reader.shape(node, "route rule")
        when = self._when(reader, given, node, last)
        first = stages(reader, given["to"], self._names) if "to" in given else []
        written = reader.items(given["relax"], "steps") if "relax" in given else ()
        ladder = [*first, *(step(reader, node, self._names) for node in written)]
        reply = ""
        if "reply" in given:
            reply = reader.reference(given["reply"], "reply", self._names.replies) or ""
        then = reader.choice(given["then"], (FALL_THROUGH, ANYONE)) if "then" in given else None
        falls = then == FALL_THROUGH
        proposal = None
        if "deflect" in given:
            proposal = read_proposal(reader, given["deflect"], self._names)
            _check_deflecting(reader, given)
            falls = True
        elif falls:
            _check_falling(reader, given)
        elif "to" in given:
            _check_ladder(reader, [given["to"], *written], then == ANYONE)
        elif isinstance(node, Fields):
            reader.fault(node, "“to” is missing", "name a queue: {queue: general}")
        if when is None or not id:
            return None
        deflect = None
        if proposal is not None:
            deflect = Deflection(proposal.article, f"deflect/{id}")
            self.proposals[deflect.reply] = proposal
            ladder = [Stage(article=proposal.article, span=proposal.span)]
        elif then == ANYONE:
            ladder.append(Stage(drop_all=True, implied=True))
        queue = ladder[0].queue if ladder else ""
        return RouteRule(id, when, queue, tuple(ladder), falls, reply, deflect)

    def _id(self, node: Node) -> tuple[str, Reader]:
        """A rule's id (empty where it has none) and a reader that speaks of the rule."""
        entry = node.entries.get("id") if isinstance(node, Fields) else None
        id = self._reader.name(entry[1], "a rule") if entry is not None else None
        if entry is None or id is None:
            return "", self._reader
        if id in self.places:
            fault = f"a second rule “{id}”, the first is in {self.places[id]}"
            self._reader.fault(entry[1], fault, "give each rule an id of its own")
        else:
            self.places[id] = place(entry[1])
        return id, self._reader.about(id)

    def _when(
        self, reader: Reader, given: Mapping[str, Node], node: Node, last: bool
    ) -> Condition | None:
        if "when" in given:
            return self._whens.condition(reader, given["when"])
        then = given.get("then")
        if last and not (isinstance(then, Scalar) and then.text == FALL_THROUGH):
            return Always()
        if isinstance(node, Fields):
            fix = "only the last rule may leave it out: write `when: always` if that is meant"
            reader.fault(node, "“when” is missing", fix)
        return None


def _check_deflecting(reader: Reader, given: Mapping[str, Node]) -> None:
    for key in ("to", "relax", "then", "reply"):
        if key in given:
            fix = "it proposes an article, and the rules below decide"
            reader.fault(given[key], f"“{key}” in a rule that deflects", fix)


def _check_falling(reader: Reader, given: Mapping[str, Node]) -> None:
    if "relax" in given:
        reader.fault(given["relax"], "a rule that falls through has no steps of its own")
    if "to" not in given:
        if "reply" not in given:
            reader.fault(given["then"], "a rule that does nothing", "give it “to” or “reply”")
        return
    to = given["to"]
    said = to.entries if isinstance(to, Fields) else {}
    for key in sorted(said.keys() & {"queue", "need", "broadcast", "widen"}):
        fix = "a rule that falls through only names whom to ask first"
        reader.fault(said[key][1], f"“{key}” is for a rule that decides", fix)
    if not said.keys() & {"agent", "agents"}:
        reader.fault(to, "nobody is named", "name an agent to ask first")
    if "for" not in said:
        fix = "say how long: {for: 3m}"
        reader.fault(to, "without “for” the rules below can never be reached", fix)


def _check_ladder(reader: Reader, steps: Sequence[Node], anyone: bool) -> None:
    """Note a step without end that has another one behind it (routing.md R4)."""
    if anyone and isinstance(last := steps[-1], Fields) and "for" not in last.entries:
        fault = f"step {len(steps)} has no “for”: “then: anyone” can never be reached"
        reader.fault(last, fault, "say how long: {for: 2m}")
    for number, node in enumerate(steps[:-1], 1):
        if isinstance(node, Fields) and "for" not in node.entries:
            fault = f"step {number} has no “for”: step {number + 1} can never be reached"
            reader.fault(node, fault, "say how long: {for: 2m}")
