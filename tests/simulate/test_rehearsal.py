"""A desk's own rules and team, with the arrivals of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from omniroute.core.model import Status
from omniroute.errors import ConfigError
from omniroute.simulate.distributions import Distribution
from omniroute.simulate.rehearsal import Chance, Desk, Rehearsal, read_desk
from omniroute.simulate.tables import arrivals
from omniroute.simulate.tally import Tally
from omniroute.simulate.what_if import WhatIf

RULES = """
version: 1
calendars: {office: {tz: Europe/Berlin, open: {mon-fri: "09:00-17:00"}}}
skills: {refunds: {}}
defaults: {queue: general}
route:
  - id: refunds
    when: {message.text: {any_of: [refund]}}
    to: {queue: billing, need: {refunds: 3}}
queues: {general: {}, billing: {offer: {timeout: 1m}}}
"""
TEAM = """
version: 1
agents:
  ana: {name: Ana, email: ana@desk.example, skills: {refunds: 4}, capacity: 1}
  bo: {name: Bo, email: bo@desk.example, capacity: 1}
"""
TEN_MINUTES = Chance(Distribution("deterministic", 10.0))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "support.yaml").write_text(RULES)
    (folder / "team.yaml").write_text(TEAM)
    return folder


def day(
    folder: Path,
    rows: str,
    *,
    chance: Chance = TEN_MINUTES,
    what_ifs: tuple[WhatIf, ...] = (),
    desk: Desk | None = None,
) -> Tally:
    path = folder.with_name("mon.csv")
    path.write_text(rows)
    found = arrivals(path)
    return Rehearsal(desk or read_desk(folder), found, chance, what_ifs=what_ifs).run()


def test_rules_say_where_each_goes_and_who_may_have_it(folder: Path) -> None:
    rows = "at,text\n10:00,my refund\n10:01,another refund\n10:02,hello\n"
    tally = day(folder, rows)
    general, billing = tally.classes
    assert (general.offered, general.wait_served) == (1, 0.0)  # Bo
    assert (billing.offered, billing.wait_served) == (2, 9.0)  # Ana, one after the other


def test_what_the_file_says_of_handling_and_patience_goes_before_chance(folder: Path) -> None:
    rows = "at,text,handling,patience\n10:00,refund,3,\n10:01,refund,,1\n10:02,refund,,\n"
    billing = day(folder, rows).classes[1]
    assert (billing.served, billing.abandoned) == (2, 1)
    assert (billing.wait_served, billing.wait_abandoned) == (1.0, 1.0)


def test_what_if_somebody_is_away(folder: Path) -> None:
    rows = "at,text\n09:50,refund\n10:05,refund\n"
    assert day(folder, rows).classes[1].wait_served == 0.0
    away = WhatIf("ana", Status.OFFLINE, 600.0, 630.0)
    assert day(folder, rows, what_ifs=(away,)).classes[1].wait_served == 25.0


def test_whoever_goes_finishes_what_they_have(folder: Path) -> None:
    """The customer was answered, so nothing is taken from Ana, and nobody is counted twice."""
    rows = "at,text\n10:00,hello\n10:00,hello\n"
    away = WhatIf("ana", Status.OFFLINE, 602.0, 700.0)
    tally = day(folder, rows, what_ifs=(away,))
    assert (tally.all.offered, tally.all.served, tally.all.wait_served) == (2, 2, 0.0)
    assert [group.busy for group in tally.groups] == [0.0, 0.0]  # counted up to the last arrival


def test_shifts_hold(folder: Path) -> None:
    (folder / "team.yaml").write_text(TEAM.replace("capacity: 1}", "capacity: 1, shift: office}"))
    tally = day(folder, "at,text\n2026-03-02T08:30,refund\n2026-03-02T16:55,refund\n")
    assert tally.all.wait_served == 30.0


def test_who_comes_after_the_shift_waits_for_the_next_day(folder: Path) -> None:
    (folder / "team.yaml").write_text(TEAM.replace("capacity: 1}", "capacity: 1, shift: office}"))
    tally = day(folder, "at,text\n2026-03-02T17:30,hello\n")
    assert tally.all.wait_served == 15.5 * 60


def test_a_customer_who_writes_again_is_no_new_one_while_the_thread_is_open(folder: Path) -> None:
    rows = "at,customer,text\n10:00,joe,hello\n10:05,joe,and another thing\n11:00,joe,hello again\n"
    assert day(folder, rows).all.offered == 2


def test_more_agents_than_the_team_has(folder: Path) -> None:
    desk = read_desk(folder, 5)
    assert [member.id for member in desk.members] == ["ana", "bo", "ana.2", "bo.2", "ana.3"]
    assert [member.id for member in read_desk(folder, 1).members] == ["ana"]
    rows = "at,text\n10:00,refund\n10:00,refund\n10:00,refund\n"
    assert day(folder, rows, desk=desk).all.wait_served == 0.0


def test_accepting_takes_time(folder: Path) -> None:
    chance = Chance(Distribution("deterministic", 10.0), accept=Distribution("deterministic", 0.5))
    assert day(folder, "at,text\n10:00,refund\n", chance=chance).all.wait_served == 0.5


def test_a_cell_that_is_no_number_is_named(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"^mon\.csv:2: “soon” is no number of minutes above 0$"):
        day(folder, "at,handling\n10:00,soon\n")


def test_nobody_on_the_team(folder: Path) -> None:
    (folder / "team.yaml").write_text("version: 1\nagents: {}\n")
    with pytest.raises(ConfigError, match="nobody is on the team"):
        read_desk(folder)


def test_whoever_can_never_be_served_does_not_keep_the_day_from_ending(folder: Path) -> None:
    (folder / "team.yaml").write_text(TEAM.replace("{refunds: 4}", "{refunds: 2}"))
    tally = day(folder, "at,text\n10:00,refund\n")
    assert (tally.all.offered, tally.all.served) == (1, 0)
    assert tally.decisions < 2_000


def test_whoever_missed_too_many_offers_is_back_when_they_see_them(folder: Path) -> None:
    """Ana looks two minutes after each offer, which ends after one; then she is there again."""
    chance = Chance(Distribution("deterministic", 1.0), accept=Distribution("deterministic", 2.0))
    rows = "at,text\n10:00,refund\n10:01,refund\n11:00,hello\n"
    path = folder.with_name("mon.csv")
    path.write_text(rows)
    world = Rehearsal(read_desk(folder), arrivals(path), chance)
    world.run()
    assert not world.state.agents["ana"].unresponsive
