"""In whose conversation a message stands, by what it answers and where it was written.

A message shows it by the ids of those before it, or by a token of ours; in a place that is about
one matter, by being written there.  What this finds only says where to look: whether the writer
takes part is the core's to decide.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from omniroute.channel import Cap, Channel, Inbound
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.record import encode
from omniroute.runtime.rows import Sent, Writers
from omniroute.stores.api import Reader

MOST: Final = 20  # conversations that one message may stand in
LATEST: Final = 5  # writers that are remembered of a place
RECENT: Final = 1000  # messages that are found without the store

_writers = msgspec.json.Decoder(Writers).decode
_sent = msgspec.json.Decoder(Sent).decode


class Places:
    """Remembers who wrote what and where; rows may not be committed yet when they are asked for."""

    def __init__(self, keyed: Keyed, reader: Reader) -> None:
        self._keyed, self._reader = keyed, reader
        self._recent: OrderedDict[str, Writers] = OrderedDict()

    def within(self, channel: Channel, inbound: Inbound, sender: str) -> tuple[str, ...]:
        """The handles in whose conversations *inbound* stands, the likeliest first."""
        if not _has_conversations(channel):
            return ()
        effect = inbound.answers.partition(".")[0]
        answered = [f"s/{effect}"] if effect else []
        before = list(self._before(channel, inbound))
        asked = [*answered, *(key for key in before if key not in self._recent)]
        rows = self._reader.get(asked) if asked else {}
        found = {_sent(rows[key]).handle: None for key in answered if key in rows}
        for key in before:
            found |= dict.fromkeys(self._of(key, rows).handles)
        found.pop(sender, None)
        return tuple(handle for handle in found if handle)[:MOST]

    def rows(self, channel: Channel, inbound: Inbound, sender: str) -> dict[str, bytes | None]:
        """The rows by which this message, and what is written in its place, is found again."""
        if not _has_conversations(channel):
            return {}
        found = {self._external(channel, inbound.external_id): Writers((sender,))}
        if inbound.place == "topic":
            place = self._place(channel, inbound)
            writers = self._of(place, self._reader.get([place]))
            known = [handle for handle in writers.handles if handle != sender]
            found[place] = Writers((*known[1 - LATEST :], sender))
        for key, writers in found.items():
            self._remember(key, writers)
        return {key: encode(writers) for key, writers in found.items()}

    def _before(self, channel: Channel, inbound: Inbound) -> Iterable[str]:
        earlier = dict.fromkeys([inbound.in_reply_to, *reversed(inbound.references)])
        for external in [id for id in earlier if id][:MOST]:
            yield self._external(channel, external)
        if inbound.place == "topic":
            yield self._place(channel, inbound)

    def _place(self, channel: Channel, inbound: Inbound) -> str:
        return self._external(channel, f"place {inbound.conversation}")

    def _external(self, channel: Channel, id: str) -> str:
        return "w/" + self._keyed.external(channel.kind, channel.account, id)

    def _of(self, key: str, rows: Mapping[str, bytes]) -> Writers:
        if (known := self._recent.get(key)) is not None:
            return known
        return _writers(rows[key]) if key in rows else Writers()

    def _remember(self, key: str, writers: Writers) -> None:
        self._recent.pop(key, None)
        self._recent[key] = writers
        if len(self._recent) > RECENT:
            self._recent.popitem(last=False)


def _has_conversations(channel: Channel) -> bool:
    return Cap.THREADS in channel.caps
