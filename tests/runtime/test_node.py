"""One node: started and stopped in order, and what one part does harms no other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC
from pathlib import Path
from types import ModuleType

import pytest
from tests.plugin_objects import plugin
from tests.runtime.house import House, Pipe, listens

from omniroute import ConfigError, Intake, Notice, PluginError, Refused
from omniroute.core.conditions import Always
from omniroute.core.rules import Defaults, Queue, RouteRule, RuleSet
from omniroute.core.urgency import HOUR, Calendar
from omniroute.errors import ConfigErrors
from omniroute.rules import parse_rules
from omniroute.runtime.node import files_of, notices
from omniroute.stores.api import InDoubt, Moved, Unavailable

Listens = Callable[[Intake], Awaitable[None]]


def raises(error: BaseException) -> Listens:
    """A channel that never gets to listen."""

    async def listen(intake: Intake) -> None:
        raise error

    return listen


def dies_of(error: BaseException | None, when: asyncio.Event) -> Listens:
    """A channel that listens for a while."""

    async def listen(intake: Intake) -> None:
        intake.ready()
        await when.wait()
        if error is not None:
            raise error

    return listen


async def silent(intake: Intake) -> None:
    await asyncio.Event().wait()


# --- a start ---


async def test_a_start_ends_when_everybody_listens(tmp_path: Path) -> None:
    house = House(tmp_path)
    listening = asyncio.Event()

    async def slow(intake: Intake) -> None:
        await listening.wait()
        await listens(intake)

    house.pipe.listens = slow
    starting = asyncio.ensure_future(house.start())
    await house.until(lambda: house.pipe.intake)
    assert not starting.done()
    listening.set()
    await starting
    await house.close()


async def test_a_channel_that_cannot_listen_stops_the_start_by_its_fault(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.pipe.listens = raises(ConfigError("channels.a.port", "port 25 is in use"))
    with pytest.raises(ConfigError, match=r"channels.a.port: port 25 is in use"):
        await house.start()
    await house.close()


async def test_all_channels_that_cannot_listen_are_named_at_once(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.more = [Pipe("b"), Pipe("c")]
    house.node = house.made()
    house.pipe.listens = raises(ConfigError("channels.a.port", "port 25 is in use"))
    house.more[1].listens = raises(ConfigError("channels.c.port", "port 26 is in use"))
    with pytest.raises(ConfigErrors) as refused:
        await house.start()
    assert str(refused.value).splitlines() == [
        "channels.a.port: port 25 is in use",
        "channels.c.port: port 26 is in use",
    ]
    await house.close()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
        (SystemExit(1), "Unruly: called sys.exit"),
    ],
)
async def test_what_nobody_foresaw_is_named_by_plugin(
    tmp_path: Path, error: BaseException, said: str
) -> None:
    house = House(tmp_path)
    house.more = [Pipe("b")]
    house.node = house.made()
    house.pipe.listens = raises(ConfigError("channels.a.port", "port 25 is in use"))
    house.more[0].listens = raises(error)
    with pytest.raises(PluginError) as refused:
        await house.start()
    assert str(refused.value) == f"plugin pipe: listen: {said}"
    await house.close()


async def test_a_channel_that_never_says_so_does_not_hold_up_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(tmp_path, until_ready=0.05)
    house.more = [Pipe("b")]
    house.node = house.made()
    house.more[0].listens = silent
    async with house.running():
        await house.says("hello")
        await house.read(1)
    assert caplog.messages == ["pipe “b” has not said that it listens; the others go on"]


async def test_what_the_last_run_left_is_taken_up(tmp_path: Path) -> None:
    house = House(tmp_path)
    await house.spool.append("pipe", "a", b'{"text": "hello"}', at=1)
    async with house.running():
        await house.read(1)
        assert house.texts() == ["hello"]


async def test_rules_and_team_are_in_force_before_anything_is_read(tmp_path: Path) -> None:
    house = House(tmp_path)
    await house.spool.append("pipe", "a", b'{"text": "hello"}', at=1)
    async with house.running():
        await house.read(1)
        names = [type(entry.input).__name__ for entry in house.journal()]
        assert names == ["WritingTaken", "RulesLoaded", "TeamLoaded", "MessageReceived"]
        assert house.row("r/r1") == b"rules"


# --- a channel or a desk that ends ---


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ZeroDivisionError("division by zero"), "pipe “b” has stopped"),
        (SystemExit(1), "pipe “b” has stopped"),
        (None, "pipe “b” has stopped: its listen has returned"),
    ],
)
async def test_a_channel_that_dies_later_is_named_and_takes_nobody_along(
    tmp_path: Path,
    error: BaseException | None,
    said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    house, dies = House(tmp_path), asyncio.Event()
    house.more = [Pipe("b")]
    house.more[0].listens = dies_of(error, dies)
    house.node = house.made()
    async with house.running():
        dies.set()
        await house.until(lambda: caplog.messages)
        await house.says("hello")
        await house.read(1)
    assert caplog.messages == [said]


async def test_a_channel_that_is_told_to_stop_stops_and_nothing_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(tmp_path)
    told: list[str] = []

    async def tidy(intake: Intake) -> None:
        intake.ready()
        try:
            await asyncio.Event().wait()
        finally:
            told.append("stop")

    house.pipe.listens = tidy
    async with house.running():
        assert told == []
    assert told == ["stop"]
    assert caplog.messages == []


# --- a stop ---


async def test_what_was_acknowledged_before_a_stop_is_decided_by_then_or_after_it(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)
    await house.start()
    said = [f"line {number}" for number in range(200)]
    await asyncio.gather(*(house.says(text) for text in said))
    await house.restart()
    await house.read(200)
    assert house.texts() == said
    await house.close()


async def test_a_node_is_stopped_twice_or_before_it_was_started_without_harm(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)
    await house.node.stop()
    await house.close()
    await house.close()


async def test_a_start_that_fails_leaves_a_node_that_can_be_stopped(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.store.faults.append(Unavailable("disk", "is full"))
    with pytest.raises(Unavailable):
        await house.start()
    await house.close()


# --- the store ---


@pytest.mark.parametrize(
    "error", [Unavailable("disk", "is full"), InDoubt("disk", "?"), Moved((1, b""), (2, b""))]
)
async def test_whoever_runs_a_node_hears_of_every_failure_of_the_store(
    tmp_path: Path, error: Unavailable | InDoubt | Moved
) -> None:
    async with House(tmp_path).running() as house:
        house.store.faults.append(error)
        with pytest.raises(type(error)):
            await house.goes("ana")
        await house.until(lambda: house.troubles)
        assert house.troubles == [error]


# --- automatic replies ---

GREETING = RuleSet(
    "greeting",
    Defaults("general"),
    route=(RouteRule("all", Always(), queue="general", reply="closed"),),
    queues={"general": Queue("general")},
    calendars={"office.berlin": Calendar(UTC, {0: [(9 * HOUR, 17 * HOUR)]})},
    replies={
        "closed": {
            "en": "We are back {calendar.office.berlin.next_open}.",
            "de": "Wir sind {calendar.office.berlin.next_open} zurück.",
        }
    },
)


def speaking(language: str) -> ModuleType:
    def omniroute_facts() -> dict[str, str]:
        return {"message.language": language} if language else {}

    return plugin(omniroute_facts)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("", "We are back on Monday at 09:00."),
        ("en", "We are back on Monday at 09:00."),
        ("de-AT", "Wir sind am Montag um 09:00 Uhr zurück."),
        ("fr", "We are back on Monday at 09:00."),
    ],
)
async def test_an_automatic_reply_is_in_the_customer_s_language(
    tmp_path: Path, language: str, said: str
) -> None:
    house = House(tmp_path, plugins=[speaking(language)])
    house.rules = GREETING
    async with house.running():
        await house.says("hello")
        await house.until(lambda: house.events("ReplySent"))
        assert house.pipe.texts == [said]
        (released,) = house.events("AutomaticReplyReleased")
        assert house.body(released.message).text == said


PROPOSING = parse_rules(
    {
        "rules.yaml": b"""
