"""Who is there: what each node on a store says of itself, and what they say together."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from omniroute import __version__
from omniroute.channel import Channel
from omniroute.errors import StoreError
from omniroute.runtime.spool import Spool
from omniroute.runtime.trouble import Trouble
from omniroute.runtime.upgrading import OURS
from omniroute.runtime.vocabulary import Standing
from omniroute.stores.exchange import Exchange

log = logging.getLogger(__name__)

PACE: Final = 2.0  # seconds between two reports
LASTS: Final = 7.0  # seconds for which a report holds
WRITER, FOLLOWER = "writer", "follower"


class KeptReport(msgspec.Struct, frozen=True):
    """What the store has itself, where the rest is in the archive alone.

    So many *closed* threads, and the journal from the record *first* on.
    """

    closed: int
    first: int


class ArchiveReport(msgspec.Struct, frozen=True):
    """How far the writer's archive is: its last record, how many it lacks, what is wrong."""

    at: int
    behind: int
    fault: str = ""
    kept: KeptReport | None = None


class LossReport(msgspec.Struct, frozen=True):
    """What the store has forgotten, as one node found *at* (ms); see `omniroute.runtime.keeping`.

    The node knew the journal up to record *known* and found it to be another, at record *found*;
    so many *messages* that it had taken in were handed in again.
    """

    at: int
    known: int
    found: int
    messages: int


def last_loss(spool: Spool) -> LossReport | None:
    """The latest within the store's horizon."""
    return LossReport(*spool.losses[-1]) if spool.losses else None


class NodeReport(msgspec.Struct, frozen=True):
    """What a node says of itself; times in ms.

    *since* is when it took this *role*; *owed* effects are not settled yet, *spooled* messages lie
    on its disk and are not decided, the *oldest* since then, 0 where there is none.  *url* is for
    people.  *term* and *head* are the journal's, of a writer.  *knows* is how its words stand among
    those of other versions.  *hears* are the accounts whose messages it takes in.
    """

    node: str
    role: str
    since: int
    url: str
    spooled: int = 0
    owed: int = 0
    term: int = 0
    head: int = 0
    archive: ArchiveReport | None = None
    reach: str = ""  # where other nodes reach it
    lost: LossReport | None = None
    host: str = msgspec.field(default_factory=socket.gethostname)
    process: int = msgspec.field(default_factory=os.getpid)
    version: str = __version__
    knows: Standing = OURS.standing
    oldest: int = 0
    hears: tuple[str, ...] = ()  # as people write them, the kind first
    waits: str = ""  # why it does not write, where another would have to


def accounts(channels: Iterable[Channel]) -> tuple[str, ...]:
    """Their names, as people write them."""
    return tuple(sorted(f"{channel.kind}/{channel.account}" for channel in channels))


class Roster:
    """Says what this node is, and knows the others."""

    def __init__(self, exchange: Exchange | None, own: Callable[[], NodeReport]) -> None:
        self._exchange, self.own = exchange, own
        self._trouble = Trouble(log, "the other nodes cannot be told")

    async def run(self) -> None:
        """Report until cancelled, then say that what was said is no longer so."""
        try:
            while self._exchange is not None:
                await self.report()
                await asyncio.sleep(PACE)
        finally:
            await self.report(0)

    async def report(self, lasts: float = LASTS) -> None:
        """Report once; who cannot be told hears it the next time."""
        own = self.own()
        if self._exchange is None:
            return
        about = msgspec.json.encode(own)
        try:
            await asyncio.to_thread(self._exchange.report, own.node, about, lasts)
            self._trouble.over()
        except StoreError as error:
            self._trouble.met(error)

    async def nodes(self) -> Mapping[str, object]:
        """Every node that is there, and how many messages wait between them.

        Raises `StoreError`.
        """
        own = self.own()
        found = {own.node: own}
        handed = 0
        if self._exchange is not None:
            reports = await asyncio.to_thread(self._exchange.reports)
            others = {name: read(about) for name, about in reports.items()}
            found = {**others, **found}
            handed = await asyncio.to_thread(self._exchange.waiting)
        nodes = sorted(found.values(), key=lambda each: (each.role != WRITER, each.node))
        writers = [each for each in nodes if each.role == WRITER]
        writer = max(writers, key=lambda each: each.term, default=None)
        return {
            "writer": writer.node if writer is not None else None,
            "handed_over": handed,
            "nodes": [msgspec.to_builtins(each) for each in nodes],
        }


class _Told(NodeReport, frozen=True):
    """As told by a version that may be older: one that does not say what it knows knows less."""

    knows: Standing = (0, 0, "")


read: Callable[[bytes], NodeReport] = msgspec.json.Decoder(_Told).decode
