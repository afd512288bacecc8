"""Files named by their content."""

import errno
import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from omniroute.runtime.files import Files
from omniroute.stores.api import Corrupt, Unavailable
from omniroute.testing import disk_faults


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("data", [b"", b"a receipt", bytes(range(256)) * 40_000])
def test_what_was_put_is_got_by_its_hash(files: Files, data: bytes) -> None:
    sha = files.put(data)
    assert sha == hashlib.sha256(data).hexdigest()
    assert files.get(sha) == data
    assert files.path(sha).read_bytes() == data


def test_the_same_content_is_kept_once(files: Files, tmp_path: Path) -> None:
    assert files.put(b"twice") == files.put(b"twice")
    assert len(everything(tmp_path)) == 1


def test_the_same_content_from_many_threads_is_kept_once(files: Files, tmp_path: Path) -> None:
    threads = [threading.Thread(target=files.put, args=(b"x" * 100_000,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(everything(tmp_path)) == 1
    assert files.get(files.put(b"x" * 100_000)) == b"x" * 100_000


def test_what_was_never_put_is_none(files: Files) -> None:
    assert files.get("0" * 64) is None


@pytest.mark.parametrize(
    "name",
    ["", "../../etc/passwd", "0" * 63, "0" * 65, "A" * 64, "0" * 63 + "/", "0" * 64 + "\n"],
)
def test_what_is_no_hash_is_no_path(files: Files, name: str) -> None:
    with pytest.raises(ValueError, match="is not the name of a file"):
        files.path(name)
    with pytest.raises(ValueError, match="is not the name of a file"):
        files.get(name)


def test_a_file_that_changed_on_the_disk_is_not_handed_out(files: Files) -> None:
    sha = files.put(b"pay 10 to Joe")
    files.path(sha).write_bytes(b"pay 99 to Joe")
    with pytest.raises(Corrupt, match="is not what was written"):
        files.get(sha)


def test_nobody_else_on_the_machine_may_read_them(files: Files) -> None:
    path = files.path(files.put(b"private"))
    assert path.stat().st_mode & 0o077 == 0


def test_what_a_dead_process_left_half_written_is_removed(tmp_path: Path) -> None:
    files = Files(tmp_path / "files")
    sha = files.put(b"whole")
    half = files.path(sha).parent / "tmpabc.unfinished"
    half.write_bytes(b"ha")
    Files(tmp_path / "files")
    assert not half.exists()
    assert files.get(sha) == b"whole"


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"")
    for folder in (tmp_path / "taken", tmp_path / "taken" / "files", tmp_path / "no" / "files"):
        with pytest.raises(Unavailable) as error:
            Files(folder)
        assert str(error.value).startswith(f"{folder}: cannot be made: ")


@pytest.mark.skipif(not disk_faults.SUPPORTED, reason="disk faults need Linux on x86-64 or ARM64")
@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        ("write", errno.ENOSPC, "the disk is full"),
        ("fsync", errno.EIO, "cannot be written: " + os.strerror(errno.EIO)),
    ],
)
def test_a_disk_that_fails_leaves_nothing_behind(
    tmp_path: Path, call: str, error: int, said: str
) -> None:
    script = f"""
import sys
from pathlib import Path
from omniroute.runtime.files import Files
from omniroute.stores.api import Unavailable
from omniroute.testing import disk_faults
files = Files(Path(sys.argv[1]))
files.put(b"so that its folder is there")
disk_faults.fail([{call!r}], {error})
try:
    files.put(b"so that its folder is there, too" * 100_000)
except Unavailable as fault:
    raise SystemExit(fault.fault)
"""
    child = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "files")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert child.stderr.strip() == said
    assert len(everything(tmp_path)) == 1


# --- what waits for its message ---


def received(files: Files, *pieces: bytes) -> str:
    taken = files.receive()
    for piece in pieces:
        taken.write(piece)
    assert taken.size == sum(map(len, pieces))
    return taken.finish()


def test_what_was_received_is_kept_once_its_message_is_known(files: Files) -> None:
    sha = received(files, b"a ", b"receipt")
    assert sha == hashlib.sha256(b"a receipt").hexdigest()
    assert files.get(sha) is None
    assert files.settle(sha) == len(b"a receipt")
    assert files.get(sha) == b"a receipt"
    assert files.settle(sha) == len(b"a receipt")  # sent again, or with another message


def test_what_nobody_brought_cannot_be_settled(files: Files) -> None:
    assert files.settle("0" * 64) is None


def test_what_was_dropped_on_the_way_leaves_nothing(files: Files, tmp_path: Path) -> None:
    taken = files.receive()
    taken.write(b"half of")
    taken.drop()
    assert everything(tmp_path) == []


def test_a_draft_that_was_given_up_goes_in_time_and_no_other(files: Files, tmp_path: Path) -> None:
    old, new, sent = (received(files, word) for word in (b"old", b"new", b"sent"))
    files.settle(sent)
    for path in tmp_path.rglob("*"):
        if path.name in (old, sent[2:]):
            os.utime(path, (0, 0))
    received(files, b"another")
    assert files.settle(old) is None
    assert files.settle(new) == len(b"new")
    assert files.get(sent) == b"sent"