version: 1
queues: {general: {}}
route:
  - id: password
    when: {message.text: {any_of: password}}
    deflect: {article: https://help.example/1, ask: {en: Solved?, de: Geholfen?}}
  - {id: rest, to: {queue: general}}
"""
    }
)


async def test_an_article_is_sent_with_its_question_and_a_yes_solves_it(tmp_path: Path) -> None:
    house = House(tmp_path, plugins=[speaking("de")])
    house.rules = PROPOSING
    async with house.running():
        await house.says("my password")
        await house.until(lambda: house.events("ReplySent"))
        assert house.pipe.texts == ["https://help.example/1\n\nGeholfen?"]
        await house.says("Ja, danke!")
        await house.until(lambda: house.events("ThreadSolved"))
        (solved,) = house.events("ThreadSolved")
        assert (solved.how, solved.agent) == ("deflected", "")


# --- dead letters ---


async def test_a_letter_that_is_none_is_not_read_again(tmp_path: Path) -> None:
    async with House(tmp_path).running() as house:
        with pytest.raises(Refused, match="There is no dead letter 7"):
            await house.node.retry(7)


# --- observers ---


async def test_observers_hear_of_every_event_after_its_commit_and_never_a_word(
    tmp_path: Path,
) -> None:
    heard: list[Notice] = []
    committed: list[bool] = []

    async def omniroute_event(notice: Notice) -> None:
        heard.append(notice)
        committed.append(house.node.reader.head()[0] >= notice.seq)

    house = House(tmp_path, plugins=[plugin(omniroute_event)])
    async with house.running():
        await house.goes("ana")
        await house.says("my secret", sender="joe@mail.example", display="Joe Miller")
        await house.read(1)
        await house.replies("keep it")
        await house.until(lambda: house.events("ReplySent"))
        await house.until(lambda: len(heard) == len(house.events()))
        assert [notice.name for notice in heard] == [type(e).__name__ for e in house.events()]
    assert all(committed)
    seqs = [notice.seq for notice in heard]
    assert seqs == sorted(seqs)
    assert {notice.thread for notice in heard if notice.name.startswith("Thread")} == {1}
    for word in ("my secret", "joe@mail.example", "Joe Miller", "keep it"):
        assert word not in repr(heard)


async def test_an_observer_that_fails_is_named_and_the_desk_works_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def omniroute_event(notice: Notice) -> None:
        raise SystemExit(1)

    async with House(tmp_path, plugins=[plugin(omniroute_event)]).running() as house:
        await house.says("hello")
        await house.read(1)
        await house.until(lambda: caplog.messages)
    assert set(caplog.messages) == {"plugin plugin0: omniroute_event raised"}


async def test_a_notice_has_the_number_and_time_of_its_record(tmp_path: Path) -> None:
    async with House(tmp_path).running() as house:
        await house.says("hello")
        await house.read(1)
        told = [notice for commit in house.commits for notice in notices(commit)]
        recorded = [
            (seq, entry.at, type(event).__name__)
            for seq, entry in enumerate(house.journal(), 1)
            for event in entry.ev
        ]
        assert [(notice.seq, notice.at, notice.name) for notice in told] == recorded


def test_everything_lies_beside_the_database() -> None:
    found = files_of(Path("/srv/desk.db"))
    assert found["database"] == Path("/srv/desk.db")
    assert {path.parent for path in found.values()} == {Path("/srv")}
    assert len(set(found.values())) == len(found)
