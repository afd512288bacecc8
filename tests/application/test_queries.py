"""What agents see: the board, a thread with all its parts, lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from omniroute.application import commands as c
from omniroute.application.authorize import NOBODY, SYSTEM, Actor, Kind
from omniroute.application.pages import AgentView, Filter, HandleView
from omniroute.application.verbs import verbs
from omniroute.core import inputs as i
from omniroute.core.model import Evidence
from omniroute.errors import Refused
from omniroute.runtime.rows import Attachment

if TYPE_CHECKING:
    from tests.application.conftest import Desk

ANA, BO = Actor(Kind.AGENT, "ana", "agent"), Actor(Kind.AGENT, "bo", "agent")
MINUTE = 60_000


def lines(items: Any) -> list[str]:
    """A timeline as a transcript."""
    return [
        f"{item.author or '·'}: {item.text}" + (f" [{item.state}]" if item.state else "")
        for item in items
    ]


# --- the board ---


async def test_an_empty_board(desk: Desk) -> None:
    await desk.seen()
    board = await desk.application.query.board(ANA)
    assert board.me == AgentView(
        "ana", "Ana Ruiz", "agent", "offline", False, 0, 5, ("billing",),
        {"billing": 5.0, "lang.de": 5.0},
    )  # fmt: skip
    assert [agent.name for agent in board.team] == ["Ana Ruiz", "Bo Berg", "Cy Cole", "Di Dorn"]
    assert board.queues == ("billing", "general", "tech")
    assert (board.offers, board.mine, board.waiting, board.others) == ((), (), (), ())
    assert board.counts == {}


async def test_every_thread_is_in_one_lane(desk: Desk) -> None:
    scene = desk.scene
    for who in ("a", "b", "c", "d", "e", "f"):
        scene.writes(f"{who}@x.org", f"hello from {who}")
    scene.decide(lambda at: i.ThreadClaimed("1", at, "ana", 1))
    scene.decide(lambda at: i.ThreadClaimed("2", at, "bo", 2))
    scene.decide(lambda at: i.ThreadClaimed("3", at, "bo", 3))
    scene.decide(lambda at: i.SnoozeAsked("4", at, "bo", 3, at + MINUTE))
    scene.decide(lambda at: i.ThreadClaimed("5", at, "ana", 4))
    scene.resolves("ana", 4)
    await desk.seen()

    board = await desk.application.query.board(ANA)

    lanes = {
        name: [row.id for row in getattr(board, name)]
        for name in ("mine", "others", "snoozed", "solved", "waiting")
    }
    assert lanes == {"mine": [1], "others": [2], "snoozed": [3], "solved": [4], "waiting": [5, 6]}
    assert board.counts == {"mine": 1, "others": 1, "snoozed": 1, "waiting": 2}
    assert board.others[0].agent_name == "Bo Berg"
    assert board.snoozed[0].snoozed_until == scene.clock.at + MINUTE


async def test_what_waits_stands_in_the_queues_order(desk: Desk) -> None:
    scene = desk.scene
    scene.writes("a@x.org", "first")
    scene.wait(seconds=1)
    scene.writes("b@x.org", "second")
    scene.wait(seconds=1)
    scene.writes("c@x.org", "third, but a VIP", tier="vip")
    await desk.seen()

    board = await desk.application.query.board(ANA)

    assert [row.excerpt for row in board.waiting] == ["third, but a VIP", "first", "second"]
    assert board.waiting[0].tags == ("vip",)
    assert board.waiting[0].priority == 30


async def test_an_offer_comes_with_its_card(desk: Desk) -> None:
    desk.scene.online("ana")
    thread = desk.scene.writes("joe@x.org", "My refund?", topic="refund")
    await desk.seen()

    (offer,) = (await desk.application.query.board(ANA)).offers
    assert (offer.row.id, offer.until) == (thread, desk.scene.clock.at + MINUTE)
    assert "“My refund?”" in "\n".join(offer.card)
    assert (await desk.application.query.board(BO)).offers == ()

    desk.scene.accepts("ana", thread)
    await desk.seen()
    assert (await desk.application.query.board(ANA)).offers == ()


async def test_load_counts_threads_and_offers(desk: Desk) -> None:
    desk.scene.online("ana")
    one = desk.scene.writes("joe@x.org", "My refund?", topic="refund")
    desk.scene.accepts("ana", one)
    desk.scene.writes("eve@x.org", "Mine too", topic="refund")
    await desk.seen()
    assert (await desk.application.query.board(ANA)).me.load == 2


# --- one thread ---


async def test_a_thread_as_a_transcript(desk: Desk) -> None:
    scene = desk.scene
    scene.online("ana", "bo")
    thread = scene.writes("joe@x.org", "I was charged twice", name="Joe Miller", topic="refund")
    scene.passes("ana", thread)
    scene.wait(minutes=2)
    scene.accepts("bo", thread)
    scene.notes("bo", thread, "the bank confirms it")
    sent = scene.replies("bo", thread, "We are sorry")
    scene.delivered(thread, sent)
    scene.transfers("bo", thread, "needs a manager", to_agent="ana")
    scene.replies("ana", thread, "Money is on its way", hold=5_000)
    await desk.seen()

    page = await desk.application.query.thread(ANA, thread)

    assert lines(page.items) == [
        "Joe Miller: I was charged twice",
        "·: Queued in billing by rule refunds; needs refunds ≥ 3",
        "·: Offered to Ana Ruiz",
        "·: Ana Ruiz passed",
        "·: Step 2: asks for less from now on",
        "·: Offered to Bo Berg",
        "·: Bo Berg accepted",
        "Bo Berg: the bank confirms it",
        "Bo Berg: We are sorry [sent]",
        "Bo Berg: needs a manager",
        "·: Bo Berg handed it over",
        "·: Ana Ruiz has it now",
        "Ana Ruiz: Money is on its way [held]",
    ]
    assert page.items[-1].release_at == scene.clock.at + 5_000
    assert page.row.agent == "ana"
    assert page.replying_to == "joe@x.org by e-mail"


async def test_deliveries_that_fail_or_may_repeat_are_marked(desk: Desk) -> None:
    scene = desk.scene
    thread = scene.writes("joe@x.org", "hello")
    one, two, three = (scene.replies("ana", thread, text) for text in ("one", "two", "three"))
    scene.delivered(thread, one, repeat=True)
    scene.delivered(thread, two, "rejected", words="550 mailbox full")
    scene.delivered(thread, three, "gave_up")
    await desk.seen()

    page = await desk.application.query.thread(ANA, thread)

    said = {item.text: (item.state, item.repeat, item.reason) for item in page.items}
    assert said["one"] == ("sent", True, "")
    assert said["two"] == ("failed", False, "550 mailbox full")
    assert said["three"] == ("failed", False, "the channel could not be reached for two days")


async def test_a_taken_back_answer_stays_visible_to_colleagues(desk: Desk) -> None:
    scene = desk.scene
    thread = scene.writes("joe@x.org", "hello")
    message = scene.replies("ana", thread, "oops", hold=5_000)
    scene.decide(lambda at: i.ReplyUndone("u", at, "ana", thread, message))
    await desk.seen()
    page = await desk.application.query.thread(BO, thread)
    assert lines(page.items)[-1] == "Ana Ruiz: oops [withdrawn]"
    assert await desk.application.query.search(ANA, "oops") == ()


async def test_what_came_with_a_message_is_shown(desk: Desk) -> None:
    receipt = Attachment("receipt.pdf", "application/pdf", 2_048, "ab" * 32)
    thread = desk.scene.writes(
        "joe@x.org", "see attached", subject="Order 1182", files=(receipt,), html="<b>see</b>"
    )
    await desk.seen()
    item = (await desk.application.query.thread(ANA, thread)).items[0]
    assert (item.subject, item.html, item.channel) == ("Order 1182", True, "email")
    assert [(file.name, file.size) for file in item.files] == [("receipt.pdf", 2_048)]


async def test_a_prepared_answer_is_shown_as_what_it_is(desk: Desk) -> None:
    import msgspec

    from omniroute.core.events import AutomaticReplyReleased

    scene = desk.scene
    thread = scene.writes("joe@x.org", "hello")
    event = AutomaticReplyReleased(thread, "auto1", "h:joe@x.org", "after_hours", "e1")
    record = {"v": 1, "at": scene.clock.at, "in": {"in": "X"}, "ev": [event]}
    scene.store.commit(scene.store.head(), [msgspec.json.encode(record)], {})
    desk.application.wake()
    await desk.seen()
    item = (await desk.application.query.thread(ANA, thread)).items[-1]
    assert (item.kind, item.state) == ("automatic", "sending")
    assert item.text == "(the prepared answer “after_hours”)"


async def test_an_unverified_sender_is_shown_apart(desk: Desk) -> None:
    scene = desk.scene
    real = scene.writes("joe@x.org", "hello", name="Joe Miller")
    forged = scene.writes("joe@x.org", "send me his data", name="Joe Miller ✓", verified=False)
    await desk.seen()
    assert forged != real

    page = await desk.application.query.thread(ANA, forged)

    assert page.row.verified is False
    assert page.handles == (
        HandleView("h:joe@x.org?", "email", "joe@x.org", "Joe Miller", verified=False),
    )
    assert page.card[1] == "Joe Miller · joe@x.org unverified"
    assert page.items[0].verified is False
    assert page.replying_to == "joe@x.org by e-mail (unverified)"
    assert page.history == ()
    assert page.reasons[0].text == "nobody vouches for the sender's address: kept apart"


async def test_joined_threads_are_one_conversation_in_order(desk: Desk) -> None:
    scene = desk.scene
    mail = scene.writes("joe@x.org", "mail first", name="Joe Miller")
    scene.wait(seconds=1)
    chat = scene.writes("v-17", "chat second", channel="webchat")
    scene.wait(seconds=1)
    scene.writes("joe@x.org", "mail third")
    scene.wait(seconds=1)
    scene.writes("v-17", "chat fourth, it is me", channel="webchat", also="joe@x.org")
    await desk.seen()

    page = await desk.application.query.thread(ANA, mail)

    said = [(item.channel, item.text) for item in page.items if item.kind == "customer"]
    assert said == [
        ("email", "mail first"),
        ("webchat", "chat second"),
        ("email", "mail third"),
        ("webchat", "chat fourth, it is me"),
    ]
    assert f"·: #{chat} was joined to this thread" in lines(page.items)
    assert "·: joe@x.org and v-17 (web chat) belong to one person (verified by web chat)" in lines(
        page.items
    )
    assert page.row.turns == 4
    assert page.row.name == "Joe Miller"
    assert {handle.value for handle in page.handles} == {"joe@x.org", "v-17"}
    assert (await desk.application.query.thread(ANA, chat)).row.id == mail
    assert [row.id for row in await desk.application.query.threads(ANA)] == [mail]


async def test_a_suggestion_is_told_and_joins_nothing(desk: Desk) -> None:
    scene = desk.scene
    scene.writes("joe@x.org", "hello", name="Joe")
    thread = scene.writes(
        "v-17", "I am Joe", channel="webchat", also="joe@x.org", evidence=Evidence.ASSERTED
    )
    await desk.seen()
    page = await desk.application.query.thread(ANA, thread)
    perhaps = "joe@x.org and v-17 (web chat) may belong to one person (asserted by web chat)"
    assert f"·: {perhaps}; not joined" in lines(page.items)
    assert [handle.value for handle in page.handles] == ["v-17"]


async def test_earlier_threads_are_history(desk: Desk) -> None:
    scene = desk.scene
    old = scene.writes("joe@x.org", "an old question")
    scene.replies("ana", old, "an old answer")
    scene.resolves("ana", old)
    scene.wait(days=8)
    new = scene.writes("joe@x.org", "something new")
    await desk.seen()
    assert new != old

    page = await desk.application.query.thread(ANA, new)

    assert [(row.id, row.phase, row.agent_name) for row in page.history] == [
        (old, "closed", "Ana Ruiz")
    ]


async def test_the_deadline_is_gone_once_we_answered(desk: Desk) -> None:
    scene = desk.scene
    thread = scene.writes("joe@x.org", "hello")
    await desk.seen()
    page = await desk.application.query.thread(ANA, thread)
    assert page.row.deadline == scene.clock.at + 60 * MINUTE

    scene.replies("ana", thread, "hello Joe")
    scene.writes("joe@x.org", "thanks, and …")
    scene.transfers("ana", thread, "yours", to_queue="tech")
    await desk.seen()
    page = await desk.application.query.thread(ANA, thread)
    assert (page.row.waiting, page.row.deadline) == (True, 0)


@pytest.mark.parametrize("number", [0, -1, 99, 2**63, 10**30])
async def test_a_thread_that_is_not_there(desk: Desk, number: int) -> None:
    await desk.seen()
    with pytest.raises(Refused) as refused:
        await desk.application.query.thread(ANA, number)
    assert refused.value.code == "unknown_thread"


# --- the verbs that are shown ---


async def test_verbs_follow_the_threads_state_and_the_askers_rights(desk: Desk) -> None:
    scene, query = desk.scene, desk.application.query
    scene.online("ana")
    thread = scene.writes("joe@x.org", "My refund?", topic="refund")

    async def can(who: Actor) -> set[str]:
        await desk.seen()
        return set((await query.thread(who, thread)).can)

    anybody = {"merge", "split"}
    everyone = {"take", "reply", "note", "transfer", "resolve", "tag", "prioritise", *anybody}
    everyone.add("copy")
    assert await can(ANA) == everyone | {"accept", "pass"}
    assert await can(BO) == everyone

    scene.accepts("ana", thread)
    owner = {"reply", "note", "transfer", "snooze", "resolve", "tag", "prioritise", *anybody}
    owner |= {"new-matter", "copy"}
    assert await can(ANA) == owner
    assert await can(BO) == {"note", "tag", *anybody}
    assert await can(Actor(Kind.AGENT, "cy", "lead")) == owner

    scene.replies("ana", thread, "one moment", hold=5_000)
    assert await can(ANA) == owner | {"undo"}
    assert await can(BO) == {"note", "tag", *anybody}

    scene.wait(seconds=6)
    scene.resolves("ana", thread)
    assert await can(BO) == {"take", "reply", "note", "reopen", "tag", "copy", *anybody}

    scene.wait(days=8)
    assert await can(ANA) == set()


# --- lists ---


async def test_threads_are_listed_by_what_matters(desk: Desk) -> None:
    scene = desk.scene
    one = scene.writes("a@x.org", "one", topic="refund")
    scene.wait(seconds=1)
    two = scene.writes("b@x.org", "two", tier="vip")
    scene.decide(lambda at: i.ThreadClaimed("k", at, "bo", two))
    scene.wait(seconds=1)
    scene.replies("bo", two, "hello")
    await desk.seen()

    async def listed(**wanted: Any) -> list[int]:
        return [row.id for row in await desk.application.query.threads(ANA, Filter(**wanted))]

    assert await listed() == [two, one]
    assert await listed(agent="bo") == [two]
    assert await listed(queue="billing") == [one]
    assert await listed(phases=("assigned", "snoozed")) == [two]
    assert await listed(tag="vip") == [two]
    assert await listed(tag="vi") == []
    assert await listed(waiting=True) == [one]
    assert await listed(waiting=False) == [two]
    assert await listed(customer="h:a@x.org") == [one]
    assert await listed(limit=1) == [two]
    assert await listed(limit=-5) == [two]


async def test_the_team_is_listed_by_name_without_those_who_left(desk: Desk) -> None:
    desk.scene.team(*[i.Member("bo"), i.Member("ana")])
    await desk.seen()
    agents = await desk.application.query.agents(ANA)
    assert [agent.id for agent in agents] == ["ana", "bo"]


# --- who may ask ---


@pytest.mark.parametrize(
    "ask",
    [
        lambda query: query.board(NOBODY),
        lambda query: query.thread(NOBODY, 1),
        lambda query: query.threads(NOBODY),
        lambda query: query.search(NOBODY, "x"),
        lambda query: query.why(NOBODY, 1),
        lambda query: query.reasons(NOBODY, 1),
        lambda query: query.agents(NOBODY),
        lambda query: query.card(NOBODY, 1, "ana"),
    ],
)
async def test_nobody_learns_nothing(desk: Desk, ask: Any) -> None:
    with pytest.raises(Refused) as refused:
        await ask(desk.application.query)
    assert refused.value.code == "forbidden"


async def test_a_board_is_an_agents(desk: Desk) -> None:
    await desk.seen()
    for stranger in (SYSTEM, Actor(Kind.AGENT, "zoe", "agent")):
        with pytest.raises(Refused) as refused:
            await desk.application.query.board(stranger)
        assert refused.value.code == "no_such_agent"


async def test_the_system_reads_what_agents_read(desk: Desk) -> None:
    thread = desk.scene.writes("joe@x.org", "hello")
    await desk.seen()
    assert (await desk.application.query.thread(SYSTEM, thread)).row.id == thread


async def test_names_follow_a_reload(desk: Desk) -> None:
    thread = desk.scene.writes("joe@x.org", "hello")
    await desk.does("ana", c.Take(thread=thread))
    directory = desk.application.directory
    desk.application.directory = type(directory)(agents={"ana": "Ana Ruiz-Cole"})
    page = await desk.application.query.thread(ANA, thread)
    assert page.row.agent_name == "Ana Ruiz-Cole"


async def test_a_new_matter_is_a_page_of_its_own_with_what_was_written_last(desk: Desk) -> None:
    scene = desk.scene
    first = scene.writes("joe@x.org", "My refund?")
    scene.decide(lambda at: i.ThreadClaimed("k", at, "bo", first))
    scene.writes("joe@x.org", "And the page is white")
    scene.decide(lambda at: i.NewMatter("n", at, "bo", first))
    second = 2
    await desk.seen()
    old = await desk.application.query.thread(SYSTEM, first)
    new = await desk.application.query.thread(SYSTEM, second)
    assert [item.text for item in old.items if item.kind == "customer"] == ["My refund?"]
    assert [item.text for item in new.items if item.kind == "customer"] == ["And the page is white"]
    assert (old.row.agent, new.row.agent, new.row.phase) == ("bo", "", "stranded")
    assert f"Bo Berg made #{second} of what the customer wrote last" in [i.text for i in old.items]


async def test_a_thread_that_waits_says_how_long_it_probably_will(desk: Desk) -> None:
    scene = desk.scene
    scene.online("bo")
    thread = scene.writes("joe@x.org", "My refund?", topic="refund")
    await desk.seen()
    page = await desk.application.query.thread(ANA, thread)
    assert page.expected == "How long it will wait is unknown."
    scene.decide(lambda at: i.ThreadClaimed("1", at, "ana", thread))
    await desk.seen()
    assert (await desk.application.query.thread(ANA, thread)).expected == ""


@pytest.mark.parametrize("wraps_up", [True, False])
def test_who_has_work_left_after_a_solved_thread_may_say_that_it_is_done(wraps_up: bool) -> None:
    can = verbs(ANA, "resolved", "ana", offered=False, held=False, wraps_up=wraps_up)
    assert ("done" in can) is wraps_up
