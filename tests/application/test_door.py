"""Acting through the door: every verb, every refusal, and nothing said that is not so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import msgspec
import pytest

from omniroute.application import commands as c
from omniroute.application.authorize import NOBODY, SYSTEM, Actor, Kind
from omniroute.application.bounds import LARGEST_FILE
from omniroute.core import inputs as i
from omniroute.core.model import Phase, Status
from omniroute.errors import Refused
from omniroute.runtime.rows import Attachment, Body

if TYPE_CHECKING:
    from tests.application.conftest import Desk, Scene

ANA, BO = Actor(Kind.AGENT, "ana", "agent"), Actor(Kind.AGENT, "bo", "agent")
CY = Actor(Kind.AGENT, "cy", "lead")


@pytest.fixture
def offered(desk: Desk) -> int:
    """Joe's thread, offered to Ana."""
    desk.scene.online("ana", "bo")
    return desk.scene.writes("joe@x.org", "My refund?", name="Joe Miller", topic="refund")


@pytest.fixture
def anas(desk: Desk, offered: int) -> int:
    """Joe's thread, accepted by Ana."""
    desk.scene.accepts("ana", offered)
    return offered


async def refused(desk: Desk, agent: str, command: c.AnyCommand) -> tuple[str, str]:
    """The code and the sentence of what is not even asked of the core."""
    before = desk.scene.reader.head()
    with pytest.raises(Refused) as error:
        await desk.does(agent, command)
    assert desk.scene.reader.head() == before
    return error.value.code, error.value.text


def told(outcome: c.Outcome) -> tuple[bool, str, str]:
    return outcome.ok, outcome.code, outcome.text


def body(scene: Scene, message: str) -> str:
    row = scene.reader.get([f"b/{message}"])[f"b/{message}"]
    return msgspec.json.decode(row, type=Body).text


# --- each verb ---


async def test_accept(desk: Desk, offered: int) -> None:
    outcome = await desk.does("ana", c.Accept(thread=offered, offer="1.1"))
    assert told(outcome) == (True, "accepted", "#1 is yours.")
    assert outcome.seq == desk.scene.reader.head()[0]
    assert desk.scene.state.threads[offered].agent == "ana"


async def test_what_was_done_is_on_the_next_page(desk: Desk, offered: int) -> None:
    await desk.does("ana", c.Accept(thread=offered, offer="1.1"))
    assert [row.id for row in (await desk.application.query.board(ANA)).mine] == [offered]


async def test_pass_with_a_reason(desk: Desk, offered: int) -> None:
    outcome = await desk.does("ana", c.Pass(thread=offered, offer="1.1", why=" lunch "))
    assert told(outcome) == (
        True, "passed", "You passed on #1; you will not be asked again for it.",
    )  # fmt: skip
    assert body(desk.scene, outcome.message) == "lunch"
    items = (await desk.application.query.thread(BO, offered)).items
    assert [item.text for item in items if item.kind == "note"] == ["lunch"]


async def test_pass_without_a_reason(desk: Desk, offered: int) -> None:
    outcome = await desk.does("ana", c.Pass(thread=offered, offer="1.1"))
    assert outcome.ok
    assert outcome.message == ""


async def test_take(desk: Desk, offered: int) -> None:
    outcome = await desk.does("bo", c.Take(thread=offered))
    assert told(outcome) == (True, "taken_over", "#1 is yours.")


async def test_reply_is_held_and_can_be_undone(desk: Desk, anas: int) -> None:
    outcome = await desk.does("ana", c.Reply(thread=anas, text="On its way", seen=1))
    assert told(outcome) == (True, "held", "Goes out in 5 s; you can take it back until then.")
    assert body(desk.scene, outcome.message) == "On its way"

    undone = await desk.does("ana", c.Undo(thread=anas, message=outcome.message))
    assert told(undone) == (True, "undone", "Taken back; the customer never saw it.")

    again = await desk.does("ana", c.Undo(thread=anas, message=outcome.message))
    assert told(again) == (False, "too_late", "Too late to take back: it has gone out.")


