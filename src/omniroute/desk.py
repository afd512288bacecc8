"""The contract of a desk: where an agent is shown work and does it.

A desk shows cards and turns what the agent does into actions at the `Door`.  It decides nothing:
whether an accept wins is known only when the door has answered.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

from starlette.routing import BaseRoute

from omniroute.channel import Receipt


class CardKind(enum.StrEnum):
    """Why a card is shown.  ``withdrawn`` takes every button off an earlier card."""

    OFFER = "offer"
    ASSIGNED = "assigned"
    WITHDRAWN = "withdrawn"
    MESSAGE = "message"
    TOLD = "told"


@dataclass(frozen=True, slots=True)
class Card:
    """What an agent is shown about a thread, the same on every desk (at most nine lines)."""

    key: str  # the same for every attempt at this card
    agent: str
    kind: CardKind
    thread: int
    version: int  # of the thread; an accept names it
    offer: str  # id of the offer, or ""
    until: int  # end of the offer in ms since the epoch, or 0
    lines: tuple[str, ...]
    reason: str = ""  # of a withdrawal: "taken by Ana"


class Door(Protocol):
    """The one door to the application, handed to a desk when it starts."""

    async def act(self, agent: str, action: str, arguments: Mapping[str, object]) -> str:
        """Do *action* as *agent*; returns a sentence for them.  Raises `Refused`."""

    async def say(self, agent: str, thread: int, line: str, seen: int | None = None) -> str:
        """Do what *line* says, in the agents' grammar, on *thread*.

        *seen* is how many customer turns the agent had on screen; unless given, all of them.
        Returns a sentence for them.  Raises `Refused`; what is not understood does nothing.
        """


@runtime_checkable
class Desk(Protocol):
    """A kind of desk, handed over by `omniroute_desks` as a class and constructed without
    arguments.  Whose desks are which is said in ``team.yaml``.

    A desk that agents read seldom, such as a mailbox, says as a class attribute how long an offer
    must stand there at least: ``answers_within: ClassVar[float] = 600`` (seconds).  One from which
    nobody can serve a customer who waits on the other side says ``chats: ClassVar[bool] = False``;
    who has no other desk is then asked for mail only.
    """

    kind: ClassVar[str]

    def routes(self) -> Sequence[BaseRoute]:
        """HTTP routes, mounted at ``/desks/<kind>``; may be empty."""

    async def start(self, door: Door) -> None:
        """Take the door; serve until cancelled."""

    async def present(self, card: Card) -> Receipt:
        """Show *card* to its agent.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
