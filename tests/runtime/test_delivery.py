"""Answers to customers: each at least once, and more often only where nobody can know."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest
from tests.runtime.house import PATIENCE, House, Pipe, inbounds

from omniroute import Address, Cap, Inbound, NotAuthorised, Outbound, Receipt, Rejected, Retry
from omniroute.core.effects import Recall
from omniroute.core.events import ReplyFailed, ReplySent
from omniroute.core.inputs import Member, TeamLoaded
from omniroute.runtime.delivery import AT_ONCE, GIVE_UP
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.rows import Attachment, Failure
from omniroute.stores.api import Unavailable
from omniroute.stores.memory_exchange import MemoryExchange


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[House]:
    """Joe has written, and Ana has him."""
    async with House(tmp_path).running() as house:
        await house.goes("ana")
        await house.says("I was charged twice", sender="joe", display="Joe", id="m1")
        await house.read(1)
        yield house


async def sent(desk: House, count: int = 1) -> list[ReplySent]:
    """Wait until so many answers are known to be sent."""
    await desk.until(lambda: len(desk.events("ReplySent")) >= count)
    found: list[ReplySent] = desk.events("ReplySent")
    return found


async def failure(desk: House) -> tuple[ReplyFailed, str]:
    """Wait until an answer has failed; the event, and the reason that people read."""
    await desk.until(lambda: desk.events("ReplyFailed"))
    (failed,) = desk.events("ReplyFailed")
    return failed, msgspec.json.decode(desk.row("x/" + failed.effect), type=Failure).reason


async def never(out: Outbound) -> Receipt:
    """What a platform does that does not answer."""
    await asyncio.Event().wait()
    return Receipt()


async def hanging(desk: House, count: int = 1) -> None:
    """Wait until the platform has been called so often and has not answered yet."""
    await desk.until(lambda: len(desk.pipe.sent) >= count)


# --- where nobody waits ---


class FormPipe(Pipe):
    """A form: what comes in there is answered over another kind of channel."""

    kind: ClassVar[str] = "form"
    answered_by: ClassVar[str] = "post"


class Post(Pipe):
    """What carries it; a text may be longer there, too."""

    kind: ClassVar[str] = "post"
    caps: ClassVar[Cap] = Cap.START_CONVERSATION
    max_text: ClassVar[int] = 1000


@asynccontextmanager
async def form(folder: Path, *carriers: Pipe) -> AsyncIterator[House]:
    """Joe has filled in a form, and Ana has him."""
    house = House(folder)
    house.pipe, house.more = FormPipe(), list(carriers)
    house.node = house.made()
    async with house.running():
        await house.goes("ana")
        await house.says("Where is it?", sender="f1", id="f1", display="Joe")
        await house.read(1)
        yield house


async def test_an_answer_to_a_form_goes_out_by_another_channel(tmp_path: Path) -> None:
    post = Post()
    async with form(tmp_path, post) as desk:
        await desk.replies("On its way. " * 20)
        (event,) = await sent(desk)
        (out,) = post.sent
        assert (out.conversation, out.to) == (
            "with f1",
            Address("post", "with f1", display="Joe"),
        )
        assert (out.in_reply_to, out.references) == ("", ())
        assert desk.pipe.sent == []
        assert event.effect == out.idempotency_key


async def test_without_a_channel_that_sends_the_agent_is_told(tmp_path: Path) -> None:
    async with form(tmp_path) as desk:
        await desk.replies("On its way.")
        _, reason = await failure(desk)
        assert reason == "an answer goes out by post, and no such channel is open that sends"


# --- what goes out ---


async def test_an_answer_reaches_the_customer_where_they_wrote(desk: House) -> None:
    await desk.replies("you get it back")
    (event,) = await sent(desk)
    (out,) = desk.pipe.sent
    assert out == Outbound(
        event.effect,
        "with joe",
        Address("pipe", "joe", True, "Joe"),
        "you get it back",
        in_reply_to="m1",
        references=("m1",),
        sender_name="Ana",
    )
    assert not event.repeat
    assert desk.owed() == []
    await desk.until(lambda: not desk.spool.attempts())


async def test_an_answer_goes_where_the_customer_wrote_last(desk: House) -> None:
    await desk.says("are you there?", sender="joe", id="m2")
    await desk.read(2)
    await desk.replies("yes")
    await sent(desk)
    assert desk.pipe.sent[0].in_reply_to == "m2"


async def test_a_conversation_is_begun_where_nobody_has_written_yet(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.more = [Pipe("b")]
    house.node = house.made()
    async with house.running() as desk:
        await desk.goes("ana")
        known = Address("pipe", "joe's other", verified=True)
        desk.pipe.reads = also_known_as(known)
        await desk.says("charged twice", sender="joe", id="m1", subject="My order")
        await desk.read(1)
        other = Keyed(b"k" * 32).handle(known)
        await desk.replies("hello", to=other, channel="pipe", account="b")
        await sent(desk)
        (out,) = desk.more[0].sent
        assert (out.conversation, out.to.value, out.subject) == ("joe's other",) * 2 + ("My order",)
        assert (out.in_reply_to, out.references) == ("", ())
        assert desk.pipe.sent == []


def also_known_as(known: Address) -> Callable[[bytes], object]:
    """A reader that finds a verified address of the sender besides."""

    def read(raw: bytes) -> Sequence[Inbound]:
        return [dataclasses.replace(one, also_known_as=(known,)) for one in inbounds(raw)]

    return read


async def test_an_address_is_blamed_for_what_it_does_not_take_and_not_for_the_message(
    desk: House,
) -> None:
    desk.pipe.answers += [Rejected("too many files", by_content=True), Rejected("blocked")]
    await desk.replies("one")
    await desk.replies("two")
    await desk.until(lambda: len(desk.events("ReplyFailed")) == 2)
    first, second = desk.events("ReplyFailed")
    assert (first.handle, second.handle) == ("", desk.messages()[0].sender.id)


def kept(desk: House, name: str, data: bytes) -> Attachment:
    return Attachment(name, "text/plain", len(data), desk.files.put(data))


async def test_files_go_out_once(desk: House) -> None:
    await desk.replies("x" * 250, files=(kept(desk, "a.txt", b"abc"),))
    await sent(desk)
    first, *rest = desk.pipe.sent
    assert [(file.name, file.data) for file in first.files] == [("a.txt", b"abc")]
    assert [out.files for out in rest] == [(), ()]


async def test_an_answer_of_files_alone_is_sent(desk: House) -> None:
    await desk.replies("", files=(kept(desk, "a.txt", b"abc"),))
    await sent(desk)
    assert [(out.text, len(out.files)) for out in desk.pipe.sent] == [("", 1)]


async def test_an_answer_goes_out_with_all_its_files_or_not_at_all(desk: House) -> None:
    gone = Attachment("a.txt", "text/plain", 3, hashlib.sha256(b"gone").hexdigest())
    await desk.replies("here it is", files=(gone,))
    _, reason = await failure(desk)
    assert reason == "the attachment “a.txt” is not on the machine that sends: attach it again"
    assert desk.pipe.sent == []


async def test_a_damaged_file_is_not_sent(desk: House) -> None:
    file = kept(desk, "a.txt", b"pay 10 to Joe")
    desk.files.path(file.sha).write_bytes(b"pay 99 to Joe")
    await desk.replies("here it is", files=(file,))
    _, reason = await failure(desk)
    assert reason == "the attachment “a.txt” is damaged"


async def test_a_long_answer_goes_in_parts_that_are_known_one_by_one(desk: House) -> None:
    words = " ".join(f"word{number:02}" for number in range(36))
    await desk.replies(words)
    (event,) = await sent(desk)
    assert " ".join(desk.pipe.texts) == words
    assert max(map(len, desk.pipe.texts)) <= desk.pipe.max_text
    keys = [out.idempotency_key for out in desk.pipe.sent]
    assert keys == [event.effect, f"{event.effect}.1", f"{event.effect}.2"]


# --- what a platform says ---


async def test_a_template_goes_whole_with_its_values(desk: House) -> None:
    said = "Order 4711 is here. " * 100
    await desk.replies(said, template="order_news", values=("4711",))
    await sent(desk)
    (out,) = desk.pipe.sent
    assert (out.template, out.values, out.text) == ("order_news", ("4711",), said)


async def test_a_platform_that_asks_for_time_gets_it(desk: House) -> None:
    desk.pipe.answers.extend([Retry("too many requests", 30.0), Retry("too many requests", 7.5)])
    await desk.replies("you get it back")
    (event,) = await sent(desk)
    assert desk.slept == [30.0, 7.5]
    assert len({out.idempotency_key for out in desk.pipe.sent}) == 1
    assert [out.repeat for out in desk.pipe.sent] == [False, False, False]
    assert not event.repeat


async def test_a_platform_that_says_nothing_of_time_is_asked_less_and_less_often(
    desk: House,
) -> None:
    desk.pipe.answers.extend([Retry("try later")] * 5)
    await desk.replies("you get it back")
    await sent(desk)
    for slept, about in zip(desk.slept, (1, 2, 4, 8, 16), strict=True):
        assert 0.8 * about <= slept <= 1.2 * about


async def test_after_two_days_the_agent_is_told(desk: House) -> None:
    desk.pipe.answers.extend([Retry("mailbox is full")] * 100)

    def an_hour_passes() -> None:
        desk.clock.at += 3_600_000

    desk.on_sleep = an_hour_passes
    await desk.replies("you get it back")
    event, reason = await failure(desk)
    assert (event.outcome, reason) == ("gave_up", "mailbox is full")
    assert len(desk.pipe.sent) == GIVE_UP / 3600 + 2


@pytest.mark.parametrize(
    "doubt", [Retry("the connection broke", in_doubt=True), TimeoutError(), TimeoutError("slow")]
)
async def test_where_a_platform_may_have_taken_it_the_next_is_marked(
    desk: House, doubt: Exception
) -> None:
    desk.pipe.answers.extend([doubt, Retry("too many requests", 1.0)])
    await desk.replies("you get it back")
    (event,) = await sent(desk)
    assert [out.repeat for out in desk.pipe.sent] == [False, True, True]
    assert event.repeat


async def test_a_platform_that_does_not_answer_is_doubtful_too(tmp_path: Path) -> None:
    async with House(tmp_path, call=0.05).running() as desk:
        await desk.says("hello")
        await desk.read(1)
        desk.pipe.answers.append(never)
        await desk.replies("you get it back")
        (event,) = await sent(desk)
        assert [out.repeat for out in desk.pipe.sent] == [False, True]
        assert event.repeat


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        (Rejected("no such user"), "rejected", "no such user"),
        (NotAuthorised("add the scope chat:write"), "not_authorised", "add the scope chat:write"),
        (KeyError("ts"), "rejected", "KeyError: 'ts'"),
        (SystemExit(3), "rejected", "Unruly: called sys.exit"),
        (asyncio.CancelledError(), "rejected", "Unruly: cancelled itself"),
    ],
)
async def test_whatever_else_a_platform_does_the_agent_learns_the_reason(
    desk: House, answer: BaseException, outcome: str, reason: str
) -> None:
    desk.pipe.answers.append(answer)
    await desk.replies("you get it back")
    event, said = await failure(desk)
    assert (event.outcome, said) == (outcome, reason)
    await desk.until(lambda: desk.bell.kinds[-1] == "told")
    assert desk.bell.shown[-1].reason == "failed"
    await desk.until(lambda: not desk.spool.attempts())
    await desk.replies("let me try again")
    await sent(desk)


async def test_of_a_part_that_fails_the_agent_learns_which(desk: House) -> None:
    desk.pipe.answers.extend([Receipt(), Rejected("too much")])
    await desk.replies("x" * 250)
    _, reason = await failure(desk)
    assert reason == "part 2 of 3: too much"
    assert len(desk.pipe.sent) == 2


async def test_credentials_that_no_longer_serve_are_in_the_log(
    desk: House, caplog: pytest.LogCaptureFixture
) -> None:
    desk.pipe.answers.append(NotAuthorised("add the scope chat:write"))
    await desk.replies("you get it back")
    await failure(desk)
    assert "pipe “a”: not authorised: add the scope chat:write" in caplog.messages


async def test_an_answer_without_a_receipt_has_been_sent_all_the_same(
    desk: House, caplog: pytest.LogCaptureFixture
) -> None:
    async def says_nothing(out: Outbound) -> None:
        return None

    desk.pipe.answers.append(says_nothing)
    await desk.replies("you get it back")
    await sent(desk)
    assert "pipe “a”: send answered None, no Receipt" in caplog.messages


async def test_not_all_customers_at_once(desk: House) -> None:
    """A platform is not stormed, however many answers wait, as after a night's outage."""
    for number in range(2 * AT_ONCE):
        await desk.says("hello", sender=f"customer {number}")
    await desk.read(1 + 2 * AT_ONCE)
    calling, most, go = 0, 0, asyncio.Event()

    async def counts(out: Outbound) -> Receipt:
        nonlocal calling, most
        calling += 1
        most = max(most, calling)
        await go.wait()
        calling -= 1
        return Receipt()

    desk.pipe.answers.extend([counts] * 2 * AT_ONCE)
    for number in range(2 * AT_ONCE):
        await desk.replies("hello", thread=2 + number)
    await hanging(desk, AT_ONCE)
    go.set()
    await sent(desk, 2 * AT_ONCE)
    assert most == AT_ONCE