async def test_a_desk_may_hold_longer_or_not_at_all(desk: Desk, anas: int) -> None:
    do = desk.application.do
    held = await do(ANA, c.Reply(thread=anas, text="a", seen=1), hold=20_000)
    assert held.text.startswith("Goes out in 20 s")
    sent = await do(ANA, c.Reply(thread=anas, text="b", seen=1), hold=0)
    assert told(sent) == (True, "replied", "Your answer is on its way.")


async def test_note(desk: Desk, anas: int) -> None:
    outcome = await desk.does("bo", c.Note(thread=anas, text="careful"))
    assert told(outcome) == (True, "noted", "Noted, for colleagues only.")


async def test_transfer_to_an_agent_and_to_a_queue(desk: Desk, anas: int) -> None:
    outcome = await desk.does("ana", c.Transfer(thread=anas, why="his bank", to_agent="bo"))
    assert told(outcome) == (True, "transferred", "#1 goes to Bo Berg.")
    assert body(desk.scene, outcome.message) == "his bank"
    outcome = await desk.does("bo", c.Transfer(thread=anas, why="technical", to_queue="tech"))
    assert told(outcome) == (True, "transferred", "#1 goes to tech.")
    assert desk.scene.state.threads[anas].queue == "tech"


async def test_snooze(desk: Desk, anas: int) -> None:
    until = desk.scene.clock.at + 3_600_000
    outcome = await desk.does("ana", c.Snooze(thread=anas, until=until))
    assert told(outcome) == (True, "snoozed", "#1 is put aside until 10:15.")


async def test_resolve_and_reopen(desk: Desk, anas: int) -> None:
    assert told(await desk.does("ana", c.Resolve(thread=anas))) == (
        True, "resolved", "#1 is solved.",
    )  # fmt: skip
    assert told(await desk.does("bo", c.Reopen(thread=anas))) == (
        True, "reopened", "#1 is open again and yours.",
    )  # fmt: skip
    assert desk.scene.state.threads[anas].agent == "bo"


async def test_tag_and_prioritise(desk: Desk, anas: int) -> None:
    assert (await desk.does("bo", c.Tag(thread=anas, add=("refund",)))).code == "tagged"
    assert (await desk.does("ana", c.Prioritise(thread=anas, priority=40))).code == "prioritised"
    thread = desk.scene.state.threads[anas]
    assert (thread.tags, thread.priority) == (("refund",), 40)


async def test_status(desk: Desk) -> None:
    outcome = await desk.does("ana", c.SetStatus(status="away"))
    assert told(outcome) == (True, "status", "You are away now.")
    assert desk.scene.state.agents["ana"].status is Status.AWAY


async def test_a_lead_sets_a_colleagues_status(desk: Desk) -> None:
    outcome = await desk.does("cy", c.SetStatus(status="offline", agent="bo"))
    assert told(outcome) == (True, "status", "Bo Berg is offline now.")
    assert desk.scene.state.agents["bo"].status is Status.OFFLINE


# --- the same again ---


async def test_the_same_key_is_the_same_act(desk: Desk, anas: int) -> None:
    reply = c.Reply(thread=anas, text="On its way", seen=1, key="k1")
    first, second = await desk.does("ana", reply), await desk.does("ana", reply)
    assert first == second
    assert len(desk.scene.state.threads[anas].held) == 1


async def test_a_key_belongs_to_its_actor(desk: Desk, anas: int) -> None:
    one = await desk.does("ana", c.Note(thread=anas, text="mine", key="k1"))
    two = await desk.does("bo", c.Note(thread=anas, text="also mine", key="k1"))
    assert one.message != two.message
    assert body(desk.scene, one.message) == "mine"


async def test_without_a_key_every_act_is_its_own(desk: Desk, anas: int) -> None:
    note = c.Note(thread=anas, text="careful")
    assert (await desk.does("ana", note)).message != (await desk.does("ana", note)).message


