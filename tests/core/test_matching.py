"""Who is chosen, in which order threads are served, and what the index knows.

Names in front are those of routing.md 2.
"""

from __future__ import annotations

import msgspec
import pytest

from omniroute.core.lines import LINES
from omniroute.core.matching import Index
from omniroute.core.model import Agent, Exclusion, Phase, Status, Step, Thread
from omniroute.core.pools import Pool
from omniroute.core.ranking import PARTS, standing
from omniroute.core.rules import Defaults, Queue, RuleSet
from omniroute.core.skills import compile_skills
from omniroute.testing.rig import Rig

LANGUAGES = """
version: 1
skills: {fr: {}, de: {}}
defaults: {queue: general}
enrich:
  - {id: french, when: {channel: french}, set: {need: {fr: 3}}}
  - {id: german, when: {channel: german}, set: {need: {de: 3}}}
  - {id: urgent, when: {channel: telephone}, set: {priority: urgent}}
queues: {general: {}}
"""
WEIGHTS = """
version: 1
defaults: {queue: general}
enrich: [{id: chat, when: {channel: webchat}, set: {weight: 3}}]
queues: {general: {}}
"""
DAY = 86_400_000


def agent(name: str, **about: object) -> Agent:
    return msgspec.structs.replace(Agent(name, status=Status.ONLINE), **about)


def thread(number: int, need: dict[str, float] | None = None, **about: object) -> Thread:
    steps = (Step(need=need),) if need else ()
    made = Thread(number, f"c{number}", number, Phase.QUEUED, queue="general", steps=steps)
    return msgspec.structs.replace(made, **about)


def index(agents: list[Agent], threads: list[Thread], *queues: Queue) -> Index:
    made = Index({one.id: one for one in agents}, {one.id: one for one in threads})
    skills = compile_skills({"es": {"pt": 2.0}, "pt": {}, "de": {}})
    made.adopt(skills, {queue.name: queue for queue in queues})
    return made


def pool(agents: dict[str, Agent]) -> Pool:
    made = Pool(((), (), (), (), ""), {})
    made.members.update(dict.fromkeys(agents))
    return made


def chosen(agents: list[Agent], pick: str, waiting: Thread | None = None, limit: int = 1) -> str:
    waiting = waiting or thread(1)
    found = index(agents, [waiting], Queue("general", pick=pick)).find(waiting, limit)
    return ", ".join(candidate.agent for candidate in found.candidates)


# --- choice among agents ---


@pytest.mark.parametrize(
    ("pick", "first"),
    [("round_robin", "one"), ("most_spare", "three"), ("longest_idle", "two")],
)
def test_p1_each_policy_has_its_own_first(pick: str, first: str) -> None:
    agents = [
        agent("one", capacity=1, last_assigned=100, idle_since=300),
        agent("two", capacity=2, last_assigned=300, idle_since=100),
        agent("three", capacity=3, last_assigned=500, idle_since=200),
    ]
    assert chosen(agents, pick) == first


def test_a_round_goes_round_within_one_instant_too() -> None:
    """When a backlog is dealt out at once, everybody's last assignment is the same moment."""
    rig = Rig(RuleSet("v", Defaults("q"), queues={"q": Queue("q", pick="round_robin")}))
    agents = [rig.agent(name, capacity=0) for name in ("ana", "bo")]
    for number in range(4):
        rig.customer(f"c{number}", webchat=f"v{number}").on("webchat").says("hello")
    rig.change(*agents, capacity=4)
    assert [rig.machine.state.agents[name].load for name in ("ana", "bo")] == [2, 2]


@pytest.mark.parametrize("pick", PARTS)
def test_p2_when_all_is_equal_the_smallest_id_is_first(pick: str) -> None:
    agents = [agent(name) for name in ("cy", "ana", "bo")]
    assert chosen(agents, pick, limit=3) == "ana, bo, cy"


def test_p3_d6_no_idle_time_outweighs_a_worse_cost() -> None:
    spanish = agent("a", skills={"es": 5}, idle_since=0)
    portuguese = agent("b", skills={"pt": 3}, idle_since=12 * DAY - 1_000)
    assert chosen([spanish, portuguese], "longest_idle", thread(1, {"pt": 3})) == "b"


