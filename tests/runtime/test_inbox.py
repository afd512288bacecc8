"""The inbox: what is handed in is decided, committed, and only then answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import msgspec
import pytest

from omniroute.core import inputs as i
from omniroute.core.model import Status
from omniroute.core.rules import Defaults, Queue, RuleSet
from omniroute.core.state import State
from omniroute.errors import StoreError
from omniroute.runtime.inbox import BATCH, Inbox, Work
from omniroute.runtime.loading import load
from omniroute.runtime.record import Entry, decode
from omniroute.runtime.writer import TIMERS, Answered, Committed
from omniroute.stores.api import Head, InDoubt, Moved, Unavailable
from omniroute.stores.memory import MemoryStore
from omniroute.testing.histories import RULES, History, acts
from omniroute.testing.machine import MONDAY

PATIENCE = 10  # seconds after which a test gives up


class HandClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = MONDAY

    def now(self) -> int:
        return self.at


class Faulty(MemoryStore):
    """A store whose next commits fail as they are told."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[StoreError] = []

    def commit(self, at: Head, records: Sequence[bytes], puts: Mapping[str, bytes | None]) -> Head:
        if self.faults:
            raise self.faults.pop(0)
        return super().commit(at, records, puts)


class Desk:
    """An inbox over a store in memory, with what it told."""

    def __init__(self) -> None:
        self.store, self.clock = Faulty(), HandClock()
        self.commits: list[Committed] = []
        self.troubles: list[StoreError] = []
        self.inbox = self.made(load(self.store))

    def made(self, state: State) -> Inbox:
        return Inbox(
            self.store,
            state,
            self.clock,
            on_commit=self.commits.append,
            on_trouble=self.troubles.append,
        )

    async def put(self, make: Callable[[int], i.AnyInput]) -> Answered:
        async with asyncio.timeout(PATIENCE):
            return await self.inbox.submit(make)

    async def puts(self, *makes: Callable[[int], i.AnyInput]) -> list[Answered | BaseException]:
        """Hand in several before any is decided: the thread is not running yet."""
        asked = [asyncio.ensure_future(self.put(make)) for make in makes]
        await asyncio.sleep(0)
        self.inbox.start()
        return await asyncio.gather(*asked, return_exceptions=True)

    def journal(self) -> list[Entry]:
        return [decode(record.body) for record in self.store.tail(0, 10_000)]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    await made.inbox.stop()


def says(key: str, sender: str = "joe", **about: object) -> Callable[[int], i.AnyInput]:
    def make(at: int) -> i.MessageReceived:
        seen = i.Seen(f"webchat:{sender}", "webchat")
        message = i.MessageReceived(key, at, f"m-{key}", "webchat", "main", seen, live=True)
        return msgspec.structs.replace(message, **about)

    return make


def team(key: str, *names: str) -> Callable[[int], i.AnyInput]:
    return lambda at: i.TeamLoaded(key, at, tuple(i.Member(name) for name in names))


def goes(key: str, agent: str, status: Status) -> Callable[[int], i.AnyInput]:
    return lambda at: i.StatusDeclared(key, at, agent, status)


def nothing(at: int) -> i.AnyInput:
    """An input that changes nothing, by which the inbox looks at the clock."""
    return i.RulesLoaded(f"nothing/{at}", at, "")


def breaks(at: int) -> i.AnyInput:
    raise ZeroDivisionError("a plugin's bug")


def rules(version: str, *teams: str) -> RuleSet:
    return RuleSet(version, Defaults("general"), queues={"general": Queue("general", teams=teams)})


# --- deciding ---


async def test_an_answer_comes_after_its_commit(desk: Desk) -> None:
    desk.inbox.start()
    answer = await desk.put(says("k1"))
    assert (answer.seq, answer.ok, answer.code) == (1, True, "received")
    assert answer.values == {"thread": 1, "how": "opened"}
    assert desk.store.head()[0] == 1
    assert desk.commits[0].head == desk.store.head()


async def test_a_refusal_is_an_answer_and_no_commit(desk: Desk) -> None:
    desk.inbox.start()
    answer = await desk.put(lambda at: i.ThreadClaimed("k", at, "nobody", 1))
    assert (answer.seq, answer.ok, answer.code) == (0, False, "no_such_agent")
    assert desk.store.head()[0] == 0


async def test_what_comes_together_is_committed_together_and_answered_in_order(desk: Desk) -> None:
    answers = await desk.puts(*(says(f"k{n}", f"c{n}") for n in range(20)))
    assert [answer.seq for answer in answers if isinstance(answer, Answered)] == list(range(1, 21))
    assert len(desk.commits) == 1
    assert [entry.input.key for entry in desk.journal()] == [f"k{n}" for n in range(20)]


