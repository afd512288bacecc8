"""What queueing theory knows in closed form: the yardstick beside which the simulation is held.

Rates are per minute, times are minutes.  `load` is offered traffic in erlangs, arrival rate by
service rate.  Service is exponential, agents are alike, arrivals are a Poisson stream.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def erlang_b(agents: int, load: float) -> float:
    """Share of arrivals that are blocked where nobody waits (M/M/c/c).

    A. K. Erlang, 1917; by the recursion B(0) = 1, B(n) = aB(n-1) / (n + aB(n-1)), for instance in
    R. B. Cooper, "Introduction to Queueing Theory", 2nd ed., 1981, section 3.3.
    """
    blocked = 1.0
    for number in range(1, agents + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked


def erlang_c(agents: int, load: float) -> float:
    """Share of arrivals that wait where nobody leaves (M/M/c); 1 where the line grows for ever.

    A. K. Erlang, 1917; from B by C = cB / (c - a(1 - B)), Cooper 1981, section 3.4.
    """
    if load >= agents:
        return 1.0
    blocked = erlang_b(agents, load)
    return agents * blocked / (agents - load * (1 - blocked))


def erlang_c_wait(agents: int, rate: float, handling: float) -> float:
    """Mean wait of all in M/M/c: C / (cμ - λ)."""
    load = rate * handling
    if load >= agents:
        return math.inf
    return erlang_c(agents, load) * handling / (agents - load)


def erlang_c_within(agents: int, rate: float, handling: float, span: float) -> float:
    """Share that waits at most *span* in M/M/c: 1 - C exp(-(cμ - λ) t)."""
    load = rate * handling
    if load >= agents:
        return 0.0
    return 1 - erlang_c(agents, load) * math.exp(-(agents - load) * span / handling)


def blocking(agents: int, load: float, room: int) -> tuple[float, float]:
    """Blocked share, and the wait of those accepted in units of the mean handling, in M/M/c/c+room.

    Birth and death, for instance L. Kleinrock, "Queueing Systems", vol. 1, 1975, section 3.5.
    """
    weights = [1.0]
    for number in range(1, agents + room + 1):
        weights.append(weights[-1] * load / min(number, agents))
    whole = math.fsum(weights)
    blocked = weights[-1] / whole
    queue = math.fsum((n - agents) * w for n, w in enumerate(weights) if n > agents) / whole
    return blocked, queue / (load * (1 - blocked))


def erlang_a(
    agents: int, rate: float, handling: float, patience: float
) -> tuple[float, float, float]:
    """Share that waits, share that leaves, and mean wait of all, in M/M/c+M.

    C. Palm, 1943; the chain's stationary distribution as in O. Garnett, A. Mandelbaum, M. Reiman,
    "Designing a Call Center with Impatient Customers", M&SOM 4(3), 2002.  By Little's law the
    share that leaves is the mean wait by the mean patience.
    """
    load, weight, whole = rate * handling, 1.0, 1.0
    delayed = queue = 0.0
    number = 0
    while number < agents or weight > whole * 1e-15:
        number += 1
        if number <= agents:
            weight *= load / number
        else:
            weight *= rate / (agents / handling + (number - agents) / patience)
            queue += (number - agents) * weight
        whole += weight
        if number >= agents:
            delayed += weight
    wait = queue / whole / rate
    return delayed / whole, wait / patience, wait


def cobham(agents: int, rates: Sequence[float], handling: float) -> list[float]:
    """Mean wait of each class in M/M/c where nobody is interrupted; the first class goes first.

    A. Cobham, "Priority Assignment in Waiting Line Problems", Operations Research 2(1), 1954:
    W(k) = W(0) / ((1 - s(k-1)) (1 - s(k))), with s(k) = (λ(1) + … + λ(k)) / cμ and
    W(0) = C / cμ.
    """
    first = erlang_c(agents, sum(rates) * handling) * handling / agents
    waits, before = [], 0.0
    for rate in rates:
        upto = before + rate * handling / agents
        waits.append(first / ((1 - before) * (1 - upto)) if upto < 1 else math.inf)
        before = upto
    return waits


def pollaczek_khinchine(rate: float, handling: float, cv: float) -> float:
    """Mean wait with one agent and handling of any kind (M/G/1).

    F. Pollaczek 1930, A. Khinchine 1932: W = uh (1 + cv²) / (2 (1 - u)), with u = λh.
    """
    used = rate * handling
    return used * handling * (1 + cv * cv) / (2 * (1 - used))


def agents_for(rate: float, handling: float, within: float, share: float) -> int:
    """The fewest agents with whom at least *share* wait no longer than *within* (Erlang C)."""
    agents = math.floor(rate * handling) + 1
    while erlang_c_within(agents, rate, handling, within) < share:
        agents += 1
    return agents
