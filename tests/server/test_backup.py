"""A desk is copied while it works, and goes on elsewhere from the copy."""

import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from tests.cli.terminal import omniroute
from tests.server.house import House, Running

from omniroute.testing import disk_faults
from omniroute.testing.server_process import until

FULL = """
import errno
from omniroute.testing import disk_faults
from omniroute.cli import main
from omniroute.cli.backup import backup

disk_faults.fail(disk_faults.WRITE, errno.ENOSPC)
main({})
"""


@pytest.fixture
def archive(running: Running, tmp_path: Path) -> Path:
    """A copy of the desk that all these tests share, taken while its server runs."""
    if not any(row["name"] == "Lea Brandt" for row in running.threads()):
        running.mail("Lea Brandt <lea@mail.example>", "Order", "I was charged twice, please")
        running.thread_of("Lea Brandt")
    archive = tmp_path / "desk.tar"
    said = omniroute("backup", archive, "--config", running.house.config).lines
    assert said[0].startswith(f"{archive}: ")
    return archive


def test_a_copy_of_a_running_desk_is_a_desk(archive: Path, tmp_path: Path) -> None:
    house = House(tmp_path / "elsewhere")
    about = omniroute("restore", archive, "--config", house.config, "--json").json
    assert about["records"] > 0
    assert "all is well" in omniroute("verify", "--config", house.config).out
    with house.running() as again:
        lea = again.thread_of("Lea Brandt")
        assert again.customer_lines(lea["id"])[0]["text"] == "I was charged twice, please"
        again.mail("Lea Brandt <lea@mail.example>", "Order", "Here is the receipt")
        until("it joins", 20, lambda: len(again.customer_lines(lea["id"])) == 2)


def test_a_copy_is_for_its_owner_alone(archive: Path) -> None:
    assert archive.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]


def test_nothing_is_overwritten(archive: Path, running: Running) -> None:
    config = ("--config", running.house.config)
    said = omniroute("backup", archive, *config).refusal
    assert said == f"{archive}: exists already — name a new file"
    said = omniroute("restore", archive, *config).refusal
    assert "there is a desk already — move it away" in said


@pytest.mark.parametrize("spoiled", ["database", "key"])
def test_a_copy_that_was_changed_is_refused_and_leaves_nothing(
    archive: Path, tmp_path: Path, spoiled: str
) -> None:
    bad = tmp_path / "bad.tar"
    with tarfile.open(archive) as old, tarfile.open(bad, "w") as new:
        for about in old:
            content = old.extractfile(about)
            assert content is not None
            data = content.read()
            if about.name == spoiled:
                data = data[:-1] + b"?"
            new.addfile(about, io.BytesIO(data))
    house = House(tmp_path / "elsewhere")
    said = omniroute("restore", bad, "--config", house.config).err.splitlines()[-1]
    assert said == f"omniroute: {bad}: {spoiled} is not what was copied — take another copy"
    assert not list(house.folder.glob("desk*"))
    assert not list(house.folder.glob(".restore*"))


def test_what_is_no_copy_is_said(tmp_path: Path) -> None:
    house = House(tmp_path / "house")
    (tmp_path / "notes.txt").write_text("not a desk")
    said = omniroute("restore", tmp_path / "notes.txt", "--config", house.config).refusal
    assert "is no copy of a desk" in said


@pytest.mark.skipif(not disk_faults.SUPPORTED, reason="disk faults need Linux on x86-64 or ARM64")
@pytest.mark.parametrize("what", ["backup", "restore"])
def test_a_full_disk_is_said_and_nothing_is_left(
    archive: Path, running: Running, tmp_path: Path, what: str
) -> None:
    house = running.house if what == "backup" else House(tmp_path / "elsewhere")
    file = tmp_path / "other.tar" if what == "backup" else archive
    child = FULL.format([what, str(file), "--config", str(house.config)])
    ran = subprocess.run(
        [sys.executable, "-c", child], capture_output=True, text=True, timeout=60, check=False
    )
    place = tmp_path if what == "backup" else house.folder
    said = "the disk is full — free some space; nothing was changed"
    assert ran.stderr.splitlines()[-1] == f"omniroute: {place}: {said}"
    assert ran.returncode == 1
    assert not list(place.glob(".*")) + list(place.glob("other*"))


@pytest.mark.parametrize("name", ["../key", "/key", "files/../../key"])
def test_a_copy_puts_nothing_beside_the_desk(tmp_path: Path, name: str) -> None:
    house = House(tmp_path / "house")
    with tarfile.open(tmp_path / "bad.tar", "w") as bad:
        bad.addfile(tarfile.TarInfo(name))
    said = omniroute("restore", tmp_path / "bad.tar", "--config", house.config).refusal
    assert said.endswith(f"is no copy of a desk: {name} is no file of one")


def test_a_copy_has_no_links(tmp_path: Path) -> None:
    house = House(tmp_path / "house")
    link = tarfile.TarInfo("key")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with tarfile.open(tmp_path / "bad.tar", "w") as bad:
        bad.addfile(link)
    said = omniroute("restore", tmp_path / "bad.tar", "--config", house.config).refusal
    assert said.endswith("is no copy of a desk: key is no file of one")


def test_a_copy_that_is_not_there_is_said(tmp_path: Path) -> None:
    house = House(tmp_path / "house")
    said = omniroute("restore", tmp_path / "a.tar", "--config", house.config).refusal
    assert said == f"{tmp_path / 'a.tar'}: there is no such file — check its name"


def test_without_a_desk_there_is_nothing_to_copy(tmp_path: Path) -> None:
    house = House(tmp_path / "house")
    said = omniroute("backup", tmp_path / "a.tar", "--config", house.config).refusal
    assert said == f"{house.database}: there is no desk — name its server's settings with --config"
