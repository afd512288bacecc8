"""How often somebody may try to sign in: failures are counted per agent and per address.

Counts live in memory and are bounded: after a restart an attacker starts afresh, but can do
nothing with that which the hash does not make slow.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict, deque

WINDOW = 15 * 60_000  # ms
PER_AGENT = 10
PER_ADDRESS = 20
KEPT = 10_000
"""Names remembered; the longest quiet are forgotten first."""


class Attempts:
    """Failed attempts of the last *window* ms."""

    def __init__(
        self, per_agent: int = PER_AGENT, per_address: int = PER_ADDRESS, window: int = WINDOW
    ) -> None:
        self._limits = {"agent": per_agent, "address": per_address}
        self._window = window
        self._failed: OrderedDict[tuple[str, str], deque[int]] = OrderedDict()

    def wait(self, agent: str, address: str, now: int) -> int:
        """How long (ms) until the next attempt is allowed; 0 when it is allowed now."""
        return max(self._wait(key, now) for key in _keys(agent, address))

    def failed(self, agent: str, address: str, now: int) -> None:
        """Count a failure."""
        for key in _keys(agent, address):
            times = self._failed.setdefault(key, deque(maxlen=self._limits[key[0]]))
            times.append(now)
            self._failed.move_to_end(key)
        while len(self._failed) > KEPT:
            self._failed.popitem(last=False)

    def succeeded(self, agent: str) -> None:
        """Whoever knows the password is not held up by those who did not.

        Failures from an address stay counted: one own account must not buy more guesses.
        """
        self._failed.pop(("agent", agent), None)

    def _wait(self, key: tuple[str, str], now: int) -> int:
        times = self._failed.get(key)
        if times is None or len(times) < self._limits[key[0]]:
            return 0
        return max(0, times[0] + self._window - now)


def _keys(agent: str, address: str) -> list[tuple[str, str]]:
    keys = [("agent", agent[:200])]
    return [*keys, ("address", network(address))] if address else keys


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