# --- somebody was faster ---


async def test_the_loser_of_a_race_reads_who_won_and_when(desk: Desk, offered: int) -> None:
    desk.scene.accepts("ana", offered)
    desk.scene.wait(seconds=3)
    for command in (c.Accept(thread=offered, offer="1.1"), c.Take(thread=offered)):
        assert told(await desk.does("bo", command)) == (
            False, "taken", "Ana Ruiz took it 3 s ago.",
        )  # fmt: skip


async def test_an_offer_that_ended_says_how(desk: Desk, offered: int) -> None:
    desk.scene.wait(minutes=1)
    outcome = await desk.does("ana", c.Accept(thread=offered, offer="1.1"))
    assert told(outcome) == (
        False, "expired", "Your time to answer is over; it was offered to others.",
    )  # fmt: skip


async def test_the_customer_wrote_meanwhile(desk: Desk, anas: int) -> None:
    desk.scene.writes("joe@x.org", "never mind", name="Joe Miller")
    desk.scene.wait(seconds=4)
    outcome = await desk.does("ana", c.Reply(thread=anas, text="On its way", seen=1))
    assert told(outcome) == (False, "customer_wrote", "Joe wrote 4 s ago: ‘never mind’")
    assert outcome.message == ""

    anyway = await desk.does("ana", c.Reply(thread=anas, text="On its way", seen=1, anyway=True))
    assert anyway.ok


async def test_other_refusals_of_the_core(desk: Desk, anas: int) -> None:
    scene = desk.scene
    scene.status("bo", Status.OFFLINE)
    give = c.Transfer(thread=anas, why="x", to_agent="bo")
    assert told(await desk.does("ana", give)) == (
        False, "not_here", "Bo Berg is not here; choose somebody else or a queue.",
    )  # fmt: skip
    assert told(await desk.does("cy", c.Transfer(thread=anas, why="x", to_agent="ana"))) == (
        False, "already", "Ana Ruiz has #1 already.",
    )  # fmt: skip
    assert told(await desk.does("ana", c.Reopen(thread=anas))) == (
        False, "not_resolved", "#1 is not solved; there is nothing to reopen.",
    )  # fmt: skip
    other = scene.writes("eve@x.org", "hello")
    until = scene.clock.at + 1_000
    assert told(await desk.does("bo", c.Snooze(thread=other, until=until))) == (
        False, "not_owned", "Nobody has #2 yet; take it first.",
    )  # fmt: skip


async def test_what_is_committed_is_answered_although_the_views_have_ended(
    desk: Desk, anas: int
) -> None:
    await desk.seen()
    await desk.application.projector.stop()
    outcome = await desk.does("ana", c.Note(thread=anas, text="careful"))
    assert told(outcome) == (True, "noted", "Noted, for colleagues only.")


# --- what is not even asked ---


async def test_the_reason_of_a_transfer_is_required(desk: Desk, anas: int) -> None:
    assert await refused(desk, "ana", c.Transfer(thread=anas, why=" ", to_agent="bo")) == (
        "reason_required",
        "Say in a few words why you hand over; it is what they read first.",
    )


async def test_names_that_are_not_there_get_a_suggestion(desk: Desk, anas: int) -> None:
    code, text = await refused(desk, "ana", c.Transfer(thread=anas, why="x", to_agent="boo"))
    assert (code, text) == (
        "no_such_agent", "Nobody on the team is called boo — did you mean “bo”?",
    )  # fmt: skip
    code, text = await refused(desk, "ana", c.Transfer(thread=anas, why="x", to_queue="bilings"))
    assert (code, text) == (
        "no_such_queue", "There is no queue bilings — did you mean “billing”?",
    )  # fmt: skip
    code, text = await refused(desk, "cy", c.SetStatus(status="away", agent="xyz"))
    assert (code, text) == ("no_such_agent", "Nobody on the team is called xyz.")


