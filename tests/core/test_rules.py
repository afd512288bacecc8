"""Rule sets: what they make of a thread, and the trail they leave."""

from collections.abc import Iterable
from datetime import UTC

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.core.conditions import (
    All,
    Always,
    AnyOf,
    Clock,
    Condition,
    Domain,
    Facts,
    Is,
    Known,
    Leaf,
    Not,
    Order,
    Words,
)
from omniroute.core.ladder import Stage
from omniroute.core.model import Step
from omniroute.core.rules import (
    Defaults,
    EnrichRule,
    Queue,
    RouteRule,
    Routing,
    RuleSet,
    Sla,
    SlaChange,
    observe,
    route,
    trail,
)
from omniroute.core.skills import compile_skills
from omniroute.core.urgency import DAY, HOUR, MINUTE, Calendar

MONDAY_NOON = (4 * 24 + 12) * HOUR  # 1970-01-05
OFFICE = Calendar(UTC, {day: [(9 * HOUR, 17 * HOUR)] for day in range(5)})

RULES = RuleSet(
    version="abc",
    defaults=Defaults("general", sla=Sla(4 * HOUR, "office")),
    enrich=(
        EnrichRule(
            "language",
            Leaf(0, "message.language", Is(("de", "en"))),
            need={"lang.{message.language}": 3},
        ),
        EnrichRule(
            "vip",
            AnyOf(
                (
                    Leaf(1, "customer.tier", Is(("vip",))),
                    Leaf(2, "customer.email", Domain(("acme.example",))),
                )
            ),
            priority=30,
            sla=SlaChange(first_reply=10 * MINUTE, clock=""),
            tags=("vip",),
        ),
        EnrichRule("at-risk", Leaf(3, "message.text", Words(("lawyer",))), priority=40, weight=2),
        EnrichRule("vip-card", Leaf(4, "tags", Is(("vip",))), tags=("card",)),
    ),
    route=(
        RouteRule(
            "same-agent",
            All(
                (
                    Leaf(5, "thread.last_agent", Known(True)),
                    Leaf(6, "thread.idle", Order("lt", 7 * DAY)),
                )
            ),
            stages=(
                Stage(agents=("{thread.last_agent}",), span=3 * MINUTE, skip_if="nobody_present"),
            ),
            falls_through=True,
        ),
        RouteRule(
            "refunds",
            Leaf(7, "message.text", Words(("refund",))),
            queue="billing",
            stages=(
                Stage(need={"refunds": 3}, span=2 * MINUTE),
                Stage(need={"refunds": 2}),
            ),
        ),
        RouteRule(
            "after-hours",
            All(
                (
                    Leaf(8, "clock", Clock("office", inside=False)),
                    Not(Leaf(9, "tags", Is(("vip",)))),
                )
            ),
            queue="general",
            stages=(Stage(),),
            reply="after_hours",
        ),
        RouteRule("everything-else", Always(), stages=(Stage(),)),
    ),
    queues={name: Queue(name) for name in ("general", "billing")},
    calendars={"office": OFFICE},
    skills=compile_skills({"lang.de": {}, "lang.en": {}, "refunds": {}}),
    replies={"after_hours": {"en": "We are back soon."}},
    places={"refunds": "support.yaml:26"},
)


def routed(
    facts: Facts | None = None, observed: Iterable[int] = (), at: int = MONDAY_NOON
) -> Routing:
    return route(RULES, facts or {}, observed, at)


def test_private_conditions_are_observed_by_number() -> None:
    numbers = observe(
        RULES, text="A refund, or my lawyer", subject="", emails=["ceo@acme.example"], name=""
    )
    assert numbers == (2, 3, 7)


def test_enriching_rules_add_up_and_the_first_routing_rule_decides() -> None:
    routing = routed({"message.language": "de"}, observed=(2, 7))
    assert routing == Routing(
        rules="abc",
        queue="billing",
        rule="refunds",
        steps=(
            Step(need={"lang.de": 3, "refunds": 3}, span=2 * MINUTE),
            Step(need={"lang.de": 3, "refunds": 2}),
        ),
        priority=30,
        deadline=MONDAY_NOON + 10 * MINUTE,
        sla=Sla(10 * MINUTE, ""),
        enriched=("language", "vip", "vip-card"),
        tags=("vip", "card"),
    )


def test_of_two_rules_that_set_the_same_the_later_one_wins() -> None:
    routing = routed(observed=(2, 3))
    assert routing.priority == 40
    assert routing.weight == 2
    assert routing.enriched == ("vip", "at-risk", "vip-card")


def test_a_rule_that_falls_through_names_somebody_and_leaves_the_decision() -> None:
    routing = routed({"thread.last_agent": "ana", "thread.idle": DAY}, observed=(7,))
    assert routing.rule == "refunds"
    assert routing.passed == ("same-agent",)
    assert routing.steps[0] == Step(
        need={"refunds": 3}, agents=("ana",), span=3 * MINUTE, skip_if="nobody_present"
    )
    assert len(routing.steps) == 3


def test_every_thread_gets_a_deadline_on_its_clock() -> None:
    friday_four = MONDAY_NOON + 4 * DAY + 4 * HOUR
    assert routed(at=friday_four).deadline == friday_four + 3 * DAY - 4 * HOUR
    bare = RuleSet("", Defaults("general"), queues={"general": Queue("general")})
    assert route(bare, {}, (), friday_four).deadline == friday_four + DAY


