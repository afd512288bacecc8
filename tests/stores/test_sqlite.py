"""The SQLite store: the contract, and what a file and a disk can do to it."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from omniroute.stores.api import GENESIS, Corrupt, Head, InDoubt, Store, Unavailable, verify_chain
from omniroute.stores.sqlite import SqliteReader, SqliteStore
from omniroute.testing import disk_faults
from omniroute.testing.server_process import until
from omniroute.testing.store_contract import StoreContract


class TestSqliteStore(StoreContract):
    def open(self, folder: Path) -> Store:
        return SqliteStore(folder / "store.db")


def filled(path: Path, commits: int = 3) -> Head:
    """A closed store with a record and a row from each of *commits*."""
    store = SqliteStore(path)
    head = store.head()
    for _ in range(commits):
        number = head[0] + 1
        head = store.commit(head, [b"record %d" % number], {f"k{number}": b"value %d" % number})
    store.close()
    return head


def run(script: str, path: Path, crash_at: str = "") -> subprocess.CompletedProcess[str]:
    """Run *script* in a process of its own; it finds *path*, the stores and `errno` imported."""
    preface = (
        "import errno, resource, sys\n"
        "from pathlib import Path\n"
        "from omniroute.runtime.crashpoints import reach\n"
        "from omniroute.stores.api import *\n"
        "from omniroute.stores.sqlite import *\n"
        "from omniroute.testing import disk_faults\n"
        "path = Path(sys.argv[1])\n"
    )
    environment = {**os.environ, "OMNIROUTE_CRASH_AT": crash_at}
    return subprocess.run(
        [sys.executable, "-c", preface + script, str(path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


needs_seccomp = pytest.mark.skipif(
    not disk_faults.SUPPORTED, reason="disk faults need Linux on x86-64 or ARM64"
)


DROP = "import os\nif os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\n"
"""Another user, since root may do everything."""


# -- opening ---------------------------------------------------------------------------------------


def test_a_second_process_is_refused_and_told_who_has_the_file(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = SqliteStore(path)
    second = run("SqliteStore(path)", path)
    assert second.returncode == 1
    assert f"{path}: in use by process {os.getpid()} — stop that process" in second.stderr
    store.close()
    assert run("SqliteStore(path).close()", path).returncode == 0


def test_a_second_store_in_the_same_process_is_refused(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    with pytest.raises(Unavailable, match=f"in use by process {os.getpid()}"):
        SqliteStore(tmp_path / "store.db")
    store.close()


def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    dead = run("store = SqliteStore(path); import os; os.kill(os.getpid(), 9)", path)
    assert dead.returncode == -signal.SIGKILL
    SqliteStore(path).close()


def test_what_customers_wrote_is_for_the_owner_alone_to_read(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        store = SqliteStore(tmp_path / "store.db")
        store.commit(GENESIS, [b"record"], {"b/1": b"a private word"})
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        store.close()
    finally:
        os.umask(mask)
    del modes["store.db.lock"]  # holds the number of the process
    assert modes == {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600}


def test_a_file_that_the_admin_shared_stays_shared(tmp_path: Path) -> None:
    filled(tmp_path / "store.db")
    (tmp_path / "store.db").chmod(0o640)
    filled_again = SqliteStore(tmp_path / "store.db")
    filled_again.close()
    assert (tmp_path / "store.db").stat().st_mode & 0o777 == 0o640


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as error:
        SqliteStore(tmp_path / "no" / "store.db")
    assert str(error.value).startswith(f"{tmp_path / 'no'}: folder does not exist — create it")


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "no").write_bytes(b"")
    with pytest.raises(Unavailable, match="no: is not a folder"):
        SqliteStore(tmp_path / "no" / "store.db")


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="is a folder — name a file in it"):
        SqliteStore(tmp_path)


@pytest.mark.parametrize("content", [b"hello", b"no database at all\n" * 500])
def test_what_is_no_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(content)
    with pytest.raises(Corrupt) as error:
        SqliteStore(path)
    assert str(error.value).startswith(f"{path}: is not a database — ")
    assert path.read_bytes() == content


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    stranger = sqlite3.connect(path)
    stranger.execute("CREATE TABLE recipes(name)")
    stranger.close()
    before = path.read_bytes()
    with pytest.raises(Unavailable, match="is a database, but not a store of OmniRoute"):
        SqliteStore(path)
    assert path.read_bytes() == before


def test_a_newer_database_is_refused_with_both_versions(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    filled(path)
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 7")
    newer.close()
    for opened in (SqliteStore, SqliteReader):
        with pytest.raises(Unavailable, match="has schema 7; this OmniRoute knows schemas up to 2"):
            opened(path)


def test_a_reader_of_nothing_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"store\.db: does not exist"):
        SqliteReader(tmp_path / "store.db")
    assert list(tmp_path.iterdir()) == []


def test_a_reader_needs_no_running_store(tmp_path: Path) -> None:
    head = filled(tmp_path / "store.db")
    reader = SqliteReader(tmp_path / "store.db")
    assert reader.head() == head
    reader.close()
    with pytest.raises(Unavailable, match="the reader is closed"):
        reader.head()


def test_odd_names_are_names(tmp_path: Path) -> None:
    path = tmp_path / "a?b#c%20 ü.db"
    head = filled(path)
    reader = SqliteReader(path)
    assert reader.head() == head
    reader.close()
    assert path.exists()


def test_a_folder_that_may_not_be_entered_is_named() -> None:
    shut = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    try:
        shut.chmod(0o600)
        refused = run(f"{DROP}SqliteStore(path)", shut / "desk" / "store.db")
        assert f"Unavailable: {shut}: may not be entered by " in refused.stderr.splitlines()[-1]
    finally:
        shutil.rmtree(shut)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_without_the_right_to_write_it_names_the_owner_and_the_way_out(what: str) -> None:
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    try:
        path = folder / "store.db"
        filled(path)
        (folder / "store.db.lock").chmod(0o666)
        path.chmod(0o444 if what == "file" else 0o666)
        folder.chmod(0o777 if what == "file" else 0o555)
        refused = run(f"{DROP}SqliteStore(path)", path)
        assert refused.returncode == 1
        said = refused.stderr.splitlines()[-1]
        place = path if what == "file" else folder
        assert f"Unavailable: {place}: is not writable for " in said
        assert "(it belongs to " in said
        read = run(f"{DROP}print(SqliteReader(path).head()[0])", path)
        assert read.stdout == "3\n", read.stderr
    finally:
        folder.chmod(0o777)
        shutil.rmtree(folder)


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    store.close()
    with pytest.raises(Unavailable, match="the store is closed"):
        store.commit(GENESIS, [b"r"], {})
    with pytest.raises(Unavailable, match="the store is closed"):
        store.head()


# -- disks that fill or fail -----------------------------------------------------------------------


def test_at_its_size_limit_a_commit_is_refused_whole_and_reading_goes_on(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db", max_bytes=256 * 1024)
    head = store.commit(GENESIS, [b"small"], {"small": b"1"})
    with pytest.raises(Unavailable, match="the disk is full — free some space"):
        store.commit(head, [b"large"], {"small": b"2", "large": bytes(1_000_000)})
    assert store.head() == head
    assert store.get(["small", "large"], head) == {"small": b"1"}
    assert store.commit(head, [b"small again"], {"small": b"3"})[0] == 2
    store.close()


FAILING = """
store = SqliteStore(path)
head = store.commit(GENESIS, [b"one"], {"k": b"1"})
disk_faults.fail(disk_faults.%s, errno.%s)
for attempt in range(2):
    try:
        store.commit(head, [b"two"], {"k": b"2"})
    except StoreError as error:
        print(type(error).__name__, error.fault)
