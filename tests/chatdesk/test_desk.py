"""The desk by itself: cards, countdowns, places, and what is never sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.chatdesk.blackboard import Office, replied, said

from omniroute import Attached, CardKind, Mark, Refused, Rejected, Retry, Told


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    made = Office(tmp_path)
    yield made
    await made.close()


# --- cards ---


async def test_an_offer_counts_down_and_is_shown_once(office: Office) -> None:
    await office.offers(45_000)
    await office.offers(45_000)  # tried again
    (card,) = office.board.posts.values()
    assert (card.place, card.labels) == ("home a1", ["Accept 0:45", "Pass"])
    await office.passes(5)
    assert office.board.find("refund")[1].labels[0] == "Accept 0:30"
    await office.passes(20)
    assert office.board.find("refund")[1].labels[0] == "Accept 0:15"


async def test_who_has_bound_nothing_is_shown_nothing(office: Office) -> None:
    office.door.bound.clear()
    with pytest.raises(Rejected, match="ana has bound no board account"):
        await office.offers()


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("taken:bo", "✋ Bo has it, since 10:17."),
        ("expired", "⌛ Your time to answer is over"),
        ("resolved", "✔ It was solved meanwhile."),
        ("anything", "It is no longer offered to you."),
    ],
)
async def test_a_card_that_is_no_offer_any_more_says_why(
    office: Office, reason: str, words: str
) -> None:
    await office.offers()
    office.changes(owner="bo", owner_name="Bo")
    await office.shows(CardKind.WITHDRAWN, reason)
    card = office.board.find("refund")[1]
    assert words in card.text
    assert card.labels == []


async def test_an_accept_that_comes_too_late_reads_who_was_faster(office: Office) -> None:
    await office.offers()
    office.changes(owner="bo", owner_name="Bo")
    office.door.refuse = Refused("taken", "Bo took it 3 s ago.")
    assert await office.presses("Accept", "refund") == "Bo took it 3 s ago."
    card = office.board.find("refund")[1]
    assert "✋ Bo has it, since 10:17." in card.text
    assert card.labels == []


async def test_accept_names_the_offer_and_carries_a_key(office: Office) -> None:
    await office.offers()
    office.door.answer = Told("#1 is yours.", "accepted")
    assert await office.presses("Accept", "refund") == "#1 is yours."
    assert office.door.acts == [("ana", "accept", {"thread": 1, "offer": "1.1", "key": "kp1"})]
    assert office.board.find("refund")[1].labels == [
        "Transfer", "Snooze", "Resolve", "Why", "More",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("woken", "The snooze is over: #1 Joe Miller is yours again."),
        ("transferred", "#1 Joe Miller was handed over; Ana has it."),
        ("unresponsive", "You missed two offers"),
        ("claim", "Ana has taken #1 Joe Miller over."),
        ("unreachable:bo", "#1 Joe Miller is with bo, whom nobody reaches."),
        ("deep:tech:10", "10 wait in tech; #1 Joe Miller was the last to come."),
        ("stranded:all_excluded", "#1 Joe Miller waits, and nobody can take it: all excluded."),
        ("something new", "About #1 Joe Miller: something new"),
    ],
)
async def test_what_an_agent_is_told(office: Office, reason: str, words: str) -> None:
    await office.shows(CardKind.TOLD, reason)
    assert office.board.find(words)[1].place == "home a1"


async def test_im_back(office: Office) -> None:
    await office.shows(CardKind.TOLD, "unresponsive")
    await office.presses("I'm back", "You missed two offers")
    assert office.door.acts[-1][:2] == ("ana", "status")
    assert office.door.acts[-1][2]["status"] == "online"


# --- the place of a thread ---


async def test_a_place_begins_with_the_card_and_what_was_said(office: Office) -> None:
    office.changes(lines=(said(1, "hello"), replied("r1", "one moment", "sent"), said(2, "yes?")))
    await office.shows(CardKind.ASSIGNED)
    texts = [chalk.text for chalk in office.board.posts.values()]
    assert "What you write here goes to Joe Miller by Board." in texts[0]
    assert texts[1].splitlines() == [
        "10:15 Joe Miller: hello", "10:16 ↪ Ana: one moment", "10:15 Joe Miller: yes?",
    ]  # fmt: skip


async def test_news_of_a_thread_is_posted_once(office: Office) -> None:
    await office.shows(CardKind.ASSIGNED)
    office.changes(lines=(said(1, "hello"), said(2, "are you there?")), turns=2)
    office.door.news.put_nowait([1])
    office.door.news.put_nowait([])  # anything may be new
    await office.passes(0)
    found = [c for c in office.board.posts.values() if c.text == "Joe Miller: are you there?"]
    assert len(found) == 1


async def test_a_platform_that_asks_for_patience_gets_it(office: Office) -> None:
    await office.shows(CardKind.ASSIGNED)
    office.changes(lines=(said(1, "hello"), said(2, "are you there?")), turns=2)
    office.board.faults.append(Retry("wait", 7))
    await office.desk.following.follow(1)
    assert all("are you there" not in chalk.text for chalk in office.board.posts.values())
    await office.passes(8)
    office.board.find("Joe Miller: are you there?")


async def test_who_has_it_now_is_said_in_a_shared_place(office: Office) -> None:
    office.board.rooms = True
    await office.shows(CardKind.ASSIGNED)
    head = office.board.find("refund")[1]
    assert "Ana writes to Joe Miller by Board here; what others write stays inside." in head.text
    office.changes(owner="bo", owner_name="Bo")
    await office.desk.following.follow(1)
    office.board.find("Bo has it now.")
    office.changes(phase="resolved", can=("reopen",))
    await office.desk.following.follow(1)
    assert office.board.closed == {"room #1 Joe Miller": True}


async def test_in_an_own_chat_only_what_is_ones_own_goes_on(office: Office) -> None:
    await office.shows(CardKind.ASSIGNED)
    office.changes(owner="bo", owner_name="Bo")
    await office.desk.following.follow(1)
    office.changes(lines=(said(1, "hello"), said(2, "for Bo's eyes")), turns=2)
    await office.desk.following.follow(1)
    assert all("Bo's eyes" not in chalk.text for chalk in office.board.posts.values())


# --- what is erased ---


async def test_what_was_shown_of_somebody_is_taken_away_and_what_stays_is_counted(
    office: Office,
) -> None:
    await office.shows(CardKind.ASSIGNED)
    office.changes(lines=(said(1, "hello"), said(2, "my card is 4711")), turns=2)
    await office.desk.following.follow(1)
    number, _ = office.board.find("my card is 4711")
    before = len(office.board.posts)
    office.board.stays = {number}
    assert await office.desk.forget_threads([1, 7]) == (before - 1, 1)
    assert list(office.board.posts) == [number]
    assert office.desk.book.threads() == []
    await office.desk.following.follow(1)  # nothing of it comes back
    assert list(office.board.posts) == [number]
    assert await office.desk.forget_threads([1]) == (0, 0)


# --- what is written ---


async def test_the_place_decides_what_plain_text_means(office: Office) -> None:
    office.board.rooms = True
    await office.shows(CardKind.ASSIGNED)
    place = "room #1 Joe Miller"
    await office.writes("hers", place=place)
    await office.writes("his", place=place, account="b1")
    assert [line for _, _, line, _ in office.door.said] == ["reply hers", "note his"]


async def test_a_file_that_goes_with_nothing_is_not_lost_in_silence(office: Office) -> None:
    await office.shows(CardKind.ASSIGNED)
    await office.writes("/tag vip", files=(Attached("f1", "bank.pdf", "application/pdf"),))
    assert [line for _, _, line, _ in office.door.said] == ["tag vip"]
    office.board.find("⚠ The file was not kept: files go with an answer or a note, and tag is")


async def test_in_an_own_chat_nothing_goes_to_a_customer_of_somebody_else(office: Office) -> None:
    await office.shows(CardKind.ASSIGNED)
    office.changes(owner="bo", owner_name="Bo")
    await office.writes("hello Joe")
    assert office.door.said == []
    office.board.find("⚠ #1 is with Bo; nothing was sent")


async def test_whom_nobody_knows_does_nothing(office: Office) -> None:
    office.board.rooms = True
    await office.shows(CardKind.ASSIGNED)
    await office.writes("hello", place="room #1 Joe Miller", account="stranger")
    office.board.find("Nothing was done: I do not know this account")
    assert office.door.said == []


async def test_without_a_thread_nothing_is_sent(office: Office) -> None:
    await office.writes("hello?")
    office.board.find("Nothing was sent: I do not know which thread you mean.")
    assert office.door.said == []


async def test_what_was_seen_is_counted_up_to_the_agents_own_message(office: Office) -> None:
    await office.shows(CardKind.ASSIGNED)
    office.changes(lines=(said(1, "hello"), said(2, "never mind")), turns=2)
    await office.desk.following.follow(1)
    shown = int(office.board.find("never mind")[0])
    await office.writes("before", order=shown)
    await office.writes("after", order=shown + 1)
    assert [seen for _, _, _, seen in office.door.said] == [1, 2]


async def test_a_collision_is_shown_and_asked_about(office: Office) -> None:
    await office.shows(CardKind.ASSIGNED)
    office.door.refuse = Refused("customer_wrote", "Joe wrote 4 s ago: ‘never mind’")
    await office.writes("it is on its way")
    _, asked = office.board.find("✋ Not sent. Joe wrote 4 s ago")
    assert asked.labels == ["Send anyway", "Edit"]
    office.door.refuse, office.door.answer = (
        None,
        Told("Your answer is on its way.", "replied", "r"),
    )
    assert await office.presses("Send anyway", "✋ Not sent.") == "Your answer is on its way."
    agent, action, asked_for = office.door.acts[-1]
    assert (agent, action, asked_for["text"], asked_for["anyway"]) == (
        "ana", "reply", "it is on its way", True,
    )  # fmt: skip
    assert office.board.find("Sent anyway.")[1].labels == []


async def test_an_answer_is_held_then_sent_with_its_receipts(office: Office) -> None:
    await office.shows(CardKind.ASSIGNED)
    office.door.answer = Told("Goes out in 5 s; you can take it back until then.", "held", "r1")
    post = await office.writes("yes")
    _, held = office.board.find("To Joe Miller by Board. Goes out in 5 s")
    assert (held.labels, office.board.posts[post].mark) == (["Undo"], Mark.HELD)
    office.changes(lines=(said(1, "hello"), replied("r1", "yes", "sent")))
    await office.desk.following.follow(1)
    assert office.board.posts[post].mark is Mark.SENT
    office.changes(lines=(said(1, "hello"), replied("r1", "yes", "sent", received="read")))
    await office.desk.following.follow(1)
    assert office.board.posts[post].mark is Mark.READ
    assert not any("Goes out in 5 s" in chalk.text for chalk in office.board.posts.values())
    assert not any(chalk.text.startswith("↪ Ana: yes") for chalk in office.board.posts.values())


async def test_a_template_is_said_in_the_agents_grammar_and_held_as_an_answer(
    office: Office,
) -> None:
    await office.shows(CardKind.ASSIGNED)
    office.door.answer = Told("Goes out in 5 s: “Order 4711 is here.”", "held", "r1")
    post = await office.writes("/template order_news 4711")
    assert office.door.said[-1][:3] == ("ana", 1, "template order_news 4711")
    _, held = office.board.find("Goes out in 5 s: “Order 4711 is here.”")
    assert (held.labels, office.board.posts[post].mark) == (["Undo"], Mark.HELD)


async def test_a_failure_says_why_beside_the_message(office: Office) -> None:
    await office.shows(CardKind.ASSIGNED)
    office.door.answer = Told("On its way.", "replied", "r1")
    post = await office.writes("yes")
    failed = replied("r1", "yes", "failed", reason="they blocked us")
    office.changes(lines=(said(1, "hello"), failed))
    await office.desk.following.follow(1)
    _, told = office.board.find("❌ Not delivered: they blocked us")
    assert (told.quotes, told.labels) == (post, ["Retry"])
    office.door.answer = Told("On its way.", "replied", "r2")
    await office.presses("Retry", "❌ Not delivered")
    assert office.door.acts[-1][2]["text"] == "yes"
    office.changes(lines=(said(1, "hello"), failed, replied("r2", "yes", "sent")))
    await office.desk.following.follow(1)
    assert office.board.posts[post].mark is Mark.SENT


async def test_an_edit_of_what_went_out_is_made_there_or_refused_in_words(office: Office) -> None:
    await office.shows(CardKind.ASSIGNED)
    office.door.answer = Told("On its way.", "replied", "r1")
    await office.writes("yes")
    post = f"w{office._numbers}"
    office._numbers -= 1  # the same post, changed
    assert await office.writes("yes!", edited=True) == post
    agent, verb, asked = office.door.acts[-1]
    assert (agent, verb, asked["message"], asked["text"]) == ("ana", "edit", "r1", "yes!")
    office.door.refuse = Refused("cannot_change", "By e-mail nothing can be changed.")
    office._numbers -= 1
    await office.writes("yes?", edited=True)
    office.board.find("⚠ By e-mail nothing can be changed.")
    assert [line for _, _, line, _ in office.door.said] == ["reply yes"]


async def test_a_card_that_was_answered_on_another_desk_loses_its_buttons(office: Office) -> None:
    office.changes(phase="offered", owner="", offer="1.1")
    await office.shows(CardKind.OFFER)
    (post,) = office.board.posts
    for _ in range(2):
        assert office.board.posts[post].labels == ["Accept 0:00", "Pass"]
        office.door.news.put_nowait((1,))
        await office.settled()
    office.changes(phase="assigned", owner="ana", offer="")
    office.door.news.put_nowait((1,))
    await office.settled()
    _, card = office.board.find("✔ You have it, since 10:17.")
    assert card.labels == []


async def test_a_transfer_asks_whom_then_why(office: Office) -> None:
    await office.shows(CardKind.ASSIGNED)
    assert await office.presses("Transfer", "refund") == ""
    assert office.board.find("Who shall have #1?")[1].labels == [
        "Bo (online)", "ask first", "billing (queue)",
    ]  # fmt: skip
    await office.presses("billing", "Who shall have #1?")
    ask, _ = office.board.find("Why should billing have #1?")
    assert office.door.said == []
    await office.writes("order 1182", quotes=ask)
    assert office.door.said[-1][:3] == ("ana", 1, "transfer billing order 1182")


async def test_where_no_message_can_be_answered_the_next_one_is_the_answer(office: Office) -> None:
    office.board.quotes = False
    await office.shows(CardKind.ASSIGNED)
    await office.presses("Transfer", "refund")
    await office.presses("billing", "Who shall have #1?")
    office.board.find("Why should billing have #1? It is what they read first. Write it next")
    await office.writes("order 1182")
    assert office.door.said[-1][:3] == ("ana", 1, "transfer billing order 1182")
    await office.writes("thank you")
    assert office.door.said[-1][:3] == ("ana", 1, "reply thank you")

    await office.presses("Transfer", "refund")
    await office.presses("billing", "Who shall have #1?")
    await office.writes("/resolve")
    await office.writes("and this goes out")
    assert [said[2] for said in office.door.said[-2:]] == ["resolve", "reply and this goes out"]


async def test_whoever_is_asked_first_gets_it_only_if_they_accept(office: Office) -> None:
    await office.shows(CardKind.ASSIGNED)
    await office.presses("Transfer", "refund")
    await office.presses("ask first", "Who shall have #1?")
    ask, _ = office.board.find("It stays yours until they accept.")
    await office.writes("knows refunds", quotes=ask)
    assert office.door.said[-1][:3] == ("ana", 1, "warm bo knows refunds")


async def test_what_the_platform_cannot_take_now_is_done_again(office: Office) -> None:
    office.board.faults.append(Retry("away", 3))
    import asyncio

    doing = asyncio.create_task(office.writes("/help"))
    await office.settled()
    assert not doing.done()
    await office.passes(4)
    await doing
    office.board.find("/transfer who why")