async def test_more_than_a_batch_is_several_commits(desk: Desk) -> None:
    await desk.puts(*(says(f"k{n}", f"c{n}") for n in range(2 * BATCH + 1)))
    assert [len(commit.entries) for commit in desk.commits] == [BATCH, BATCH, 1]


async def test_the_same_key_gets_the_same_answer_and_changes_nothing(desk: Desk) -> None:
    together = await desk.puts(says("k1"), says("k1"))
    assert together[0] == together[1]
    assert await desk.put(says("k1")) == together[0]
    assert len(desk.journal()) == 1


async def test_the_same_key_gets_the_same_answer_after_a_restart(desk: Desk) -> None:
    desk.inbox.start()
    first = await desk.put(says("k1"))
    await desk.inbox.stop()
    desk.inbox = desk.made(load(desk.store))
    desk.inbox.start()
    assert await desk.put(says("k1")) == first
    assert len(desk.journal()) == 1


async def test_rows_come_with_their_input_or_not_at_all(desk: Desk) -> None:
    desk.inbox.start()
    await desk.inbox.submit(says("k1"), {"b/m1": b"hello"})
    await desk.inbox.submit(lambda at: i.ThreadClaimed("k2", at, "nobody", 1), {"b/m2": b"never"})
    assert desk.store.get(["b/m1", "b/m2"]) == {"b/m1": b"hello"}


async def test_a_row_that_shall_be_forgotten_goes_with_the_next_commit(desk: Desk) -> None:
    desk.inbox.start()
    await desk.inbox.submit(says("k1"), {"o/effect": b"owed"})
    desk.inbox.forget("o/effect")
    await desk.put(nothing)
    assert desk.store.get(["o/effect"]) == {"o/effect": b"owed"}
    await desk.put(says("k2"))
    assert desk.store.get(["o/effect"]) == {}


async def test_cold_customers_are_found_again(desk: Desk) -> None:
    desk.inbox.start()
    await desk.put(team("t", "ana"))
    await desk.put(says("k1"))
    await desk.put(lambda at: i.ThreadResolved("k2", at, "ana", 1))
    desk.clock.at += 8 * 86_400_000
    await desk.put(nothing)
    assert not desk.inbox.state.customers
    answer = await desk.put(says("k3"))
    assert answer.values == {"thread": 2, "how": "opened"}
    customer = msgspec.json.decode(desk.store.get(["c/webchat:joe"])["c/webchat:joe"])
    assert [past["thread"] for past in customer["history"]] == [1]
    assert customer["last_agent"] == "ana"


async def test_how_inputs_are_batched_does_not_matter() -> None:
    journal = History().play(acts(5, 300)).journal
    makes = [at_its_time(done.input) for done in journal if not isinstance(done.input, i.TimerDue)]
    alone, together = Desk(), Desk()
    for made in (alone, together):
        made.inbox.state.adopt(RULES[0])
        made.inbox.state.adopt(RULES[1])
    alone.inbox.start()
    for make in makes:
        await alone.put(make)
    answers = await together.puts(*makes)
    assert len(answers) == len(makes)
    assert [r.body for r in alone.store.tail(0, 9999)] == [
        r.body for r in together.store.tail(0, 9999)
    ]
    for made in (alone, together):
        await made.inbox.stop()


def at_its_time(input: i.AnyInput) -> Callable[[int], i.AnyInput]:
    """An input of a history, at the one moment where this test's clock stands."""
    return lambda at: msgspec.structs.replace(input, at=at)


# --- timers ---


async def test_timers_that_are_due_go_before_whatever_was_handed_in(desk: Desk) -> None:
    desk.inbox.start()
    await desk.put(team("t", "ana"))
    await desk.put(goes("s", "ana", Status.ONLINE))
    await desk.put(says("k1"))
    (offer,) = desk.inbox.state.threads[1].offers
    desk.clock.at = offer.until
    answer = await desk.put(lambda at: i.OfferAccepted("k2", at, "ana", 1, offer.id))
    assert (answer.ok, answer.code) == (False, "expired")


async def test_timers_run_though_nothing_happens(desk: Desk) -> None:
    expired = asyncio.Event()
    desk.inbox = Inbox(
        desk.store,
        desk.inbox.state,
        desk.clock,
        on_commit=lambda committed: expired.set() if len(desk.journal()) == 4 else None,
    )
    desk.inbox.start()
    await desk.put(team("t", "ana"))
    await desk.put(goes("s", "ana", Status.ONLINE))
    await desk.put(says("k1"))
    (offer,) = desk.inbox.state.threads[1].offers
    desk.clock.at = offer.until
    await desk.put(nothing)  # it sleeps by the real clock, so it must be woken to see ours
    await asyncio.wait_for(expired.wait(), PATIENCE)
    assert desk.journal()[-1].input == i.TimerDue(
        f"timer/1/{offer.until}", offer.until, 1, offer.until
    )


