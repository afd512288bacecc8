"""The shelf on a Redis: a hash for each book, in the journal's slot, and a key with its owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from omniroute.stores.redis import Line
from omniroute.stores.redis_server import Place
from omniroute.stores.shelf import Displaced, Row

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

    def __init__(self, place: Place) -> None:
        """Make a client; it connects when it is asked."""
        self._line = Line(place)
        self._prefix = f"{{{place.space}}}:shelf"

    def claim(self, owner: str) -> None:
        self._line.ask(lambda client: client.set(self._prefix, owner))

    def put(self, owner: str, rows: Mapping[Row, bytes | None]) -> None:
        books = {book: n for n, book in enumerate(dict.fromkeys(book for book, _ in rows), 2)}
        keys = [self._prefix, *map(self._key, books)]
        given: list[bytes | str | int] = [owner]
        for (book, key), value in rows.items():
            given += (books[book], int(value is not None), key, value or b"")
        if not self._line.ask(lambda client: client.eval(PUT, len(keys), *keys, *given)):
            raise Displaced

    def rows(self, book: str) -> dict[bytes, bytes]:
        key = self._key(book)
        return self._line.ask(lambda client: dict(client.hscan_iter(key, count=1000)))

    def close(self) -> None:
        self._line.close()

    def _key(self, book: str) -> str:
        return f"{self._prefix}/{book}"
