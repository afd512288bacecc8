"""How things stand at the last commit, read from the core's own rows.

Commands are authorised on this, never on the views, which may lag behind: an accept must not be
judged by who had the thread a moment ago.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from omniroute.core.model import Agent, Thread
from omniroute.core.participants import last_written
from omniroute.runtime.rows import Body, Reached
from omniroute.stores.api import Reader

_thread = msgspec.json.Decoder(Thread)
_agent = msgspec.json.Decoder(Agent)
_body = msgspec.json.Decoder(Body)
_reached = msgspec.json.Decoder(Reached)


@dataclass(frozen=True, slots=True)
class Standing:
    """A thread (open, closed or folded) and the agents asked for; ``None`` for what is not."""

    thread: Thread | None
    agents: dict[str, Agent]


@dataclass(frozen=True, slots=True)
class LastWords:
    """What was said last from outside, who said it, and when (ms since the epoch)."""

    name: str = ""
    text: str = ""
    at: int = 0


class Present:
    """Blocking reads of committed rows; call them in a thread."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def standing(self, thread: int, *agents: str) -> Standing:
        """*thread*, if not 0, and those of *agents* that exist."""
        open, closed = f"t/{thread}", f"tc/{thread}"
        keys = [open, closed] if thread else []
        rows = self._reader.get([*keys, *(f"a/{agent}" for agent in agents if agent)])
        row = rows.get(open, rows.get(closed))
        found = {agent: rows[f"a/{agent}"] for agent in agents if f"a/{agent}" in rows}
        return Standing(
            None if row is None else _thread.decode(row),
            {agent: _agent.decode(row) for agent, row in found.items()},
        )

    def head(self) -> int:
        """The number of the last record."""
        return self._reader.head()[0]

    def last_words(self, thread: Thread) -> LastWords:
        """The last message in *thread* from outside, the customer's or a participant's."""
        written = last_written(thread)
        body, reached = f"b/{written.message}", f"p/{written.handle}"
        rows = self._reader.get([body, reached])
        who = _reached.decode(rows[reached]) if reached in rows else None
        said = _body.decode(rows[body]).text if body in rows else ""
        name = (who.display or who.value) if who is not None else ""
        return LastWords(name, said, written.at)

    def reached(self, handle: str) -> Reached | None:
        """The address behind a handle."""
        key = f"p/{handle}"
        row = self._reader.get([key]).get(key)
        return None if row is None else _reached.decode(row)

    def body(self, message: str) -> Body | None:
        """What was said in *message*."""
        key = f"b/{message}"
        row = self._reader.get([key]).get(key)
        return None if row is None else _body.decode(row)