# --- what is gone ---


@pytest.mark.parametrize("row", ["b/reply", "b/joe's message", "p/joe"])
async def test_what_has_been_erased_is_sent_to_nobody(desk: House, row: str) -> None:
    desk.node.outbox.halt()  # it dies before it is sent
    message = await desk.replies("you get it back")
    sender = desk.messages()[0].sender.id
    asked = desk.messages()[0].message
    rows = {"b/reply": "b/" + message, "b/joe's message": "b/" + asked, "p/joe": "p/" + sender}
    await desk.erase(rows[row])
    await desk.again()
    event, reason = await failure(desk)
    assert (event.outcome, reason) == ("rejected", "the message or the address has been erased")
    assert desk.pipe.sent == []
    assert event.effect not in desk.owed()


async def test_an_account_that_was_closed_sends_nothing(desk: House) -> None:
    desk.node.outbox.halt()
    await desk.replies("you get it back")
    desk.pipe.account = "b"
    await desk.again()
    _, reason = await failure(desk)
    assert reason == "there is no pipe channel “a” any more"


# --- a process that dies ---


async def test_what_was_not_sent_before_a_crash_is_sent_after_it(desk: House) -> None:
    desk.node.outbox.halt()
    await desk.replies("you get it back")
    await desk.again()
    (event,) = await sent(desk)
    assert desk.pipe.texts == ["you get it back"]
    assert not event.repeat


