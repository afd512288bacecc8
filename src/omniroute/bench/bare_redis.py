"""The floor of `ingest.redis`: the same rows in pipelined transactions, and a server for both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from omniroute.testing.redis_server import RedisServer, program


class BareRedis:
    """A stream of records and a hash of rows; one round trip for each commit."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url)

    def write(self, commits: Sequence[tuple[Sequence[bytes], Mapping[str, bytes | None]]]) -> None:
        """Write what was committed, in transactions of the same size."""
        for records, puts in commits:
            pipe = self._client.pipeline(transaction=True)
            for record in records:
                pipe.xadd("journal", {"b": record})
            kept: Any = {key: value for key, value in puts.items() if value is not None}
            if kept:
                pipe.hset("rows", mapping=kept)
            if gone := [key for key, value in puts.items() if value is None]:
                pipe.hdel("rows", *gone)
            pipe.execute()

    def close(self) -> None:
        self._client.close()


@contextmanager
def server(folder: Path) -> Iterator[str | None]:
    """The URL of a server that fsyncs every write, in *folder*; none where none is installed."""
    found = program()
    if found is None:
        yield None
        return
    running = RedisServer(folder, found)
    running.start()
    try:
        yield running.url
    finally:
        running.kill()
