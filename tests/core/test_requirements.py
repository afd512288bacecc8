"""What is asked besides levels: one of several ways to qualify, and what bars (routing.md 2.1)."""

from omniroute.core.model import Ask, Step
from omniroute.core.requirements import (
    Fit,
    Person,
    both,
    filled_in,
    fit_told,
    instead,
    qualifies,
    told,
    without,
)
from omniroute.core.skills import compile_skills
from omniroute.testing.rig import Rig

SKILLS = compile_skills({"es": {"pt": 2}, "pt": {}, "de": {}, "junior": {}})
GERMAN, SPANISH = Ask((("de", 3.0),)), Ask((("pt", 2.0),))
EITHER = Ask(any=((GERMAN, SPANISH),))
NO_JUNIOR = Ask(none=(Ask((("junior", 1.0),)),))

CHOICE = """
version: 1
skills: {fr: {}, de: {}, refunds: {}, junior: {}}
defaults: {queue: general}
route:
  - id: abroad
    to: {queue: general, need: {refunds: 2, any: [{fr: 3}, {de: 3}], not: {junior: 1}}, for: 30s}
    relax:
      - {drop: [not], for: 30s}
      - {need: {any: [{agents: [zoe]}, {fr: 1}]}, for: 30s}
      - {drop: any}
queues: {general: {offer: {timeout: 5s}}}
"""


def person(id: str = "ana", **knows: float) -> Person:
    return Person(id, knows, SKILLS)


def test_any_of_the_ways_will_do_and_what_bars_bars() -> None:
    rig = Rig(CHOICE)
    junior = rig.agent("junior", refunds=5, fr=5, de=5, junior=1)
    neither = rig.agent("neither", refunds=5)
    zoe, bo = rig.agent("zoe", refunds=2), rig.agent("bo", refunds=2, de=3)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    bo.is_offered(joe)
    for other in (junior, neither, zoe):
        other.is_not_asked()
    bo.passes()
    joe.waits()
    rig.wait(seconds=30)  # nothing bars any more
    junior.is_offered(joe)
    junior.passes()
    rig.wait(seconds=30)  # or to be zoe
    zoe.is_offered(joe)
    neither.is_not_asked()
    zoe.passes()
    rig.wait(seconds=30)  # however
    neither.is_offered(joe)


def test_the_why_counts_who_is_barred_among_those_who_lack_something() -> None:
    rig = Rig(CHOICE)
    rig.agent("junior", refunds=5, fr=5, junior=1)
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    joe.waits()
    assert rig.why(joe, "match")[-1]["counts"]["requirement"] == 1


def test_whom_a_rule_names_among_others_is_asked_though_they_were_here_before() -> None:
    rig = Rig(CHOICE.replace("any: [{fr: 3}, {de: 3}]", "any: [{fr: 3}, {agents: zoe}]"))
    zoe, ann = rig.agent("zoe", refunds=2), rig.agent("ann", refunds=2)
    first, second = rig.customer("joe", webchat="v1"), rig.customer("kim", webchat="v2")
    first.on("webchat").says("hello")
    zoe.is_offered(first)
    zoe.accepts()
    second.on("webchat").says("hello")
    zoe.is_offered(second)
    ann.is_not_asked()


def test_of_several_ways_the_cheapest_counts_and_then_the_strongest() -> None:
    assert person(es=5).fit(EITHER, None) == Fit(2.0, 3.0)
    assert person(es=5, de=3).fit(EITHER, None) == Fit(0.0, 3.0)
    assert person(pt=5, de=3).fit(EITHER, None) == Fit(0.0, 5.0)
    assert person(junior=5).fit(EITHER, None) is None


def test_a_limit_on_what_may_be_lost_holds_for_what_is_asked_and_not_for_what_bars() -> None:
    assert person(es=5).fit(EITHER, 1.0) is None
    no_portuguese = Ask(none=(SPANISH,))
    assert person(es=5).fit(no_portuguese, 1.0) is None
    assert person(es=5).fit(no_portuguese, None) is None


def test_levels_ways_and_bars_must_all_hold() -> None:
    step = Step(need={"de": 1}, ask=both(EITHER, NO_JUNIOR))
    assert qualifies(SKILLS, "ana", {"de": 3}, step)
    assert not qualifies(SKILLS, "ana", {"pt": 3}, step)
    assert not qualifies(SKILLS, "ana", {"de": 3, "junior": 2}, step)
    assert qualifies(SKILLS, "ana", {"de": 1}, Step(need={"de": 1}))


def test_what_two_rules_ask_is_asked_together() -> None:
    assert both(None, EITHER) == both(EITHER, None) == EITHER
    assert both(EITHER, NO_JUNIOR) == Ask(any=EITHER.any, none=NO_JUNIOR.none)
    assert both(GERMAN, Ask((("de", 4.0), ("pt", 1.0)))) == Ask((("de", 4.0), ("pt", 1.0)))
    named = both(Ask(agents=("ana", "bo")), Ask(agents=("bo", "cy")))
    assert named is not None
    fits = [who for who in ("ana", "bo", "cy") if person(who).fit(named, None) is not None]
    assert fits == ["bo"]


def test_a_step_replaces_the_ways_or_the_bars_that_it_names_and_drops_what_it_drops() -> None:
    whole = both(EITHER, NO_JUNIOR)
    assert instead(whole, Ask(any=((GERMAN,),))) == Ask(any=((GERMAN,),), none=NO_JUNIOR.none)
    assert instead(whole, None) == whole
    assert instead(None, EITHER) == EITHER
    assert without(whole, ways=True, bars=False) == NO_JUNIOR
    assert without(whole, ways=True, bars=True) is without(None, True, True) is None


def test_a_way_that_asks_for_nothing_is_none() -> None:
    unknown = filled_in(EITHER, lambda need: {s: n for s, n in need.items() if s != "pt"})
    assert unknown == Ask(any=((GERMAN,),))
    assert filled_in(both(EITHER, NO_JUNIOR), lambda need: {}) is None
    assert filled_in(None, lambda need: need) is None


def test_in_words() -> None:
    whole = both(EITHER, Ask(none=(Ask(agents=("bo", "cy")), Ask((("junior", 1.0),)))))
    assert told({"x": 2}, whole) == [
        "x ≥ 2",
        "(de ≥ 3 or pt ≥ 2)",
        "not (bo or cy)",
        "not junior ≥ 1",
    ]
    assert whole is not None
    assert fit_told(person(es=5), whole, None) == (True, ["pt 3≥2 via es - 2"])
    named = Ask(any=((GERMAN, Ask(agents=("bo",))),))
    assert fit_told(person(), named, None) == (False, ["neither de 0<3 nor being bo"])
    assert fit_told(person(de=1), whole, None) == (False, ["neither de 1<3 nor pt 0<2"])
    assert fit_told(person("bo", de=3, junior=2), whole, None) == (
        False,
        ["de 3≥3", "barred as is bo or cy", "barred as junior 2≥1"],
    )
