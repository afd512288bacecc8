"""Who writes from an address that several people share, told apart before the core.

Each of them has a handle of their own under the one address: by a strong id of theirs, else by the
signed address of the answer they go on from, else in a chat by its conversation.  What shows none
of these is a thread of its own: a wrong guess would put one person's words into another's thread.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from omniroute.channel import Address, Cap, Channel, Inbound
from omniroute.core.model import Evidence
from omniroute.hookspecs import Claim
from omniroute.runtime.equivalence import canonical
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.rows import Reached, Sent
from omniroute.stores.api import Reader

DECLARED: Final = "y/"  # rows of addresses that somebody declared shared, by handle
_WORD = re.compile(r"\w+")


class Shared:
    """The addresses that are several people's, as the settings and admins have them."""

    def __init__(self, keyed: Keyed, reader: Reader, addresses: Iterable[str] = ()) -> None:
        """*addresses* are those of the settings: mailboxes, or kind and value with a space."""
        self._keyed, self._reader = keyed, reader
        self.listed = tuple(keyed.handle(_listed(text)) for text in addresses)
        self._declared = {*self.listed, *_rows(reader)}

    def declare(self, handle: str, shared: bool) -> None:
        """From now on; the row was committed with the decision."""
        (self._declared.add if shared else self._declared.discard)(handle)

    def has(self, address: Address) -> bool:
        """Whether *address* is several people's, whoever vouches for it."""
        return self._keyed.handle(dataclasses.replace(address, verified=True)) in self._declared

    def handle(self, channel: Channel, inbound: Inbound, claims: Sequence[Claim]) -> str:
        """The handle of whoever wrote *inbound*."""
        sender = inbound.sender
        if not self.has(sender):
            return self._keyed.handle(sender)
        if (strong := _strong(claims)) is not None and sender.verified:
            return self._keyed.writer(sender, "id", self._keyed.handle(strong))
        if (answered := self._answered(inbound)) and sender.verified:
            return answered
        if Cap.LIVE in channel.caps:
            return self._keyed.writer(sender, "chat", channel.account, inbound.conversation)
        return self._keyed.writer(sender, "message", channel.account, inbound.external_id)

    def name(self, inbound: Inbound) -> str:
        """A keyed hash of the name somebody writes under; empty where it tells nothing."""
        sender = inbound.sender
        words = sorted(set(_WORD.findall(sender.display.casefold())))
        if not words or sender.unique or self.has(sender):
            return ""
        return self._keyed.name(" ".join(words))

    def _answered(self, inbound: Inbound) -> str:
        """Whom the message of ours was sent to that this one goes on from, at this address."""
        effect = inbound.answers.partition(".")[0]
        row = self._reader.get(["s/" + effect]).get("s/" + effect) if effect else None
        handle = msgspec.json.decode(row, type=Sent).handle if row is not None else ""
        found = self._reader.get(["p/" + handle]).get("p/" + handle) if handle else None
        if found is None:
            return ""
        reached, sender = msgspec.json.decode(found, type=Reached), inbound.sender
        mine = (sender.kind, canonical(sender.kind, sender.value), sender.verified)
        theirs = (reached.kind, canonical(reached.kind, reached.value), reached.verified)
        return handle if mine == theirs else ""


def _strong(claims: Sequence[Claim]) -> Address | None:
    sure = (c.address for c in claims if c.evidence is Evidence.VERIFIED and c.address.unique)
    return min(sure, key=lambda address: (address.kind, address.value), default=None)


def _listed(text: str) -> Address:
    kind, _, value = text.strip().rpartition(" ")
    return Address(kind or "email", value if kind else value.lower(), verified=True)


def _rows(reader: Reader) -> list[str]:
    found, after = [], ""
    while rows := reader.scan(DECLARED, after):
        found += [key.removeprefix(DECLARED) for key, _ in rows]
        after = rows[-1][0]
    return found
