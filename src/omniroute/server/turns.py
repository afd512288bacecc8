"""Whether it is a node's turn to write, where nodes of several versions share a store.

What the newest writer has written an older version cannot go on with (`omniroute.runtime.
vocabulary`).  So whoever would write more than the store has been written in waits while somebody
is there who knows less: until all are new, a store can be gone back with.  Whoever knows less than
has been written follows, and goes on taking in.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from omniroute.runtime import vocabulary
from omniroute.runtime.upgrading import OURS
from omniroute.runtime.vocabulary import Words
from omniroute.server.roster import WRITER, NodeReport, read
from omniroute.stores.api import Unavailable

log = logging.getLogger(__name__)

PATIENCE: Final = 15.0
"""Seconds without a writer after which a newer version does not wait for the older ones any more.

Longer than a lease lasts, than a node that stops may take, and than a report of one that died.
"""


class Turns:
    """The judgement of one node; asked again and again while another has the lease, or nobody."""

    def __init__(
        self,
        node: str,
        written: Callable[[], bytes | None],
        reports: Callable[[], Mapping[str, bytes]],
        *,
        words: Words = OURS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """*written* reads the row in which the newest writer left its words; *now* is seconds."""
        self._node, self._written, self._reports = node, written, reports
        self._words, self._now = words, now
        self._since: float | None = None  # when somebody else should have begun to write
        self.waits = ""
        """Why this node does not write, in one sentence; empty where it may."""

    async def mine(self) -> bool:
        """Whether this node may take the lease.  Raises `StoreError`."""
        return await asyncio.to_thread(self.look)

    def look(self) -> bool:
        """As `mine`, in this thread."""
        try:
            complete = vocabulary.check(self._words, self._written())
        except Unavailable as error:
            self._since = None
            return self._say(f"{error.fault} — {error.fix}")
        if complete:
            return self._say("")
        others = [read(about) for name, about in self._reports().items() if name != self._node]
        older = [each for each in others if _goes_first(each, self._words)]
        if not older or any(each.role == WRITER for each in others):
            self._since = None
        elif self._since is None:
            self._since = self._now()
        elif self._now() - self._since >= PATIENCE:
            log.warning("no older version takes over: this one does, and no older one can from now")
            self._since, older = None, []
        return self._say(_waits_for(older))

    def _say(self, why: str) -> bool:
        if why != self.waits:
            self.waits = why
            if why:
                log.warning("this node does not write: %s", why)
        return not why


def _goes_first(other: NodeReport, ours: Words) -> bool:
    """Whether it knows less than *ours* and may be able to write."""
    return other.knows < ours.standing and not other.waits


def _waits_for(older: Sequence[NodeReport]) -> str:
    if not older:
        return ""
    named = " and ".join(f"{each.node} ({each.host})" for each in older)
    return f"its version is newer than that of {named}, which could not go on after it"
