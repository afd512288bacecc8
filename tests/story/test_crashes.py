"""The server is killed by SIGKILL, at every labelled crash point and at random moments.

Judged by the receiving sides' own records; see `omniroute.testing.crash_trial`.
"""

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from omniroute.runtime.crashpoints import LABELS
from omniroute.testing.crash_trial import Trial

pytestmark = pytest.mark.crash

KILLS = 100
RULES = """
version: 1
defaults: {queue: general}
queues: {general: {}}
route:
  - {id: everything, to: {queue: general}}
"""  # as little as can be: a hundred starts take their time
TEAM = "version: 1\nagents: {ana: {name: Ana Ruiz, email: ana@desk.example}}\n"


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "desk.yaml").write_text(RULES)
    (rules / "team.yaml").write_text(TEAM)
    trial = Trial(tmp_path, rules)
    trial.open()
    yield trial
    trial.close()


def test_killed_at_every_crash_point_nothing_is_lost_and_nothing_sent_twice(trial: Trial) -> None:
    for _ in range(9):
        trial.act()
    trial.server.kill()
    for label in LABELS:
        for passes in (1, 4):  # the first may lie on the way up, the fourth is under traffic
            trial.server.start(crash_at=f"{label}:{passes}")
            trial.act_until_dead()
            trial.server.wait_for_death()
    trial.server.start()
    for _ in range(9):
        trial.act()
    trial.judge()


def test_killed_at_random_moments_nothing_is_lost_and_nothing_sent_twice(trial: Trial) -> None:
    chance = random.Random(4812)
    for _ in range(KILLS):
        killer = threading.Timer(chance.uniform(0.02, 0.6), trial.server.kill)
        killer.start()
        trial.act_until_dead()
        killer.join()
        trial.server.start()
    trial.act()
    trial.judge()


def test_asked_to_stop_under_load_it_drains_and_says_goodbye(trial: Trial) -> None:
    for _ in range(30):
        trial.act()
    assert trial.server.stop() == 0
    trial.server.start()
    trial.judge()
    assert trial.repeats() == 0
