"""How long a thread will probably wait, from how long threads have taken here so far.

Each queue keeps what a thread takes of an agent's time, from the assignment to its end and without
what it was put aside, as a mean in which the last `REMEMBERED` threads count most.  Whoever has
*n* threads before them waits for *n* + 1 ends among all the *places* where threads of that kind
are worked on.  With work of random length that is a gamma distribution of shape *n* + 1, and so the
answer has a band: half of such waits are shorter than `Wait.likely`, nine of ten are shorter than
`Wait.late`.  Where too little has happened yet, or nobody is here, the answer is not a number: the
wait is unknown.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from omniroute.core.model import Thread

if TYPE_CHECKING:
    from omniroute.core.state import State

FEWEST = 5  # threads that must have been handled before anything is said
REMEMBERED = 200
LIKELY, LATE = 0.0, 1.2815515655446004  # quantiles of the normal distribution: 50 %, 90 %


class Wait(msgspec.Struct, frozen=True):
    """What to expect, in ms; *ahead* threads go before, on *places* they are worked on."""

    likely: int
    late: int
    ahead: int
    places: int


def expected(handled: int, mean: float, ahead: int, places: int, free: bool = False) -> Wait | None:
    """The wait of whoever has *ahead* threads before them; None if it is unknown.

    *handled* threads took *mean* ms each; *free* says that somebody could take one at once.
    """
    if places < 1 or handled < FEWEST:
        return None
    if free and not ahead:
        return Wait(0, 0, 0, places)
    pace = mean / places
    shape = ahead + 1
    return Wait(
        round(pace * _gamma(shape, LIKELY)), round(pace * _gamma(shape, LATE)), ahead, places
    )


def _gamma(shape: float, normal: float) -> float:
    """A quantile of the gamma distribution of scale 1, by the cube-root approximation of Wilson
    and Hilferty (1931), whose error is below 3 % for shapes from 1 up and these quantiles."""
    ninth = 1 / (9 * shape)
    return float(shape * (1 - ninth + normal * math.sqrt(ninth)) ** 3)


def of_queue(state: State, queue: str, live: bool) -> Wait | None:
    """What a thread that enters a queue now can expect; None if it is unknown."""
    waiting, places, free = state.index.crowd(queue, live)
    pace = state.paces.get(queue)
    if pace is None:
        return None
    return expected(pace.handled, pace.mean, waiting, places, free)


def of_thread(state: State, thread: Thread) -> Wait | None:
    """What a waiting thread can expect where it stands; None if it is unknown.

    Raises `KeyError` for a thread that does not wait.
    """
    ahead, places, free = state.index.before(thread)
    pace = state.paces.get(thread.queue)
    if pace is None:
        return None
    return expected(pace.handled, pace.mean, ahead, places, free)
