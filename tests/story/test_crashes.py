"""The server is killed by SIGKILL, at every labelled crash point and at random moments.

Judged by the receiving sides' own records; see `omniroute.testing.crash_trial`.  A longer run is
`omniroute faults --real`.
"""

import random
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from omniroute.runtime.crashpoints import LABELS
from omniroute.testing.crash_trial import Trial
from omniroute.testing.postgres_server import postgres
from omniroute.testing.redis_server import redis_server

pytestmark = pytest.mark.crash

KILLS = {"sqlite": 25, "postgres": 6, "redis": 6}


@pytest.fixture
def store() -> str:
    return "sqlite"


@pytest.fixture
def trial(tmp_path: Path, store: str) -> Iterator[Trial]:
    servers: dict[str, Any] = {"sqlite": nullcontext, "postgres": postgres, "redis": redis_server}
    with servers[store]() as database:
        trial = Trial(tmp_path, database)
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


@pytest.mark.parametrize(
    "store",
    [
        "sqlite",
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("redis", marks=pytest.mark.redis),
    ],
)
def test_killed_at_random_moments_nothing_is_lost_and_nothing_sent_twice(
    trial: Trial, store: str
) -> None:
    trial.kill_at_random(KILLS[store], random.Random(4812))
    trial.judge()


def test_asked_to_stop_under_load_it_drains_and_says_goodbye(trial: Trial) -> None:
    for _ in range(30):
        trial.act()
    assert trial.server.stop() == 0
    trial.server.start()
    trial.judge()
    assert trial.repeats() == 0
