"""The line of a day that passes by."""

import io
from pathlib import Path

import pytest

from omniroute.cli.live import Live
from omniroute.core.model import Status
from omniroute.simulate.distributions import Distribution
from omniroute.simulate.rehearsal import Chance, Rehearsal, read_desk
from omniroute.simulate.tables import arrivals
from omniroute.simulate.what_if import WhatIf


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text(
        "version: 1\ndefaults: {queue: q, sla: {first_reply: 5m}}\nqueues: {q: {}}\n"
    )
    (tmp_path / "rules" / "team.yaml").write_text(
        "version: 1\nagents: {ana: {name: Ana, email: a@x.example, capacity: 1}}\n"
    )
    (tmp_path / "mon.csv").write_text("10:00\n10:10\n12:00\n")
    return tmp_path


def watched(folder: Path, out: io.StringIO, speed: float | None = None) -> str:
    found = arrivals(folder / "mon.csv")
    live = Live(found.times[0], found.times[-1], speed, out)
    away = WhatIf("ana", Status.AWAY, 690.0, 800.0)
    chance = Chance(Distribution("deterministic", 62.0))
    live.world = Rehearsal(
        read_desk(folder / "rules"), found, chance, what_ifs=[away], watch=live.watch
    )
    live.world.run()
    live.end()
    return out.getvalue()


def test_elsewhere_than_on_a_terminal_each_hour_has_a_line(folder: Path) -> None:
    lines = watched(folder, io.StringIO()).splitlines()
    assert lines[0] == "[····················] 10:00  waiting 0  oldest 0s  SLA at risk 0"
    assert lines[1] == "[██████████··········] 11:02  waiting 1  oldest 52m  SLA at risk 1"
    assert lines[2].endswith("12:00  waiting 0  oldest 0s  SLA at risk 0  ana away (what-if)")


def test_on_a_terminal_there_is_one_line_that_goes_away(folder: Path) -> None:
    shown = watched(folder, Terminal(), speed=1e9)
    assert "\n" not in shown
    assert shown.startswith("\r\x1b[K[····················] 10:00  waiting 0")
    assert shown.endswith("\r\x1b[K")
