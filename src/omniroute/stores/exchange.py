"""What nodes on one store tell each other beside the journal.

Who may write by the lease, what followers have taken in, who is there.  Nothing here keeps the
promise: the lease only spares two writers each other's way, which the journal's compare-and-swap
decides; what is handed over stays in its node's spool until it is decided.  An exchange that
forgets everything costs time and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

from omniroute.stores.api import GENESIS, Head
from omniroute.stores.shelf import Shelf

Mark: TypeAlias = tuple[str, int]
"""A parcel's node and its number there: the same however often it is handed over."""

ALIVE = 60.0
"""Seconds for which a node is there after it has heard something."""

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


class Began(NamedTuple):
    """When (ms) a writer first began on the server as it is, after whom something may be missing.

    What is missing was decided after the journal's last record that it found, of *since* (ms).
    """

    at: int = 0  # 0: nobody has, or nothing is ever forgotten
    since: int = 0


class Heard(NamedTuple):
    """What a node hears of one moment.

    The journal's *head*; whether it still *holds* the record that the node knows of; and how the
    node's parcels have ended, by their numbers: ``""`` if decided, else why they cannot be.
    *nodes* have heard something themselves in the last `ALIVE` seconds.  The archive has this very
    journal up to record *archived*: 0 if nobody said so; *first* is the store's own first record.
    """

    head: Head
    holds: bool
    outcomes: dict[int, str]
    began: Began = Began()
    nodes: frozenset[str] = frozenset()
    archived: int = 0
    first: int = 1


class Exchange(Protocol):
    """Safe to share between threads.  Any call may raise `Unavailable`: ask again later.

    *horizon* is for how long (ms) the store may yet forget what was committed; 0: it does not.
    """

    horizon: int

    def lease(self, node: str, seconds: float) -> str:
        """Take the lease, or renew it, for *seconds*, unless another has it; who has it now."""

    def release(self, node: str) -> None:
        """Give the lease up, if *node* has it."""

    def begin(self, at: int, known: Head, since: int) -> Began | None:
        """A writer begins, at *at* (ms), on a journal whose last record *known* is of *since* (ms).

        That is what it is told, unless the server can have forgotten nothing since another began:
        then it is what that one was told.  None where the journal does not hold *known*.
        """

    def testify(self, node: str, began: int, known: Head, what: bytes) -> bool:
        """*node* says what it knows of what may be missing since a writer *began* (ms).

        It is not heard, and false returned, where that is not the latest that began so, or where
        the journal does not hold *known*.
        """

    def testimonies(self, began: int) -> dict[str, bytes]:
        """What nodes have said of what may be missing since then, by their names."""

    def hand(self, parcels: Sequence[Parcel]) -> None:
        """Put *parcels* there, but those whose marks are there already."""

    def handed(self, known: Collection[Mark], limit: int = PARCELS) -> list[Parcel]:
        """Parcels without an outcome whose marks are not *known*, in the order they came."""

    def settle(self, outcomes: Mapping[Mark, str], known: Head = GENESIS) -> bool:
        """Say how parcels that are there have ended: ``""`` if decided, else why they cannot be.

        Nothing is said, and false returned, where the journal does not hold *known*, in which they
        ended: it has forgotten that.
        """

    def hear(self, node: str, known: Head = GENESIS) -> Heard:
        """What *node* should hear; *known* is a head that it has seen.

        All of one moment: a head that was read later might come from a server that has forgotten
        the outcome's commit.
        """

    def archived(self, at: Head) -> None:
        """Say that the archive has the journal up to *at*; `GENESIS` where there is none.

        It counts for nothing while the journal has another record there.
        """

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
