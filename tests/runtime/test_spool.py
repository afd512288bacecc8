"""The spool: what was acknowledged is there, whatever happened."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from omniroute.errors import Refused
from omniroute.runtime.spool import Entry, Spool
from omniroute.runtime.spool_kept import Known
from omniroute.runtime.spool_thread import BATCH
from omniroute.stores.api import Corrupt, Unavailable
from omniroute.testing import disk_faults

DAY = 24 * 60 * 60 * 1000
LARGE = b"L" * 3_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


@pytest.fixture
async def spool(path: Path) -> AsyncIterator[Spool]:
    spool = Spool(path)
    yield spool
    await spool.close()


async def reopened(spool: Spool, path: Path) -> Spool:
    await spool.close()
    return Spool(path)


def everything(spool: Spool) -> list[Entry]:
    """All pending entries, page by page."""
    found: list[Entry] = []
    while page := spool.pending(found[-1].id if found else 0, limit=3):
        found += page
    return found


def size(path: Path) -> int:
    return path.stat().st_size


def files(path: Path) -> list[str]:
    folder = path.with_name(path.name + ".large")
    return sorted(file.name for file in folder.iterdir()) if folder.exists() else []


def keys(path: Path) -> int:
    """How many keys the file remembers."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    (count,) = db.execute("SELECT count(*) FROM seen").fetchone()
    db.close()
    return int(count)


# -- intake ----------------------------------------------------------------------------------------


async def test_what_was_appended_is_pending_until_done(spool: Spool, path: Path) -> None:
    first = await spool.append("email", "support", b"hello", at=1_000, key="<1@x>")
    second = await spool.append("webchat", "", b"\0\xff", at=1_001)
    assert first < second
    assert spool.depth == 2
    assert spool.pending() == [
        Entry(first, "email", "support", "<1@x>", 1_000, b"hello", tries=0),
        Entry(second, "webchat", "", "", 1_001, b"\0\xff", tries=0),
    ]
    spool.done([first])
    assert [entry.id for entry in spool.pending()] == [second]
    assert spool.depth == 1
    spool = await reopened(spool, path)
    assert [entry.id for entry in spool.pending()] == [second]
    assert spool.depth == 1
    await spool.close()


async def test_new_entries_are_announced_in_order_and_only_once_on_the_disk(
    spool: Spool, path: Path
) -> None:
    announced: list[Entry] = []

    def hear(entries: Sequence[Entry]) -> None:
        on_disk = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        (count,) = on_disk.execute("SELECT count(*) FROM entry").fetchone()
        on_disk.close()
        announced.extend(entries)
        assert count >= len(announced)

    spool.subscribe(hear)
    ids = await asyncio.gather(
        *(spool.append("c", "a", b"%d" % number, at=number) for number in range(100))
    )
    assert [entry.id for entry in announced] == sorted(ids)
    assert [entry.raw for entry in announced] == [b"%d" % number for number in range(100)]


async def test_callers_who_wait_together_share_a_commit(spool: Spool) -> None:
    ids = await asyncio.gather(*(spool.append("c", "a", b"x", at=1) for _ in range(200)))
    assert len(set(ids)) == 200
    assert spool.commits <= 10
    assert spool.depth == 200


async def test_a_caller_alone_does_not_wait_for_company(spool: Spool) -> None:
    for number in range(5):
        await spool.append("c", "a", b"x", at=number)
    assert spool.commits == 5


async def test_an_id_is_never_given_twice(spool: Spool, path: Path) -> None:
    """Decisions name entries by id long after the entries are gone."""
    given: list[int] = []
    for _ in range(3):
        given += [await spool.append("c", "a", b"x", at=1) for _ in range(3)]
        spool.done(given)
        spool = await reopened(spool, path)
    await spool.close()
    assert given == sorted(set(given))


async def test_a_spool_keeps_its_name_and_no_other_has_it(tmp_path: Path) -> None:
    names = []
    for file in ("a.db", "a.db", "b.db"):
        spool = Spool(tmp_path / file)
        names.append(spool.name)
        await spool.close()
    assert names[0] == names[1] != names[2]
    assert len(names[0]) == 16


