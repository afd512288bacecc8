"""Whether another node has sent something in a journal that is lost: each is asked, by its notes.

Where a store may have forgotten its last commits, nobody who reads it knows what was sent by them.
Those who sent do: the notes of attempts and outcomes lie on their disks.  So when a writer begins
on a server that is not as it was, every node *testifies*: whom it had met before, and, if it has
lost commits of its own, what it has sent or may have sent.  With the testimony of all who were
there lately the next writer knows of each message whether it left, did not, or may have; a node
that is gone with its disk leaves everything in doubt.

A node that nobody had met is not missed.  So one of the witnesses must have been there until the
loss; who writes has been there for a moment before, and is met within seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

import msgspec

from omniroute.runtime.outcome import Outcome
from omniroute.runtime.spool import Spool
from omniroute.stores.exchange import Began, Exchange

MARGIN: Final = 60_000  # ms before the end of the journal since when a node may have sent
PACE, TIMES = 0.25, 20  # seconds between questions, and how often one is asked of whom is silent


class Testimony(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a node says.

    *present*: it was there at the end of the journal.  *met*: whom it met then.  *sends*: of what
    it has sent and lost, the receipt of each part, or ``None`` where it does not know.
    """

    present: bool
    met: tuple[str, ...] = ()
    sends: dict[str, bytes | None] = {}


class Elsewhere(NamedTuple):
    """What others have done with a message: the *outcome* if one has sent it; else, if *doubtful*,
    one may have.
    """

    outcome: Outcome | None = None
    doubtful: bool = False


class Witnesses:
    """One node's part in it: as a witness, and as a writer who asks."""

    def __init__(
        self,
        spool: Spool,
        exchange: Exchange,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._spool, self._exchange, self._sleep = spool, exchange, sleep
        self.testified = 0  # since when (ms) what may be missing is, of which we have said all
        self._began = Began()
        self._told: dict[str, bytes | None] | None = None  # what the others sent, once all spoke
        self._times = 0  # how often somebody was silent

    async def testify(self, began: Began) -> None:
        """Say what we know, once for each time that something may be missing.  Before `meet`.

        After what was lost has been found out, and fed in again.  Raises `StoreError`.
        """
        if not began.at or began.at == self.testified:
            return
        me, edge = self._spool.name, began.since - MARGIN
        met = tuple(node for node, at in self._spool.met.items() if at >= edge)
        sends = await asyncio.to_thread(self._sends) if self._spool.losses else {}
        present = not began.since or me in met
        what = msgspec.msgpack.encode(Testimony(present, met, sends))
        known = self._spool.known.head
        if await asyncio.to_thread(self._exchange.testify, me, began.at, known, what):
            self.testified = began.at

    def asks(self, began: Began) -> None:
        """We write from now on, and what others sent before *began* is asked."""
        self._began, self._told, self._times = began, None, 0

    async def ask(self, key: str) -> Elsewhere:
        """What others have done with the part of a message that has this *key*.

        Waits some seconds for nodes that have not spoken.  Raises `StoreError`.
        """
        while self._told is None:
            self._told = await self._hear()
            if self._told is None:
                if self._times >= TIMES:
                    return Elsewhere(doubtful=True)
                self._times += 1
                await self._sleep(PACE)
        receipt = self._told.get(key)
        if receipt is None:
            return Elsewhere(doubtful=key in self._told)
        return Elsewhere(msgspec.json.decode(receipt, type=Outcome))

    async def _hear(self) -> dict[str, bytes | None] | None:
        """What others have sent; none where somebody has not spoken who may have."""
        said = await asyncio.to_thread(self._exchange.testimonies, self._began.at)
        heard = {node: _read(what) for node, what in said.items()}
        met = {node for each in heard.values() for node in each.met}
        if not any(each.present for each in heard.values()) or not met <= heard.keys():
            return None
        found: dict[str, bytes | None] = {}
        for node, each in heard.items():
            if node != self._spool.name:
                found |= {key: how or found.get(key) for key, how in each.sends.items()}
        return found

    def _sends(self) -> dict[str, bytes | None]:
        """What has left from here, or may have, within the time that the store may forget."""
        return {
            key: sends.receipt if has_left(sends.receipt) else None
            for key, sends in self._spool.attempts(settled=True).items()
            if sends.unanswered or sends.receipt is None or has_left(sends.receipt)
        }


def has_left(receipt: bytes | None) -> bool:
    """Whether it says that the customer has the message."""
    return receipt is not None and msgspec.json.decode(receipt, type=Outcome).outcome == "sent"


_read = msgspec.msgpack.Decoder(Testimony).decode
