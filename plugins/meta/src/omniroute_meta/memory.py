"""What an account remembers while it runs, none of it for ever: the oldest is forgotten first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Latest(dict[K, V]):
    """At most *most* values, by key."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def put(self, key: K, value: V) -> V:
        """Remember *value* as the latest."""
        self.pop(key, None)
        self[key] = value
        if len(self) > self._most:
            del self[next(iter(self))]
        return value


@dataclass
class UnderWay:
    """What has gone of a message that takes several calls, and whether it says that it may have
    come before: so it is composed the same way at each attempt."""

    ids: list[str] = field(default_factory=list)
    marked: bool = False