try:
    print(store.head() == head, store.get(["k"], head))
except Unavailable as error:
    print(error.fault)
store.close()
"""


@needs_seccomp
def test_on_a_full_disk_nothing_changes_and_reading_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    said = run(FAILING % ("WRITE", "ENOSPC"), path)
    assert said.stdout.splitlines() == [
        "Unavailable the disk is full",
        "Unavailable the disk is full",
        "True {'k': b'1'}",
    ], said.stderr
    assert seen(path) == (1, {"k": b"1"})


@needs_seccomp
def test_a_failed_write_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    said = run(FAILING % ("WRITE", "EIO"), path)
    assert said.stdout.splitlines() == [
        "Unavailable the disk failed (SQLITE_IOERR_WRITE)",
        "Unavailable the disk failed (SQLITE_IOERR_WRITE)",
        "True {'k': b'1'}",
    ], said.stderr
    assert seen(path) == (1, {"k": b"1"})


@needs_seccomp
def test_after_a_failed_fsync_the_commit_is_in_doubt_and_the_store_stops(tmp_path: Path) -> None:
    """A second fsync may report success over pages that the kernel dropped after the first."""
    path = tmp_path / "store.db"
    said = run(FAILING % ("SYNC", "EIO"), path)
    assert said.stdout.splitlines() == [
        "InDoubt the disk failed while committing (SQLITE_IOERR_FSYNC)",
        "Unavailable the disk failed while committing (SQLITE_IOERR_FSYNC)",
        "the disk failed while committing (SQLITE_IOERR_FSYNC)",
    ], said.stderr
    assert seen(path) in [(1, {"k": b"1"}), (2, {"k": b"2"})]


def test_a_file_that_may_not_grow_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    said = run(
        """
