"""The formulas, against published figures and against each other."""

from __future__ import annotations

import math

import pytest

from omniroute.simulate.formulas import (
    agents_for,
    blocking,
    cobham,
    erlang_a,
    erlang_b,
    erlang_c,
    erlang_c_wait,
    erlang_c_within,
    pollaczek_khinchine,
)


def test_one_agent_is_known_by_heart() -> None:
    """M/M/1: whoever finds the agent busy waits, which is the load; the wait is uh / (1 - u)."""
    assert erlang_b(1, 0.5) == pytest.approx(1 / 3)
    assert erlang_c(1, 0.5) == pytest.approx(0.5)
    assert erlang_c_wait(1, 0.5, 1.0) == pytest.approx(1.0)
    assert pollaczek_khinchine(0.5, 1.0, cv=1.0) == pytest.approx(1.0)
    assert pollaczek_khinchine(0.5, 1.0, cv=0.0) == pytest.approx(0.5)


def test_two_agents_by_hand() -> None:
    """M/M/2 with load 1: p0 = 1/3, so B = 1/5 and C = 1/3."""
    assert erlang_b(2, 1.0) == pytest.approx(1 / 5)
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert erlang_c_within(2, 1.0, 1.0, 0.0) == pytest.approx(2 / 3)


def test_no_room_is_erlang_b_and_endless_room_is_erlang_c() -> None:
    assert blocking(5, 4.0, 0)[0] == pytest.approx(erlang_b(5, 4.0))
    blocked, wait = blocking(5, 4.0, 400)
    assert blocked == pytest.approx(0.0, abs=1e-12)
    assert wait == pytest.approx(erlang_c_wait(5, 4.0, 1.0))


def test_endless_patience_is_erlang_c() -> None:
    waits, leaves, wait = erlang_a(5, 4.0, 1.0, patience=1e9)
    assert waits == pytest.approx(erlang_c(5, 4.0))
    assert leaves == pytest.approx(0.0, abs=1e-6)
    assert wait == pytest.approx(erlang_c_wait(5, 4.0, 1.0))


def test_patience_as_long_as_handling_is_a_desk_of_endless_agents() -> None:
    """Then the number present is Poisson, whatever the number of agents (Palm)."""
    waits, _, _ = erlang_a(5, 4.0, 1.0, patience=1.0)
    below = math.fsum(math.exp(-4) * 4**n / math.factorial(n) for n in range(5))
    assert waits == pytest.approx(1 - below)


def test_priorities_only_share_out_the_same_wait() -> None:
    """Kleinrock's conservation law: the mean over classes is that without priorities."""
    rates = (1.0, 2.0, 1.0)
    waits = cobham(5, rates, 1.0)
    assert waits == sorted(waits)
    mean = sum(rate * wait for rate, wait in zip(rates, waits, strict=True)) / sum(rates)
    assert mean == pytest.approx(erlang_c_wait(5, 4.0, 1.0))


def test_too_much_work_never_ends() -> None:
    assert erlang_c(4, 4.0) == 1.0
    assert erlang_c_wait(4, 5.0, 1.0) == math.inf
    assert erlang_c_within(4, 5.0, 1.0, 1.0) == 0.0
    assert cobham(2, (1.0, 2.0), 1.0)[1] == math.inf


def test_how_many_agents() -> None:
    """100 calls an hour of three minutes, 80 % within 20 s: 8 agents; 7 answer 74 %."""
    assert agents_for(100 / 60, 3.0, within=1 / 3, share=0.8) == 8
    assert erlang_c_within(7, 100 / 60, 3.0, 1 / 3) == pytest.approx(0.7404, abs=1e-4)
