"""Mutants of what keeps a promise on a store that forgets its last commits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from omniroute.faults.life import Ways
from omniroute.faults.mutant import Mutant
from omniroute.faults.stepping import SteppedSpool
from omniroute.faults.store import FaultyExchange
from omniroute.runtime.node import Node
from omniroute.runtime.spool_kept import Known
from omniroute.stores.api import GENESIS, Head
from omniroute.stores.exchange import Heard


class _LetsGoAtCommit(SteppedSpool):
    def keep(self, now: Callable[[], int]) -> None: ...


class _NotesNothing(SteppedSpool):
    def note(self, known: Known) -> None: ...


class _BelievesNumbers(FaultyExchange):
    """As long as there are as many records it is the same journal."""

    def hear(self, node: str, known: Head = GENESIS) -> Heard:
        heard: Heard = self._inner.hear(node)
        return heard._replace(holds=heard.head[0] >= known[0])


def _no_marks(node: Node) -> None:
    if node.keeping is not None:
        node.keeping.may_repeat = lambda came=None: False  # type: ignore[method-assign]


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
    "unmarkedlost": Mutant(
        "what another sent in a lost journal goes out unmarked", Ways(changed=_no_marks), 3, True
    ),
}