def test_r8_another_skill_stands_in_at_a_cost() -> None:
    agents = [agent("a", skills={"es": 5}), agent("b", skills={"pt": 3})]
    assert chosen(agents, "longest_idle", thread(1, {"pt": 3}), limit=2) == "b, a"
    assert chosen(agents, "longest_idle", thread(1, {"pt": 4}), limit=2) == ""


def test_p4_who_returns_from_a_break_goes_to_the_end() -> None:
    rig = Rig()
    ana, bo = rig.agent("ana"), rig.agent("bo")
    rig.wait(seconds=100)
    ana.goes("away")
    rig.wait(seconds=10)
    ana.goes("online")
    joe = rig.customer("joe", webchat="v1")
    joe.on("webchat").says("hello")
    bo.is_offered(joe)
    assert rig.why(joe)[-1]["second"][0] == "ana"


def test_p4_so_does_who_did_not_answer_for_a_while() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    for name in ("joe", "kim"):
        rig.customer(name, webchat=name).on("webchat").says("hello")
        rig.wait(minutes=1)
    ana.is_unresponsive()
    rig.wait(minutes=1)
    ana.goes("online")
    assert ana.row.idle_since == rig.now


def test_the_least_loaded_is_first_whatever_the_graph_costs() -> None:
    spanish = agent("a", skills={"es": 5}, capacity=4, live_load=1)
    portuguese = agent("b", skills={"pt": 3}, capacity=2, live_load=1)
    assert chosen([spanish, portuguese], "least_loaded", thread(1, {"pt": 3})) == "a"


def test_the_best_skill_is_first_among_equal_costs() -> None:
    good, better = agent("a", skills={"pt": 3}), agent("b", skills={"pt": 4})
    assert chosen([good, better], "best_skill", thread(1, {"pt": 3})) == "b"


def test_the_agent_whom_the_customer_knows_is_first() -> None:
    agents = [agent("ana", idle_since=1), agent("bo", idle_since=2), agent("cy", idle_since=3)]
    known = thread(1, last_agent="cy")
    assert chosen(agents, "longest_idle", known, limit=3) == "cy, ana, bo"
    barred = thread(1, last_agent="cy", excluded=(Exclusion("cy", "declined"),))
    assert chosen(agents, "longest_idle", barred, limit=3) == "ana, bo"


def test_p5_the_why_counts_everybody_once_under_the_first_test_that_fails() -> None:
    agents = [
        agent("other", teams=("tech",), skills={"de": 5}),
        agent("unable", teams=("money",)),
        agent("unable-and-away", teams=("money",), status=Status.AWAY),
        agent("declined", teams=("money",), skills={"de": 5}, status=Status.AWAY),
        agent("away", teams=("money",), skills={"de": 5}, status=Status.AWAY, live_load=5),
        agent("full", teams=("money",), skills={"de": 5}, live_load=5),
        agent("fit", teams=("money",), skills={"de": 5}),
        agent("gone", teams=("money",), skills={"de": 5}, employed=False),
    ]
    waiting = thread(1, {"de": 3}, live=True, excluded=(Exclusion("declined", "declined"),))
    found = index(agents, [waiting], Queue("general", teams=("money",))).find(waiting)
    assert [candidate.agent for candidate in found.candidates] == ["fit"]
    assert found.counts == {
        "team": 1, "exclusion": 1, "availability": 2, "requirement": 1, "capacity": 1,
    }  # fmt: skip


def test_of_a_step_that_names_agents_only_those_count() -> None:
    agents = [
        agent("ana", skills={"de": 5}, live_load=5),
        agent("bo"),
        agent("cy", skills={"de": 5}, status=Status.OFFLINE),
        agent("dan", skills={"de": 5}),
        agent("eva", skills={"de": 5}),
    ]
    named = Step(need={"de": 3}, agents=("ana", "bo", "cy", "dan", "nobody"))
    waiting = thread(1, steps=(named,), live=True, excluded=(Exclusion("dan", "missed"),))
    found = index(agents, [waiting], Queue("general")).find(waiting)
    assert found.candidates == ()
    assert found.counts == {
        "team": 0, "requirement": 1, "exclusion": 1, "availability": 2, "capacity": 1,
    }  # fmt: skip
    assert (found.hopeful, found.absent, found.barred) == (True, True, True)


