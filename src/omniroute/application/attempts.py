"""How often somebody may try to sign in: failures are counted by whom, and from where.

A stranger's guesses must not keep out the agent whom they are about.  So few are allowed per agent
and address, and many per agent from all addresses together; whoever has come in from an address
before is let try there, however many are guessing elsewhere.

Counts live in memory and are bounded: after a restart an attacker starts afresh, but can do
nothing with that which the hash does not make slow.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict, deque

WINDOW = 15 * 60_000  # ms
PER_PAIR = 10
"""Failures of one agent from one address."""
PER_ADDRESS = 20
PER_AGENT = 100
"""Failures of one agent from anywhere: the most that NIST SP 800-63B (5.2.2) allows."""
KEPT = 10_000
"""Names remembered; the longest quiet are forgotten first."""

Key = tuple[str, str, str]


class Attempts:
    """Failed attempts of the last *window* ms."""

    def __init__(
        self,
        per_agent: int = PER_AGENT,
        per_address: int = PER_ADDRESS,
        per_pair: int = PER_PAIR,
        window: int = WINDOW,
    ) -> None:
        self._limits = {"agent": per_agent, "address": per_address, "pair": per_pair}
        self._window = window
        self._failed: OrderedDict[Key, deque[int]] = OrderedDict()
        self._came: OrderedDict[Key, None] = OrderedDict()  # pairs by which somebody came in

    def wait(self, agent: str, address: str, now: int) -> int:
        """How long (ms) until the next attempt is allowed; 0 when it is allowed now."""
        counted = _keys(agent, address)
        if _pair(agent, address) in self._came:
            counted = [key for key in counted if key[0] != "agent"]
        return max(self._wait(key, now) for key in counted)

    def failed(self, agent: str, address: str, now: int) -> None:
        """Count a failure."""
        for key in _keys(agent, address):
            times = self._failed.setdefault(key, deque(maxlen=self._limits[key[0]]))
            times.append(now)
            self._failed.move_to_end(key)
        while len(self._failed) > KEPT:
            self._failed.popitem(last=False)

    def succeeded(self, agent: str, address: str = "") -> None:
        """Whoever knows the password is not held up by those who did not.

        Failures from an address stay counted: one own account must not buy more guesses.
        """
        pair = _pair(agent, address)
        for key in (_agent(agent), pair):
            self._failed.pop(key, None)
        self._came[pair] = None
        self._came.move_to_end(pair)
        if len(self._came) > KEPT:
            self._came.popitem(last=False)

    def _wait(self, key: Key, now: int) -> int:
        times = self._failed.get(key)
        if times is None or len(times) < self._limits[key[0]]:
            return 0
        return max(0, times[0] + self._window - now)


def _keys(agent: str, address: str) -> list[Key]:
    keys = [_agent(agent), _pair(agent, address)]
    return [*keys, ("address", "", network(address))] if address else keys


def _agent(agent: str) -> Key:
    return "agent", agent[:200], ""


def _pair(agent: str, address: str) -> Key:
    return "pair", agent[:200], network(address)


def network(address: str) -> str:
    """What counts as one address: of IPv6 the part that a subscriber has to themselves.

    >>> network("192.0.2.7"), network("2001:db8:1:2:3::4"), network("local")
    ('192.0.2.7', '2001:db8:1:2::/64', 'local')
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return str(ipaddress.ip_network((known, 64), strict=False))
    return str(known)