store = SqliteStore(path)
head = store.commit(GENESIS, [b"one"], {"k": b"1"})
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    store.commit(head, [b"two"], {"k": b"2", "large": bytes(1_000_000)})
except Unavailable as error:
    print(error.fault)
print(store.head() == head, store.commit(head, [b"two"], {"k": b"3"})[0])
""",
        path,
    )
    assert said.stdout.splitlines() == ["the disk failed (SQLITE_IOERR_WRITE)", "True 2"]
    assert seen(path) == (2, {"k": b"3"})


def test_a_program_that_holds_sqlites_own_lock_is_waited_for_then_blamed(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = SqliteStore(path)
    shell = sqlite3.connect(path, isolation_level=None)
    shell.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="another program has held its lock for 5 s"):
        store.commit(GENESIS, [b"r"], {})
    shell.execute("ROLLBACK")
    shell.close()
    assert store.commit(GENESIS, [b"r"], {})[0] == 1
    store.close()


# -- crashes ---------------------------------------------------------------------------------------


def seen(path: Path) -> tuple[int, dict[str, bytes]]:
    """Number of the head and the rows, as the next process finds them; the chain must be sound."""
    store = SqliteStore(path)
    reader = store.reader()
    assert verify_chain(reader) is None
    found = reader.head()[0], dict(reader.scan(""))
    reader.close()
    store.close()
    return found


COMMITS = """
store = SqliteStore(path, reach=reach)
head = store.head()
while True:
    number = head[0] + 1
    head = store.commit(head, [b"r"], {"left": b"%d" % number, "right": b"%d" % number})
    print(number, flush=True)
