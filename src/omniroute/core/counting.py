"""Why nobody else: how many agents fail each test, counted from pools and never one by one.

The tests come in the order of routing.md 2.8, and each agent counts once, under the first that
they fail: team, permission, exclusion, availability, desk, requirement, capacity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from omniroute.core.model import Agent
from omniroute.core.pools import Heads, Lack, Line, Pool, Unserved
from omniroute.core.ranking import mute, present, takes

TESTS = ("team", "permission", "exclusion", "availability", "desk", "requirement", "capacity")
RARE = ("permission", "desk")
"""Told only where somebody fails them."""


def unserved(line: Line, pools: Iterable[Pool], reason: Callable[[Line, Pool], str]) -> Unserved:
    """The pools that do not serve a line, by the *reason*."""
    found: dict[str, list[Pool]] = {"team": [], "permission": [], "requirement": [], "": []}
    for pool in pools:
        found[reason(line, pool)].append(pool)

    def number(why: str) -> int:
        return sum(len(pool.members) for pool in found[why])

    return Unserved(number("team"), number("permission"), tuple(found["requirement"]))


def lack(outside: Unserved, line: Line) -> Lack:
    """How many those come to who never get a line's threads, and those who may, as of now."""
    serving = [pool for _, _, pool in line.pools]
    unable, able = _heads(outside.unable, line.live), _heads(serving, line.live)
    return Lack(outside.team, outside.permission, unable, able)


def _heads(pools: Iterable[Pool], live: bool) -> Heads:
    number = here = without = 0
    for pool in pools:
        number += len(pool.members)
        here += pool.present[live]
        without += live * pool.mute
    return Heads(number, here, without)


class Barred:
    """Those who are not asked again, or are asked now: they count as that, and nowhere else."""

    __slots__ = ("away", "free", "here", "mute", "unable_away", "unable_here", "unable_mute")

    def __init__(self) -> None:
        self.away = self.here = self.free = self.mute = 0
        self.unable_away = self.unable_here = self.unable_mute = 0

    def add(self, agent: Agent, line: Line, able: bool) -> None:
        """One more, who has what the line asks for, or not."""
        here, without = present(agent, line.live), line.live and mute(agent)
        if able:
            self.here += here
            self.mute += without
            self.away += not here and not without
            self.free += takes(agent, 1, line.live, line.queue)
        else:
            self.unable_here += here
            self.unable_mute += without
            self.unable_away += not here and not without

    @property
    def number(self) -> int:
        """How many they are."""
        able = self.here + self.mute + self.away
        return able + self.unable_here + self.unable_mute + self.unable_away


NONE_BARRED = Barred()


def counted(**fails: int) -> dict[str, int]:
    """A count for each of the tests, which are given in their order; of the rare ones where
    somebody fails them."""
    for test in RARE:
        if not fails[test]:
            del fails[test]
    return fails
