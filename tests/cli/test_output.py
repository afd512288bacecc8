"""Tables, and the way there of what takes long."""

import io
import os
import pty
import subprocess
import sys
from contextlib import redirect_stderr
from pathlib import Path

from tests.server.house import House

from omniroute.cli.output import progress, table


def test_a_table_has_a_line_for_each_row() -> None:
    rows: list[dict[str, object]] = [
        {"id": 1, "why": "two\nlines\tand a tab", "more": "not asked for"},
        {"id": 23, "why": ""},
        {"why": "no id"},
    ]
    assert table(rows, ("id", "why")).splitlines() == [
        "id  why",
        "1   two lines and a tab",
        "23",
        "    no id",
    ]


def test_off_a_terminal_a_line_for_every_tenth() -> None:
    with redirect_stderr(io.StringIO()) as said, progress("folding") as move:
        for done in range(1, 1001):
            move(done, 1000)
    lines = said.getvalue().splitlines()
    assert lines[0] == "folding: 1 of 1000 (0 %)"
    assert lines[-1] == "folding: 1000 of 1000 (100 %)"
    assert len(lines) == 11


def test_nothing_to_do_is_no_division_by_zero() -> None:
    with redirect_stderr(io.StringIO()) as said, progress("folding") as move:
        move(0, 0)
    assert said.getvalue() == "folding: 0 of 0 (0 %)\n"


def test_programs_see_nothing_of_it() -> None:
    with redirect_stderr(io.StringIO()) as said, progress("folding", quiet=True) as move:
        move(1, 1)
    assert said.getvalue() == ""


def test_on_a_terminal_a_bar(tmp_path: Path) -> None:
    house = House(tmp_path)
    with house.running() as running:
        assert running.process.stop() == 0
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "omniroute", "verify", "--config", str(house.config)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as verifying:
        os.close(theirs)
        seen = b""
        try:
            while more := os.read(ours, 1024):
                seen += more
        except OSError:  # what Linux says at the end of a terminal
            pass
    os.close(ours)
    assert verifying.returncode == 0
    assert b"folding" in seen
    assert b"#####" in seen
    assert b"all is well" in seen


def test_a_reader_that_has_seen_enough_is_no_fault(tmp_path: Path) -> None:
    house = House(tmp_path)
    command = f"{sys.executable} -m omniroute rules schema | head -1"
    ran = subprocess.run(
        ["/bin/sh", "-c", command], cwd=house.folder, capture_output=True, text=True, check=False
    )
    assert (ran.stdout, ran.stderr) == ("{\n", "")