async def test_threads_that_are_not_there(desk: Desk, anas: int) -> None:
    scene = desk.scene
    assert await refused(desk, "ana", c.Note(thread=4812, text="x")) == (
        "unknown_thread", "There is no thread #4812.",
    )  # fmt: skip
    scene.resolves("ana", anas)
    scene.wait(days=8)
    assert await refused(desk, "ana", c.Note(thread=anas, text="x")) == (
        "closed", "#1 is closed; it is history now.",
    )  # fmt: skip
    mail = scene.writes("joe@x.org", "me again")
    chat = scene.writes("v-17", "hello", channel="webchat")
    scene.writes("v-17", "it is me", channel="webchat", also="joe@x.org")
    assert await refused(desk, "ana", c.Note(thread=chat, text="x")) == (
        "folded", f"#{chat} was joined to #{mail}; go on there.",
    )  # fmt: skip


@pytest.mark.parametrize("number", [-1, 0, 10**30])
async def test_numbers_that_no_thread_has(desk: Desk, number: int) -> None:
    code, _ = await refused(desk, "ana", c.Note(thread=number, text="x"))
    assert code == "unknown_thread"


# --- rights (I19) ---


def every(thread: int) -> list[c.AnyCommand]:
    """One of each verb, on one thread."""
    return [
        c.Accept(thread=thread, offer="1.1"),
        c.Pass(thread=thread, offer="1.1"),
        c.Take(thread=thread),
        c.Reply(thread=thread, text="x", seen=9),
        c.Undo(thread=thread, message="m"),
        c.Edit(thread=thread, message="m", text="x"),
        c.Delete(thread=thread, message="m"),
        c.Note(thread=thread, text="x"),
        c.Transfer(thread=thread, why="x", to_queue="tech"),
        c.Snooze(thread=thread, until=9_999_999_999_999),
        c.Resolve(thread=thread),
        c.Reopen(thread=thread),
        c.Tag(thread=thread, add=("x",)),
        c.Copy(thread=thread, add=("x@x.org",)),
        c.Prioritise(thread=thread, priority=10),
        c.Done(thread=thread),
        c.Boost(thread=thread, by=60_000),
        c.NewMatter(thread=thread),
        c.Merge(a="h:joe@x.org", b="h:eve@x.org"),
        c.NotSame(a="h:joe@x.org", b="h:eve@x.org"),
        c.Split(handles=("h:joe@x.org",)),
    ]


def test_every_verb_is_tried() -> None:
    tried = {type(command) for command in every(1)} | {c.SetStatus}
    assert tried == set(c.AnyCommand.__args__)


@pytest.mark.parametrize("command", [*every(1), *every(4812), c.SetStatus(status="away")])
async def test_nobody_acts_and_nobody_learns_what_exists(
    desk: Desk, anas: int, command: c.AnyCommand
) -> None:
    if isinstance(command, c.Snooze):
        command = msgspec.structs.replace(command, until=desk.scene.clock.at + 1_000)
    before = desk.scene.reader.head()
    with pytest.raises(Refused) as error:
        await desk.application.do(NOBODY, command)
    assert (error.value.code, error.value.text) == ("forbidden", "Sign in first.")
    assert desk.scene.reader.head() == before


@pytest.mark.parametrize(
    "command",
    [
        c.Reply(thread=1, text="x", seen=1),
        c.Transfer(thread=1, why="x", to_queue="tech"),
        c.Snooze(thread=1, until=1_772_442_900_000 + 1_000),
        c.Resolve(thread=1),
        c.Prioritise(thread=1, priority=10),
    ],
)
async def test_a_colleagues_thread_is_theirs(desk: Desk, anas: int, command: c.AnyCommand) -> None:
    code, text = await refused(desk, "bo", command)
    assert code == "forbidden"
    assert text.startswith("#1 is with Ana Ruiz; only they or a lead may ")
    outcome = await desk.does("cy", command)
    assert outcome.ok


