"""The explanation of a routing, as values and as text."""

from collections.abc import Sequence

import msgspec
import pytest

from omniroute.core.conditions import Facts
from omniroute.core.model import Agent, Exclusion, Offer, Phase, Status, Step, Thread
from omniroute.core.observations import Texts
from omniroute.core.rules import RuleSet, route
from omniroute.core.urgency import HOUR
from omniroute.rules import explain, parse_rules, standing, tell
from omniroute.rules.explain import Explanation
from omniroute.rules.team import Member

MONDAY_10_15 = 1_772_442_900_000  # 2026-03-02T10:15+01:00

RULES = """\
version: 1
calendars:
  office: {tz: Europe/Berlin, open: {mon-fri: "09:00-18:00"}}
skills: {lang.de: {}, lang.en: {}, refunds: {}, billing: {covers: {refunds: 1}}}
defaults: {queue: general, sla: {first_reply: 4h, clock: office}}
enrich:
  - id: language
    when: {message.language: [de, en]}
    set: {need: {"lang.{message.language}": 3}}
  - id: vip
    when: {any: [{customer.tier: vip}, {customer.email: {domain: [acme.com]}}]}
    set: {priority: high, sla: {first_reply: 10m, clock: always}, tags: [vip]}
  - id: at-risk
    when: {message.text: {any_of: [lawyer, "cancel my contract"]}}
    set: {priority: urgent, tags: [at-risk]}
route:
  - id: same-agent
    when: {thread.last_agent: {known: true}, thread.idle: {lt: 7d}}
    to: {agent: "{thread.last_agent}", for: 3m}
    then: fall_through
  - id: refunds
    when: {message.text: {regex: '(?i)\\b(refund|erstattung)'}}
    to: {queue: billing, need: {refunds: 3}, for: 2m}
    relax: [{need: {refunds: 2}, for: 3m},
          {drop: [lang.de], tell_agent: "customer writes German", for: 5m}, {queue: overflow}]
  - id: after-hours
    when: {clock: {outside: office}, not: {tags: vip}}
    reply: later
    to: {queue: general}
  - {id: everything-else, to: {queue: general}}
queues:
  billing: {teams: [money], pick: least_loaded}
  general: {}
  overflow: {}
replies: {later: {en: Later., de: Später.}}
"""


def agent(id: str, load: int = 0, status: Status = Status.ONLINE, **skills: float) -> Agent:
    named = {skill.replace("_", "."): level for skill, level in skills.items()}
    return Agent(id, ("money",), named, status=status, mail_load=load)


ANA = agent("ana", 2, lang_de=5, lang_en=4, billing=5)
BO = agent("bo", 0, lang_en=5, refunds=2)
DORA = agent("dora", 0, Status.OFFLINE, lang_de=5, refunds=5)
EVE = Agent("eve", ("sales",), {"lang.de": 5}, status=Status.ONLINE)
TEAM = (ANA, BO, DORA, EVE)


@pytest.fixture(scope="module")
def desk() -> RuleSet:
    return parse_rules({"support.yaml": RULES.encode()})


def explained(
    desk: RuleSet,
    text: str = "",
    team: Sequence[Agent] = TEAM,
    at: int = MONDAY_10_15,
    email: str = "",
    **facts: str | int,
) -> Explanation:
    given = {name.replace("_", ".", 1): value for name, value in facts.items()}
    texts = Texts(text, emails=(email,) if email else ())
    return explain(desk, given, at=at, team=team, texts=texts)


def test_the_whole_story(desk: RuleSet) -> None:
    explanation = explained(
        desk,
        "Wo ist meine Erstattung?",
        email="ceo@acme.com",
        channel="email",
        message_language="de",
    )
    assert tell(explanation, desk) == (
        "thread  new message on email from ceo@acme.com  at Mon 2026-03-02 10:15 UTC+01:00\n"
        "enrich ✔ language   support.yaml:7  ✔ message.language = de\n"
        "enrich ✔ vip        support.yaml:10  ✘ customer.tier = None;"
        " ✔ customer.email = ceo@acme.com\n"
        "enrich · at-risk    support.yaml:13  ✘ message.text = none\n"
        "route  · same-agent support.yaml:17  ✘ thread.last_agent = None; ✘ thread.idle = None\n"
        "route  ✔ refunds    support.yaml:21  ✔ message.text = “Erstattung”\n"
        "result  queue billing · priority high · first reply within 10m (always clock) · tags vip\n"
        "needs   lang.de ≥ 3, refunds ≥ 3\n"
        "        → ana  yes lang.de 5≥3, refunds 4≥3 via billing - 1, load 2/5\n"
        "          bo   no  lang.de 0<3, refunds 2<3    dora no  status offline\n"
        "          eve  no  not in money\n"
        "later   after 2m refunds ≥ 2 → nobody new"
        " · after 5m drop lang.de, tell “customer writes German” → bo"
        " · after 10m queue overflow → nobody new"
    )