def test_who_has_room_but_not_enough_is_full() -> None:
    agents = [agent("ana", capacity=2), agent("bo", capacity=1, live_load=1)]
    waiting = thread(1, weight=3)
    found = index(agents, [waiting], Queue("general")).find(waiting)
    assert (found.candidates, found.counts["capacity"], found.hopeful) == ((), 2, True)


# --- capacity ---


def test_c2_mail_never_blocks_a_chat_and_a_chat_blocks_mail() -> None:
    rig = Rig(WEIGHTS)
    ana = rig.agent("ana", capacity=3)
    mails = [rig.customer(name, email=f"{name}@mail.example") for name in ("joe", "kim", "eve")]
    for customer in mails:
        customer.on("email").says("hello")
        ana.accepts(customer)
    chat = rig.customer("lou", webchat="v1")
    chat.on("webchat").says("hello")
    ana.is_offered(chat)
    ana.accepts(chat)
    assert (ana.row.live_load, ana.row.mail_load) == (3, 3)
    ned = rig.customer("ned", email="ned@mail.example")
    ned.on("email").says("hello")
    ned.waits()
    assert rig.why(ned)[-1]["counts"]["capacity"] == 1


@pytest.mark.parametrize("how", ["resolved", "by mail", "capacity"])
def test_who_had_some_room_and_now_has_enough_is_asked(how: str) -> None:
    rig = Rig(WEIGHTS)
    ana = rig.agent("ana", capacity=5)
    joe = rig.customer("joe", webchat="v1", email="joe@mail.example", verified=True)
    kim = rig.customer("kim", webchat="v2")
    joe.on("webchat").says("hello")
    ana.accepts()
    kim.on("webchat").says("hello")
    kim.waits()
    match how:
        case "resolved":
            ana.resolves()
        case "by mail":
            joe.on("email").says("I have to go; write to me")
        case "capacity":
            rig.change(ana, capacity=6)
    ana.is_offered(kim)


def test_c5_a_pending_offer_counts_at_once() -> None:
    rig = Rig(WEIGHTS)
    ana = rig.agent("ana", capacity=3)
    joe, kim = rig.customer("joe", webchat="v1"), rig.customer("kim", webchat="v2")
    joe.on("webchat").says("hello")
    assert ana.load == 3
    kim.on("webchat").says("hello")
    kim.waits()
    rig.wait(minutes=1)
    ana.is_offered(kim)


def test_mail_that_becomes_a_chat_fits_where_mail_did_not() -> None:
    rig = Rig()
    ana = rig.agent("ana", capacity=1)
    kim = rig.customer("kim", email="kim@mail.example")
    kim.on("email").says("hello")
    ana.accepts()
    joe = rig.customer("joe", email="joe@mail.example", webchat="v1", verified=True)
    joe.on("email").says("hello")
    joe.waits()
    joe.on("webchat").says("are you there?")
    ana.is_offered(joe)


# --- order in the queue ---


def test_q1_priority_goes_before_age() -> None:
    rig = Rig(LANGUAGES)
    old, new = rig.customer("old", webchat="v1"), rig.customer("new", telephone="v2")
    old.on("webchat").says("hello")
    rig.wait(seconds=50)
    new.on("telephone").says("hello")
    ana = rig.agent("ana", capacity=1)
    ana.is_offered(new)


def test_q1_an_agent_may_change_the_priority_of_who_waits() -> None:
    rig = Rig(LANGUAGES)
    lea = rig.lead("lea")
    first, second = rig.customer("first", webchat="v1"), rig.customer("second", webchat="v2")
    first.on("webchat").says("hello")
    second.on("webchat").says("hello")
    lea.prioritises(second, 40)
    ana = rig.agent("ana", capacity=1)
    ana.is_offered(second)


def test_q2_nobody_waits_behind_somebody_else_s_need() -> None:
    rig = Rig(LANGUAGES)
    french, german = rig.customer("fleur", french="v1"), rig.customer("grete", german="v2")
    french.on("french").says("bonjour")
    german.on("german").says("guten Tag")
    ana = rig.agent("ana", de=4)
    ana.is_offered(german)