async def test_what_may_have_been_sent_before_a_crash_is_sent_again_and_marked(
    desk: House,
) -> None:
    desk.pipe.answers.append(never)
    await desk.replies("you get it back")
    await hanging(desk)
    await desk.again()
    (event,) = await sent(desk)
    assert [out.repeat for out in desk.pipe.sent] == [False, True]
    assert len({out.idempotency_key for out in desk.pipe.sent}) == 1
    assert event.repeat


async def test_what_was_sent_before_a_crash_is_not_sent_again(desk: House) -> None:
    async def takes_it_as_the_disk_fills_up(out: Outbound) -> Receipt:
        desk.store.faults.extend([Unavailable("disk", "is full")] * 1000)
        desk.awake.clear()
        return Receipt(("platform 1",))

    desk.pipe.answers.append(takes_it_as_the_disk_fills_up)
    await desk.replies("you get it back")
    await desk.until(lambda: desk.slept)
    desk.store.faults.clear()
    await desk.again()
    desk.awake.set()
    (event,) = await sent(desk)
    assert len(desk.pipe.sent) == 1
    assert not event.repeat
    await desk.until(lambda: not desk.spool.attempts())


async def test_what_was_refused_for_now_before_a_crash_is_not_in_doubt(desk: House) -> None:
    desk.awake.clear()
    desk.pipe.answers.append(Retry("too many requests", 30.0))
    await desk.replies("you get it back")
    await desk.until(lambda: desk.slept)
    await desk.again()
    (event,) = await sent(desk)
    assert [out.repeat for out in desk.pipe.sent] == [False, False]
    assert not event.repeat