async def test_a_timer_in_the_near_future_wakes_the_inbox_by_itself() -> None:
    desk = Desk()
    desk.inbox.start()
    await desk.put(team("t", "ana"))
    await desk.put(says("k1"))
    await desk.put(lambda at: i.ThreadClaimed("k2", at, "ana", 1))

    class Ticking(HandClock):
        """Later each time it is looked at."""

        def now(self) -> int:
            self.at += 1
            return self.at

    await desk.inbox.stop()
    desk.clock = Ticking()
    desk.inbox = Inbox(desk.store, load(desk.store), desk.clock)
    desk.inbox.put(Work(lambda at: i.SnoozeAsked("k3", at, "ana", 1, at + 3)))
    desk.inbox.start()
    async with asyncio.timeout(PATIENCE):
        while last_of(desk) != ["ThreadWoken"]:  # noqa: ASYNC110 - it lies in a store
            await asyncio.sleep(0.001)
    await desk.inbox.stop()


def last_of(desk: Desk) -> list[str]:
    """The kinds of events of the last record."""
    return [type(event).__name__ for event in desk.journal()[-1].ev]


async def test_however_many_timers_are_due_they_go_first(desk: Desk) -> None:
    desk.inbox.start()
    await desk.put(team("t", "ana"))
    many = TIMERS + 10
    for n in range(1, many + 1):
        desk.inbox.put(Work(says(f"k{n}", f"c{n}")))
        desk.inbox.put(Work(take(f"c{n}", n)))
        desk.inbox.put(Work(snooze(f"s{n}", n)))
    await desk.put(nothing)
    desk.clock.at += 60_000
    await desk.put(lambda at: i.TagsChanged("tag", at, "ana", many, ("late",)))
    last = [
        entry for entry in desk.journal() if isinstance(entry.input, i.TimerDue | i.TagsChanged)
    ]
    assert isinstance(last[-1].input, i.TagsChanged)
    assert len(last) == many + 1


def take(key: str, thread: int) -> Callable[[int], i.AnyInput]:
    return lambda at: i.ThreadClaimed(key, at, "ana", thread)


def snooze(key: str, thread: int) -> Callable[[int], i.AnyInput]:
    return lambda at: i.SnoozeAsked(key, at, "ana", thread, MONDAY + 1_000)


# --- faults ---


async def test_a_failed_commit_is_told_and_has_never_been(desk: Desk) -> None:
    desk.store.faults = [Unavailable("disk", "is full")]
    desk.inbox.start()
    with pytest.raises(Unavailable, match="is full"):
        await desk.put(says("k1"))
    assert desk.store.head()[0] == 0
    assert [str(error) for error in desk.troubles] == ["disk: is full"]
    answer = await desk.put(says("k1"))
    assert (answer.seq, answer.values["thread"]) == (1, 1)


async def test_a_row_that_could_not_be_forgotten_is_forgotten_later(desk: Desk) -> None:
    desk.inbox.start()
    await desk.inbox.submit(says("k1"), {"o/effect": b"owed"})
    desk.inbox.forget("o/effect")
    desk.store.faults = [Unavailable("disk", "is full")]
    with pytest.raises(Unavailable):
        await desk.put(says("k2"))
    await desk.put(says("k2"))
    assert desk.store.get(["o/effect"]) == {}


