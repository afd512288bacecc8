"""From raw bytes to decided messages: in order, once, and what cannot be read is kept."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.runtime.house import PATIENCE, House, Jammed, inbound, inbounds

from omniroute import Address, Busy, Cap, File, Inbound
from omniroute.core.events import MessageAmended
from omniroute.core.inputs import ThreadResolved
from omniroute.core.observations import Observer, Reading, Texts
from omniroute.core.rules import Defaults, Queue, RuleSet
from omniroute.errors import StoreError
from omniroute.runtime import early
from omniroute.runtime.backlog import READY
from omniroute.runtime.files import Files
from omniroute.runtime.isolation import Unreadable
from omniroute.runtime.messages import DELETED
from omniroute.runtime.reading import AGAIN, OUTSTANDING, SMALL
from omniroute.runtime.record import encode
from omniroute.stores.api import InDoubt, Moved, Unavailable


def failing(*errors: BaseException) -> Callable[[bytes], Sequence[Inbound]]:
    """A `parse` that raises these first and reads afterwards."""
    left = list(errors)

    def reads(raw: bytes) -> Sequence[Inbound]:
        if left:
            raise left.pop(0)
        return inbounds(raw)

    return reads


# --- in order, once ---


async def test_a_message_is_decided_and_leaves_the_spool(house: House) -> None:
    await house.says("hello", sender="joe")
    await house.read(1)
    (message,) = house.messages()
    assert (message.channel, message.account, message.live) == ("pipe", "a", True)
    assert message.key == message.message
    body = house.body(message.message)
    assert (body.text, body.conversation, body.external_id) == ("hello", "with joe", "1")
    assert (body.channel, body.account) == ("pipe", "a")
    assert house.spool.pending() == []


async def test_order_is_kept(house: House) -> None:
    said = [f"line {number}" for number in range(60)]
    await asyncio.gather(*(house.says(text) for text in said))
    await house.read(60)
    assert house.texts() == said


async def test_order_is_kept_though_some_are_large(house: House) -> None:
    large = "x" * SMALL
    said = ["a", large, "b", large + "y", "c"]
    for text in said:
        await house.says(text)
    await house.read(5)
    assert house.texts() == said


async def test_more_than_memory_holds_waits_on_the_disk(tmp_path: Path) -> None:
    house = House(tmp_path)
    said = [f"line {number}" for number in range(2 * READY + 100)]
    raws = [json.dumps({"text": text, "id": text}).encode() for text in said]
    await asyncio.gather(*(house.spool.append("pipe", "a", raw, at=1) for raw in raws[:-100]))
    async with house.running():
        await asyncio.gather(*(house.accept(raw) for raw in raws[-100:]))
        await house.read(len(said))
        assert house.texts() == said


async def test_what_comes_faster_than_it_is_read_is_read_in_order(house: House) -> None:
    said = [f"line {number}" for number in range(2 * READY)]
    left, chance = list(said), random.Random(1)
    while left:
        count = chance.randint(1, READY)
        await asyncio.gather(*(house.says(text) for text in left[:count]))
        del left[:count]
    await house.read(len(said))
    assert house.texts() == said


async def test_several_messages_of_one_event_are_decided_together(house: House) -> None:
    said = [{"id": "1", "text": "one"}, {"id": "2", "text": "two"}]
    await house.accept(json.dumps(said).encode())
    await house.read(2)
    assert house.texts() == ["one", "two"]


async def test_what_is_not_for_us_is_done_without_a_word(house: House) -> None:
    await house.accept(b"[]")
    await house.until(lambda: not house.spool.depth)
    assert house.messages() == []
    assert await house.spool.dead() == []


async def test_a_redelivery_with_its_key_is_not_even_read(house: House) -> None:
    read: list[bytes] = []

    def reads(raw: bytes) -> Sequence[Inbound]:
        read.append(raw)
        return inbounds(raw)

    house.pipe.reads = reads
    for _ in range(3):
        await house.accept(b'{"text": "hello"}', key="event 7")
    await house.says("bye")
    await house.read(2)
    assert len(read) == 2
    assert house.texts() == ["hello", "bye"]


async def test_an_entry_read_again_changes_nothing(house: House) -> None:
    raw = b'{"text": "hello", "display": "Joe"}'
    await house.accept(raw)
    await house.read(1)
    before = dict(house.node.reader.scan(""))
    await house.accept(raw)
    await house.until(lambda: not house.spool.depth)
    assert dict(house.node.reader.scan("")) == before
    assert house.texts() == ["hello"]


# --- what cannot be read ---


async def test_what_cannot_be_read_is_a_dead_letter_with_its_reason(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.pipe.reads = failing(ValueError("no such charset: klingon"))
    await house.says("hello")
    assert await house.letter() == "ValueError: no such charset: klingon"
    assert house.messages() == []
    assert caplog.messages == ["pipe “a”: entry 1 is a dead letter: ValueError"]


class Elsewhere:
    """Reads for an account in what may die of it."""

    def __init__(self) -> None:
        self.troubles: list[Exception] = []
        self.closed = False

    async def parse(self, raw: bytes) -> Sequence[Inbound]:
        if b"deadly" in raw:
            raise Unreadable("whoever reads it dies of it: killed by SIGSEGV")
        if self.troubles:
            raise self.troubles.pop()
        return inbounds(raw)

    async def close(self) -> None:
        self.closed = True


async def test_f14_an_isolated_account_is_read_elsewhere_and_what_kills_there_is_a_dead_letter(
    house: House,
) -> None:
    house.pipe.reads = failing(*[AssertionError("read here")] * 9)
    house.node.parts.parsers["pipe", "a"] = elsewhere = Elsewhere()
    await house.says("one")
    await house.says("deadly")
    await house.says("two")
    await house.read(2)
    assert await house.letter() == "whoever reads it dies of it: killed by SIGSEGV"
    assert house.texts() == ["one", "two"]
    await house.node.stop_listening()
    assert elsewhere.closed


async def test_where_no_reader_starts_messages_wait(house: House) -> None:
    house.node.parts.parsers["pipe", "a"] = elsewhere = Elsewhere()
    elsewhere.troubles.append(Unavailable("pipe “a”", "its reader does not start"))
    await house.says("one")
    await house.read(1)
    assert house.texts() == ["one"]
    assert house.slept == [AGAIN]


async def test_a_dead_letter_is_read_again_after_a_fix(house: House) -> None:
    house.pipe.reads = failing(ValueError("no such charset"))
    await house.says("hello")
    await house.letter()
    (letter,) = await house.node.dead_letters()
    await house.node.retry(letter.id)
    await house.read(1)
    assert house.texts() == ["hello"]
    assert await house.node.dead_letters() == []


async def test_a_letter_may_die_twice(house: House) -> None:
    house.pipe.reads = failing(ValueError("once"), ValueError("twice"))
    await house.says("hello")
    assert await house.letter() == "ValueError: once"
    (letter,) = await house.node.dead_letters()
    await house.node.retry(letter.id)
    assert await house.letter() == "ValueError: twice"


async def test_a_letter_from_before_a_restart_is_read_again(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with house.running():
        house.pipe.reads = failing(ValueError("no such charset"))
        await house.says("hello")
        await house.letter()
        await house.again()
        (letter,) = await house.node.dead_letters()
        await house.node.retry(letter.id)
        await house.read(1)
        await house.says("bye")
        await house.read(2)
        assert house.texts() == ["hello", "bye"]


async def test_the_others_flow_past_a_dead_letter(house: House) -> None:
    house.pipe.reads = failing(ValueError("bad"), SystemExit(3), RecursionError("deep"))
    for text in ("a", "b", "c", "d"):
        await house.says(text)
    await house.read(1)
    assert house.texts() == ["d"]
    assert [letter.why for letter in await house.spool.dead()] == [
        "ValueError: bad",
        "SystemExit: 3",
        "RecursionError: deep",
    ]


async def test_an_account_that_was_closed_leaves_its_mail_readable(tmp_path: Path) -> None:
    house = House(tmp_path)
    await house.spool.append("pipe", "old", b"{}", at=1)
    async with house.running():
        assert await house.letter() == "there is no pipe channel “old” any more"


NOW = inbound().sent_at


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "answered a NoneType, not a list of Inbound"),
        ("hello", "answered a str, not a list of Inbound"),
        ([{"text": "hello"}], "answered a dict among messages"),
        ([inbound(text=None)], "text is a NoneType, not str"),  # type: ignore[arg-type]
        ([inbound(text="\ud800")], "text holds a lone surrogate, which is no character"),
        ([inbound(references="<1@x>")], "references is a str, not a tuple"),
        ([inbound(references=(7,))], "references is a int, not str"),
        ([inbound(also_known_as=("joe@x",))], "also_known_as is a str, not Address"),
        (
            [inbound(also_known_as=(Address("email", 7),))],  # type: ignore[arg-type]
            "also_known_as.value is a int, not str",
        ),
        ([inbound(files=(File("a", "b", "text"),))], "files.data is a str, not bytes"),  # type: ignore[arg-type]
        ([inbound(sender=" ")], "sender has no address"),
        ([inbound(display=None)], "sender.display is a NoneType, not str"),  # type: ignore[arg-type]
        ([Inbound("1", "c", Address("pipe", "x"), "", NOW.replace(tzinfo=None))], "sent_at has no"),
        ([inbound(id="7"), inbound(id="7")], "external_id '7' stands for two messages"),
    ],
)
async def test_what_no_channel_may_answer_is_named_by_plugin_and_field(
    house: House, answer: object, said: str
) -> None:
    house.pipe.reads = lambda raw: answer
    await house.says()
    assert (await house.letter()).startswith(f"plugin pipe: parse: {said}")
    assert house.messages() == []


async def test_a_reason_has_an_end(house: House) -> None:
    house.pipe.reads = failing(ValueError("x" * 1_000_000))
    await house.says()
    assert len(await house.letter()) == 2000


class Tripping(Observer):
    """Conditions that meet a bug of ours in certain words."""

    def __init__(self) -> None:
        super().__init__(())
        self.broken = True

    def observe(self, texts: Texts | Reading) -> tuple[int, ...]:
        said = texts.texts if isinstance(texts, Reading) else texts
        if self.broken and said.text == "mine":
            raise ZeroDivisionError("division by zero")
        return ()


@pytest.fixture
async def tripping(tmp_path: Path) -> AsyncIterator[tuple[House, Tripping]]:
    house, observer = House(tmp_path), Tripping()
    house.rules = RuleSet("r1", Defaults("general"), queues={"general": Queue("general")})
    object.__setattr__(house.rules, "observer", observer)
    async with house.running():
        yield house, observer


async def test_a_bug_of_ours_is_a_dead_letter_too_and_the_others_flow(
    tripping: tuple[House, Tripping],
) -> None:
    house, observer = tripping
    await asyncio.gather(*(house.says(text) for text in ("a", "mine", "b", "mine", "c")))
    await house.until(lambda: not house.spool.depth)
    first, second = await house.node.dead_letters()
    assert first.why == "could not be decided: ZeroDivisionError: division by zero"
    assert house.texts() == ["a", "b", "c"]
    observer.broken = False
    await house.node.retry(second.id)
    await house.read(4)
    assert house.texts() == ["a", "b", "c", "mine"]


async def test_an_event_with_one_bad_message_dies_once_and_is_finished_by_a_retry(
    tripping: tuple[House, Tripping],
) -> None:
    house, observer = tripping
    said = [{"id": str(number), "text": text} for number, text in enumerate(["a", "mine", "mine"])]
    await house.accept(json.dumps([*said, {"id": "4", "text": "b"}]).encode())
    await house.letter()
    await house.read(2)  # the bad one does not hold up those after it, nor wait for them
    assert house.texts() == ["a", "b"]
    observer.broken = False
    (letter,) = await house.node.dead_letters()
    await house.node.retry(letter.id)
    await house.read(4)
    assert house.texts() == ["a", "b", "mine", "mine"]
    assert await house.node.dead_letters() == []


# --- a store that fails ---


async def test_what_the_store_would_not_take_is_handed_in_again(house: House) -> None:
    house.store.faults.extend([Unavailable("disk", "is full")] * 3)
    await house.says("hello")
    await house.read(1)
    assert house.texts() == ["hello"]
    assert house.slept == [AGAIN] * 3
    assert len(house.troubles) == 3


async def test_nothing_overtakes_what_waits_for_the_store(house: House) -> None:
    """A store that fails now and then while customers go on writing."""
    chance = random.Random(2)
    said = [f"line {number}" for number in range(300)]

    def fail_again() -> None:
        if chance.random() < 0.7:
            house.store.faults.append(Unavailable("disk", "is full"))

    house.on_sleep = fail_again
    house.store.faults.append(Unavailable("disk", "is full"))
    for text in said:
        await house.says(text)
    await house.read(len(said))
    assert house.texts() == said


async def test_nothing_overtakes_what_waits_though_much_is_on_its_way(house: House) -> None:
    house.store.faults.extend([Unavailable("disk", "is full")] * 5)
    said = [f"line {number}" for number in range(OUTSTANDING + READY + 50)]
    await asyncio.gather(*(house.says(text) for text in said))
    await house.read(len(said))
    assert house.texts() == said
    assert house.slept == [AGAIN] * 5


@pytest.mark.parametrize("error", [InDoubt("disk", "no answer"), Moved((1, b""), (2, b""))])
async def test_where_nobody_knows_what_the_store_has_nothing_goes_on(
    house: House, error: StoreError
) -> None:
    await house.says("before")
    await house.read(1)
    house.store.faults.append(error)
    await house.says("hello")
    await house.until(lambda: house.troubles)
    await house.says("bye")
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert house.texts() == ["before"]
    assert house.spool.depth == 2
    assert house.slept == []
    await house.again()
    await house.read(3)
    assert house.texts() == ["before", "hello", "bye"]


class Slow:
    """A parser that reads some messages only when it is let."""

    def __init__(self, *slow: str) -> None:
        self.gates = {text: asyncio.Event() for text in slow}
        self.at = ""  # the gate at which it stands

    async def parse(self, raw: bytes) -> Sequence[Inbound]:
        text = json.loads(raw)["text"]
        if (gate := self.gates.get(text)) is not None:
            self.at = text
            await gate.wait()
        return inbounds(raw)

    async def close(self) -> None: ...


async def test_a_stop_does_not_wait_for_what_nobody_decides_any_more(house: House) -> None:
    """A writer that another has taken the writing from is in the middle of reading."""
    house.node.parts.parsers["pipe", "a"] = slow = Slow("first gate", "second gate")
    house.store.faults.append(Moved((1, b""), (2, b"")))
    await house.says("hello")
    await house.until(lambda: house.troubles)
    await house.says("first gate")
    await house.until(lambda: slow.at == "first gate")
    await house.says("bye")
    await house.says("second gate")
    slow.gates["first gate"].set()
    await house.until(lambda: slow.at == "second gate")
    async with asyncio.timeout(PATIENCE):
        await house.node.stop_listening()
    assert house.spool.depth == 4


class FullDisk(Files):
    """A folder on a disk that is full for a while."""

    left = 0

    def put(self, data: bytes) -> str:
        if self.left:
            self.left -= 1
            raise Unavailable("files", "the disk is full")
        return super().put(data)


async def test_an_attachment_that_finds_no_room_waits_and_is_no_dead_letter(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)
    house.files = disk = FullDisk(tmp_path / "full")
    house.node = house.made()
    async with house.running():
        house.pipe.reads = lambda raw: [inbound(files=(File("a.txt", "text/plain", b"abc"),))]
        disk.left = 2
        await house.says()
        await house.read(1)
        assert house.slept == [AGAIN] * 2
        assert await house.node.dead_letters() == []
        assert len(house.messages()) == 1


async def test_a_spool_that_cannot_set_a_letter_aside_does_so_later(house: House) -> None:
    house.spool.left["bury"] = 2
    house.pipe.reads = failing(*[ValueError("bad")] * 3)
    await house.says()
    assert await house.letter() == "ValueError: bad"
    assert house.slept == [AGAIN] * 2


async def test_a_spool_that_cannot_set_a_bug_aside_does_so_later(
    tripping: tuple[House, Tripping],
) -> None:
    house, _ = tripping
    house.spool.left["bury"] = 2
    await house.says("mine")
    assert await house.letter() == "could not be decided: ZeroDivisionError: division by zero"
    assert house.slept == [AGAIN] * 2


# --- taking in ---


async def test_a_disk_that_cannot_keep_it_asks_the_sender_to_come_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(tmp_path)
    await house.spool.close()
    house.spool = Jammed(tmp_path / "spool", min_free=2**62)
    house.node = house.made()
    async with house.running():
        with pytest.raises(Busy, match="the disk cannot keep it now"):
            await house.says()
        assert house.spool.depth == 0
    assert "pipe “a” cannot take mail in: " in caplog.text
    assert "the disk is nearly full" in caplog.text


# --- what agents did ---


async def test_what_no_customer_said_is_done_at_the_desk(house: House) -> None:
    house.pipe.reads = lambda raw: []
    await house.accept(b"press", key="1")
    await house.until(lambda: house.workroom.done == [b"press"] and not house.spool.depth)
    assert house.messages() == []


async def test_an_agent_who_is_slow_holds_up_no_customer(house: House) -> None:
    house.workroom.free.clear()
    house.pipe.reads = lambda raw: [] if raw == b"press" else inbounds(raw)
    await house.accept(b"press", key="1")
    await house.says("hello")
    await house.until(lambda: len(house.messages()) == 1)
    assert house.workroom.done == []
    house.workroom.free.set()
    await house.until(lambda: house.workroom.done == [b"press"] and not house.spool.depth)


async def test_what_was_not_done_when_we_died_is_done_afterwards(house: House) -> None:
    house.workroom.free.clear()
    house.pipe.reads = lambda raw: []
    await house.accept(b"press", key="1")
    await house.again()
    house.workroom.free.set()
    await house.until(lambda: house.workroom.done == [b"press"])


async def test_what_cannot_be_done_is_a_dead_letter(house: House) -> None:
    house.workroom.faults.append(RuntimeError("no such button"))
    house.pipe.reads = lambda raw: []
    await house.accept(b"press", key="1")
    assert await house.letter() == "RuntimeError: no such button"


# --- what became of a message ---


@pytest.fixture
async def changing(tmp_path: Path) -> AsyncIterator[House]:
    """A house whose channel lets people change what they said."""
    made = House(tmp_path)
    made.pipe.caps = Cap.EDIT_IN | Cap.REACTIONS  # type: ignore[misc]
    async with made.running():
        yield made


async def amended(house: House, count: int) -> Sequence[MessageAmended]:
    await house.until(lambda: len(house.events("MessageAmended")) >= count)
    return house.events("MessageAmended")


async def test_an_edit_changes_the_message_and_opens_no_thread(changing: House) -> None:
    await changing.says("I was charged twise", id="m1")
    await changing.says("I was charged twice", id="m1", kind="edit")  # before the first is decided
    (event,) = await amended(changing, 1)
    body = changing.body(event.message)
    assert (body.text, body.former, bool(body.edited)) == (
        "I was charged twice", ("I was charged twise",), True,
    )  # fmt: skip
    assert len(changing.messages()) == 1
    assert all("charged" not in str(entry.ev) for entry in changing.journal())


async def test_an_edit_after_a_restart_finds_its_message(changing: House) -> None:
    await changing.says("hello", id="m1")
    await changing.read(1)
    await changing.restart()
    await changing.says("hello there", id="m1", kind="edit")
    (event,) = await amended(changing, 1)
    assert changing.body(event.message).text == "hello there"


async def test_d3_an_edit_of_what_was_said_in_a_solved_thread_is_made_there(
    changing: House,
) -> None:
    await changing.says("I was charged twise", id="m1")
    await changing.read(1)
    await changing.goes("ana")
    await changing.replies("Sorry!", agent="ana")
    await changing.do(ThreadResolved, agent="ana", thread=1)
    changing.clock.at += 8 * 86_400_000  # it is closed by now
    await changing.says("another matter", id="m2")
    await changing.read(2)
    first, second = changing.messages()
    await changing.says("I was charged twice", id="m1", kind="edit")
    (event,) = await amended(changing, 1)
    assert event.message == first.message
    assert [opened.thread for opened in changing.events("ThreadOpened")] == [1, 2]
    assert changing.body(first.message).text == "I was charged twice"
    assert changing.body(second.message).text == "another matter"


async def test_what_is_deleted_says_so_and_is_kept_for_us(changing: House) -> None:
    await changing.says("my card is 4242", id="m1")
    await changing.says("", id="m1", kind="delete")
    (event,) = await amended(changing, 1)
    body = changing.body(event.message)
    assert (event.how, body.text) == ("deleted", "(deleted by its sender)")
    assert body.former == ("my card is 4242",)


async def test_a_reaction_is_given_and_taken_back_even_to_an_answer(changing: House) -> None:
    await changing.says("hello", id="m1")
    await changing.read(1)
    await changing.goes("ana")
    message = await changing.replies("Hello Joe")
    await changing.until(lambda: changing.events("ReplySent"))
    external = changing.pipe.sent[0].idempotency_key  # what the pipe's receipt names it
    await changing.says("yes", id=external, kind="reaction")
    (event,) = await amended(changing, 1)
    assert event.message == message
    assert list(changing.body(message).reactions.values()) == ["yes"]
    await changing.says("", id=external, kind="reaction")
    await amended(changing, 2)
    assert changing.body(message).reactions == {}
    assert changing.body(message).text == "Hello Joe"


async def test_that_an_answer_has_come_and_was_read_is_noted_once(changing: House) -> None:
    await changing.says("hello", id="m1")
    await changing.read(1)
    await changing.goes("ana")
    message = await changing.replies("Hello Joe")
    await changing.until(lambda: changing.events("ReplySent"))
    external = changing.pipe.sent[0].idempotency_key
    for kind in ("delivered", "delivered", "read", "delivered", "read"):
        await changing.says("", id=external, kind=kind)
    found = await amended(changing, 2)
    await changing.says("bye", id="m2")
    await changing.read(2)
    assert [(event.message, event.how) for event in found] == [
        (message, "delivered"),
        (message, "read"),
    ]
    assert len(changing.events("MessageAmended")) == 2
    body = changing.body(message)
    assert (body.text, body.delivered > 0, body.read > 0) == ("Hello Joe", True, True)


async def test_a_reaction_does_not_bring_back_what_an_agent_has_changed(changing: House) -> None:
    await changing.says("hello", id="m1")
    await changing.read(1)
    await changing.goes("ana")
    message = await changing.replies("the wrong number")
    await changing.until(lambda: changing.events("ReplySent"))
    external = changing.pipe.sent[0].idempotency_key
    await changing.says("hm", id=external, kind="reaction")
    await amended(changing, 1)
    other = msgspec.structs.replace(changing.body(message), text="the right one", edited=10**13)
    await changing.do(ThreadResolved, {"b/" + message: encode(other)}, agent="ana", thread=1)
    await changing.says("yes", id=external, kind="reaction")
    await amended(changing, 2)
    body = changing.body(message)
    assert (body.text, list(body.reactions.values())) == ("the right one", ["yes"])


async def test_w3_who_leaves_before_anybody_has_answered_is_gone(changing: House) -> None:
    await changing.says("hello", id="m1")
    await changing.read(1)
    await changing.says("", id="gone", kind="left")
    await changing.until(lambda: changing.events("ThreadAbandoned"))
    assert len(changing.messages()) == 1
    await changing.says("", id="gone again", kind="left")
    await changing.says("I am back", id="m2")
    await changing.read(2)
    assert [opened.thread for opened in changing.events("ThreadOpened")] == [1, 2]
    assert await changing.spool.dead() == []


async def test_an_edit_of_what_nobody_knows_is_nothing(changing: House) -> None:
    await changing.says("hello", id="unknown", kind="edit")
    await changing.says("hello", id="m1")
    await changing.read(1)
    assert changing.events("MessageAmended") == []
    assert await changing.spool.dead() == []


async def test_incident_23_what_is_edited_or_deleted_before_it_came_is_so_when_it_comes(
    changing: House,
) -> None:
    await changing.says("I was charged twice", id="m1", kind="edit")
    await changing.says("", id="m2", kind="delete")
    await changing.says("I was charged twise", id="m1")
    await changing.says("my card is 4242", id="m2")
    first, second = await amended(changing, 2)
    assert changing.body(first.message).text == "I was charged twice"
    assert (second.how, changing.body(second.message).text) == ("deleted", DELETED)
    assert len(changing.messages()) == 2


async def test_incident_24_in_whatever_order_a_message_and_its_changes_come_it_is_the_same(
    changing: House,
) -> None:
    """Of 24 customers, each of whose four events come in an order of their own."""
    happened: tuple[dict[str, Any], ...] = (
        {"text": "I was charged twise"},
        {"text": "charged twice", "kind": "edit", "minute": 1},
        {"text": "I was charged twice", "kind": "edit", "minute": 2},
        {"text": "👍", "kind": "reaction", "minute": 3},
    )
    orders = list(itertools.permutations(happened))
    for number, order in enumerate(orders):
        for event in order:
            await changing.says(**event, id=f"m{number}", sender=f"joe {number}")
    await changing.read(len(orders))
    await changing.until(lambda: not changing.spool.depth)
    bodies = [changing.body(message.message) for message in changing.messages()]
    assert {body.text for body in bodies} == {"I was charged twice"}
    assert {tuple(body.reactions.values()) for body in bodies} == {("👍",)}
    assert len(changing.events("ThreadOpened")) == len(orders)


async def test_what_changes_nobodys_message_is_forgotten_in_time(changing: House) -> None:
    for number in range(early.MOST + 1):
        await changing.says("hello", id=f"m{number}", kind="edit")
    await changing.says("hullo", id="m0")
    await changing.says("hullo", id="m1")
    await amended(changing, 1)
    assert [changing.body(message.message).text for message in changing.messages()] == [
        "hullo", "hello",
    ]  # fmt: skip


async def test_a_kind_that_is_none_is_the_channels_fault(changing: House) -> None:
    await changing.says("hello", kind="edited")
    assert (
        "kind 'edited' is none of message, edit, delete, reaction, left" in await changing.letter()
    )