async def test_what_another_node_may_have_sent_is_sent_again_and_marked(desk: House) -> None:
    desk.pipe.answers.append(never)
    await desk.replies("you get it back")
    await hanging(desk)
    await desk.again("another spool")
    (event,) = await sent(desk)
    assert [out.repeat for out in desk.pipe.sent] == [False, True]
    assert event.repeat
    await desk.replies("anything else?")
    await sent(desk, 2)
    assert not desk.pipe.sent[-1].repeat


async def test_what_another_node_may_have_sent_is_marked_after_a_crash_of_the_next_one(
    desk: House,
) -> None:
    desk.pipe.answers += [never, Retry("too many requests", 30.0)]
    await desk.replies("you get it back")
    await hanging(desk)
    desk.awake.clear()
    await desk.again("another spool")
    await hanging(desk, 2)
    await desk.until(lambda: desk.slept)
    await desk.again("another spool")
    await desk.until(lambda: len(desk.pipe.sent) == 3)
    assert [out.repeat for out in desk.pipe.sent] == [False, True, True]


async def test_of_what_a_node_owes_that_stopped_in_order_the_next_marks_what_was_in_doubt(
    desk: House,
) -> None:
    """One answer hangs at the platform; one was put off, and one never tried."""
    desk.node.parts.exchange = desk.exchange = MemoryExchange()
    await desk.restart()
    await desk.says("me too", sender="kim", display="Kim", id="m2")
    await desk.read(2)
    desk.pipe.answers += [never, Retry("too many requests", 30.0)]
    await desk.replies("you get it back")
    await hanging(desk)
    desk.awake.clear()
    await desk.replies("and you", thread=2)
    await desk.until(lambda: desk.slept)
    await desk.replies("soon", thread=2)

    await desk.restart("another spool")
    desk.awake.set()
    await sent(desk, 3)
    said = [(out.text, out.repeat) for out in desk.pipe.sent]
    assert said[:2] == [("you get it back", False), ("and you", False)]
    assert sorted(said[2:]) == [("and you", False), ("soon", False), ("you get it back", True)]
    assert [event.term for event in desk.events("WriterLeft")] == [1]


