"""What a measurement comes to, how large it was, and how it is printed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace


class Row(msgspec.Struct, frozen=True):
    """One figure beside its floor; *ratio* is ours by the floor's, or of waits the floor's by ours.

    Higher is better.
    """

    name: str
    ours: float
    floor: float | None
    unit: str
    ratio: float | None


class Scale(msgspec.Struct, frozen=True):
    """How much is measured; ours and the floor take *rounds* turns each."""

    rounds: int
    inputs: int  # of ingest, in one turn
    seconds: float  # of smtp and webhook, in one turn
    connections: int  # that bring their messages, at a time
    stream: int  # inputs a second that the busy inbox decides
    decisions: int  # rounds of arriving, freeing and accepting, in one turn
    agents: tuple[int, int]  # in the small and in the large case
    waiting: tuple[int, int]  # threads
    counted: int  # threads, and agents, whose memory is weighed
    routings: int  # evaluations of a rule set, in one turn
    opened: int  # threads that are open at a start
    load: int  # messages a second that come, whether taken or not
    load_seconds: float
    closed: int  # threads of a past, three records each
    left: int  # threads that are open at its end


FULL = Scale(
    rounds=5,
    inputs=4_000,
    seconds=1.5,
    connections=20,
    stream=300,
    decisions=2_000,
    agents=(100, 100_000),
    waiting=(1_000, 1_000_000),
    counted=5_000,
    routings=20_000,
    opened=100_000,
    load=2_000,
    load_seconds=5.0,
    closed=15_000,
    left=5_000,
)
SMALL = Scale(
    rounds=3,
    inputs=1_500,
    seconds=0.5,
    connections=20,
    stream=300,
    decisions=700,
    agents=(100, 10_000),
    waiting=(1_000, 100_000),
    counted=2_000,
    routings=5_000,
    opened=10_000,
    load=500,
    load_seconds=1.0,
    closed=1_000,
    left=1_000,
)
TARGET = replace(FULL, rounds=1, load_seconds=600.0, closed=300_000, left=100_000)
"""The sizes that are aimed at; one turn of each, which takes long."""

SCALES = {"small": SMALL, "full": FULL, "target": TARGET}


def beside(name: str, unit: str, ours: float, floor: float) -> Row:
    """A row of two rates."""
    return Row(name, _rounded(ours), _rounded(floor), unit, round(ours / floor, 3))


def beside_wait(name: str, ours: float, floor: float) -> Row:
    """A row of two waits in ms; the ratio is the floor's by ours, so that higher is better."""
    return Row(name, round(ours, 2), round(floor, 2), "ms", round(floor / ours, 3))


def alone(name: str, unit: str, ours: float) -> Row:
    """A row of a figure that stands on no floor."""
    return Row(name, _rounded(ours), None, unit, None)


def table(rows: Sequence[Row]) -> str:
    """The rows for people."""
    lines = [f"{'':22}{'ours':>12}{'floor':>12}  {'unit':14}{'ratio':>6}"]
    for row in rows:
        floor = "" if row.floor is None else _shown(row.floor)
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        lines.append(
            f"{row.name:22}{_shown(row.ours):>12}{floor:>12}  {row.unit:14}{ratio:>6}".rstrip()
        )
    return "\n".join(lines)


def _rounded(figure: float) -> float:
    return round(figure, 1)


def _shown(figure: float) -> str:
    return f"{figure:,.0f}".replace(",", " ")
