"""Distributions of spans: between arrivals, of handling, of patience, of accepting.

Means and spans are minutes.  A distribution is a value; `sampler` ties it to a source of chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import TypeAlias

import msgspec

Sampler: TypeAlias = Callable[[], float]


class Distribution(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of `omniroute.simulate.grammar.KINDS`.

    *shape* is the coefficient of variation of a lognormal, the number of phases of an Erlang, the
    shape of a gamma; *low* and *high* are a uniform's; *values* an empirical one's.
    """

    kind: str
    mean: float
    shape: float = 1.0
    low: float = 0.0
    high: float = 0.0
    values: tuple[float, ...] = ()


def exponential(mean: float) -> Distribution:
    """Without memory: what is left is distributed as the whole."""
    return Distribution("exponential", mean)


def sampler(of: Distribution, chance: Random) -> Sampler:
    """Draws from *of*, one at each call."""
    match of.kind:
        case "exponential":
            rate, log, draw = 1.0 / of.mean, math.log, chance.random
            return lambda: -log(1.0 - draw()) / rate  # as `Random.expovariate` does
        case "deterministic":
            return lambda: of.mean
        case "lognormal":
            variance = math.log1p(of.shape * of.shape)
            mu, sigma = math.log(of.mean) - variance / 2, math.sqrt(variance)
            return lambda: chance.lognormvariate(mu, sigma)
        case "gamma" | "erlang":
            return lambda: chance.gammavariate(of.shape, of.mean / of.shape)
        case "uniform":
            return lambda: chance.uniform(of.low, of.high)
        case "empirical":
            return lambda: chance.choice(of.values)
    raise ValueError(f"no distribution {of.kind}")