async def test_a_snoozed_thread_still_has_its_owner(desk: Desk, anas: int) -> None:
    desk.scene.decide(lambda at: i.SnoozeAsked("z", at, "ana", anas, at + 60_000))
    code, _ = await refused(desk, "bo", c.Resolve(thread=anas))
    assert code == "forbidden"


async def test_who_solved_it_has_no_more_right_to_it(desk: Desk, anas: int) -> None:
    desk.scene.resolves("ana", anas)
    assert (await desk.does("bo", c.Reply(thread=anas, text="one more thing", seen=1))).ok
    assert desk.scene.state.threads[anas].agent == "bo"


async def test_an_offer_is_for_whom_it_was_made(desk: Desk, offered: int) -> None:
    for command in (c.Accept(thread=offered, offer="1.1"), c.Pass(thread=offered, offer="1.1")):
        for agent in ("bo", "cy"):
            assert await refused(desk, agent, command) == (
                "forbidden", "This offer is for Ana Ruiz.",
            )  # fmt: skip
    assert desk.scene.state.threads[offered].phase is Phase.OFFERED


async def test_only_the_writer_or_a_lead_takes_an_answer_back(desk: Desk, anas: int) -> None:
    message = desk.scene.replies("ana", anas, "oops", hold=5_000)
    undo = c.Undo(thread=anas, message=message)
    assert await refused(desk, "bo", undo) == (
        "forbidden", "Ana Ruiz wrote that; only they or a lead may take it back.",
    )  # fmt: skip
    assert (await desk.does("cy", undo)).ok


async def test_another_agents_status(desk: Desk) -> None:
    assert await refused(desk, "ana", c.SetStatus(status="offline", agent="bo")) == (
        "forbidden", "Only Bo Berg or a lead may set this status.",
    )  # fmt: skip
    assert (await desk.does("ana", c.SetStatus(status="online", agent="ana"))).ok


async def test_who_has_left_acts_no_more(desk: Desk, anas: int) -> None:
    desk.scene.team(i.Member("bo", ("billing",)), i.Member("cy", ("tech",), role="lead"))
    code, text = await refused(desk, "ana", c.Note(thread=anas, text="x"))
    assert (code, text) == ("no_such_agent", "Nobody on the team is called Ana Ruiz.")
    with pytest.raises(Refused) as error:
        await desk.application.actor("ana")
    assert error.value.code == "no_such_agent"
    code, _ = await refused(desk, "cy", c.Transfer(thread=anas, why="x", to_agent="ana"))
    assert code == "no_such_agent"


async def test_an_actor_has_the_role_of_the_team_file(desk: Desk) -> None:
    assert await desk.application.actor("cy") == CY
    desk.scene.team(i.Member("cy", ("tech",), role="agent"))
    assert await desk.application.actor("cy") == Actor(Kind.AGENT, "cy", "agent")


async def test_the_system_sets_anybodys_status(desk: Desk) -> None:
    outcome = await desk.application.do(SYSTEM, c.SetStatus(status="online", agent="bo"))
    assert told(outcome) == (True, "status", "Bo Berg is online now.")


# --- text ---


async def test_what_cannot_be_written_down_is_taken_out(desk: Desk, anas: int) -> None:
    outcome = await desk.does("ana", c.Note(thread=anas, text=" a\x00b\ud800 👍 "))
    assert body(desk.scene, outcome.message) == "ab 👍"


async def test_the_journal_knows_nothing_of_what_was_said(desk: Desk, anas: int) -> None:
    secret = "xyzzy-4711"
    await desk.does("ana", c.Reply(thread=anas, text=secret, seen=1))
    await desk.does("ana", c.Note(thread=anas, text=secret))
    await desk.does("ana", c.Transfer(thread=anas, why=secret, to_queue="tech"))
    journal = b"".join(record.body for record in desk.scene.reader.tail(0))
    assert secret.encode() not in journal


# --- files and formatted text ---


