"""A thread that turns to another matter, as transcripts."""

from omniroute.core.events import MatterSplit, ThreadRouted, TopicTurned
from omniroute.core.inputs import ThreadResolved
from omniroute.core.model import Phase
from omniroute.testing.people import Customer
from omniroute.testing.rig import Rig

MINUTE = 60_000
DESK = """
version: 1
skills: {lang.de: {}, lang.fr: {}, refunds: {}, tech: {}}
facts: [topic]
defaults: {queue: general}
enrich:
  - {id: language, when: {message.language: [de, fr]}, set: {need: {"lang.{message.language}": 3}}}
route:
  - id: refunds
    when: {message.text: {any_of: [refund]}}
    to: {queue: billing, need: {refunds: 2}, for: 5m}
    relax: [{drop: all}]
  - {id: tech, when: {topic: tech}, to: {queue: tech, need: {tech: 2}}}
  - {id: rest, to: {queue: general}}
queues: {general: {}, billing: {offer: {timeout: 10m}}, tech: {offer: {timeout: 10m}}}
"""


def desk() -> tuple[Rig, Customer]:
    rig = Rig(DESK)
    return rig, rig.customer("joe", webchat="v1")


# --- while it waits ---


def test_t3_a_language_corrected_replaces_the_requirement_and_keeps_the_age() -> None:
    rig, joe = desk()
    bo = rig.agent("bo", skills={"lang.de": 4, "refunds": 3})
    joe.on("webchat").says("refund", about={"message.language": "de"})
    bo.is_offered(joe)
    since, deadline = joe.thread.routing_since, joe.thread.deadline
    rig.wait(minutes=2)
    joe.on("webchat").says("un refund", about={"message.language": "fr"})
    bo.is_not_asked()
    assert rig.cards[-1].reason == "requirement"
    assert joe.thread.steps[0].need == {"lang.fr": 3, "refunds": 2}
    assert (joe.thread.step, joe.thread.step_used) == (0, 0)
    assert (joe.thread.routing_since, joe.thread.deadline) == (since, deadline)
    cy = rig.agent("cy", skills={"lang.fr": 4, "refunds": 3})
    cy.is_offered(joe)


def test_who_waits_and_turns_to_another_topic_waits_for_whoever_knows_that() -> None:
    rig, joe = desk()
    joe.on("webchat").says("refund")
    rig.wait(minutes=6)
    assert joe.thread.step == 1
    joe.on("webchat").says("and the page is white", about={"topic": "tech"})
    assert (joe.thread.queue, joe.thread.rule, joe.thread.step) == ("tech", "tech", 0)
    assert rig.why(joe, "topic")[-1]["before"] == "refunds"
    assert joe.thread.routing_since == rig.now - 6 * MINUTE


def test_a_message_about_nothing_in_particular_changes_nothing() -> None:
    rig, joe = desk()
    joe.on("webchat").says("refund")
    rig.wait(minutes=1)
    joe.on("webchat").says("hello? is anybody there?")
    assert len(rig.happened(ThreadRouted)) == 1
    assert joe.thread.queue == "billing"


def test_what_a_machine_answers_is_no_topic() -> None:
    _, joe = desk()
    joe.on("webchat").says("refund")
    joe.on("webchat").says("out of office", about={"topic": "tech"}, automatic=True)
    assert joe.thread.queue == "billing"


def test_a_thread_under_earlier_rules_stays_as_it_was_queued() -> None:
    rig, joe = desk()
    joe.on("webchat").says("refund")
    rig.adopt(DESK + "replies: {later: {en: Later.}}\n")
    joe.on("webchat").says("white page", about={"topic": "tech"})
    assert joe.thread.queue == "billing"


# --- once somebody has it ---


def test_whoever_has_it_is_told_once_and_keeps_it_unless_they_act() -> None:
    rig, joe = desk()
    ana = rig.agent("ana", refunds=3)
    joe.on("webchat").says("refund")
    ana.accepts()
    joe.on("webchat").says("white page", about={"topic": "tech"})
    ana.is_told("topic")
    joe.on("webchat").says("still white", about={"topic": "tech"})
    (turned,) = rig.happened(TopicTurned)
    assert (turned.turned.rule, turned.turned.queue, turned.meets) == ("tech", "tech", False)
    ana.has(joe)
    assert rig.why(joe, "topic")[-1]["meets"] is False


