"""From steps as rules write them to the whole requirement of each step."""

from omniroute.core.conditions import Facts
from omniroute.core.ladder import Stage, climb, fill, holes
from omniroute.core.model import Needs, Step

KNOWN = frozenset({"lang.de", "lang.en", "refunds", "billing"})
MINUTE = 60_000


def steps(
    *stages: Stage,
    need: Needs | None = None,
    facts: Facts | None = None,
    ahead: tuple[Stage, ...] = (),
) -> tuple[Step, ...]:
    return climb(ahead, stages, need or {}, facts or {}, KNOWN)


REFUNDS = (
    Stage(need={"refunds": 3}, span=2 * MINUTE),
    Stage(need={"refunds": 2}, span=3 * MINUTE),
    Stage(drop=("lang.de",), tell="customer writes German", span=5 * MINUTE),
    Stage(queue="overflow"),
)


def test_every_step_states_the_whole_requirement() -> None:
    assert steps(*REFUNDS, need={"lang.de": 3}) == (
        Step(need={"lang.de": 3, "refunds": 3}, span=2 * MINUTE),
        Step(need={"lang.de": 3, "refunds": 2}, span=3 * MINUTE),
        Step(need={"refunds": 2}, span=5 * MINUTE, tell="customer writes German"),
        Step(need={"refunds": 2}, queue="overflow"),
    )


def test_a_step_that_changes_nothing_lengthens_the_one_before_and_says_nothing() -> None:
    assert steps(*REFUNDS, need={"lang.en": 3}) == (
        Step(need={"lang.en": 3, "refunds": 3}, span=2 * MINUTE),
        Step(need={"lang.en": 3, "refunds": 2}, span=8 * MINUTE),
        Step(need={"lang.en": 3, "refunds": 2}, queue="overflow"),
    )


def test_two_rules_that_ask_for_the_same_skill_mean_the_higher_level() -> None:
    assert steps(Stage(need={"refunds": 3}), need={"refunds": 4}) == (Step(need={"refunds": 4}),)
    assert steps(Stage(need={"refunds": 3}), need={"refunds": 2}) == (Step(need={"refunds": 3}),)


def test_a_step_lowers_what_an_enriching_rule_asked_for() -> None:
    ladder = steps(
        Stage(span=MINUTE),
        Stage(need={"lang.{message.language}": 1}),
        need={"lang.de": 3},
        facts={"message.language": "de"},
    )
    assert [step.need for step in ladder] == [{"lang.de": 3}, {"lang.de": 1}]


def test_all_can_be_dropped() -> None:
    ladder = steps(Stage(need={"refunds": 3}, span=MINUTE), Stage(drop_all=True))
    assert [step.need for step in ladder] == [{"refunds": 3}, {}]


def test_without_any_stage_there_is_one_step() -> None:
    assert steps(need={"lang.de": 3}) == (Step(need={"lang.de": 3}),)


def test_whom_the_customer_knows_is_asked_first() -> None:
    same_agent = Stage(agents=("{thread.last_agent}",), span=3 * MINUTE, skip_if="nobody_present")
    ladder = steps(
        Stage(need={"refunds": 3}), ahead=(same_agent,), facts={"thread.last_agent": "ana"}
    )
    assert ladder == (
        Step(need={"refunds": 3}, agents=("ana",), span=3 * MINUTE, skip_if="nobody_present"),
        Step(need={"refunds": 3}),
    )


def test_an_unknown_preference_is_no_step() -> None:
    same_agent = Stage(agents=("{thread.last_agent}",), span=3 * MINUTE)
    assert steps(Stage(), ahead=(same_agent,)) == (Step(),)


def test_a_named_agent_may_be_asked_whatever_their_skills() -> None:
    ladder = steps(
        Stage(need={"refunds": 3}, agents=("cleo",), regardless=True, span=MINUTE), Stage()
    )
    assert ladder == (Step(agents=("cleo",), span=MINUTE), Step(need={"refunds": 3}))


def test_what_is_offered_to_everybody_stays_so() -> None:
    ladder = steps(Stage(need={"refunds": 3}, broadcast=True, span=MINUTE), Stage(drop_all=True))
    assert [step.broadcast for step in ladder] == [True, True]


def test_a_template_that_makes_no_known_skill_asks_for_nothing() -> None:
    stage = Stage(need={"lang.{message.language}": 3})
    assert steps(stage, facts={"message.language": "fi"}) == (Step(),)
    assert steps(stage) == (Step(),)


def test_templates() -> None:
    facts: Facts = {"message.language": "de", "level": 3, "tags": ("a", "b"), "none": None}
    assert holes("lang.{message.language}") == ["message.language"]
    assert fill("lang.{message.language}.{level}", facts) == "lang.de.3"
    assert fill("plain", facts) == "plain"
    assert fill("{tags}", facts) is None
    assert fill("{none}", facts) is None
    assert fill("{absent}", facts) is None


def test_a_fact_cannot_smuggle_in_another_template() -> None:
    assert fill("{a}-{b}", {"a": "{b}", "b": "secret"}) == "{b}-secret"


def test_whoever_is_asked_first_everybody_is_asked_in_the_end() -> None:
    same_agent = Stage(agents=("{thread.last_agent}",), span=2 * MINUTE)
    assert steps(need={"billing": 1}, ahead=(same_agent,), facts={"thread.last_agent": "ana"}) == (
        Step(need={"billing": 1}, agents=("ana",), span=2 * MINUTE),
        Step(need={"billing": 1}),
    )