def test_ways_to_qualify_and_bars() -> None:
    need = "{any: [{lang.de: 3}, {refunds: 2}], not: {lang.en: 5}}"
    rules = parse_rules({"a.yaml": RULES.replace("need: {refunds: 3}", f"need: {need}").encode()})
    team = (agent("ana", billing=4), agent("bo", lang_de=1), agent("cy", refunds=3, lang_en=5))
    told = explain(rules, {}, at=MONDAY_10_15, texts=Texts("refund", "", (), ""), team=team)
    assert tell(told, rules).splitlines()[-5:] == [
        "result  queue billing · priority normal · first reply within 4h (office clock)",
        "needs   (lang.de ≥ 3 or refunds ≥ 2), not lang.en ≥ 5",
        "        → ana yes refunds 3≥2 via billing - 1, load 0/5",
        (
            "          bo  no  neither lang.de 1<3 nor refunds 0<2   "
            " cy  no  refunds 3≥2, barred as lang.en 5≥5"
        ),
        "later   after 2m refunds ≥ 2 → nobody new · after 10m queue overflow → nobody new",
    ]


def test_whom_the_customer_knows(desk: RuleSet) -> None:
    explanation = explained(desk, thread_last_agent="bo", thread_idle=50 * HOUR)
    said = tell(explanation, desk, subject="#4812").splitlines()
    assert said[0] == "thread  #4812  at Mon 2026-03-02 10:15 UTC+01:00"
    assert "✔ thread.last_agent = bo; ✔ thread.idle = 2d2h" in said[4]
    assert said[-5:-1] == [
        "needs   only bo for 3m",
        "        → bo   yes load 0/5",
        "          ana  no  only bo for now    dora no  only bo for now",
        "          eve  no  only bo for now",
    ]
    assert said[-1] == "later   after 3m anybody → ana, eve"


def test_whom_the_customer_knows_is_not_waited_for_in_vain(desk: RuleSet) -> None:
    explanation = explained(desk, thread_last_agent="dora", thread_idle=HOUR)
    assert explanation.step == 1
    assert [verdict.agent for verdict in explanation.team if verdict.able] == ["bo", "eve", "ana"]
    assert explanation.later == ()


def test_at_night_a_condition_under_not_says_so(desk: RuleSet) -> None:
    explanation = explained(desk, at=MONDAY_10_15 + 10 * HOUR)
    assert explanation.routing.reply == "later"
    said = tell(explanation, desk)
    assert "✔ clock = outside office; ✔ not tags = None" in said
    assert "· reply later" in said


def test_a_full_agent_and_an_unresponsive_one(desk: RuleSet) -> None:
    full = msgspec.structs.replace(ANA, mail_load=5)
    silent = msgspec.structs.replace(BO, unresponsive=True)
    reasons = {v.agent: v.reasons for v in explained(desk, team=(full, silent)).team}
    assert reasons == {"ana": ("load 5/5",), "bo": ("unresponsive",)}


def test_from_the_journal_private_facts_are_told_without_their_text(desk: RuleSet) -> None:
    private = {
        leaf.number
        for rule in explained(desk).rules
        for leaf in rule.leaves
        if leaf.fact == "message.text"
    }
    explanation = explain(desk, {"channel": "email"}, at=MONDAY_10_15, observed=sorted(private))
    said = tell(explanation, desk)
    assert "✔ message.text = found" in said
    assert "✘ customer.email = none" in said
    assert explanation.routing.rule == "refunds"
    assert "nobody is in the team" in said