async def test_a_bug_in_one_input_harms_no_other(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    answers = await desk.puts(says("k1", "a"), breaks, says("k2", "b"))
    assert isinstance(answers[1], ZeroDivisionError)
    assert [answers[n].seq for n in (0, 2)] == [1, 2]  # type: ignore[union-attr]
    assert "could not be decided" in caplog.text
    assert (await desk.put(says("k3", "c"))).ok


async def test_a_fault_between_bugs_is_told_to_whom_it_concerns_and_to_nobody_twice(
    desk: Desk,
) -> None:
    told: list[tuple[str, object]] = []
    for key, make in (("a", says("k1", "a")), ("x", breaks), ("b", says("k2", "b"))):
        desk.inbox.put(Work(make, done=lambda answer, key=key: told.append((key, answer))))  # type: ignore[misc]
    desk.store.faults = [Unavailable("disk", "is full")]
    desk.inbox.start()
    await desk.put(says("k3", "c"))
    kinds = [(key, type(answer)) for key, answer in told]
    assert kinds == [("a", Unavailable), ("x", ZeroDivisionError), ("b", Answered)]


async def test_a_poisoned_timer_is_left_alone(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.inbox.start()
    await desk.put(team("t", "ana"))
    await desk.put(goes("s", "ana", Status.ONLINE))
    await desk.put(says("k1", "a"))
    await desk.put(says("k2", "b"))
    poisoned = desk.inbox.state.threads[1]
    (offer,) = poisoned.offers
    nobody = msgspec.structs.replace(offer, agent="nobody")  # what no input can do
    desk.inbox.state.threads[1] = msgspec.structs.replace(poisoned, offers=(nobody,))
    desk.clock.at = offer.until
    assert (await desk.put(says("k3", "c"))).ok
    assert "a timer could not be decided" in caplog.text


@pytest.mark.parametrize(
    "fault", [Moved((0, b""), (1, b"x")), InDoubt("disk", "did not answer")], ids=["moved", "doubt"]
)
async def test_where_another_writes_or_nobody_knows_the_writing_ends(
    desk: Desk, fault: StoreError
) -> None:
    desk.store.faults = [fault]
    first = [asyncio.ensure_future(desk.put(says(f"k{n}", f"c{n}"))) for n in range(BATCH + 5)]
    await asyncio.sleep(0)
    desk.inbox.start()
    answers = await asyncio.gather(*first, return_exceptions=True)
    assert {type(answer) for answer in answers} == {type(fault)}
    with pytest.raises(type(fault)):
        await desk.put(says("later"))
    assert desk.troubles == [fault]
    assert desk.store.head()[0] == 0


async def test_whatever_is_handed_in_after_the_end_is_told_so(desk: Desk) -> None:
    desk.inbox.start()
    await desk.put(says("k1"))
    await desk.inbox.stop()
    with pytest.raises(Unavailable, match="closed"):
        await desk.put(says("k2"))


async def test_what_was_handed_in_before_the_end_is_decided(desk: Desk) -> None:
    desk.inbox.start()
    asked = [asyncio.ensure_future(desk.put(says(f"k{n}", f"c{n}"))) for n in range(300)]
    await asyncio.sleep(0)
    await desk.inbox.stop()
    answers = await asyncio.gather(*asked)
    assert [answer.seq for answer in answers] == list(range(1, 301))


async def test_who_listens_to_commits_and_fails_keeps_no_answer_back(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(committed: Committed) -> None:
        raise ZeroDivisionError("an observer's bug")

    desk.inbox = Inbox(desk.store, desk.inbox.state, desk.clock, on_commit=fails)
    desk.inbox.start()
    assert (await desk.put(says("k1"))).ok
    assert "an observer's bug" in caplog.text


async def test_an_asker_who_went_away_disturbs_nobody(desk: Desk) -> None:
    asked = asyncio.ensure_future(desk.put(says("k1")))
    await asyncio.sleep(0)
    asked.cancel()
    desk.inbox.start()
    assert (await desk.put(says("k2"))).seq == 2


# --- rules ---


async def test_rules_decide_from_their_turn_on_whatever_is_in_the_same_batch(desk: Desk) -> None:
    desk.inbox.state.adopt(rules("one", "money"))
    seen: list[str] = []

    def observed(key: str) -> Callable[[int], i.AnyInput]:
        def make(at: int) -> i.AnyInput:
            version = desk.inbox.state.rules.version
            seen.append(version)
            return says(key, key, rules=version)(at)

        return make

    before = asyncio.ensure_future(desk.put(observed("before")))
    await asyncio.sleep(0)
    adopted = asyncio.ensure_future(
        desk.inbox.adopt(rules("two"), {"r/two": b""}, lambda at: i.RulesLoaded("r", at, "two"))
    )
    await asyncio.sleep(0)
    after = asyncio.ensure_future(desk.put(observed("after")))
    await asyncio.sleep(0)
    desk.inbox.start()
    await asyncio.gather(before, adopted, after)
    assert seen == ["one", "two"]
    routed = {e.input.key: e for e in desk.journal()}
    assert [routed[key].rules for key in ("before", "r", "after")] == ["", "two", "two"]


async def test_rules_whose_adoption_fails_decide_nothing(desk: Desk) -> None:
    desk.inbox.start()
    await desk.inbox.adopt(rules("one"), {}, lambda at: i.RulesLoaded("r1", at, "one"))
    desk.store.faults = [Unavailable("disk", "is full")]
    with pytest.raises(Unavailable):
        await desk.inbox.adopt(rules("two"), {}, lambda at: i.RulesLoaded("r2", at, "two"))
    assert desk.inbox.state.rules.version == "one"
    await desk.inbox.adopt(rules("two"), {}, lambda at: i.RulesLoaded("r2", at, "two"))
    assert desk.inbox.state.rules.version == "two"