async def test_a_file_that_a_message_carries_is_given_out(desk: Desk) -> None:
    sha = "ab" * 32
    file = Attachment("bill.pdf", "application/pdf", 4, sha)
    desk.scene.files.content[sha] = b"%PDF"
    desk.scene.writes("joe@x.org", "see", files=(file,))
    await desk.seen()
    assert await desk.application.file(ANA, sha) == b"%PDF"
    about = await desk.application.about_file(ANA, sha)
    assert (about.name, about.media_type, about.size) == ("bill.pdf", "application/pdf", 4)


async def pieces(*data: bytes) -> AsyncIterator[bytes]:
    for piece in data:
        yield piece


async def test_a_file_that_an_agent_brings_is_there_once_it_is_said_for_what(
    desk: Desk, anas: int
) -> None:
    bring = desk.application.receive
    file = await bring(ANA, "a/bill\n.pdf", "application/pdf", pieces(b"%P", b"DF"))
    assert (file.name, file.size) == ("bill.pdf", 4)
    assert file.sha not in desk.scene.files.content
    claimed = msgspec.structs.replace(file, size=9_999, media_type="nonsense")
    assert (await desk.does("ana", c.Note(thread=anas, text="", files=(claimed,)))).ok
    [view] = (await desk.application.query.thread(ANA, anas)).items[-1].files
    assert (view.name, view.size) == ("bill.pdf", 4)
    assert view.media_type == "application/octet-stream"
    assert await desk.application.file(ANA, file.sha) == b"%PDF"


@pytest.mark.parametrize("sha", ["ab" * 32, "", "../../etc/passwd"])
async def test_a_file_that_nobody_brought_is_missed_before_anything_leaves(
    desk: Desk, anas: int, sha: str
) -> None:
    file = Attachment("bill.pdf", "application/pdf", 4, sha)
    with pytest.raises(Refused) as error:
        await desk.does("ana", c.Reply(thread=anas, text="see", seen=1, files=(file,)))
    assert error.value.text == "The file “bill.pdf” is not here (any more); choose it again."


async def test_a_file_that_is_too_big_is_refused_as_soon_as_it_is(desk: Desk) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1_000_000
            yield bytes(1_000_000)

    with pytest.raises(Refused) as error:
        await desk.application.receive(ANA, "film.mov", "video/quicktime", endless())
    assert error.value.text == "Too big: “film.mov”; a file has at most 25.0 MB."
    assert read <= LARGEST_FILE + 1_000_000
    assert desk.scene.files.aside == {}


@pytest.mark.parametrize("sha", ["cd" * 32, "", "../../etc/passwd"])
async def test_no_other_file_is(desk: Desk, sha: str) -> None:
    desk.scene.files.content[sha] = b"secret"
    with pytest.raises(Refused) as error:
        await desk.application.file(ANA, sha)
    assert error.value.code == "unknown_file"


async def test_a_file_whose_bytes_are_gone(desk: Desk) -> None:
    file = Attachment("bill.pdf", "application/pdf", 4, "ab" * 32)
    desk.scene.writes("joe@x.org", "see", files=(file,))
    await desk.seen()
    with pytest.raises(Refused) as error:
        await desk.application.file(ANA, "ab" * 32)
    assert error.value.code == "file_elsewhere"


async def test_formatted_text_comes_as_it_came(desk: Desk) -> None:
    thread = desk.scene.writes("joe@x.org", "see", html="<b onclick=x()>see</b>")
    message = desk.scene.state.threads[thread].message
    assert await desk.application.html(ANA, message) == "<b onclick=x()>see</b>"
    with pytest.raises(Refused) as error:
        await desk.application.html(ANA, "nothing")
    assert error.value.code == "unknown_message"


async def test_files_and_texts_are_not_for_nobody(desk: Desk) -> None:
    for ask in (
        desk.application.file(NOBODY, "ab" * 32),
        desk.application.about_file(NOBODY, "ab" * 32),
        desk.application.html(NOBODY, "m1"),
    ):
        with pytest.raises(Refused) as error:
            await ask
        assert error.value.code == "forbidden"
