"""Where threads can go, drawn and in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from xml.etree import ElementTree as ET

import pytest

from omniroute.core.rules import RuleSet
from omniroute.rules.graph import Way, dot, in_words, mermaid, rows, text, ways
from omniroute.rules.graph_svg import svg
from omniroute.rules.team import Member

Ways = Callable[..., tuple[Way, ...]]

RULES = """
enrich:
  - id: language
    when: {message.language: [de, en]}
    set: {need: {"lang.{message.language}": 3}}
route:
  - {id: known, when: {thread.last_agent: {known: true}}, then: fall_through,
     to: {agent: "{thread.last_agent}", for: 1m}}
  - {id: refunds, when: {topic: refund}, to: {queue: billing, need: {refunds: 3}, for: 2m},
     relax: [{need: {refunds: 1}, for: 2m}, {queue: general, drop: all}]}
  - {id: rest, to: {queue: general}}
"""
TEAM = (
    Member("ana", "Ana", "a@x.example", skills={"billing": 5.0, "lang.de": 5.0}),
    Member("bo", "Bo", "b@x.example", skills={"refunds": 2.0, "lang.en": 4.0}),
)


@pytest.fixture
def found(rules: Callable[..., RuleSet]) -> Ways:
    def made(
        every_step: bool = False,
        statuses: Mapping[str, str] | None = None,
        volumes: Mapping[str, int] | None = None,
    ) -> tuple[Way, ...]:
        return ways(rules(RULES), TEAM, every_step=every_step, statuses=statuses, volumes=volumes)

    return made


def test_a_line_for_each_rule_and_each_language(found: Ways) -> None:
    assert text(found()).splitlines() == [
        "refunds ─▶ billing ─▶ refunds ≥ 3 ─▶ ana",
        "refunds ─▶ billing ─▶ lang.de ≥ 3, refunds ≥ 3 ─▶ ana",
        "refunds ─▶ billing ╌▶ lang.en ≥ 3, refunds ≥ 3: nobody in the team",
        "rest    ─▶ general ─▶ no skill ─▶ ana, bo",
        "rest    ─▶ general ─▶ lang.de ≥ 3 ─▶ ana",
        "rest    ─▶ general ─▶ lang.en ≥ 3 ─▶ bo",
        "needs that rest on one agent:",
        "  refunds ≥ 3 in billing: only ana",
        "  lang.de ≥ 3, refunds ≥ 3 in billing: only ana",
        "  lang.de ≥ 3 in general: only ana",
        "  lang.en ≥ 3 in general: only bo",
        "needs that nobody in the team can meet:",
        "  lang.en ≥ 3, refunds ≥ 3 in billing",
    ]


def test_which_need_no_online_agent_can_meet(found: Ways) -> None:
    gone = found(statuses={"ana": "away", "bo": "online"})
    assert "refunds ─▶ billing ╌▶ refunds ≥ 3: nobody online" in text(gone)
    assert "  lang.de ≥ 3 in general (could: ana)" in in_words(gone)
    assert "needs that nobody online can meet:" in in_words(gone)
    everybody = [way for way in found(statuses={"ana": "online", "bo": "online"}) if way.able]
    assert "every need can be met by somebody who is online" in in_words(everybody)


def test_without_a_team_nobody_is_missing(rules: Callable[..., RuleSet]) -> None:
    alone = ways(rules(RULES), None)
    assert text(alone).splitlines()[0] == "refunds ─▶ billing ─▶ refunds ≥ 3"
    assert "nobody" not in text(alone)


def test_how_much_goes_there(found: Ways) -> None:
    busy = text(found(volumes={"refunds": 412}))
    assert "refunds ═(412)═▶ billing ─▶" in busy
    assert "rest    ─(0)─▶ general ─▶" in busy


def test_every_step(found: Ways) -> None:
    steps = [(way.rule, way.step, way.queue, way.asks) for way in found(every_step=True)]
    assert ("refunds", 2, "billing", "refunds ≥ 1") in steps
    assert ("refunds", 3, "general", "no skill") in steps


def test_as_a_table(found: Ways) -> None:
    first = rows(found())[0]
    assert first["rule"] == "refunds"
    assert first["who"] == "ana"


def test_for_mermaid_and_graphviz(found: Ways) -> None:
    chart = mermaid(found(volumes={"refunds": 7})).splitlines()
    assert chart[:3] == [
        "flowchart LR",
        '  n0["refunds"] -->|7| n1[/"billing"/]',
        '  n1 --> n2{{"billing: refunds ≥ 3"}}',
    ]
    assert any("-.->" in line for line in chart)
    drawn = dot(found()).splitlines()
    assert '  "refunds" -> "billing"' in drawn
    assert ('  "billing" -> "billing: lang.en ≥ 3, refunds ≥ 3" [style=dashed, color=red]') in drawn


def test_as_a_picture_that_stands_alone(found: Ways) -> None:
    picture = svg(found(volumes={"refunds": 412, "rest": 3}))
    root = ET.fromstring(picture)  # noqa: S314 - what we drew
    named = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert named == {"svg", "title", "desc", "style", "path", "text", "rect"}
    assert "href" not in picture
    assert "url(" not in picture
    assert ">nobody in the team</text>" in picture
    assert "412 threads" in picture
    ET.fromstring(svg(()))  # noqa: S314 - nothing to draw is drawn, too
