"""How long a thread will probably wait: from history, with a band, or unknown."""

import math

import pytest

from omniroute.core.model import Pace
from omniroute.core.waits import FEWEST, Wait, expected, of_queue, of_thread
from omniroute.testing.people import Agent
from omniroute.testing.rig import Rig

MINUTE = 60_000
DESK = """
version: 1
defaults: {queue: general}
route: [{id: all, to: {queue: general}}]
queues: {general: {}, spare: {}}
"""
OVERFLOW = """
version: 1
defaults: {queue: general}
route:
  - {id: crowded, when: {wait.general: {gt: 5m}}, to: {queue: spare}}
  - {id: rest, to: {queue: general}}
queues: {general: {}, spare: {}}
"""


def served(rig: Rig, ana: Agent, count: int, minutes: float, before: float = 0) -> None:
    """So many customers are helped by ana, each in so many minutes, and put aside *before*."""
    for number in range(count):
        customer = rig.customer(f"past{number}-{rig.now}", webchat=f"past{number}-{rig.now}")
        customer.on("webchat").says("hello")
        ana.accepts(customer)
        if before:
            ana.snoozes(customer, minutes=before)
            rig.wait(minutes=before)
        rig.wait(minutes=minutes)
        ana.resolves(customer)


def crowd(rig: Rig, count: int) -> None:
    """So many customers write."""
    for number in range(count):
        rig.customer(f"c{number}", webchat=f"v{number}").on("webchat").says("hello")


def test_d12_a_hundred_ahead_of_one_agent_are_not_a_hundred_ahead_of_a_hundred() -> None:
    alone, many = expected(50, 60_000, 100, 1), expected(50, 60_000, 100, 100)
    assert alone is not None
    assert many is not None
    assert alone.likely == pytest.approx(100 * many.likely, rel=0.001)
    assert 90 * MINUTE < alone.likely < 110 * MINUTE


def test_nothing_is_said_before_enough_has_happened_or_where_nobody_is_here() -> None:
    assert expected(FEWEST - 1, 60_000, 3, 2) is None
    assert expected(FEWEST, 60_000, 3, 0) is None
    assert expected(FEWEST, 60_000, 0, 2, free=True) == Wait(0, 0, 0, 2)


@pytest.mark.parametrize("ahead", [0, 1, 4, 20, 100])
@pytest.mark.parametrize(("share", "which"), [(0.5, "likely"), (0.9, "late")])
def test_the_band_is_that_of_the_gamma_distribution(ahead: int, share: float, which: str) -> None:
    """Beside the exact distribution of the sum of *ahead* + 1 exponential times (Erlang, 1917)."""
    wait = expected(50, 1_000_000, ahead, 1)
    assert wait is not None
    x = getattr(wait, which) / 1_000_000
    below = 1 - sum(math.exp(-x + n * math.log(x) - math.lgamma(n + 1)) for n in range(ahead + 1))
    assert below == pytest.approx(share, abs=0.01)


def test_what_threads_take_is_remembered_and_what_they_were_put_aside_is_not() -> None:
    rig = Rig(DESK)
    ana = rig.agent("ana", capacity=1)
    served(rig, ana, 3, minutes=4, before=60)
    assert rig.state.paces == {"general": Pace(3, 4.0 * MINUTE)}
    served(rig, ana, 3, minutes=8)
    assert rig.state.paces["general"].mean == pytest.approx(6 * MINUTE)
    rig.restart()
    assert rig.state.paces["general"].handled == 6


def test_a_wait_grows_with_those_ahead_and_falls_with_those_who_work() -> None:
    rig = Rig(DESK)
    ana = rig.agent("ana", capacity=1)
    served(rig, ana, 6, minutes=4)
    free = of_queue(rig.state, "general", live=True)
    crowd(rig, 4)
    ana.accepts()
    (first, *_, last) = [t for t in sorted(rig.threads, key=lambda t: t.id) if t.phase == "queued"]
    near, far = of_thread(rig.state, first), of_thread(rig.state, last)
    assert free == Wait(0, 0, 0, 1)
    assert near is not None
    assert far is not None
    assert (near.ahead, far.ahead) == (0, 2)
    assert near.likely < far.likely < far.late
    bo = rig.agent("bo", capacity=1)
    bo.accepts()
    again = of_thread(rig.state, last)
    assert again is not None
    assert again.places == 2
    assert again.likely < far.likely


def test_of_another_line_only_the_share_counts_that_falls_to_the_same_agents() -> None:
    rig = Rig(
        "version: 1\nskills: {fr: {}}\ndefaults: {queue: general}\n"
        "enrich: [{id: french, when: {channel: telephone}, set: {need: {fr: 1}}}]\n"
        "queues: {general: {}}\n"
    )
    ana = rig.agent("ana", capacity=1, fr=2)
    served(rig, ana, 6, minutes=4)
    rig.agent("bo", capacity=1)
    for number in range(6):
        rig.customer(f"c{number}", webchat=f"v{number}").on("webchat").says("hello")
        rig.wait(seconds=1)
    french = rig.customer("joe", telephone="t")
    french.on("telephone").says("bonjour")
    wait = of_thread(rig.state, french.thread)
    assert wait is not None
    assert (wait.ahead, wait.places) == (2, 1)  # four wait for two agents, and she is one of them
    assert ana.load == 1


def test_a_rule_may_ask_how_long_a_wait_is_expected() -> None:
    rig = Rig(OVERFLOW)
    ana = rig.agent("ana", capacity=1)
    joe = rig.customer("joe", webchat="joe")
    served(rig, ana, 6, minutes=4)
    crowd(rig, 2)
    ana.accepts()
    assert {thread.queue for thread in rig.threads if thread.phase != "resolved"} == {"general"}
    joe.on("webchat").says("hello")
    assert joe.thread.queue == "spare"
    assert rig.why(joe, "route")[-1]["facts"]["wait.general"] > 5 * MINUTE


def test_an_unknown_wait_is_no_wait_to_rules() -> None:
    rig = Rig(OVERFLOW)
    crowd(rig, 30)
    assert {thread.queue for thread in rig.threads} == {"general"}


def test_an_automatic_reply_may_say_how_long_it_will_take() -> None:
    rig = Rig(
        "version: 1\ndefaults: {queue: general}\nqueues: {general: {}}\n"
        "route: [{id: all, reply: hello, to: {queue: general}}]\n"
        "replies: {hello: {en: 'Expected wait: {expected_wait}.'}}\n"
    )
    ana = rig.agent("ana", capacity=1)
    joe = rig.customer("joe", webchat="joe")
    joe.on("webchat").says("hello")
    assert rig.deliveries[-1].wait is None  # it is unknown
    ana.accepts()
    ana.resolves()
    served(rig, ana, 6, minutes=4)
    crowd(rig, 2)
    kim = rig.customer("kim", webchat="kim")
    kim.on("webchat").says("hello")
    wait = of_thread(rig.state, kim.thread)
    assert wait is not None
    assert rig.deliveries[-1].wait == (wait.likely, wait.late)
