from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from omniroute import ConfigError, Site
from omniroute_webchat.mailbox import (
    AFTER,
    BEFORE,
    GAP,
    Closed,
    Effort,
    Line,
    Mailbox,
    Spoken,
    add_line,
    lines_after,
    lines_before,
)

JOE, ANN = ("s:joe", "s:joe"), ("s:ann", "s:ann")


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[Mailbox]:
    mailbox = Mailbox(Site(tmp_path, ""))
    await mailbox.open()
    yield mailbox
    await mailbox.close()


async def add(mailbox: Mailbox, id: str, text: str = "", conversation: str = "s:joe") -> int:
    return await mailbox.do(
        lambda db: add_line(db, conversation, conversation, id, "Joe", text or id, 5), Effort.WRITE
    )


async def after(mailbox: Mailbox, seq: int, most: int = 100) -> list[str]:
    lines = await mailbox.do(lambda db: lines_after(db, JOE, seq, most))
    return [line.text for line in lines]


async def test_a_line_is_kept_once_and_keeps_its_number(mailbox: Mailbox) -> None:
    first = await add(mailbox, "1", "hello")
    assert await add(mailbox, "1", "hello again") == first
    lines = await mailbox.do(lambda db: lines_after(db, JOE, 0, 10))
    assert lines == [Line(first, "1", "in", "Joe", "hello", 5)]


def said(id: str, text: str = "") -> Spoken:
    return Spoken("s:joe", "s:joe", id, "Joe", text or id, 5)


async def test_what_was_said_is_there_before_what_is_asked_next(mailbox: Mailbox) -> None:
    for number in range(100):
        mailbox.say(said(str(number)))
        mailbox.say(said(str(number), "again"))
    assert await after(mailbox, 0) == [str(number) for number in range(100)]


async def test_what_was_said_is_written_together_without_being_asked_for(mailbox: Mailbox) -> None:
    loop, written = asyncio.get_running_loop(), asyncio.Event()
    statements: list[str] = []

    def traced(statement: str) -> None:
        statements.append(statement.partition(" ")[0])
        if statement == "COMMIT" and "INSERT" in statements:
            loop.call_soon_threadsafe(written.set)

    await mailbox.do(lambda db: db.set_trace_callback(traced))
    statements.clear()
    for number in range(70):
        mailbox.say(said(str(number)))
    async with asyncio.timeout(15):
        await written.wait()
    assert statements == ["PRAGMA", "BEGIN", *["INSERT"] * 4, "COMMIT"]  # 64, 4, 1 and 1
    await mailbox.do(lambda db: db.set_trace_callback(None))
    assert len(await after(mailbox, 0)) == 70


async def test_closing_writes_what_was_said(tmp_path: Path) -> None:
    mailbox = Mailbox(Site(tmp_path, ""))
    await mailbox.open()
    mailbox.say(said("1"))
    asking = asyncio.create_task(mailbox.do(lambda db: None))
    await asyncio.sleep(0)
    mailbox.say(said("2"))  # while they are at it
    await mailbox.close()
    await asking
    with pytest.raises(Closed):
        mailbox.say(said("3"))

    await mailbox.open()
    assert await after(mailbox, 0) == ["1", "2"]
    await mailbox.close()


async def test_two_sessions_may_use_the_same_id(mailbox: Mailbox) -> None:
    first = await add(mailbox, "1")
    assert await add(mailbox, "1", conversation="s:ann") > first
    assert len(await mailbox.do(lambda db: lines_after(db, ANN, 0, 10))) == 1


async def test_lines_are_read_forwards_and_backwards(mailbox: Mailbox) -> None:
    numbers = [await add(mailbox, str(n)) for n in range(5)]
    assert await after(mailbox, numbers[1]) == ["2", "3", "4"]
    assert await after(mailbox, 0, most=2) == ["0", "1"]
    back = await mailbox.do(lambda db: lines_before(db, JOE, numbers[4], 2))
    assert [line.text for line in back] == ["2", "3"]


async def test_a_bound_session_reads_both_of_its_conversations_in_order(mailbox: Mailbox) -> None:
    await add(mailbox, "1", "as a guest")
    await add(mailbox, "2", "of somebody else", conversation="s:ann")
    await add(mailbox, "3", "as Joe", conversation="u:17")
    lines = await mailbox.do(lambda db: lines_after(db, ("u:17", "s:joe"), 0, 10))
    assert [line.text for line in lines] == ["as a guest", "as Joe"]