async def test_a_cancelled_caller_disturbs_nobody(spool: Spool) -> None:
    waiting = [asyncio.ensure_future(spool.append("c", "a", b"x", at=n)) for n in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(outcomes[1], asyncio.CancelledError)
    assert {outcomes[0], outcomes[2]} <= {entry.id for entry in spool.pending()}


async def test_after_closing_nothing_is_taken(path: Path) -> None:
    spool = Spool(path)
    await spool.close()
    await spool.close()
    with pytest.raises(Unavailable, match="the spool is closed"):
        await spool.append("c", "a", b"x", at=1)
    with pytest.raises(Unavailable, match="the spool is closed"):
        spool.pending()


async def test_closing_writes_what_was_asked(path: Path) -> None:
    spool = Spool(path)
    waiting = [asyncio.ensure_future(spool.append("c", "a", b"x", at=n)) for n in range(50)]
    await asyncio.sleep(0)
    await spool.close()
    assert len(set(await asyncio.gather(*waiting))) == 50
    spool = Spool(path)
    assert spool.depth == 50
    await spool.close()


async def test_what_nobody_waits_for_rides_with_what_somebody_does(spool: Spool) -> None:
    for number in range(20):
        id = await spool.append("c", "a", b"x", at=number)
        spool.done([id])
        await asyncio.sleep(0.005)  # time enough for a thread that does not wait
    assert spool.commits < 30


# -- repeats ---------------------------------------------------------------------------------------


async def test_a_key_that_came_before_adds_nothing(spool: Spool, path: Path) -> None:
    first = await spool.append("email", "a", b"once", at=1, key="k")
    assert await spool.append("email", "a", b"again", at=2, key="k") == first
    assert [entry.raw for entry in spool.pending()] == [b"once"]
    spool.done([first])
    spool = await reopened(spool, path)
    assert await spool.append("email", "a", b"after a restart", at=3, key="k") == first
    assert spool.depth == 0
    await spool.close()


async def test_a_key_is_one_per_channel_and_account(spool: Spool) -> None:
    places = [("email", "a"), ("email", "b"), ("webchat", "a"), ("emaila", ""), ("", "emaila")]
    ids = [await spool.append(*place, b"x", at=1, key="k") for place in places]
    assert len(set(ids)) == len(places)


async def test_repeats_in_one_batch_are_one_entry(spool: Spool) -> None:
    announced: list[Entry] = []
    spool.subscribe(announced.extend)
    keys = [f"k{number % 70}" for number in range(210)]
    ids = await asyncio.gather(*(spool.append("c", "a", b"x", at=1, key=key) for key in keys))
    assert len(set(ids)) == 70
    assert ids[:70] == ids[70:140] == ids[140:]
    assert sorted(entry.id for entry in announced) == sorted(set(ids))
    assert spool.depth == 70


async def test_without_a_key_nothing_is_a_repeat(spool: Spool) -> None:
    assert await spool.append("c", "a", b"x", at=1) != await spool.append("c", "a", b"x", at=1)


async def test_a_key_of_undecodable_bytes_is_a_key(spool: Spool) -> None:
    """A Message-ID may hold anything; that must not keep its message out."""
    first = await spool.append("email", "a", b"x", at=1, key="<\udcff@x>")
    assert await spool.append("email", "a", b"x", at=1, key="<\udcff@x>") == first
    assert await spool.append("email", "a", b"x", at=1, key="<\udcfe@x>") != first


async def test_old_keys_of_done_entries_are_forgotten(spool: Spool, path: Path) -> None:
    done = [await spool.append("c", "a", b"x", at=DAY, key=f"d{n}") for n in range(1_200)]
    waits = await spool.append("c", "a", b"x", at=DAY, key="waits")
    dead = await spool.append("c", "a", b"x", at=DAY, key="dead")
    late = await spool.append("c", "a", b"x", at=3 * DAY, key="late")
    await spool.bury(dead, "unreadable")
    spool.done([*done, late])
    spool = await reopened(spool, path)
    spool.sweep(before=2 * DAY)
    async with asyncio.timeout(30):
        while keys(path) > 3:  # in slices, each with the next batch
            await spool.append("c", "a", b"x", at=4 * DAY)
    assert await spool.append("c", "a", b"x", at=4 * DAY, key="waits") == waits
    assert await spool.append("c", "a", b"x", at=4 * DAY, key="dead") == dead
    assert await spool.append("c", "a", b"x", at=4 * DAY, key="late") == late
    for number in (0, 500, 1_199):
        assert await spool.append("c", "a", b"x", at=4 * DAY, key=f"d{number}") > late
    await spool.close()


# -- large and many --------------------------------------------------------------------------------


async def test_a_large_message_is_kept_beside_and_goes_when_done(spool: Spool, path: Path) -> None:
    raw = os.urandom(30_000_000)
    announced: list[Entry] = []
    spool.subscribe(announced.extend)
    id = await spool.append("email", "a", raw, at=1, key="large")
    assert announced[0].raw == raw
    assert size(path) < 1_000_000
    spool = await reopened(spool, path)
    assert spool.pending()[0].raw == raw
    assert await spool.raw(id) == raw
    assert await spool.append("email", "a", raw, at=1, key="large") == id
    assert len(files(path)) == 1
    spool.done([id])
    await spool.close()
    assert files(path) == []


async def test_a_page_of_large_messages_is_short(spool: Spool) -> None:
    for number in range(8):
        await spool.append("email", "a", LARGE, at=number)
    assert len(spool.pending()) == 3
    assert len(everything(spool)) == 8


async def test_large_files_without_an_entry_are_removed_at_the_start(
    spool: Spool, path: Path
) -> None:
    await spool.append("email", "a", LARGE, at=1)
    kept = files(path)
    path.with_name("spool.db.large").joinpath("orphan").write_bytes(b"o")
    spool = await reopened(spool, path)
    assert files(path) == kept
    await spool.close()


async def test_an_entry_whose_large_file_is_lost_is_a_dead_letter(spool: Spool, path: Path) -> None:
    lost = await spool.append("email", "a", LARGE, at=1)
    kept = await spool.append("email", "a", b"small", at=1)
    (file,) = files(path)
    path.with_name("spool.db.large").joinpath(file).unlink()
    spool = await reopened(spool, path)
    assert [entry.id for entry in spool.pending()] == [kept]
    assert spool.depth == 1
    (letter,) = await spool.dead()
    assert (letter.id, "is missing" in letter.why) == (lost, True)
    with pytest.raises(Corrupt, match="cannot be read"):
        await spool.raw(lost)
    await spool.close()


async def test_pages_leave_out_what_is_done_and_still_reach_the_end(spool: Spool) -> None:
    ids = [await spool.append("c", "a", b"x", at=n) for n in range(10)]
    spool.done(ids[:7])
    assert [entry.id for entry in everything(spool)] == ids[7:]


# -- dead letters ----------------------------------------------------------------------------------


async def test_a_dead_letter_says_why_and_can_be_revived(spool: Spool, path: Path) -> None:
    id = await spool.append("email", "a", b"broken", at=7, key="k")
    other = await spool.append("email", "a", b"fine", at=8)
    await spool.bury(id, "no boundary: \udcff")
    assert spool.depth == 1
    spool = await reopened(spool, path)
    announced: list[Entry] = []
    spool.subscribe(announced.extend)
    assert [entry.id for entry in spool.pending()] == [other]
    (letter,) = await spool.dead()
    assert letter == (id, "email", "a", 7, "no boundary: \\udcff", 6)
    assert await spool.raw(id) == b"broken"
    revived = await spool.revive(id)
    assert revived == Entry(id, "email", "a", "k", 7, b"broken", tries=1)
    assert announced == [revived]
    assert await spool.dead() == []
    assert [entry.id for entry in spool.pending()] == [id, other]
    assert spool.depth == 2
    await spool.close()


async def test_a_dead_letter_can_be_thrown_away(spool: Spool, path: Path) -> None:
    id = await spool.append("email", "a", b"spam", at=7)
    await spool.bury(id, "unreadable")
    spool.done([id])
    spool = await reopened(spool, path)
    assert await spool.dead() == []
    assert spool.depth == 0
    assert await spool.raw(id) is None
    await spool.close()


async def test_only_what_waits_is_buried_and_only_the_dead_revived(spool: Spool) -> None:
    id = await spool.append("email", "a", b"x", at=7)
    with pytest.raises(Refused, match=rf"There is no dead letter {id}\."):
        await spool.revive(id)
    await spool.bury(id, "unreadable")
    with pytest.raises(Refused, match=rf"Entry {id} is not waiting to be read\."):
        await spool.bury(id, "again")
    with pytest.raises(Refused):
        await spool.bury(999, "never was")


async def test_one_refusal_leaves_the_rest_of_the_batch_alone(spool: Spool) -> None:
    refused, id = await asyncio.gather(
        spool.revive(999), spool.append("c", "a", b"x", at=1), return_exceptions=True
    )
    assert isinstance(refused, Refused)
    assert [entry.id for entry in spool.pending()] == [id]


# -- sending ---------------------------------------------------------------------------------------


async def test_an_attempt_without_receipt_is_in_doubt_at_the_next(spool: Spool, path: Path) -> None:
    assert await spool.attempt("e1", at=1) == 0
    spool = await reopened(spool, path)
    assert spool.attempts() == {"e1": (1, None)}
    assert await spool.attempt("e1", at=2) == 1
    await spool.receipt("e1", b"sent")
    assert spool.attempts() == {"e1": (1, b"sent")}  # nobody knows about the first to this day
    await spool.close()


async def test_an_attempt_that_ended_leaves_no_doubt(spool: Spool, path: Path) -> None:
    assert await spool.attempt("e1", at=1) == 0
    await spool.receipt("e1", b"busy, come again")
    assert await spool.attempt("e1", at=2) == 0
    assert spool.attempts() == {"e1": (1, None)}
    await spool.receipt("e1", b"sent")
    spool = await reopened(spool, path)
    assert spool.attempts() == {"e1": (0, b"sent")}
    await spool.close()


async def test_what_is_settled_is_forgotten(spool: Spool, path: Path) -> None:
    for eid in ("e1", "e2"):
        await spool.attempt(eid, at=1)
        await spool.receipt(eid, b"sent")
    spool.settle(["e1"])
    spool = await reopened(spool, path)
    assert spool.attempts() == {"e2": (0, b"sent")}
    await spool.close()


# -- disks and files -------------------------------------------------------------------------------


def run(script: str, path: Path, crash_at: str = "") -> subprocess.CompletedProcess[str]:
    """Run the coroutine function `main(path)` of *script* in a process of its own."""
    preface = (
        "import asyncio, errno, resource, sys\n"
        "from pathlib import Path\n"
        "from omniroute.runtime.spool import Spool\n"
        "from omniroute.stores.api import Unavailable\n"
        "from omniroute.testing import disk_faults\n"
    )
    return subprocess.run(
        [sys.executable, "-c", f"{preface}{script}\nasyncio.run(main(Path(sys.argv[1])))", path],
        env={**os.environ, "OMNIROUTE_CRASH_AT": crash_at},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


needs_seccomp = pytest.mark.skipif(
    not disk_faults.SUPPORTED, reason="disk faults need Linux on x86-64 or ARM64"
)


async def test_nearly_full_it_takes_nothing_new_and_still_works_off_the_rest(path: Path) -> None:
    spool = Spool(path)
    id = await spool.append("c", "a", b"x", at=1)
    await spool.close()
    spool = Spool(path, min_free=1 << 60)
    for raw in (b"small", LARGE):
        with pytest.raises(Unavailable, match=r"the disk is nearly full: .* — free some space"):
            await spool.append("c", "a", raw, at=1)
    assert files(path) == []
    assert "the disk is nearly full" in spool.full()
    assert await spool.attempt("e", at=1) == 0
    await spool.receipt("e", b"sent")
    assert [entry.id for entry in spool.pending()] == [id]
    spool.done([id])
    spool = await reopened(spool, path)
    assert spool.full() == ""
    assert (spool.depth, spool.attempts()) == (0, {"e": (0, b"sent")})
    await spool.close()


FAILING = """
async def main(path):
    spool = Spool(path)
    announced = []
    spool.subscribe(announced.extend)
    await spool.append("c", "a", b"kept", at=1)
    spool.done([await spool.append("c", "a", b"done", at=1)])
    disk_faults.fail(disk_faults.%s, errno.%s)
    for attempt in range(2):
        for outcome in await asyncio.gather(
            *(spool.append("c", "a", b"lost", at=1) for _ in range(3)), spool.attempt("e", 1),
            return_exceptions=True,
        ):
            print(type(outcome).__name__, outcome.fault)
    print([entry.raw for entry in spool.pending()], spool.depth, len(announced))
    await spool.close()
"""


@needs_seccomp
async def test_on_a_full_disk_nobody_is_acknowledged_and_nothing_is_lost(path: Path) -> None:
    said = run(FAILING % ("WRITE", "ENOSPC"), path)
    assert said.stdout.splitlines() == ["Unavailable the disk is full"] * 8 + ["[b'kept'] 1 2"]
    assert said.stderr == ""
    spool = Spool(path)
    assert [entry.raw for entry in spool.pending()] == [b"kept", b"done"]  # decided again, in vain
    assert await spool.append("c", "a", b"next", at=1) == spool.pending()[-1].id
    await spool.close()


@needs_seccomp
async def test_after_a_failed_fsync_it_takes_nothing_more(path: Path) -> None:
    said = run(FAILING % ("SYNC", "EIO"), path)
    fault = "Unavailable the disk failed while committing (SQLITE_IOERR_FSYNC)"
    assert said.stdout.splitlines() == [fault] * 8 + ["[b'kept'] 1 2"]
    assert said.stderr == ""
    spool = Spool(path)
    assert everything(spool)[0].raw == b"kept"
    await spool.close()


@needs_seccomp
async def test_a_large_message_on_a_full_disk_leaves_no_file(path: Path) -> None:
    script = """
async def main(path):
    spool = Spool(path)
    await spool.append("c", "a", bytes(1_000_000), at=1)
    disk_faults.fail(disk_faults.WRITE, errno.ENOSPC)
    try:
        await spool.append("c", "a", bytes(1_000_000), at=1)
    except Unavailable as error:
        sys.exit(error.fault)
"""
    said = run(script, path)
    assert said.stderr == "the disk is full\n"
    assert len(files(path)) == 1


async def test_when_the_disk_is_well_again_what_was_done_meanwhile_is_done(path: Path) -> None:
    script = """
async def main(path):
    spool = Spool(path)
    ids = [await spool.append("c", "a", bytes(100_000), at=1, key=f"k{n}") for n in range(40)]
    eids = ["e1", "e2"]
    for eid in eids:
        await spool.receipt(eid, b"sent")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, hard))  # the log is longer already
    spool.done(ids[:39])
    spool.settle(["e1"])
    for raw in (b"small", bytes(1_000_000)):
        try:
            await spool.append("c", "a", raw, at=1)
        except Unavailable as error:
            print(error.fault)
    print(spool.depth, len(spool.pending()))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    print(await spool.append("c", "a", b"small", at=1) > ids[-1])
    await spool.close()
"""
    said = run(script, path)
    failed = "the disk failed (SQLITE_IOERR_WRITE)"
    assert said.stdout.splitlines() == [failed, failed, "1 1", "True"], said.stderr
    assert files(path) == []
    spool = Spool(path)
    assert [entry.raw for entry in spool.pending()] == [bytes(100_000), b"small"]
    assert spool.attempts() == {"e2": (0, b"sent")}
    await spool.close()


def test_a_second_process_is_refused(path: Path) -> None:
    spool = Spool(path)
    second = run("async def main(path): Spool(path)", path)
    assert second.returncode == 1
    assert f"{path}: in use by process {os.getpid()}" in second.stderr
    asyncio.run(spool.close())


async def test_a_store_is_not_taken_for_a_spool(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE kv(k, v)")
    other.close()
    with pytest.raises(Unavailable, match="is a database, but not a spool of OmniRoute"):
        Spool(path)


def test_a_damaged_spool_is_a_clear_error(path: Path) -> None:
    path.write_bytes(b"no database" * 1_000)
    with pytest.raises(Corrupt, match=r"spool\.db: is not a database"):
        Spool(path)


# -- crashes ---------------------------------------------------------------------------------------

APPENDING = """
async def main(path):
    spool = Spool(path)
    for number in range(9):
        await spool.append("c", "a", b"%d" % number, at=1, key=f"k{number}")
        print(number, flush=True)
"""


@pytest.mark.parametrize(
    ("label", "kept"),
    [
        ("spool.before_write", [b"0", b"1"]),
        ("spool.before_fsync", [b"0", b"1"]),
        ("spool.after_fsync", [b"0", b"1", b"2"]),
    ],
)
async def test_killed_while_the_third_is_written(path: Path, label: str, kept: list[bytes]) -> None:
    killed = run(APPENDING, path, crash_at=f"{label}:3")
    assert killed.returncode == -signal.SIGKILL
    assert killed.stdout.split() == ["0", "1"]  # acknowledged
    spool = Spool(path)
    assert [entry.raw for entry in spool.pending()] == kept
    again = await spool.append("c", "a", b"2", at=2, key="k2")  # the channel comes again
    assert [entry.raw for entry in spool.pending()] == [b"0", b"1", b"2"]
    assert spool.pending()[-1].id == again
    await spool.close()


SENDING = """
async def main(path):
    spool = Spool(path)
    await spool.attempt("e", 1)
    print("sent", flush=True)
    await spool.receipt("e", b"ok")
    print("receipt", flush=True)
"""


@pytest.mark.parametrize(
    ("crash_at", "said", "known"),
    [
        ("spool.before_fsync:1", [], {}),
        ("spool.after_fsync:1", [], {"e": (1, None)}),
        ("spool.before_fsync:2", ["sent"], {"e": (1, None)}),
        ("spool.after_fsync:2", ["sent"], {"e": (0, b"ok")}),
    ],
)
async def test_killed_while_sending(
    path: Path, crash_at: str, said: list[str], known: dict[str, object]
) -> None:
    """Nothing is sent before the attempt is on the disk."""
    killed = run(SENDING, path, crash_at=crash_at)
    assert killed.returncode == -signal.SIGKILL
    assert killed.stdout.split() == said
    spool = Spool(path)
    assert spool.attempts() == known
    await spool.close()


async def test_killed_before_a_large_message_is_committed_its_file_goes(path: Path) -> None:
    script = "async def main(path): await Spool(path).append('c', 'a', bytes(1_000_000), at=1)"
    killed = run(script, path, crash_at="spool.before_fsync")
    assert killed.returncode == -signal.SIGKILL
    assert len(files(path)) == 1
    spool = Spool(path)
    assert (spool.depth, files(path)) == (0, [])
    await spool.close()


async def test_killed_after_done_was_said_the_entry_may_come_again(path: Path) -> None:
    """Nobody waits for `done`; whoever decides knows from the journal that it has."""
    script = """
async def main(path):
    spool = Spool(path)
    spool.done([await spool.append("c", "a", b"x", at=1, key="k")])
    import os; os.kill(os.getpid(), 9)
"""
    run(script, path)
    spool = Spool(path)
    assert len(spool.pending()) <= 1
    await spool.close()


# --- what the store may yet forget ---


async def test_what_was_said_to_be_done_a_moment_ago_is_among_what_is_kept(spool: Spool) -> None:
    """Else whoever is erased in that moment is fed in again."""
    spool.keep(lambda: 5)
    brought = (spool.append("email", "help", b"x", at=1) for _ in range(BATCH + 10))
    ids = await asyncio.gather(*brought)
    spool.done(ids)
    assert [id for id, _ in await spool.kept()] == ids
    assert spool.depth == 0


async def test_a_spool_to_which_a_later_version_has_added_columns_serves(path: Path) -> None:
    await Spool(path).close()
    with closing(sqlite3.connect(path)) as db:
        tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            db.execute(f"ALTER TABLE {table} ADD COLUMN colour TEXT")
        db.commit()
    spool = Spool(path)
    spool.keep(lambda: DAY)
    first = await spool.append("email", "help", b"one", at=1, key="k1")
    await spool.append("email", "help", LARGE, at=2)
    await spool.attempt("e1", 1)
    await spool.receipt("e1", b"sent")
    spool.settle(["e1"])
    spool.done([first])
    await spool.note_now(Known((7, b"hash"), 3))
    assert [entry.at for entry in everything(spool)] == [2]
    assert (await spool.feed_again(DAY, Known())).entries == 1
    assert [loss.known for loss in spool.losses] == [7]
    await spool.meet(["another"], DAY)
    await spool.close()
