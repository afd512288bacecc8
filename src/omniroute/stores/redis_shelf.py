"""The shelf on a Redis: a hash for each book, in the journal's slot, and a key with its owner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from omniroute.stores.api import Unavailable
from omniroute.stores.redis import COPIED, Line, NoCopy
from omniroute.stores.redis_server import Place
from omniroute.stores.shelf import Displaced, Row

CLAIM: Final = "redis.call('SET', KEYS[1], ARGV[1]); return 1"
PUT: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 2, #ARGV, 4 do
  local book, key = KEYS[tonumber(ARGV[i])], ARGV[i + 2]
  if ARGV[i + 1] == '1' then redis.call('HSET', book, key, ARGV[i + 3])
  else redis.call('HDEL', book, key) end
end
return 1
"""


class RedisShelf:
    """A `Shelf` on a connection of its own."""

    def __init__(self, place: Place, copied: int = 0, patience: float = COPIED) -> None:
        """Make a client; it connects when it is asked.

        What is put is there once *copied* replicas have it, as with a commit; *patience* is for
        how long (s) they are waited for.
        """
        self._line, self._copied, self._patience = Line(place), copied, patience
        self._prefix = f"{{{place.space}}}:shelf"

    def claim(self, owner: str) -> None:
        self._write(CLAIM, [self._prefix], [owner])

    def put(self, owner: str, rows: Mapping[Row, bytes | None]) -> None:
        books = {book: n for n, book in enumerate(dict.fromkeys(book for book, _ in rows), 2)}
        keys = [self._prefix, *map(self._key, books)]
        given: list[bytes | str | int] = [owner]
        for (book, key), value in rows.items():
            given += (books[book], int(value is not None), key, value or b"")
        if not self._write(PUT, keys, given):
            raise Displaced

    def rows(self, book: str) -> dict[bytes, bytes]:
        key = self._key(book)
        return self._line.ask(lambda client: dict(client.hscan_iter(key, count=1000)))

    def close(self) -> None:
        self._line.close()

    def _write(self, script: str, keys: Sequence[str], given: Sequence[bytes | str | int]) -> Any:
        """Raises `Unavailable` also where too few replicas have it: the same is put again."""
        try:
            return self._line.write(script, keys, given, self._copied, self._patience)
        except NoCopy as alone:
            raise Unavailable(*alone.args) from None

    def _key(self, book: str) -> str:
        return f"{self._prefix}/{book}"