async def test_what_arrives_together_is_written_together(mailbox: Mailbox) -> None:
    commits = await mailbox.do(lambda db: db.total_changes)
    numbers = await asyncio.gather(*(add(mailbox, str(n)) for n in range(50)))
    assert numbers == sorted(numbers)
    assert await mailbox.do(lambda db: db.total_changes) >= commits + 50
    assert len(await after(mailbox, 0)) == 50


async def test_one_that_fails_harms_no_neighbour(mailbox: Mailbox) -> None:
    def broken(db: sqlite3.Connection) -> None:
        add_line(db, "s:joe", "s:joe", "broken", "Joe", "never", 5)
        raise ValueError("a bug")

    outcomes = await asyncio.gather(
        add(mailbox, "1"),
        mailbox.do(broken, Effort.WRITE),
        add(mailbox, "2"),
        return_exceptions=True,
    )
    assert isinstance(outcomes[1], ValueError)
    assert await after(mailbox, 0) == ["1", "2"]


async def test_somebody_who_no_longer_waits_harms_no_neighbour(mailbox: Mailbox) -> None:
    gone = asyncio.create_task(add(mailbox, "1"))
    stays = asyncio.create_task(add(mailbox, "2"))
    await asyncio.sleep(0)
    gone.cancel()
    await stays
    assert await after(mailbox, 0) == ["1", "2"]


async def test_an_answer_waits_for_the_disk_and_a_visitors_line_does_not(mailbox: Mailbox) -> None:
    def synchronous(db: sqlite3.Connection) -> int:
        return int(db.execute("PRAGMA synchronous").fetchone()[0])

    normal, full = 1, 2
    assert await mailbox.do(synchronous, Effort.WRITE) == normal
    assert await mailbox.do(synchronous, Effort.DURABLE) == full
    together = [mailbox.do(synchronous, effort) for effort in (Effort.WRITE, Effort.DURABLE)]
    assert await asyncio.gather(*together) == [full, full]


async def test_lines_survive_and_numbers_move_on_by_more_than_can_be_lost(tmp_path: Path) -> None:
    """A power failure may take unsynchronised lines; their numbers were seen and are not reused."""
    mailbox = Mailbox(Site(tmp_path, ""))
    await mailbox.open()
    seen = await add(mailbox, "1")
    await mailbox.close()

    await mailbox.open()
    assert await after(mailbox, 0) == ["1"]
    assert await add(mailbox, "2") > seen + GAP // 2
    await mailbox.close()


async def test_numbers_of_deleted_lines_are_not_given_again(mailbox: Mailbox) -> None:
    last = await add(mailbox, "1")
    await mailbox.do(lambda db: db.execute("DELETE FROM lines"), Effort.WRITE)
    assert await add(mailbox, "2") > last


async def test_closing_finishes_what_was_asked_for(tmp_path: Path) -> None:
    mailbox = Mailbox(Site(tmp_path, ""))
    await mailbox.open()
    asked = [asyncio.create_task(add(mailbox, str(n))) for n in range(20)]
    await asyncio.sleep(0)
    await mailbox.close()
    assert len(await asyncio.gather(*asked)) == 20
    with pytest.raises(Closed):
        await add(mailbox, "late")


async def test_a_mailbox_that_is_not_open_says_so(tmp_path: Path) -> None:
    with pytest.raises(Closed):
        await add(Mailbox(Site(tmp_path, "")), "1")


async def test_a_file_that_is_no_mailbox_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mailbox.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(ConfigError, match=r"mailbox\.sqlite: cannot be used: .* — free the disk"):
        await Mailbox(Site(tmp_path, "")).open()


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be used"):
        await Mailbox(Site(tmp_path / "nowhere", "")).open()


async def test_a_mailbox_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mailbox.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 9")
    db.close()
    with pytest.raises(ConfigError, match=r"newer version \(format 9, this one reads 2\)"):
        await Mailbox(Site(tmp_path, "")).open()


async def test_history_is_found_by_its_index_without_sorting(mailbox: Mailbox) -> None:
    def plan(db: sqlite3.Connection) -> str:
        queries = (f"EXPLAIN QUERY PLAN {query}" for query in (AFTER, BEFORE))
        return str([db.execute(query, (*JOE, 5, 10)).fetchall() for query in queries])

    found = await mailbox.do(plan)
    assert found.count("USING INDEX lines_by_conversation") == 4
    assert found.count("INDEX changes_by_conversation") == 2
    assert "TEMP B-TREE" not in found
