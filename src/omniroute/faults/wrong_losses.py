"""Mutants of what keeps a promise on a store that forgets its last commits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from omniroute.faults.life import Ways
from omniroute.faults.mutant import Mutant
from omniroute.faults.stepping import SteppedSpool
from omniroute.faults.store import FaultyExchange
from omniroute.runtime.node import Node
from omniroute.runtime.outcome import Outcome
from omniroute.runtime.spool_kept import Known
from omniroute.runtime.witnesses import Elsewhere, Testimony
from omniroute.stores.api import GENESIS, Head
from omniroute.stores.exchange import Heard
from omniroute.stores.memory_exchange import MemoryExchange


class _LetsGoAtCommit(SteppedSpool):
    def keep(self, now: Callable[[], int]) -> None: ...


class _NotesNothing(SteppedSpool):
    def note(self, known: Known) -> None: ...


class _BelievesNumbers(FaultyExchange):
    """As long as there are as many records it is the same journal."""

    def hear(self, node: str, known: Head = GENESIS) -> Heard:
        heard: Heard = self._inner.hear(node)
        return heard._replace(holds=heard.head[0] >= known[0])


class _Says(FaultyExchange):
    """A witness that does not say all that it knows."""

    def testify(self, node: str, began: int, known: Head, what: bytes) -> bool:
        said = self.said(msgspec.msgpack.decode(what, type=Testimony))
        return bool(self._inner.testify(node, began, known, msgspec.msgpack.encode(said)))

    def said(self, what: Testimony) -> Testimony:
        raise NotImplementedError


class _SaysNothingOfSends(_Says):
    def said(self, what: Testimony) -> Testimony:
        return replace(what, sends={})


class _HasMetNobody(_Says):
    def said(self, what: Testimony) -> Testimony:
        return replace(what, met=())


class _HopesForTheBest(_Says):
    """What was tried has left."""

    def said(self, what: Testimony) -> Testimony:
        hoped = msgspec.json.encode(Outcome("sent"))
        return replace(what, sends={key: how or hoped for key, how in what.sends.items()})


class _ArchiveByNumber(FaultyExchange):
    """What the archive said once is true of whatever journal there is."""

    def hear(self, node: str, known: Head = GENESIS) -> Heard:
        heard: Heard = self._inner.hear(node, known)
        assert isinstance(self._inner, MemoryExchange)
        return heard._replace(archived=self._inner.said[0])


def _no_marks(node: Node) -> None:
    if node.keeping is not None:
        node.keeping.may_repeat = lambda came=None: False  # type: ignore[method-assign]


def _asks_nobody(node: Node) -> None:
    async def ask(key: str) -> Elsewhere:
        return Elsewhere()

    node.outbox._delivery._ask = ask


LOSSES: Final[Mapping[str, Mutant]] = {
    "letsgoatcommit": Mutant(
        "nothing is kept that is decided", Ways(spool=_LetsGoAtCommit), forgets=True
    ),
    "notesnothing": Mutant(
        "nobody knows which journal there was", Ways(spool=_NotesNothing), forgets=True
    ),
    "numbersonly": Mutant(
        "a journal is known by its length", Ways(exchange=_BelievesNumbers), 3, True
    ),
    "archivebynumber": Mutant(
        "what a disk keeps goes by the number of a record that the archive has",
        Ways(exchange=_ArchiveByNumber),
        forgets=True,
        archive=True,
    ),
    "unmarkedlost": Mutant(
        "what another sent in a lost journal goes out unmarked", Ways(changed=_no_marks), 3, True
    ),
    "asksnobody": Mutant(
        "nobody is asked what they sent in a lost journal", Ways(changed=_asks_nobody), 3, True
    ),
    "mutewitness": Mutant(
        "a witness says nothing of what it sent", Ways(exchange=_SaysNothingOfSends), 3, True
    ),
    "hopefulwitness": Mutant(
        "a witness takes what it tried to send for sent", Ways(exchange=_HopesForTheBest), 3, True
    ),
    "lonewitness": Mutant(
        "a witness says of nobody that they were there", Ways(exchange=_HasMetNobody), 3, True
    ),
}