async def test_of_a_long_answer_only_the_missing_parts_go_out_after_a_crash(desk: House) -> None:
    desk.pipe.answers.extend([Receipt(), never])
    await desk.replies("a" * 100 + "b" * 100 + "c" * 50)
    await hanging(desk, 2)
    await desk.again()
    (event,) = await sent(desk)
    assert [(out.text[0], out.repeat) for out in desk.pipe.sent] == [
        ("a", False),
        ("b", False),
        ("b", True),
        ("c", False),
    ]
    assert event.repeat


async def test_a_refusal_before_a_crash_stands(desk: House) -> None:
    async def refuses_as_the_disk_fills_up(out: Outbound) -> Receipt:
        desk.store.faults.extend([Unavailable("disk", "is full")] * 1000)
        desk.awake.clear()
        raise Rejected("no such user")

    desk.pipe.answers.append(refuses_as_the_disk_fills_up)
    await desk.replies("you get it back")
    await desk.until(lambda: desk.slept)
    desk.store.faults.clear()
    await desk.again()
    desk.awake.set()
    event, reason = await failure(desk)
    assert (event.outcome, reason) == ("rejected", "no such user")
    assert len(desk.pipe.sent) == 1


async def test_notes_of_what_is_settled_are_forgotten_at_the_next_start(tmp_path: Path) -> None:
    """The spool is told without waiting; a crash may undo that."""
    house = House(tmp_path)
    await house.spool.attempt("an effect that the journal has", 1)
    await house.spool.receipt("an effect that the journal has", b'{"outcome":"sent"}')
    async with house.running():
        await house.until(lambda: not house.spool.attempts())


# --- a disk that fails ---


async def test_nothing_is_sent_twice_because_the_journal_cannot_be_written(desk: House) -> None:
    async def takes_it_as_the_disk_fills_up(out: Outbound) -> Receipt:
        desk.store.faults.extend([Unavailable("disk", "is full")] * 5)
        return Receipt()

    desk.pipe.answers.append(takes_it_as_the_disk_fills_up)
    await desk.replies("you get it back")
    (event,) = await sent(desk)
    assert len(desk.slept) == 5
    assert len(desk.pipe.sent) == 1
    assert not event.repeat