def test_a_new_matter_becomes_a_second_thread_and_the_first_stays_where_it_is() -> None:
    rig, joe = desk()
    ana, bo = rig.agent("ana", refunds=3), rig.agent("bo", tech=3)
    joe.on("webchat").says("refund")
    ana.accepts()
    first = joe.thread
    rig.wait(minutes=3)
    joe.on("webchat").says("white page", about={"topic": "tech"})
    answer = ana.new_matter(joe)
    second = joe.thread
    assert answer.values["thread"] == second.id != first.id
    assert (second.queue, second.routing_since, second.turns) == ("tech", rig.now, 1)
    assert second.message != first.message
    bo.is_offered(joe)
    bo.accepts()
    assert rig.state.threads[first.id].agent == "ana"
    assert rig.state.threads[first.id].turns == 1
    rig.restart()
    joe.on("webchat").says("any news?")  # goes on with what was written last
    assert rig.state.threads[second.id].turns == 2
    assert rig.state.threads[first.id].turns == 1


def test_when_the_second_thread_is_closed_the_first_goes_on_with_what_they_write() -> None:
    rig, joe = desk()
    ana, bo = rig.agent("ana", refunds=3), rig.agent("bo", tech=3)
    joe.on("webchat").says("refund")
    ana.accepts()
    first = joe.thread.id
    joe.on("webchat").says("white page", about={"topic": "tech"})
    ana.new_matter(joe)
    bo.accepts()
    bo.resolves()
    rig.wait(hours=24 * 8)
    joe.on("webchat").says("thanks, and my refund?")
    assert rig.state.threads[first].turns == 2
    ana.resolves(joe)
    rig.wait(hours=24 * 8)
    assert len(joe.row.history) == 2


def test_when_the_first_thread_is_closed_the_second_stays_the_open_one() -> None:
    rig, joe = desk()
    ana = rig.agent("ana", refunds=3, tech=3)
    joe.on("webchat").says("refund")
    ana.accepts()
    first = joe.thread
    joe.on("webchat").says("white page", about={"topic": "tech"})
    ana.new_matter(joe)
    ana.accepts()
    second = joe.thread.id
    rig.machine.put(ThreadResolved, agent="ana", thread=first.id)
    rig.wait(hours=24 * 8)
    assert first.id not in rig.state.threads
    assert (joe.thread.id, joe.thread.phase) == (second, Phase.ASSIGNED)


def test_a_new_matter_that_no_rule_saw_waits_in_the_default_queue() -> None:
    rig, joe = desk()
    ana = rig.agent("ana", refunds=3)
    joe.on("webchat").says("refund")
    ana.accepts()
    joe.on("webchat").says("by the way, do you sell bicycles?")
    ana.new_matter(joe)
    assert joe.thread.queue == "general"


def test_a_new_matter_needs_an_owner_and_something_before_it() -> None:
    rig, joe = desk()
    ana, bo = rig.agent("ana", refunds=3), rig.agent("bo")
    joe.on("webchat").says("refund")
    ana.new_matter(joe, refused="not_owned")
    ana.accepts()
    ana.new_matter(joe, refused="one_matter")
    joe.on("webchat").says("white page", about={"topic": "tech"})
    bo.new_matter(joe, refused="not_yours")
    ana.new_matter(joe)
    assert len(rig.happened(MatterSplit)) == 1


def test_two_matters_of_two_people_who_are_one_stay_two() -> None:
    rig = Rig(DESK)
    joe = rig.customer("joe", webchat="v1", email="joe@x.example", verified=True)
    ana = rig.agent("ana", refunds=3)
    joe.on("webchat").says("refund")
    ana.accepts()
    joe.on("webchat").says("white page", about={"topic": "tech"})
    ana.new_matter(joe)
    joe.on("email").says("it is me, by mail")
    assert rig.state.threads[1].agent == "ana"
    assert joe.thread.id == 2
    assert joe.thread.turns == 2


def test_the_first_thread_is_as_it_was_before_what_was_split_off() -> None:
    rig, joe = desk()
    ana = rig.agent("ana", refunds=3)
    joe.on("webchat").says("refund")
    first = joe.thread
    ana.accepts()
    rig.wait(minutes=1)
    ana.replies("a moment", joe)
    assert not rig.state.threads[first.id].waiting
    joe.on("webchat").says("white page", about={"topic": "tech"})
    assert rig.state.threads[first.id].waiting
    ana.new_matter(joe)
    kept = rig.state.threads[first.id]
    assert (kept.message, kept.turns, kept.replies) == (first.message, 1, 1)
    assert not kept.waiting  # it was answered; the other waits in its own thread
    assert joe.thread.waiting
    rig.restart()
    rig.fold()
