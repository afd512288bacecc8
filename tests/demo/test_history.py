"""The three days and the scene: decided by the real engine, always the same, and worth a look."""

from collections import Counter

import msgspec
import pytest
from tests.demo.played import Past, past

from omniroute.core.inputs import MessageReceived, ReplyWritten
from omniroute.core.model import Phase, Status, Thread
from omniroute.demo.last_hour import YOU
from omniroute.demo.stage import HOUR, MINUTE
from omniroute.runtime.record import decode
from omniroute.runtime.rows import Body, Reached
from omniroute.runtime.verify import verify

_body, _reached = msgspec.json.Decoder(Body).decode, msgspec.json.Decoder(Reached).decode

HOURS = [pytest.param(hour, day, id=f"{hour} h, March {day}") for hour, day in
         ((15, 4), (3, 1), (9, 7), (10, 2), (21, 6), (0, 3))]  # fmt: skip


def test_the_same_seed_and_moment_give_the_same_past() -> None:
    first = past().records()
    past.cache_clear()
    assert past().records() == first


def test_another_seed_gives_another() -> None:
    assert past(seed=7).records() != past().records()


@pytest.mark.parametrize(("hour", "day"), HOURS)
def test_it_can_be_folded(hour: int, day: int) -> None:
    verdict = verify(past(hour, day).store.reader())
    assert verdict.faults == ()
    assert verdict.threads > 240


def test_the_progress_comes_to_an_end() -> None:
    steps = past().steps
    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1]
    assert steps[-2][0] > 0.8 * steps[-2][1]  # and not with a leap


# --- what the visitor finds, at whatever hour ---


def lanes(past: Past) -> dict[str, list[Thread]]:
    """The threads as Ana's first page shows them."""
    found: dict[str, list[Thread]] = {}
    for thread in past.state.open_threads():
        found.setdefault(lane(thread), []).append(thread)
    return found


def lane(thread: Thread) -> str:
    if thread.phase is Phase.ASSIGNED:
        return "mine" if thread.agent == YOU else "others"
    if thread.phase is Phase.OFFERED:
        return "offered" if thread.offers[0].agent == YOU else "waiting"
    return {Phase.QUEUED: "waiting"}.get(thread.phase, thread.phase.value)


@pytest.mark.parametrize(("hour", "day"), HOURS)
def test_every_lane_of_the_first_page_has_something(hour: int, day: int) -> None:
    found = lanes(past(hour, day))
    assert {name: len(threads) for name, threads in found.items()} == {
        "offered": 2,
        "mine": 3,
        "waiting": 4,
        "others": 4,
        "snoozed": 1,
        "resolved": 239,
    }
    assert [thread.waiting for thread in found["mine"]] == [True, False, True]
    assert sorted(thread.priority for thread in found["offered"]) == [20, 30]
    assert len({thread.agent for thread in found["others"]}) >= 2


@pytest.mark.parametrize(("hour", "day"), HOURS)
def test_who_is_here(hour: int, day: int) -> None:
    agents = past(hour, day).state.agents
    here = {agent.id for agent in agents.values() if agent.status is Status.ONLINE}
    assert here == {"ana", "bo", "cem", "emeka"}
    assert not [agent.id for agent in agents.values() if agent.unresponsive]
    assert agents[YOU].load == agents[YOU].capacity


@pytest.mark.parametrize(("hour", "day"), HOURS)
def test_offers_last_while_one_looks_around(hour: int, day: int) -> None:
    found = past(hour, day)
    for thread in lanes(found)["offered"]:
        assert thread.offers[0].until > found.now + 5 * MINUTE


def test_one_who_waits_is_not_who_they_say() -> None:
    first = {thread.priority: thread for thread in lanes(past())["offered"]}[20]
    rows = past().store.reader()
    joes = _reached(rows.get([f"p/{first.handle}"])[f"p/{first.handle}"])
    forged = [
        thread
        for thread in lanes(past())["waiting"]
        if _reached(rows.get([f"p/{thread.handle}"])[f"p/{thread.handle}"]).value == joes.value
    ]
    assert len(forged) == 1
    assert forged[0].customer != first.customer
    handle = _reached(rows.get([f"p/{forged[0].handle}"])[f"p/{forged[0].handle}"])
    assert not handle.verified


# --- what the days brought ---


def test_both_channels_and_both_languages() -> None:
    inputs = (decode(record).input for record in past().records())
    received = [input for input in inputs if isinstance(input, MessageReceived)]
    channels = Counter(message.channel for message in received)
    languages = Counter(message.facts["message.language"] for message in received)
    assert min(channels["email"], channels["webchat"]) > 60
    assert min(languages["en"], languages["de"]) > 60


def test_people_write_notes_hand_over_pass_and_put_aside() -> None:
    inputs = Counter(type(decode(record).input).__name__ for record in past().records())
    assert inputs["NoteWritten"] > 20
    assert inputs["TransferAsked"] > 3
    assert inputs["OfferDeclined"] > 3
    assert inputs["SnoozeAsked"] == 1
    assert inputs["ReplyWritten"] > 200
    assert inputs["TimerDue"] > 0


def test_at_night_nobody_answers() -> None:
    entries = map(decode, past().records())
    replies = [entry.at for entry in entries if isinstance(entry.input, ReplyWritten)]
    hours = Counter(at // HOUR % 24 for at in replies)
    assert max(hours[hour] for hour in range(22, 24)) == 0
    assert max(hours[hour] for hour in range(8)) == 0
    assert min(hours[hour] for hour in range(9, 20)) > 0


def test_nothing_of_the_past_is_still_to_be_sent() -> None:
    owed = [row for _, row in past().store.reader().scan("o/")]
    assert not [row for row in owed if b"Deliver" in row]
    assert len(owed) <= 1  # the last card, of the offer that stands


def test_what_was_said_is_there() -> None:
    bodies = [_body(row) for _, row in past().store.reader().scan("b/", limit=10_000)]
    assert all(body.text for body in bodies)
    assert not [body.text for body in bodies if "{order}" in body.text + body.subject]
    assert [body for body in bodies if body.text.startswith("Thank you, we have your message")]


def test_the_chat_is_what_the_threads_say() -> None:
    lines = past().chat
    joes = [line for line in lines if line.customer.name == "Joe Miller"]
    assert [line.ours for line in joes][:2] == [False, True]
    assert "refund of the express fee" in joes[0].text
    assert joes[1].author == "Ana Ruiz"
    assert [line.at for line in lines] == sorted(line.at for line in lines)