def test_t1_an_agent_who_frees_two_units_gets_exactly_the_two_oldest() -> None:
    rig = Rig()
    ana = rig.agent("ana", capacity=0)
    customers = [rig.customer(f"c{n}", webchat=f"v{n}") for n in range(10)]
    for customer in customers:
        customer.on("webchat").says("hello")
        rig.wait(seconds=1)
    rig.change(ana, capacity=2)
    ana.is_offered(*customers[:2])


def test_a_thread_is_offered_to_the_best_and_not_to_whoever_came_free() -> None:
    rig = Rig(LANGUAGES)
    ana, bo = rig.agent("ana", capacity=0), rig.agent("bo", capacity=0)
    rig.wait(seconds=5)
    joe, kim = rig.customer("joe", webchat="v1"), rig.customer("kim", webchat="v2")
    joe.on("webchat").says("hello")
    kim.on("webchat").says("hello")
    rig.change(bo, ana, capacity=1)  # both in one decision
    ana.is_offered(joe)
    bo.is_offered(kim)


# --- the index ---


def test_the_best_thread_of_an_agent_is_the_first_they_are_not_barred_from() -> None:
    ana = agent("ana")
    first = thread(1, excluded=(Exclusion("ana", "declined"),))
    second = thread(2)
    made = index([ana], [first, second])
    for _ in range(2):  # looking changes nothing
        best = made.best_thread(ana)
        assert best is not None
        assert best.id == 2


def test_the_best_thread_of_who_is_full_for_mail_is_the_first_chat() -> None:
    ana = agent("ana", capacity=1, mail_load=1)
    made = index([ana], [thread(1), thread(2), thread(3, live=True)])
    best = made.best_thread(ana)
    assert best is not None
    assert best.id == 3


def test_a_thread_that_comes_and_goes_is_entered_and_forgotten() -> None:
    ana, waiting = agent("ana"), thread(1)
    threads = {1: waiting}
    made = Index({"ana": ana}, threads)
    offered = msgspec.structs.replace(waiting, phase=Phase.OFFERED)
    for _ in range(3):
        threads[1] = offered
        made.thread_changed(1, waiting)
        assert made.best_thread(ana) is None
        threads[1] = waiting
        made.thread_changed(1, offered)
        assert made.best_thread(ana) is waiting
    made.thread_changed(1, threads.pop(1))
    assert made.best_thread(ana) is None
    assert made.waiting() == []
    assert [line.heap for line in made.lines.values()] == [[]]


def test_what_comes_and_goes_between_two_looks_leaves_no_trace() -> None:
    agents, threads = {"ana": agent("ana", live_load=5)}, {1: thread(1)}
    made = Index(agents, threads)
    made.forget()
    busy = agents["ana"]
    for load in (4, 5):
        made.agent_changed("ana", agents["ana"])
        agents["ana"] = msgspec.structs.replace(busy, live_load=load)
    threads[2] = thread(2)
    made.thread_changed(2, None)
    made.thread_changed(2, threads.pop(2))
    made.catch_up()
    assert (made.freed, made.queued, made.left) == ({}, {}, {})
    assert list(made.waiting()) == [1]


def test_looking_at_an_order_and_stopping_early_leaves_it_as_it_was() -> None:
    agents = {one.id: one for one in (agent("ana", idle_since=1), agent("bo", idle_since=2))}
    order = pool(agents).order("longest_idle", True, 1, agents)
    for _ in range(2):
        walk = order.walk()
        assert next(walk)[-1] == "ana"
        walk.close()
        assert [part[-1] for part in order.walk()] == ["ana", "bo"]


def test_an_agent_who_is_noted_often_is_found_once_and_in_their_present_place() -> None:
    ana, bo = agent("ana", idle_since=1), agent("bo", idle_since=2)
    agents = {one.id: one for one in (ana, bo)}
    both = pool(agents)
    order = both.order("longest_idle", True, 1, agents)
    assert [part[-1] for part in order.walk()] == ["ana", "bo"]
    for turn in range(200):  # more often than an order is kept without being made anew
        agents["ana"] = msgspec.structs.replace(ana, idle_since=1 if turn % 2 else 3)
        both.note(agents["ana"], standing(agents["ana"]))
        first = ["ana", "bo"] if turn % 2 else ["bo", "ana"]
        assert [part[-1] for part in order.walk()] == first


