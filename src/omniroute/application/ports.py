"""What the door needs of the runtime, as protocols: small, so that a test can bring its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

from omniroute.core.inputs import AnyInput

Clock: TypeAlias = Callable[[], int]
"""Now, in ms since the epoch."""


class Answered(Protocol):
    """What became of an input: the core's code and values, and the journal's number after it."""

    @property
    def seq(self) -> int: ...
    @property
    def ok(self) -> bool: ...
    @property
    def code(self) -> str: ...
    @property
    def values(self) -> Mapping[str, object]: ...


class Inbox(Protocol):
    """The one writer's letter box."""

    async def submit(
        self, make: Callable[[int], AnyInput], puts: Mapping[str, bytes | None] | None = None
    ) -> Answered:
        """Have the input that *make* builds with the writer's time decided and committed.

        *puts* are private rows written in the same commit.  An input whose key was answered
        before gets that answer again and changes nothing.
        """


class Files(Protocol):
    """Where the bytes of attachments lie."""

    def get(self, sha: str) -> bytes | None:
        """The content named *sha*, or ``None``."""

    def put(self, data: bytes) -> str:
        """Keep *data* for good; its name."""

    def receive(self) -> Receiving:
        """A file that comes piece by piece, and waits to be settled."""

    def settle(self, sha: str) -> int | None:
        """Keep for good what was received as *sha*: its size, ``None`` if it is not there."""


class Receiving(Protocol):
    """A file on its way in."""

    @property
    def size(self) -> int: ...
    def write(self, piece: bytes) -> None: ...
    def finish(self) -> str: ...
    def drop(self) -> None: ...
