"""One rule at a time: what it does, and those that cannot work."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from omniroute.core.conditions import Always
from omniroute.core.ladder import Stage
from omniroute.core.rules import EnrichRule, RouteRule, RuleSet, SlaChange
from omniroute.core.urgency import MINUTE


@pytest.fixture(scope="session")
def enriched(rules: Callable[..., RuleSet]) -> Callable[..., EnrichRule]:
    """The enriching rule with this ``set``."""

    def made(set: str) -> EnrichRule:
        return rules(f"enrich: [{{id: x, when: always, set: {set}}}]").enrich[0]

    return made


@pytest.fixture(scope="session")
def routed(rules: Callable[..., RuleSet]) -> Callable[[str], RouteRule]:
    """The routing rule with these keys."""

    def made(keys: str) -> RouteRule:
        return rules(f"route: [{{id: x, when: {{channel: email}}, {keys}}}]").route[0]

    return made


def test_enriching(enriched: Callable[..., EnrichRule]) -> None:
    rule = enriched(
        "{need: {refunds: 2, 'lang.{message.language}': 3}, priority: 35, weight: 2,"
        " tags: [a, b], sla: {first_reply: 10m, clock: always}}",
    )
    assert rule == EnrichRule(
        "x",
        Always(),
        need={"refunds": 2, "lang.{message.language}": 3},
        priority=35,
        sla=SlaChange(10 * MINUTE, clock=""),
        tags=("a", "b"),
        weight=2,
    )


def test_routing_with_steps(routed: Callable[[str], RouteRule]) -> None:
    rule = routed(
        "to: {queue: billing, need: {refunds: 3}, for: 2m}, reply: later, relax: ["
        "{need: {refunds: 2}, for: 3m}, {drop: [lang.de], tell_agent: German, for: 1h30m},"
        "{drop: all, skip_if: nobody_free, for: 5m},"
        "{agents: [ana, bo], regardless: true, for: 1m},"
        "{queue: general, broadcast: true}]"
    )
    assert rule.queue == "billing"
    assert rule.reply == "later"
    assert rule.stages == (
        Stage(queue="billing", need={"refunds": 3}, span=2 * MINUTE),
        Stage(need={"refunds": 2}, span=3 * MINUTE),
        Stage(drop=("lang.de",), tell="German", span=90 * MINUTE),
        Stage(drop_all=True, skip_if="nobody_free", span=5 * MINUTE),
        Stage(agents=("ana", "bo"), regardless=True, span=MINUTE),
        Stage(queue="general", broadcast=True),
    )


def test_steps_that_add_teams_raise_the_priority_and_tell_people(
    routed: Callable[[str], RouteRule],
) -> None:
    rule = routed(
        "to: {queue: billing, widen: 0, for: 2m}, relax: [{add: [night, day], widen: 1.5,"
        " set_priority: high, notify: [lea, night], for: 3m}], then: anyone"
    )
    assert rule.stages == (
        Stage(queue="billing", cost=0.0, span=2 * MINUTE),
        Stage(
            add=("night", "day"),
            cost=1.5,
            priority=30,
            notify=("lea", "night"),
            span=3 * MINUTE,
        ),
        Stage(drop_all=True, implied=True),
    )


def test_needs_that_end_and_costs_that_rise_become_stages(
    routed: Callable[[str], RouteRule],
) -> None:  # routing.md R7
    rule = routed(
        "to: {queue: billing, need: {refunds: 3, billing: {level: 2, for: 60s},"
        " 'lang.{message.language}': {level: 1, for: 30s}}, widen: [0, 1@30s, 2.5@2m],"
        " skip_if: nobody_free, for: 5m}, relax: [{drop: all}]"
    )
    first = Stage(
        queue="billing",
        need={"refunds": 3, "billing": 2, "lang.{message.language}": 1},
        cost=0.0,
        skip_if="nobody_free",
        span=MINUTE // 2,
    )
    more = Stage(skip_if="nobody_free", implied=True)
    assert rule.stages == (
        first,
        replace(more, lapse=("lang.{message.language}",), cost=1.0, span=MINUTE // 2),
        replace(more, lapse=("billing",), span=MINUTE),
        replace(more, cost=2.5, span=3 * MINUTE),
        Stage(drop_all=True),
    )


def test_a_limit_that_rises_all_the_while(routed: Callable[[str], RouteRule]) -> None:
    rule = routed("to: {queue: billing, need: {refunds: 3}, widen: {level_per: 30s, up_to: 2}}")
    assert rule.stages == (Stage(queue="billing", need={"refunds": 3}, cost=2.0, pace=MINUTE // 2),)
    endless = routed("to: {queue: billing, widen: {level_per: 1m}}")
    assert endless.stages == (Stage(queue="billing", pace=MINUTE),)


def test_one_named_agent_is_a_preference_and_not_waited_for_in_vain(
    routed: Callable[[str], RouteRule],
) -> None:
    sticky = routed("to: {agent: '{thread.last_agent}', for: 3m}, then: fall_through")
    assert sticky.falls_through
    assert sticky.stages == (
        Stage(agents=("{thread.last_agent}",), span=3 * MINUTE, skip_if="nobody_present"),
    )
    patient = routed("to: {agent: ana, for: 3m, skip_if: never}, then: fall_through")
    assert patient.stages[0].skip_if == ""


def test_a_rule_may_only_send_a_reply_and_fall_through(routed: Callable[[str], RouteRule]) -> None:
    assert routed("reply: later, then: fall_through").stages == ()


def test_the_last_rule_may_leave_its_condition_out(rules: Callable[..., RuleSet]) -> None:
    assert rules("route: [{id: rest, to: {queue: general}}]").route[0].when == Always()


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("to: {queue: bilings}", "unknown queue “bilings” — did you mean “billing”?"),
        ("to: {need: {refund: 3}}", "unknown skill “refund” — did you mean “refunds”?"),
        ("to: {need: {refunds: 6}}", "“6” stands where a level above 0, at most 5 is due"),
        ("to: {need: {refunds: 0}}", "“0” stands where a level above 0, at most 5 is due — leave"),
        ("to: {need: {refunds: .inf}}", "“.inf” stands where a level above 0"),
        ("to: {need: {'lang.{x}': 1}}", "unknown fact “x”"),
        ("to: {need: {'{tags}': 1}}", "unknown fact “tags”"),
        ("to: {need: {'a{': 1}}", "“a{” is no template — put facts in braces"),
        ("to: {need: {'{message.text}': 1}}", "message.text is private and cannot be put into"),
        ("to: {agent: a, agents: [b]}", "both “agent” and “agents” — keep one of them"),
        ("to: {for: 5}", "“5” stands where a span such as 45s, 2m, 4h or 7d, up to 366d is due —"),
        ("to: {for: 0s}", "“0s” stands where a span above 0 is due"),
        ("to: {for: 400d}", "“400d” stands where a span such as"),
        ("to: {skip_if: nobody}", "“nobody” stands where one of nobody_present, nobody_free,"),
        ("to: {}, reply: latr", "unknown reply “latr” — did you mean “later”?"),
        ("to: {}, then: stop", "“stop” stands where one of fall_through, anyone is"),
        ("reply: later", "“to” is missing — name a queue: {queue: general}"),
        ("then: fall_through", "a rule that does nothing — give it “to” or “reply”"),
        ("to: {agent: a}, then: fall_through", "without “for” the rules below can never be"),
        ("to: {for: 3m}, then: fall_through", "nobody is named — name an agent to ask first"),
        ("to: {agent: a, for: 3m, queue: general}, then: fall_through", "“queue” is for a rule"),
        ("to: {agent: a, for: 3m}, relax: [], then: fall_through", "a rule that falls through has"),
        ("to: {}, deflct: {article: x}", "unknown key “deflct” — did you mean “deflect”?"),
        ("to: {need: {refunds: {level: 3}}}", "“for” is missing — How long it is asked for"),
        ("to: {need: {refunds: {for: 3m}}}", "“level” is missing — The level asked for"),
        ("to: {widen: 6}", "“6” stands where a number of levels from 0 to 5 is due"),
        ("to: {widen: []}", "an empty list stands where levels that may be lost and since when"),
        ("to: {widen: [0, 1@30]}", "“30” is no span such as 45s or 2m — a number needs its unit:"),
        ("to: {widen: [0, 1@]}", "“1@” stands where levels that may be lost and since when"),
        ("to: {widen: [1@30s]}", "the first holds from the beginning — say it as widen: [0, 1@"),
        ("to: {widen: [0, 2@30s, 1@60s]}", "each widens later and further than the one before"),
        ("to: {widen: {up_to: 2}}", "“level_per” is missing — The span in which one level more"),
        (
            "to: {need: {refunds: {level: 3, for: 1m}}, widen: {level_per: 1m}}",
            "needs that end beside a “widen” with “level_per” — write the moments: widen:",
        ),
        (
            "to: {need: {refunds: {level: 3, for: 2m}}, for: 2m}, relax: [{drop: all}]",
            "the step is over before 2m, when the last of it changes — let it last longer: for",
        ),
        ("to: {}, relax: [{widen: [0, 1@30s]}]", "a list stands where a number of levels from 0"),
        ("to: {for: 1m}, relax: [{set_priority: hi}]", "“hi” stands where low, normal, high,"),
        (
            "to: {for: 1m}, relax: [{drop: all}], then: anyone",
            "step 2 has no “for”: “then: anyone”",
        ),
        ("to: {agent: a, for: 1m, widen: 0}, then: fall_through", "“widen” is for a rule that"),
        ("to: {}, relax: [{drop: [german]}]", "unknown skill “german” — known are: billing,"),
    ],
)
def test_rules_that_cannot_work(faults: Callable[..., str], rule: str, fault: str) -> None:
    said = faults(f"route: [{{id: x, when: {{channel: email}}, {rule}}}]")
    assert f"support.yaml:10: x: {fault}" in said


def test_r4_a_step_behind_one_without_end_can_never_be_reached(
    faults: Callable[..., str],
) -> None:
    said = faults(
        "route:\n"
        "  - id: x\n"
        "    to: {queue: general, need: {refunds: 3}}\n"
        "    relax:\n"
        "      - {need: {refunds: 2}}\n"
        "      - {drop: all}\n"
    )
    assert said == (
        "support.yaml:12: x: step 1 has no “for”: step 2 can never be reached"
        " — say how long: {for: 2m}\n"
        "support.yaml:14: x: step 2 has no “for”: step 3 can never be reached"
        " — say how long: {for: 2m}"
    )


def test_d8_a_rule_without_condition_must_be_the_last_or_say_always(
    faults: Callable[..., str],
) -> None:
    said = faults("route: [{id: a, to: {}}, {id: b, to: {}}]")
    assert said == (
        "support.yaml:10: a: “when” is missing"
        " — only the last rule may leave it out: write `when: always` if that is meant"
    )
    assert "“when” is missing" in faults("enrich: [{id: a, set: {priority: low}}]")


@pytest.mark.parametrize(
    ("set", "fault"),
    [
        ("{}", "x: an empty “set”"),
        ("{priority: hihg}", "x: “hihg” stands where low, normal, high, urgent or a whole number"),
        ("{priority: 1000000000000000000}", "x: “1000000000000000000” stands where low,"),
        ("{priority: -1}", "x: “-1” stands where low, normal"),
        ("{priority: true}", "x: “true” stands where low"),
        ("{weight: 0}", "x: “0” stands where a whole number from 1 to 100 is due"),
        ("{weight: 1.5}", "x: “1.5” stands where a whole number from 1 to 100 is due"),
        ("{tags: []}", "x: an empty list stands where a list with a tag is due"),
        ("{sla: {clock: ofice}}", "x: unknown calendar “ofice” — did you mean “office”?"),
        ("{sla: {first: 4h}}", "x: unknown key “first” — did you mean “first_reply”?"),
        ("{need: [refunds]}", "x: a list stands where a level by skill is due"),
    ],
)
def test_sets_that_cannot_work(faults: Callable[..., str], set: str, fault: str) -> None:
    said = faults(f"enrich: [{{id: x, when: always, set: {set}}}]")
    assert said.startswith(f"support.yaml:10: {fault}")
