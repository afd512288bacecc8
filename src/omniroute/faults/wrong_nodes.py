"""Mutants of several nodes on one store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from omniroute.faults.life import Ways
from omniroute.faults.mutant import Mutant
from omniroute.runtime.handover import Handover
from omniroute.runtime.node import Node


class _KeepsToItself(Handover):
    async def look(self) -> None: ...


class _LetsGo(Handover):
    async def look(self) -> None:
        entries = self._spool.pending()
        await super().look()
        self._spool.done(entry.id for entry in entries)


def _no_marks(node: Node) -> None:
    recover = node.outbox.recover

    def unmarked(doubtful: object = None, *, lost: bool = False, unsure: bool = False) -> None:
        recover(lost=lost)

    node.outbox.recover = unmarked  # type: ignore[method-assign]


def _short_doubt(node: Node) -> None:
    recover, tenure, me = node.outbox.recover, node.state.tenure, node.parts.spool.name

    def others(doubtful: object = None, *, lost: bool = False, unsure: bool = False) -> None:
        recover(lambda owed: tenure.node != me, lost=lost, unsure=unsure)

    node.outbox.recover = others  # type: ignore[method-assign]


def _leaves_silently(node: Node) -> None:
    async def in_doubt() -> set[str]:
        return set()

    node.outbox.in_doubt = in_doubt  # type: ignore[method-assign]


def _own_clock(node: Node) -> None:
    node.inbox._writer.now = node.parts.clock.now  # type: ignore[method-assign]


NODES: Final[Mapping[str, Mutant]] = {
    "nomark": Mutant(
        "what another node may have sent is not marked", Ways(changed=_no_marks), nodes=3
    ),
    "shortdoubt": Mutant(
        "a restart forgets what another node may have sent",
        Ways(changed=_short_doubt),
        nodes=3,
    ),
    "leavesilently": Mutant(
        "a writer that stops does not say what it may have sent",
        Ways(changed=_leaves_silently),
        nodes=3,
    ),
    "ownclock": Mutant("a writer counts on its own clock alone", Ways(changed=_own_clock), nodes=3),
    "nohandover": Mutant(
        "what a follower took in stays with it", Ways(handover=_KeepsToItself), nodes=2
    ),
    "letsgo": Mutant(
        "a follower keeps nothing that it handed over", Ways(handover=_LetsGo), nodes=3
    ),
}