async def test_nothing_is_sent_twice_because_the_receipt_cannot_be_written(
    desk: House, caplog: pytest.LogCaptureFixture
) -> None:
    desk.spool.left["receipt"] = 1
    await desk.replies("you get it back")
    (event,) = await sent(desk)
    assert len(desk.pipe.sent) == 1
    assert f"the receipt of {event.effect} is not on the disk" in caplog.text


async def test_nothing_is_sent_before_the_attempt_is_on_the_disk(desk: House) -> None:
    desk.spool.left["attempt"] = 3
    calls_before: list[int] = []
    desk.on_sleep = lambda: calls_before.append(len(desk.pipe.sent))
    await desk.replies("you get it back")
    (event,) = await sent(desk)
    assert calls_before == [0, 0, 0]
    assert len(desk.pipe.sent) == 1
    assert not event.repeat


# --- a stop ---


async def test_a_stop_waits_for_the_platform_s_answer(tmp_path: Path) -> None:
    house = House(tmp_path, grace=PATIENCE)
    async with house.running():
        await house.says("hello")
        await house.read(1)
        answered = asyncio.Event()

        async def slow(out: Outbound) -> Receipt:
            await answered.wait()
            return Receipt()

        house.pipe.answers.append(slow)
        await house.replies("you get it back")
        await house.replies("and an apology")
        await hanging(house)
        stopping = asyncio.ensure_future(house.node.stop())
        await asyncio.sleep(0.001)
        assert not stopping.done()
        answered.set()
        await stopping
        assert house.pipe.texts == ["you get it back"], "nothing new is begun"
        assert len(house.events("ReplySent")) == 1
        assert len(house.owed()) == 1


# --- with files, and in answer to something ---


async def test_files_go_with_the_first_words_unless_those_are_too_many(desk: House) -> None:
    desk.pipe.max_caption = 10  # type: ignore[attr-defined]
    sha = desk.files.put(b"receipt")
    file = Attachment("a.pdf", "application/pdf", 7, sha)
    await desk.replies("here", files=(file,))
    await desk.replies("it is in the file below", files=(file,))
    await sent(desk, 2)
    said = [(out.text, [file.name for file in out.files]) for out in desk.pipe.sent]
    assert said == [("here", ["a.pdf"]), ("it is in the file below", []), ("", ["a.pdf"])]
    keys = [out.idempotency_key for out in desk.pipe.sent]
    assert keys[2] == keys[1] + ".1"


async def test_what_a_bot_says_is_marked_as_no_persons_word(desk: House) -> None:
    await desk.replies("I am a person")
    bot = Member("ana", desks=("bell", "horn"), kind="bot")
    await desk.do(TeamLoaded, members=(bot,))
    await desk.replies("I am a bot")
    await sent(desk, 2)
    assert [out.automatic for out in desk.pipe.sent] == [False, True]


async def test_an_answer_quotes_what_the_agent_chose_where_it_was_said(desk: House) -> None:
    first = desk.messages()[0].message
    await desk.says("and why?", sender="joe", id="m2")
    await desk.read(2)
    await desk.replies("because", quotes=first)
    await desk.replies("that is all", quotes="unknown")
    await sent(desk, 2)
    assert [out.quotes for out in desk.pipe.sent] == ["m1", ""]


# --- recalled ---


async def test_what_is_recalled_before_it_has_left_does_not_leave(desk: House) -> None:
    desk.awake.clear()
    desk.pipe.answers.append(Retry("too many requests", 60.0))
    await desk.replies("I am a bot")
    await desk.until(lambda: desk.slept)
    (released,) = desk.events("ReplyReleased")
    recall = Recall("recall", 1, released.message, released.handle, released.effect)
    desk.node.outbox.take([recall])
    desk.awake.set()
    failed, reason = await failure(desk)
    assert (failed.outcome, reason) == ("withdrawn", "people answer now")
    assert len(desk.pipe.sent) == 1  # the one that was to come again later
    assert desk.owed() == []


async def test_what_has_left_cannot_be_recalled(desk: House) -> None:
    await desk.replies("I am a bot")
    event = await sent(desk)
    desk.node.outbox.take([Recall("recall", 1, "m", "h", event[0].effect)])
    await desk.replies("and another")
    await desk.until(lambda: len(desk.pipe.texts) == 2)