def test_the_first_two_are_those_that_walking_finds() -> None:
    agents = {name: agent(name, idle_since=place) for place, name in enumerate("abcde")}
    everybody = pool(agents)
    order = everybody.order("longest_idle", True, 1, agents)
    for gone in ("c", "a", "e"):
        for barred in ((), ("b",), ("b", "d"), tuple("abcde")):
            found = [part for part in order.walk() if part[-1] not in barred]
            first = order.first(barred)
            assert first == (found[0] if found else None)
            if first is not None:
                assert order.second(first, barred) == (found[1] if found[1:] else None)
        everybody.forget(gone)


def test_an_order_for_heavier_work_leaves_out_whoever_has_room_for_lighter_only() -> None:
    agents = {"ana": agent("ana", capacity=2), "bo": agent("bo", capacity=3)}
    both = pool(agents)
    heavy = both.order("longest_idle", True, 3, agents)
    assert [part[-1] for part in heavy.walk()] == ["bo"]
    agents["bo"] = msgspec.structs.replace(agents["bo"], live_load=1)
    both.note(agents["bo"], standing(agents["bo"]))
    assert list(heavy.walk()) == []


def test_threads_that_come_and_go_behind_one_that_waits_leave_nothing_behind() -> None:
    waiting = {1: thread(1)}
    made = Index({}, waiting)
    (line,) = made.lines.values()
    for number in range(2, 1_000):
        waiting[number] = thread(number)
        made.thread_changed(number, None)
        made.catch_up()
        made.thread_changed(number, waiting.pop(number))
    assert list(made.waiting()) == [1]
    assert len(line.heap) < 100


def test_an_agent_who_is_noted_twice_over_is_found_once() -> None:
    ana, bo = agent("ana", idle_since=1), agent("bo", idle_since=2)
    agents = {one.id: one for one in (ana, bo)}
    both = pool(agents)
    for _ in range(2):
        order = both.order("longest_idle", True, 1, agents)
        assert [part[-1] for part in order.walk()] == ["ana", "bo"]
        both.note(ana, standing(ana))
        both.note(ana, standing(ana))


def test_whoever_goes_from_one_pool_to_another_is_found_there_alone() -> None:
    agents = {name: agent(name, skills={"de": 4}) for name in ("ana", "bo")}
    waiting = thread(1, {"de": 3})
    made = Index(agents, {1: waiting})
    made.adopt(compile_skills({"de": {}}), {})
    assert [one.agent for one in made.find(waiting).candidates] == ["ana", "bo"]
    old, agents["ana"] = agents["ana"], msgspec.structs.replace(agents["ana"], skills={"de": 1})
    made.agent_changed("ana", old)
    assert [one.agent for one in made.find(waiting).candidates] == ["bo"]


def test_whoever_leaves_a_pool_is_not_found_there() -> None:
    ana = agent("ana", skills={"de": 4})
    waiting = thread(1, {"de": 3})
    agents = {"ana": ana}
    made = Index(agents, {1: waiting})
    made.adopt(compile_skills({"de": {}}), {})
    assert made.find(waiting).candidates
    agents["ana"] = msgspec.structs.replace(ana, skills={})
    made.agent_changed("ana", ana)
    found = made.find(waiting)
    assert (found.candidates, found.counts["requirement"], found.hopeful) == ((), 1, False)
    assert [one.id for one in made.forsaken()] == [1]


def test_a_pool_that_nobody_is_in_is_given_up() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    for level in range(1, 6):
        rig.change(ana, skills={"fr": level})
        rig.customer(f"c{level}", webchat=f"v{level}").on("webchat").says("hello")
    assert len(rig.state.index.pools) == 1


def test_lines_that_nobody_waits_in_are_dropped_when_there_are_many() -> None:
    ana = agent("ana", capacity=10_000)
    threads = {number: thread(number, weight=number) for number in range(1, LINES + 50)}
    made = Index({"ana": ana}, threads)
    for number in list(threads)[1:]:
        made.thread_changed(number, threads.pop(number))
    made.catch_up()
    assert len(made.lines) == LINES
    assert made.best_thread(ana) is threads[1]
    threads[2] = thread(2, weight=2, priority=40)
    made.thread_changed(2, None)
    assert made.best_thread(ana) is threads[2]