def test_the_clock_decides_too() -> None:
    night = MONDAY_NOON + 10 * HOUR
    assert routed(at=night).rule == "after-hours"
    assert routed(at=night).reply == "after_hours"
    assert routed({"customer.tier": "vip"}, at=night).rule == "everything-else"


def test_tags_of_the_thread_are_facts_and_stay_its_own() -> None:
    routing = routed({"tags": ("vip",)}, at=MONDAY_NOON + 10 * HOUR)
    assert routing.rule == "everything-else"
    assert routing.tags == ("card",)


def test_where_no_rule_matches_the_default_queue_serves() -> None:
    rules = RuleSet(
        "",
        Defaults("general", priority=20),
        enrich=(EnrichRule("a", Always(), need={"x": 1}),),
        route=(RouteRule("never", Leaf(0, "channel", Is(("fax",))), queue="fax"),),
    )
    routing = route(rules, {}, (), 0)
    assert (routing.queue, routing.rule, routing.steps) == ("general", "", (Step(need={"x": 1}),))


def test_threads_with_the_same_requirement_share_one_ladder() -> None:
    one = routed({"message.language": "de"}, (7,))
    other = routed({"message.language": "de", "customer.tier": "vip"}, (7,), MONDAY_NOON + 1)
    assert one.steps is other.steps
    assert routed({"message.language": "en"}, (7,)).steps != one.steps


def test_a_ladder_is_not_shared_over_other_facts() -> None:
    facts: Facts = {"thread.last_agent": "ana", "thread.idle": DAY}
    for agent in ("ana", "bo", "ana"):
        routing = routed({**facts, "thread.last_agent": agent})
        assert routing.steps[0].agents == (agent,)


def test_a_calendar_that_is_not_there_is_noticed_at_once() -> None:
    with pytest.raises(KeyError):
        RuleSet(
            "",
            Defaults("general"),
            route=(RouteRule("x", Leaf(0, "clock", Clock("office", inside=True))),),
        )


def test_the_trail_shows_every_rule_up_to_the_one_that_decides() -> None:
    seen = trail(RULES, {"message.language": "de"}, (2, 7), MONDAY_NOON)
    assert [(rule.stage, rule.id, rule.matched) for rule in seen] == [
        ("enrich", "language", True),
        ("enrich", "vip", True),
        ("enrich", "at-risk", False),
        ("enrich", "vip-card", True),
        ("route", "same-agent", False),
        ("route", "refunds", True),
    ]
    assert seen[-1].place == "support.yaml:26"


def test_the_trail_shows_what_each_condition_met_but_nothing_private() -> None:
    facts: Facts = {"thread.last_agent": "ana", "thread.idle": 50 * HOUR, "tags": ("x", "y")}
    leaves = {
        leaf.number: leaf
        for rule in trail(RULES, facts, (2,), MONDAY_NOON + 10 * HOUR)
        for leaf in rule.leaves
    }
    told = {n: (leaf.fact, leaf.ok, leaf.shown, leaf.negated) for n, leaf in leaves.items()}
    assert told[1] == ("customer.tier", False, "None", False)
    assert told[2] == ("customer.email", True, None, False)
    assert told[5] == ("thread.last_agent", True, "ana", False)
    assert told[6] == ("thread.idle", True, "2d2h", False)
    assert told[8] == ("clock", True, "outside office", False)
    assert told[9] == ("tags", False, "x, y, vip, card", True)


def test_a_routing_survives_the_journal() -> None:
    routing = routed({"message.language": "de"}, observed=(2, 7))
    assert msgspec.json.decode(msgspec.json.encode(routing), type=Routing) == routing


leaves = st.builds(
    lambda fact, n: Leaf(n, fact, Known(True)),
    st.sampled_from(["message.text", "customer.email", "channel", "customer.tier"]),
    st.integers(0, 20),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: All(tuple(parts)))
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts)))
        | inner.map(Not)
    ),
    max_leaves=5,
)


@given(
    st.lists(conditions, max_size=5),
    st.lists(st.tuples(conditions, st.booleans()), max_size=8),
    st.frozensets(st.integers(0, 20), max_size=6),
    st.dictionaries(st.sampled_from(["channel", "customer.tier"]), st.just("x")),
)
def test_what_is_routed_is_what_the_trail_says(
    enrich: list[Condition],
    routes: list[tuple[Condition, bool]],
    observed: frozenset[int],
    facts: dict[str, str],
) -> None:
    """`route` looks at the rules that may match, `trail` at all: they must not differ."""
    rules = RuleSet(
        "",
        Defaults("general"),
        enrich=tuple(EnrichRule(f"e{n}", when) for n, when in enumerate(enrich)),
        route=tuple(
            RouteRule(f"r{n}", when, falls_through=falls) for n, (when, falls) in enumerate(routes)
        ),
    )
    routing = route(rules, facts, observed, 0)
    matched = [rule.id for rule in trail(rules, facts, observed, 0) if rule.matched]
    decided = [routing.rule] if routing.rule else []
    assert matched == [*routing.enriched, *routing.passed, *decided]
