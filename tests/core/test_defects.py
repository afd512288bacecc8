"""What others got wrong, as transcripts; the names in front are those of routing.md, section 6."""

from omniroute.core.model import Caps
from omniroute.core.urgency import DAY
from omniroute.testing.people import Customer
from omniroute.testing.rig import Rig

TWO = """
version: 1
defaults: {queue: general}
route:
  - {id: b, when: {message.text: {any_of: [invoice]}}, to: {queue: billing}}
  - {id: a, when: {message.text: {any_of: [invoice, hello]}}, to: {queue: general}}
  - {id: rest, to: {queue: general}}
queues:
  general: {offer: {timeout: 1h}, promote_after: never}
  billing: {offer: {timeout: 1h}, promote_after: never}
"""
COVERED = """
version: 1
defaults: {queue: general}
skills: {pt: {}, es: {covers: {pt: 2}}}
route: [{id: all, to: {queue: general, need: {pt: 2}}}]
queues: {general: {pick: longest_idle, offer: {timeout: 1h}}}
"""
SHORT = """
version: 1
defaults: {queue: general}
skills: {fr: {}}
route:
  - id: all
    to: {queue: general, need: {fr: 4}, for: 5s}
    relax: [{need: {fr: 2}, for: 5s}, {need: {fr: 1}}]
queues: {general: {pick: best_skill, offer: {timeout: 20s}}}
"""


def writes(rig: Rig, name: str, text: str = "hello") -> Customer:
    customer = rig.customer(name, webchat=name)
    customer.on("webchat").says(text)
    return customer


def test_d1_where_no_policy_is_said_the_defaults_match() -> None:
    rig = Rig("version: 1\nqueues: {all: {}}")
    ana = rig.agent("ana")
    ana.is_offered(writes(rig, "joe"))


def test_d2_each_of_two_queues_has_its_own_limit_and_what_is_reopened_still_matches() -> None:
    rig = Rig(TWO)
    ana = rig.agent("ana", capacity=10)
    rig.change(ana, caps=Caps(queues={"general": 1, "billing": 2}))
    ana.accepts(writes(rig, "a"))
    writes(rig, "b").waits()
    for name in ("c", "d"):
        ana.accepts(writes(rig, name, "invoice"))
    writes(rig, "e", "invoice").waits()
    ana.resolves(rig.customer("a", webchat="a"))
    ana.accepts(rig.customer("b", webchat="b"))
    old = writes(rig, "a", "hello again")  # takes up what was solved
    old.waits()
    ana.resolves(rig.customer("b", webchat="b"))
    ana.is_offered(old)


def test_d6_twelve_days_of_idleness_never_outweigh_a_better_match() -> None:
    rig = Rig(COVERED)
    rig.agent("ana", es=5)
    rig.wait(minutes=12 * DAY / 60_000)
    bo = rig.agent("bo", pt=3)
    bo.is_offered(writes(rig, "joe"))


def test_d13_rules_are_asked_in_the_order_of_the_file() -> None:
    rig = Rig(TWO)
    assert writes(rig, "joe", "my invoice").thread.rule == "b"
    assert writes(rig, "kim").thread.rule == "a"


def test_d16_short_steps_do_not_lose_the_second_best_after_a_missed_offer() -> None:
    rig = Rig(SHORT)
    best, second, last = rig.agent("best", fr=5), rig.agent("second", fr=4), rig.agent("last", fr=1)
    joe = writes(rig, "joe")
    best.is_offered(joe)
    rig.wait(seconds=20)  # much longer than the step, whose clock stood
    second.is_offered(joe)
    last.is_not_asked()
