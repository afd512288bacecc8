"""``surveys:``: the question how it was, when it is asked, and what a bad answer leads to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from omniroute.catalogue import Catalogue
from omniroute.core.conditions import Always
from omniroute.core.rules import Low, SurveyRule
from omniroute.core.surveys import SCALES
from omniroute.rules.escalations import halves, named, people
from omniroute.rules.grammar import ALWAYS, MEASURES
from omniroute.rules.needs import Names
from omniroute.rules.reading import Reader
from omniroute.rules.whens import Whens
from omniroute.rules.yaml12 import Node, Scalar


@cache
def words() -> Catalogue:
    """What is asked where the rules have no words of their own."""
    return Catalogue.of("omniroute.rules")


def our_texts(survey: SurveyRule) -> dict[str, Mapping[str, str]]:
    """Its automatic replies that are ours, each by language."""
    ours = {
        _ours(survey.id, "ask"): f"ask_{survey.measure}",
        _ours(survey.id, "thanks"): "thanks",
        _ours(survey.id, "more"): "more",
    }
    return {
        reply: {language: said[ours[reply]] for language, said in words().languages.items()}
        for reply in survey.sends
        if reply in ours
    }


def _ours(survey: str, what: str) -> str:
    return f"survey/{survey}/{what}"


def read_survey(
    reader: Reader, id: str, given: Mapping[str, Node], names: Names, whens: Whens
) -> SurveyRule:
    """A survey; what cannot be read of it is left out, and noted."""
    when = given["when"]
    always = isinstance(when, Scalar) and when.text == ALWAYS
    own, besides = halves(reader, when, whens, "survey when")
    asked = {} if always else reader.shape(own, "survey when")
    condition = whens.condition(reader, besides) if besides is not None else Always()
    measure = reader.choice(given["measure"], MEASURES) if "measure" in given else None
    spans = {
        name: span
        for key, name in (
            ("after", "after_ms"),
            ("at_most_every", "every_ms"),
            ("open_for", "open_ms"),
        )
        if key in given and (span := reader.span(given[key])) is not None
    }
    said = {
        key: reader.reference(given[key], "reply", names.replies) or ""
        for key in ("ask", "thanks")
        if key in given
    }
    more = _ours(id, "more")
    if "follow_up" in given:
        more = _follow_up(reader, given["follow_up"], names, more)
    return SurveyRule(
        id,
        measure or MEASURES[0],
        queues=named(reader, asked.get("queue"), "queue", names.queues),
        when=condition or Always(),
        ask=said.get("ask") or _ours(id, "ask"),
        thanks=said.get("thanks") or _ours(id, "thanks"),
        more=more,
        low=_low(reader, given["low"], names, measure or MEASURES[0]) if "low" in given else None,
        **spans,
    )


def _follow_up(reader: Reader, node: Node, names: Names, ours: str) -> str:
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return ours if node.value else ""
    return reader.reference(node, "reply", names.replies) or ""


def _low(reader: Reader, node: Node, names: Names, measure: str) -> Low | None:
    given = reader.shape(node, "survey low")
    scale = SCALES[measure]
    if "at_most" not in given:
        return None
    at_most = reader.integer(given["at_most"], scale[0], scale[-1])
    said: dict[str, Any] = {}
    if "tags" in given:
        said["tags"] = reader.texts(given["tags"], "a tag")
    if "priority" in given:
        said["priority"] = reader.priority(given["priority"])
    if "reopen" in given:
        said["reopen"] = reader.flag(given["reopen"]) or False
    said["notify"] = named(reader, given.get("notify"), "agent or team", people(names))
    if not given.keys() - {"at_most"}:
        fix = "say what follows: tags, priority, notify or reopen"
        reader.fault(node, "a bad answer that leads to nothing", fix)
    return None if at_most is None else Low(at_most, **said)