"""


@pytest.mark.parametrize(
    ("label", "kept"),
    [("store.before_commit", 2), ("store.inside_commit", 2), ("store.after_commit", 3)],
)
def test_killed_at_a_crash_point_a_commit_is_there_whole_or_not_at_all(
    tmp_path: Path, label: str, kept: int
) -> None:
    path = tmp_path / "store.db"
    killed = run(COMMITS, path, crash_at=f"{label}:3")
    assert killed.returncode == -signal.SIGKILL
    assert killed.stdout.split() == ["1", "2"]  # the third was never answered
    assert seen(path) == (kept, {"left": b"%d" % kept, "right": b"%d" % kept})


def test_a_cut_log_loses_only_what_was_not_acknowledged(tmp_path: Path) -> None:
    """As after a power cut: the log ends anywhere within the commit that was under way."""
    live, copy = tmp_path / "live.db", tmp_path / "copy.db"
    log = tmp_path / "live.db-wal"
    store = SqliteStore(live)
    head = store.commit(GENESIS, [b"1"], {"k": b"1"})
    acknowledged = log.stat().st_size
    head = store.commit(head, [b"2"], {"k": b"2"})
    whole = log.stat().st_size
    middle = (acknowledged + whole) // 2
    for size in (acknowledged, acknowledged + 1, middle, whole - 1, whole):
        shutil.copy(live, copy)
        (tmp_path / "copy.db-wal").write_bytes(log.read_bytes()[:size])
        number = 2 if size == whole else 1
        assert seen(copy) == (number, {"k": b"%d" % number})
    store.close()


def test_a_store_of_the_first_version_goes_on_and_sums_what_is_written_from_then(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.db"
    filled(path)
    with closing(sqlite3.connect(path)) as first:
        first.executescript("ALTER TABLE kv DROP COLUMN sum; PRAGMA user_version = 1")
        rows = dict(first.execute("SELECT k, v FROM kv"))
    with closing(SqliteReader(path)) as reader:
        assert list(reader.damage()) == []
    with closing(SqliteStore(path)) as store:
        head = store.commit(store.head(), [b"more"], {"new": b"row"})
        found = dict(store.scan("", "", 1000, head))
    assert found == rows | {"new": b"row"}
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE kv SET v = x'00'")
        db.commit()
    with closing(SqliteReader(path)) as reader:
        assert [fault.place for fault in reader.damage()] == ["row new"]


# -- damage ----------------------------------------------------------------------------------------


def damage(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, new))


def test_a_flipped_bit_in_a_record_is_named(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    filled(path, commits=5)
    damage(path, b"record 4", b"record 5")
    reader = SqliteReader(path)
    fault = verify_chain(reader)
    reader.close()
    assert fault is not None
    assert (fault.seq, fault.place) == (4, "journal record 4")


def test_a_flipped_bit_in_a_hash_is_named(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    filled(path, commits=5)
    reader = SqliteReader(path)
    digest = reader.tail(1, 1)[0].hash
    reader.close()
    damage(path, digest, bytes([digest[0] ^ 1]) + digest[1:])
    reader = SqliteReader(path)
    fault = verify_chain(reader)
    reader.close()
    assert fault is not None
    assert fault.seq == 2


def read_all(path: Path) -> None:
    """Open, read and verify everything; raise the first fault."""
    store = SqliteStore(path)
    reader = store.reader()
    try:
        store.scan("", "", 1000, store.head())
        fault = verify_chain(reader)
    finally:
        reader.close()
        store.close()
    if fault is not None:
        raise fault


@pytest.mark.parametrize("page", range(1, 9))
def test_a_wiped_page_is_a_clear_error_or_is_found_by_verify(tmp_path: Path, page: int) -> None:
    path = tmp_path / "store.db"
    filled(path, commits=300)
    content = bytearray(path.read_bytes())
    assert len(content) > 8 * 4096
    start = (page - 1) * 4096 or 100  # the first 100 bytes are the file's header
    content[start : page * 4096] = bytes(page * 4096 - start)
    path.write_bytes(content)
    with pytest.raises(Corrupt) as error:
        read_all(path)
    assert "restore" in error.value.fix


def test_a_cut_database_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    filled(path, commits=200)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(Corrupt, match="is damaged"):
        read_all(path)


def test_deleted_values_are_overwritten(tmp_path: Path) -> None:
    """What a person had erased is in no file once the store is closed."""
    path = tmp_path / "store.db"
    store = SqliteStore(path)
    head = store.commit(GENESIS, [b"r"], {"p/1": b"canary of a person", "p/2": b"other"})
    head = store.commit(head, [b"r"], {"p/1": None})
    store.close()
    left = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"canary" not in left
    assert b"other" in left


# -- the log ---------------------------------------------------------------------------------------


def test_the_log_does_not_grow_without_end_under_a_writer_that_never_rests(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    head = GENESIS
    for batch in range(300):
        scattered = [(batch * 50 + row) * 7919 % 100_003 for row in range(50)]
        head = store.commit(head, [b"r"], {f"{key:08}": bytes(800) for key in scattered})
    log = (tmp_path / "store.db-wal").stat().st_size
    store.close()
    assert log < 100_000_000  # about 16 MB; without checkpoints, or with passive ones alone, 207 MB
    assert not (tmp_path / "store.db-wal").exists()


def test_what_processes_that_died_have_left_in_the_log_is_moved(tmp_path: Path) -> None:
    """Else a desk that is killed again and again before it has written much starts ever slower."""
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    with closing(SqliteStore(before / "store.db")) as store:
        store.commit(GENESIS, [b"r"], {f"{key}": bytes(60_000) for key in range(100)})
        assert (before / "store.db").stat().st_size < 100_000
        shutil.copytree(before, after)  # as a kill would leave it
    with closing(SqliteStore(after / "store.db")):
        until("the log is moved", 15, lambda: (after / "store.db").stat().st_size > 6_000_000)


def test_in_doubt_is_not_unavailable() -> None:
    """Whoever catches `Unavailable` believes that nothing has changed."""
    assert not issubclass(InDoubt, Unavailable)
