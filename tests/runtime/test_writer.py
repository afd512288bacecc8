"""The writer: rounds that happen whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
import pytest

from omniroute.core import inputs as i
from omniroute.core.conditions import Always
from omniroute.core.effects import AnyEffect, Deliver, Present
from omniroute.core.model import Status
from omniroute.core.rules import Defaults, Queue, RouteRule, RuleSet
from omniroute.core.state import State
from omniroute.errors import StoreError
from omniroute.runtime.loading import differences, fold, load
from omniroute.runtime.record import Entry, decode, encode
from omniroute.runtime.rows import Body, Owed
from omniroute.runtime.writer import TIMERS, Answered, Make, Puts, Writer
from omniroute.stores.api import Head, Moved, Unavailable
from omniroute.stores.memory import MemoryStore
from omniroute.testing.machine import MONDAY

MINUTE = 60_000
RULES = RuleSet(
    "r1",
    Defaults("general"),
    route=(RouteRule("all", Always(), queue="general", reply="hello"),),
    queues={"general": Queue("general")},
    replies={"hello": {"en": "We see to it."}},
)


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
    """A writer on a clock by hand; Ana is online."""

    def __init__(self) -> None:
        self.store, self.at = Faulty(), MONDAY
        self.state = State()
        self.state.adopt(RULES)
        self.asked: list[Deliver] = []
        self.writer = Writer(self.store, self.state, self, canned=self._canned)
        self.do(
            lambda at: i.RulesLoaded("rules", at, "r1"),
            lambda at: i.TeamLoaded("team", at, (i.Member("ana"),)),
            lambda at: i.StatusDeclared("on", at, "ana", Status.ONLINE),
        )

    def now(self) -> int:
        return self.at

    def _canned(self, effect: Deliver, input: i.AnyInput) -> Puts:
        self.asked.append(effect)
        return {"b/" + effect.message: encode(Body("We see to it."))}

    def do(self, *makes: Make, puts: Puts | None = None) -> list[Answered]:
        """One round of these."""
        self.last, answers = self.writer.round([(make, puts or {}) for make in makes])
        return answers

    def journal(self) -> list[Entry]:
        return [decode(record.body) for record in self.store.tail(0, 10_000)]

    def effects(self) -> list[AnyEffect]:
        return list(self.last.effects)

    def sound(self) -> None:
        """The rows are what the journal makes of them, and what the state says."""
        reader = self.store.reader()
        assert differences(reader, fold(reader)) == []
        assert load(self.store).threads == self.state.threads
        assert load(self.store).agents == self.state.agents


@pytest.fixture
def desk() -> Desk:
    return Desk()


def says(key: str, sender: str = "joe") -> Make:
    def make(at: int) -> i.MessageReceived:
        seen = i.Seen(sender, "webchat")
        return i.MessageReceived(key, at, f"m-{key}", "webchat", "main", seen, live=True)

    return make


def breaks(at: int) -> i.AnyInput:
    raise ZeroDivisionError("a bug of ours")


# --- a round ---


def test_records_rows_and_answers_come_of_one_commit(desk: Desk) -> None:
    before = desk.store.head()[0]
    answers = desk.do(says("k1"), says("k2", "zoe"), puts={"b/m": b"text"})
    assert [answer.seq for answer in answers] == [before + 1, before + 2]
    assert desk.last.head == desk.store.head()
    assert [entry.input.key for entry in desk.last.entries] == ["k1", "k2"]
    assert desk.journal()[-2:] == list(desk.last.entries)
    assert {"b/m", "d/k1", "d/k2", "t/1", "t/2"} <= {key for key, _ in desk.store.scan("")}
    desk.sound()


def test_a_record_says_what_came_of_an_input_and_why(desk: Desk) -> None:
    desk.do(says("k1"))
    (entry,) = desk.last.entries
    assert (entry.v, entry.at, entry.rules) == (1, MONDAY, "r1")
    assert entry.ef == tuple(effect.id for effect in desk.effects())
    assert {why["about"] for why in entry.why} == {"identity", "route", "match"}


def test_the_same_input_again_gets_the_same_answer_and_changes_nothing(desk: Desk) -> None:
    (first,) = desk.do(says("k1"))
    rows, head = desk.store.scan(""), desk.store.head()
    desk.at += MINUTE // 2
    (again,) = desk.do(says("k1"), puts={"b/m": b"other"})
    assert again == first
    assert (desk.store.scan(""), desk.store.head()) == (rows, head)
    assert desk.last.entries == ()


def test_an_input_twice_in_one_round_is_decided_once(desk: Desk) -> None:
    first, second = desk.do(says("k1"), says("k1"))
    assert first == second
    assert len(desk.last.entries) == 1


def test_a_refusal_writes_nothing_and_may_be_another_answer_later(desk: Desk) -> None:
    def claims(at: int) -> i.AnyInput:
        return i.ThreadClaimed("claim", at, "ana", 1)

    head = desk.store.head()
    (refused,) = desk.do(claims, puts={"b/m": b"text"})
    assert (refused.ok, refused.code) == (False, "unknown_thread")
    assert desk.store.head() == head
    assert desk.store.get(["b/m", "d/claim"]) == {}
    desk.do(says("k1"))
    assert desk.do(claims)[0].ok


def test_a_round_of_nothing_is_no_commit(desk: Desk) -> None:
    head = desk.store.head()
    assert desk.do() == []
    assert desk.last.head == desk.store.head() == head


# --- what is owed ---


def test_effects_are_owed_in_the_commit_that_decides_them(desk: Desk) -> None:
    desk.do(says("k1"))
    reply, offer = sorted(desk.effects(), key=lambda effect: isinstance(effect, Present))
    assert isinstance(reply, Deliver)
    owed = [
        msgspec.json.decode(row, type=Owed)
        for row in desk.store.get(["o/" + reply.id, "o/" + offer.id]).values()
    ]
    owed.sort(key=lambda one: one.place)
    assert [one.effect for one in owed] == desk.effects()
    assert {one.seq for one in owed} == {desk.store.head()[0]}


def test_an_automatic_reply_has_its_text_in_the_same_commit(desk: Desk) -> None:
    desk.do(says("k1"))
    (asked,) = desk.asked
    assert asked.reply == "hello"
    assert desk.store.get(["b/" + asked.message]) == {
        "b/" + asked.message: encode(Body("We see to it."))
    }


def test_what_is_to_be_forgotten_goes_with_the_next_commit(desk: Desk) -> None:
    desk.do(says("k1"), puts={"o/card": b"owed"})
    desk.writer.forget("o/card")
    desk.do(lambda at: i.ThreadClaimed("no", at, "nobody", 1))
    assert "o/card" in desk.store.get(["o/card"]), "a refusal is no commit"
    desk.do(says("k2"))
    assert desk.store.get(["o/card"]) == {}


def test_what_was_to_be_forgotten_is_so_after_a_commit_that_failed(desk: Desk) -> None:
    desk.do(says("k1"), puts={"o/card": b"owed"})
    desk.writer.forget("o/card")
    desk.store.faults = [Unavailable("disk", "is full")]
    with pytest.raises(Unavailable):
        desk.do(says("k2"))
    desk.do(says("k2"))
    assert desk.store.get(["o/card"]) == {}


# --- what fails ---


@pytest.mark.parametrize("fault", [Unavailable("disk", "is full"), Moved((0, b""), (1, b""))])
def test_a_commit_that_fails_has_never_been(desk: Desk, fault: StoreError) -> None:
    desk.do(says("k1"))
    threads, agents = dict(desk.state.threads), dict(desk.state.agents)
    desk.store.faults = [fault]
    with pytest.raises(type(fault)):
        desk.do(says("k2", "zoe"), lambda at: i.ThreadClaimed("c", at, "ana", 1))
    assert (desk.state.threads, desk.state.agents) == (threads, agents)
    desk.sound()
    (answer,) = desk.do(says("k2", "zoe"))
    assert answer.values["thread"] == 2
    desk.sound()


def test_a_bug_in_one_input_takes_the_round_back(desk: Desk) -> None:
    head, threads = desk.store.head(), dict(desk.state.threads)
    with pytest.raises(ZeroDivisionError):
        desk.do(says("k1"), breaks)
    assert desk.store.head() == head
    assert desk.state.threads == threads
    assert desk.do(says("k1"))[0].values["thread"] == 1


def test_an_automatic_reply_that_cannot_be_written_takes_the_round_back() -> None:
    class Speechless(Desk):
        def _canned(self, effect: Deliver, input: i.AnyInput) -> Puts:
            raise KeyError("no such reply")

    desk = Speechless()
    head = desk.store.head()
    with pytest.raises(KeyError):
        desk.do(says("k1"))
    assert desk.store.head() == head
    desk.sound()


def test_another_writer_s_commit_is_noticed_before_anything_is_written(desk: Desk) -> None:
    desk.store.commit(desk.store.head(), [b"{}"], {"t/9": b"theirs"})
    head = desk.store.head()
    with pytest.raises(Moved):
        desk.do(says("k1"))
    assert desk.store.head() == head


def opened(desk: Desk) -> Writer:
    """Another writer on the same store, as it stands there now."""
    state = load(desk.store)
    state.adopt(RULES)
    return Writer(desk.store, state, desk, canned=lambda effect, input: {})


def test_c6_of_two_who_offer_the_last_unit_one_commits_and_the_other_decides_anew(
    desk: Desk,
) -> None:
    room = desk.state.agents["ana"].capacity
    desk.do(*(says(f"k{n}", f"c{n}") for n in range(room - 1)))
    other = opened(desk)
    desk.do(says("one", "kim"))
    with pytest.raises(Moved):
        other.round([(says("two", "lou"), {})])
    again = opened(desk)
    again.round([(says("two", "lou"), {})])
    assert again.state.agents["ana"].load == room
    *_, kim, lou = again.state.threads.values()
    assert (kim.phase, lou.phase) == ("offered", "queued")


# --- timers ---


def test_what_is_due_goes_first(desk: Desk) -> None:
    desk.do(says("k1"))
    assert desk.state.threads[1].offers
    desk.at += 2 * MINUTE
    assert desk.writer.behind()
    desk.do(says("k2", "zoe"))
    kinds = [type(entry.input).__name__ for entry in desk.last.entries]
    assert kinds[0] == "TimerDue"
    assert kinds[-1] == "MessageReceived"
    assert not desk.writer.behind()
    desk.sound()


def test_many_timers_are_taken_in_more_than_one_round(desk: Desk) -> None:
    count = TIMERS + 5

    def resolves(number: int) -> Callable[[int], i.AnyInput]:
        return lambda at: i.ThreadResolved(f"done{number}", at, "ana", number)

    for number in range(1, count + 1):
        desk.do(says(f"k{number}", f"customer{number}"))
        desk.do(resolves(number))
    desk.at += 8 * 24 * 60 * MINUTE  # every window to reopen is over
    desk.do()
    assert len(desk.last.entries) == TIMERS
    assert desk.writer.behind()
    desk.do()
    assert len(desk.last.entries) == 5
    assert not desk.writer.behind()
    assert desk.state.threads == {}
    desk.sound()


def test_time_in_the_journal_is_the_writer_s(desk: Desk) -> None:
    seen: list[int] = []

    def make(at: int) -> i.AnyInput:
        seen.append(at)
        return says("k1")(at)

    desk.at += 1234
    desk.do(make)
    assert seen == [MONDAY + 1234]
    assert desk.journal()[-1].at == MONDAY + 1234


def test_time_does_not_go_back_where_another_machine_s_clock_was_ahead() -> None:
    desk = Desk()
    ahead = desk.journal()[-1].at
    desk.at -= 5_000
    desk.writer = Writer(desk.store, load(desk.store), desk)
    desk.do(lambda at: i.StatusDeclared("away", at, "ana", Status.AWAY))
    assert desk.journal()[-1].at == ahead
    desk.at = ahead + 1
    desk.do(lambda at: i.StatusDeclared("back", at, "ana", Status.ONLINE))
    assert desk.journal()[-1].at == ahead + 1