def test_where_no_rule_decides_the_default_is_named() -> None:
    desk = parse_rules({"a.yaml": b"version: 1\nqueues: {q: {}}"})
    said = tell(explain(desk, {}, at=0), desk)
    assert said.splitlines() == [
        "thread  new message  at Thu 1970-01-01 00:00 UTC+00:00",
        (
            "result  queue q (by default, no rule matched) · priority normal"
            " · first reply within 1d (always clock)"
        ),
        "needs   no skill",
        "        nobody is in the team",
    ]


def test_long_or_secret_text_is_not_spread_out(desk: RuleSet) -> None:
    wide = parse_rules(
        {
            "a.yaml": b"version: 1\nqueues: {q: {}}\n"
            b"route: [{id: x, when: {message.text: {regex: '.+'}}, to: {}}]"
        }
    )
    said = tell(explain(wide, {}, at=0, texts=Texts("y" * 500)), wide)
    assert f"“{'y' * 59}…”" in said
    said = tell(explain(wide, {}, at=0, texts=Texts("xoxb-1234567890-abcdefghijkl")), wide)
    assert "= “…”" in said


def test_an_explanation_is_data_too(desk: RuleSet) -> None:
    data = msgspec.json.decode(msgspec.json.encode(explained(desk, "refund", channel="email")))
    assert data["routing"]["queue"] == "billing"
    assert data["rules"][-1]["id"] == "refunds"
    assert {verdict["agent"] for verdict in data["team"]} == {"ana", "bo", "dora", "eve"}


def test_a_team_from_its_file_is_online_and_free() -> None:
    (ana,) = standing([Member("ana", "Ana", "a@x.example", ("money",), {"refunds": 3}, 4, "lead")])
    assert ana == Agent("ana", ("money",), {"refunds": 3}, 4, "lead", status=Status.ONLINE)


# --- a thread that waits ---


def waiting(desk: RuleSet, **about: object) -> Explanation:
    """A German refund that came at 10:15 and waits, a minute later."""
    facts: Facts = {"channel": "email", "message.language": "de", "tags": ()}
    texts = Texts(text="Erstattung")
    observed = desk.observer.observe(texts)
    routing = route(desk, facts, observed, MONDAY_10_15)
    thread = Thread(
        7,
        "c",
        MONDAY_10_15,
        Phase.QUEUED,
        queue="billing",
        steps=routing.steps,
        clock_since=MONDAY_10_15,
        routing_since=MONDAY_10_15,
    )
    return explain(
        desk,
        facts,
        at=MONDAY_10_15,
        team=TEAM,
        observed=observed,
        thread=msgspec.structs.replace(thread, **about),
        now=MONDAY_10_15 + 60_000,
    )


def verdict(explanation: Explanation, id: str) -> tuple[bool, tuple[str, ...]]:
    (found,) = [v for v in explanation.team if v.agent == id]
    return found.able, found.reasons


def test_what_is_left_of_a_step_that_runs(desk: RuleSet) -> None:
    assert [later.after for later in waiting(desk).later] == [60_000, 240_000, 540_000]
    stopped = waiting(desk, clock_since=None, step_used=30_000)
    assert stopped.later[0].after == 90_000


def test_who_has_passed_and_who_is_asked_now(desk: RuleSet) -> None:
    passed = waiting(desk, excluded=(Exclusion("ana", "declined"),))
    assert verdict(passed, "ana") == (False, ("has passed",))
    asked = waiting(desk, offers=(Offer("7.1", "ana", MONDAY_10_15, MONDAY_10_15 + 60_000),))
    able, reasons = verdict(asked, "ana")
    assert (able, reasons[-1]) == (False, "is asked now")


def test_a_later_step_is_in_force(desk: RuleSet) -> None:
    relaxed = waiting(desk, step=2)
    assert relaxed.step == 2
    assert verdict(relaxed, "bo")[0]
    assert len(relaxed.later) == 1


def test_what_somebody_has_put_elsewhere_is_explained_as_it_came(desk: RuleSet) -> None:
    moved = waiting(desk, steps=(Step(need={"lang.de": 1}),), excluded=(Exclusion("ana", "gave"),))
    assert verdict(moved, "ana")[0]
