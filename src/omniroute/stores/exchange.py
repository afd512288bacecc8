"""What nodes on one store tell each other beside the journal.

Who may write by the lease, what followers have taken in, who is there.  Nothing here keeps the
promise: the lease only spares two writers each other's way, which the journal's compare-and-swap
decides; what is handed over stays in its node's spool until it is decided.  An exchange that
forgets everything costs time and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

from omniroute.stores.shelf import Shelf

Mark: TypeAlias = tuple[str, int]
"""A parcel's node and its number there: the same however often it is handed over."""

PARCELS = 64
"""Parcels that are fetched at a time."""


class Parcel(NamedTuple):
    """What a node has in its spool, as it came; *at* in ms."""

    node: str
    id: int
    channel: str
    account: str
    key: str
    at: int
    raw: bytes

    @property
    def mark(self) -> Mark:
        """What it is known by."""
        return self.node, self.id


class Exchange(Protocol):
    """Safe to share between threads.  Any call may raise `Unavailable`: ask again later."""

    def lease(self, node: str, seconds: float) -> str:
        """Take the lease, or renew it, for *seconds*, unless another has it; who has it now."""

    def release(self, node: str) -> None:
        """Give the lease up, if *node* has it."""

    def hand(self, parcels: Sequence[Parcel]) -> None:
        """Put *parcels* there, but those whose marks are there already."""

    def handed(self, known: Collection[Mark], limit: int = PARCELS) -> list[Parcel]:
        """Parcels without an outcome whose marks are not *known*, in the order they came."""

    def settle(self, outcomes: Mapping[Mark, str]) -> None:
        """Say how parcels that are there have ended: ``""`` if decided, else why they cannot be."""

    def outcomes(self, node: str) -> dict[int, str]:
        """How parcels of *node* have ended, by their numbers."""

    def clear(self, node: str, ids: Collection[int] | None = None) -> None:
        """Take parcels of *node* away; all of them unless *ids* names some."""

    def report(self, node: str, about: bytes, seconds: float) -> None:
        """Say for *seconds* that *node* is there; *about* is what it says of itself."""

    def reports(self) -> dict[str, bytes]:
        """What the nodes that are there say of themselves."""

    def waiting(self) -> int:
        """How many parcels are there without an outcome."""

    def agree(self, name: str, value: bytes) -> bytes:
        """What all nodes hold *name* to be: what the first one said."""

    def close(self) -> None:
        """Let go of what the exchange holds; closing twice is harmless."""


@runtime_checkable
class Shareable(Protocol):
    """A store that several nodes may share."""

    def exchange(self) -> Exchange:
        """A new exchange for other threads; whoever asks for it closes it."""

    def shelf(self) -> Shelf:
        """What lies beside the journal, for other threads; whoever asks for it closes it."""
