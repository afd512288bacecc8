"""An entry under which the process dies again and again is set aside; the others flow."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.runtime.house import House

from omniroute.runtime.suspects import DEATHS, Suspects
from omniroute.stores.api import Unavailable


@pytest.fixture
def note(tmp_path: Path) -> Path:
    return tmp_path / "spool.reading"


def dies_under(note: Path, entry: int, *first: int) -> None:
    """A process reads what comes *first*, begins with *entry* and is gone."""
    suspects = Suspects(note)
    for before in first:
        suspects.begin(before)
        suspects.end(before)
    suspects.begin(entry)
    suspects.close()


def is_deadly(note: Path, entry: int) -> bool:
    suspects = Suspects(note)
    try:
        return suspects.deadly(entry)
    finally:
        suspects.close()


def test_three_deaths_are_enough_whatever_was_read_before(note: Path) -> None:
    for _ in range(DEATHS - 1):
        dies_under(note, 7, 5, 6)
    assert not is_deadly(note, 7)
    dies_under(note, 7, 5, 6)
    assert is_deadly(note, 7)
    assert not is_deadly(note, 6)


def test_what_has_been_read_is_cleared(note: Path) -> None:
    for _ in range(DEATHS - 1):
        dies_under(note, 7)
    dies_under(note, 8, 7)
    for _ in range(DEATHS - 2):
        dies_under(note, 7)
    assert not is_deadly(note, 7)


def test_a_stop_in_order_accuses_nobody(note: Path) -> None:
    for _ in range(DEATHS):
        dies_under(note, 7)
        suspects = Suspects(note)
        suspects.end(7)
        suspects.close()
    assert not is_deadly(note, 7)


@pytest.mark.parametrize("left", [b"", b"short", b"x" * 200])
def test_a_note_that_is_none_says_nothing(note: Path, left: bytes) -> None:
    note.write_bytes(left)
    assert not is_deadly(note, 0)
    dies_under(note, 7)
    assert note.stat().st_size == 32


def test_a_place_where_nothing_can_be_noted_is_named(tmp_path: Path) -> None:
    (tmp_path / "spool.reading").mkdir()
    with pytest.raises(Unavailable, match=r"spool\.reading: cannot be written: Is a directory"):
        Suspects(tmp_path / "spool.reading")


def test_the_note_outlives_a_kill(note: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from omniroute.runtime.suspects import Suspects\n"
        "Suspects(Path(sys.argv[1])).begin(7); os.kill(os.getpid(), signal.SIGKILL)"
    )
    for _ in range(DEATHS):
        died = subprocess.run([sys.executable, "-c", script, str(note)], check=False)
        assert died.returncode == -signal.SIGKILL
    assert is_deadly(note, 7)


async def test_f14_a_message_that_kills_whoever_reads_it_is_set_aside(tmp_path: Path) -> None:
    house = House(tmp_path)
    first = await house.spool.append("pipe", "a", b'{"text": "deadly"}', at=1)
    await house.spool.append("pipe", "a", b'{"text": "hello"}', at=1)
    await house.close()
    for _ in range(DEATHS):
        dies_under(tmp_path / "spool.reading", first)
    house = House(tmp_path)
    async with house.running():
        await house.read(1)
        assert house.texts() == ["hello"]
        (letter,) = await house.spool.dead()
        assert letter.why == "the process died while reading it, 3 times"
        await house.node.retry(letter.id)
        await house.read(2)
        assert house.texts() == ["hello", "deadly"]
