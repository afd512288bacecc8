"""Live notices put together, so that a slow reader gets one instead of many."""

from __future__ import annotations

import msgspec

from omniroute.application.pages import Change
from omniroute.application.projections.fold import Touched

LISTED = 500
"""A notice about more threads than this names none and says *all*."""


def notice(seq: int, touched: Touched) -> Change:
    """What a batch up to *seq* has touched."""
    return _bounded(seq, touched.threads, touched.agents, touched.offered, touched.wrote)


def everything(seq: int) -> Change:
    """Look at everything again."""
    return Change(seq, all=True)


def merged(earlier: Change, later: Change) -> Change:
    """Both in one, as of the later."""
    seq = max(earlier.seq, later.seq)
    if earlier.all or later.all:
        return everything(seq)
    both = _bounded(
        seq,
        {*earlier.threads, *later.threads},
        {*earlier.agents, *later.agents},
        {*earlier.offered, *later.offered},
        {*earlier.wrote, *later.wrote},
    )
    writing = tuple(dict.fromkeys((*earlier.writing, *later.writing)))
    return msgspec.structs.replace(both, writing=writing)


def _bounded(
    seq: int, threads: set[int], agents: set[str], offered: set[str], wrote: set[str]
) -> Change:
    if len(threads) > LISTED or len(agents) > LISTED:
        return everything(seq)
    return Change(
        seq,
        tuple(sorted(threads)),
        tuple(sorted(agents)),
        tuple(sorted(offered)),
        tuple(sorted(wrote)),
    )
