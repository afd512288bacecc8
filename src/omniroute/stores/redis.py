"""Redis or Valkey, for a team that wants nothing else: the same contract, in a dozen lines of Lua.

Everything of a *space* lies under keys with one hash tag, so in one slot of a cluster: ``head``,
``journal`` (a stream whose ids are the records' numbers), ``rows``, and ``order``, their keys for
scans.  A script is the transaction: it compares number and hash of the head, then writes all.
Nothing of the domain is in it.

URLs: ``redis://``, ``rediss://`` (TLS), ``redis+sentinel://host:26379,host2/name``, and
``redis+cluster://host``; each may end with ``?space=eu`` and ``&accept_loss=yes``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import redis

from omniroute.stores.api import (
    GENESIS,
    Corrupt,
    Head,
    InDoubt,
    Moved,
    Record,
    Unavailable,
    chained,
    check_keys,
    check_page,
    read_at,
)
from omniroute.stores.doubt import settle
from omniroute.stores.exchange import Exchange
from omniroute.stores.memory import MemoryReader, MemoryStore
from omniroute.stores.redis_server import Place, check_promises, close_client, open_client
from omniroute.stores.shelf import Shelf

T = TypeVar("T")

COMMIT: Final = """
local head = redis.call('HMGET', KEYS[1], 'seq', 'hash')
if (head[1] or '0') ~= ARGV[1] or (head[2] or ARGV[3]) ~= ARGV[2] then return 0 end
local i = 5
for _ = 1, tonumber(ARGV[4]) do
  redis.call('XADD', KEYS[2], ARGV[i] .. '-1', 'h', ARGV[i + 1], 'b', ARGV[i + 2]); i = i + 3
end
redis.call('HSET', KEYS[1], 'seq', ARGV[i - 3], 'hash', ARGV[i - 2])
for p = i, #ARGV, 3 do
  local key = ARGV[p + 1]
  if ARGV[p] == '1' then
    redis.call('HSET', KEYS[3], key, ARGV[p + 2]); redis.call('ZADD', KEYS[4], 0, key)
  else redis.call('HDEL', KEYS[3], key); redis.call('ZREM', KEYS[4], key) end
end
return 1
"""

GET: Final = """
local found = {redis.call('HMGET', KEYS[1], 'seq', 'hash')}
for i, key in ipairs(ARGV) do found[i + 1] = redis.call('HGET', KEYS[3], key) end
return found
"""

SCAN: Final = """
local keys = redis.call('ZRANGEBYLEX', KEYS[4], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
local found = {redis.call('HMGET', KEYS[1], 'seq', 'hash')}
for _, key in ipairs(keys) do
  found[#found + 1] = key; found[#found + 1] = redis.call('HGET', KEYS[3], key)
end
return found
"""

TRIM: Final = """
local head = redis.call('HMGET', KEYS[1], 'seq', 'hash')
if (head[1] or '0') ~= ARGV[1] or (head[2] or ARGV[3]) ~= ARGV[2] then return -1 end
local gone, first = 0, 6 + 2 * tonumber(ARGV[5])
for i = 6, first - 1, 2 do
  redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]); redis.call('ZADD', KEYS[4], 0, ARGV[i])
end
for i = first, #ARGV, 2 do
  if redis.call('HGET', KEYS[3], ARGV[i]) == ARGV[i + 1] then
    redis.call('HDEL', KEYS[3], ARGV[i]); redis.call('ZREM', KEYS[4], ARGV[i]); gone = gone + 1
  end
end
redis.call('XTRIM', KEYS[2], 'MINID', ARGV[4] .. '-0')
return gone
"""

ALL: Final = """
return {redis.call('HMGET', KEYS[1], 'seq', 'hash'), redis.call('HGETALL', KEYS[3])}
"""


COPIED: Final = 10.0  # seconds for a replica to have a commit


class NoCopy(Exception):
    """What was written is on the primary alone: place, fault, fix."""


class RedisStore:
    """A `Store` in one space of a server; any number of processes may hold it."""

    def __init__(self, url: str) -> None:
        """Connect.

        Where the server asks for replicas (``min-replicas-to-write``) a commit returns once as many
        of them have it, so that a failover to one of those loses nothing; `copied` says how many,
        and `patience` how long (s) they are waited for.

        Raises `ConfigError` for a URL that cannot be meant; `Unavailable` for a server that cannot
        be reached, refuses us, or may forget what it has taken.
        """
        self._place = Place.read(url)
        self._closing = threading.Event()
        self._line = Line(self._place)
        self.patience = COPIED
        try:
            self.copied = self._line.ask(lambda client: check_promises(client, self._place))
        except BaseException:
            self._line.close()
            raise

    def head(self) -> Head:
        return self._line.head()

    def get(self, keys: Sequence[str], at: Head) -> dict[str, bytes]:
        check_keys(keys)
        return read_at(at, *self._line.get(keys))

    def scan(self, prefix: str, after: str, limit: int, at: Head) -> list[tuple[str, bytes]]:
        check_page(limit, prefix, after)
        return read_at(at, *self._line.scan(prefix, after, limit))

    def tail(self, after: int, limit: int = 1000) -> list[Record]:
        check_page(limit)
        return self._line.tail(after, limit)

    def commit(self, at: Head, records: Sequence[bytes], puts: Mapping[str, bytes | None]) -> Head:
        return self._link(at, chained(at, records), puts)

    def begin(self, records: Sequence[Record], puts: Mapping[str, bytes | None]) -> Head:
        return self._link(GENESIS, records, puts)

    def _link(self, at: Head, links: Sequence[Record], puts: Mapping[str, bytes | None]) -> Head:
        """As `commit`, of records that have their numbers and hashes."""
        if not links:
            raise ValueError("a commit needs at least one record")
        check_keys(puts)
        arguments: list[bytes | str | int] = [*at, GENESIS[1], len(links)]
        for link in links:
            arguments += link
        for key, value in puts.items():
            arguments += (0, key, b"") if value is None else (1, key, value)
        to: Head = (links[-1].seq, links[-1].hash)
        try:
            if self._line.commit(arguments, self.copied, self.patience):
                return to
        except NoCopy as alone:
            raise InDoubt(*alone.args) from None  # what the head says may not last
        except InDoubt as doubt:
            return settle(doubt, self.head, at, to, self._closing.wait)
        raise Moved(at, self.head())

    def trim(
        self, at: Head, rows: Mapping[str, bytes], through: int, puts: Mapping[str, bytes]
    ) -> int:
        check_keys((*rows, *puts))
        kept = max(min(through + 1, at[0]), 0)  # the first record that stays
        given = [part for row in (*puts.items(), *rows.items()) for part in row]
        gone = int(self._line.run(TRIM, *at, GENESIS[1], kept, len(puts), *given))
        if gone < 0:
            raise Moved(at, self.head())
        return gone

    def reader(self) -> RedisReader:
        return RedisReader(self._place)

    def exchange(self) -> Exchange:
        from omniroute.stores.redis_exchange import RedisExchange  # it stands on this module

        return RedisExchange(self._place)

    def shelf(self) -> Shelf:
        from omniroute.stores.redis_shelf import RedisShelf  # as above

        return RedisShelf(self._place, self.copied, self.patience)

    def close(self) -> None:
        self._closing.set()
        self._line.close()


class RedisReader:
    """A `Reader` on a connection of its own."""

    def __init__(self, place: Place) -> None:
        self._line = Line(place)

    def head(self) -> Head:
        return self._line.head()

    def get(self, keys: Sequence[str]) -> dict[str, bytes]:
        check_keys(keys)
        return self._line.get(keys)[1]

    def scan(self, prefix: str, after: str = "", limit: int = 1000) -> list[tuple[str, bytes]]:
        check_page(limit, prefix, after)
        return self._line.scan(prefix, after, limit)[1]

    def tail(self, after: int, limit: int = 1000) -> list[Record]:
        check_page(limit)
        return self._line.tail(after, limit)

    @contextmanager
    def snapshot(self) -> Iterator[Still]:
        """The rows of one moment, copied: Redis keeps no earlier ones. Records stay as they are."""
        yield Still(self._line, *self._line.everything())

    def damage(self) -> Iterator[Corrupt]:
        """Nothing: Redis lets nobody see how it keeps things."""
        return iter(())

    def close(self) -> None:
        self._line.close()


class Still:
    """A `Reader` at one head."""

    def __init__(self, line: Line, head: Head, rows: dict[str, bytes]) -> None:
        self._line, self._head = line, head
        copied = MemoryStore()
        copied.commit(GENESIS, [b""], rows)
        self._rows = MemoryReader(copied)
        self.get, self.scan = self._rows.get, self._rows.scan

    def head(self) -> Head:
        return self._head

    def tail(self, after: int, limit: int = 1000) -> list[Record]:
        check_page(limit)
        if after >= self._head[0]:
            return []
        return self._line.tail(after, min(limit, self._head[0] - max(after, 0)))

    @contextmanager
    def snapshot(self) -> Iterator[Still]:
        yield self

    def damage(self) -> Iterator[Corrupt]:
        return iter(())

    def close(self) -> None:
        """Nothing to let go of."""


def _fix(error: redis.RedisError) -> str:
    if isinstance(error, redis.AuthenticationError):
        return "check user and password in store.url: redis://USER:PASSWORD@host:6379/0"
    return "check that the server runs, and store.url"


class Line:
    """One client, for one question at a time."""

    def __init__(self, place: Place) -> None:
        self._place, self._turn, self._closed = place, threading.Lock(), False
        self._client = open_client(place)
        self._keys = [f"{{{place.space}}}:{part}" for part in ("head", "journal", "rows", "order")]

    def ask(self, question: Callable[[Any], T]) -> T:
        """Put *question* to the server; raises `Unavailable`."""
        with self._turn:
            if self._closed:
                raise Unavailable(str(self._place), "the store is closed")
            try:
                return question(self._client)
            except redis.RedisError as error:
                raise Unavailable(str(self._place), str(error), _fix(error)) from error

    def head(self) -> Head:
        return head_of(self.ask(lambda client: client.hmget(self._keys[0], "seq", "hash")))

    def get(self, keys: Sequence[str]) -> tuple[Head, dict[str, bytes]]:
        head, *values = self.run(GET, *keys)
        found = zip(keys, values, strict=True)
        return head_of(head), {key: value for key, value in found if value is not None}

    def scan(self, prefix: str, after: str, limit: int) -> tuple[Head, list[tuple[str, bytes]]]:
        least = prefix.encode()
        start = b"(" + after.encode() if after.encode() >= least and after else b"[" + least
        # No UTF-8 contains the byte that ends the prefix's range.
        head, *found = self.run(SCAN, start, b"(" + least + b"\xff", limit)
        rows = zip(found[::2], found[1::2], strict=True)
        return head_of(head), [(key.decode(), value) for key, value in rows]

    def tail(self, after: int, limit: int) -> list[Record]:
        start = f"{max(after, 0) + 1}-0"
        found = self.ask(lambda client: client.xrange(self._keys[1], start, "+", limit))
        return [Record(int(id.partition(b"-")[0]), entry[b"h"], entry[b"b"]) for id, entry in found]

    def everything(self) -> tuple[Head, dict[str, bytes]]:
        """All rows of one head."""
        head, found = self.run(ALL)
        rows = zip(found[::2], found[1::2], strict=True)
        return head_of(head), {key.decode(): value for key, value in rows}

    def commit(
        self, arguments: Sequence[bytes | str | int], copied: int = 0, patience: float = COPIED
    ) -> bool:
        """Run the one script that writes; whether the head was the expected one.

        So many replicas are waited for, with *patience* in seconds; raises `NoCopy` if fewer have
        it by then.
        """
        self.ask(lambda client: client.ping())  # who is away now has certainly not taken it
        try:
            return bool(self.write(COMMIT, self._keys, arguments, copied, patience))
        except Unavailable as error:
            if isinstance(error.__cause__, redis.ConnectionError | redis.TimeoutError):
                raise InDoubt(error.place, error.fault, "ask for the head") from error
            raise

    def write(
        self,
        script: str,
        keys: Sequence[str],
        arguments: Sequence[bytes | str | int],
        copied: int,
        patience: float,
    ) -> Any:
        """What *script* answers once so many replicas have what it wrote; all at once if it is 0.

        Raises `Unavailable`, and `NoCopy` if fewer have it after *patience* (s).
        """
        if not copied:
            return self.ask(lambda client: client.eval(script, len(keys), *keys, *arguments))
        done, copies = self.ask(
            lambda client: _copied(client, (script, len(keys), *keys, *arguments), copied, patience)
        )
        if done and copies < copied:
            few = f"{copies} replicas have" if copies else "no replica has"
            fault = f"{few} what was written after {patience:g} s"
            fix = f"see to the replicas; work goes on with {copied}"
            raise NoCopy(str(self._place), fault, fix)
        return done

    def close(self) -> None:
        """Hang up; twice is harmless."""
        with self._turn:
            if not self._closed:
                self._closed = True
                close_client(self._client)

    def run(self, script: str, *arguments: bytes | str | int) -> Any:
        """What *script* answers, over the four keys; raises `Unavailable`."""
        return self.ask(
            lambda client: client.eval(script, len(self._keys), *self._keys, *arguments)
        )


def _copied(client: Any, script: Sequence[object], copies: int, seconds: float) -> list[Any]:
    """What a script and the wait answer; on one connection, else it waits for others."""
    with client.pipeline(transaction=False) as both:
        both.eval(*script)
        both.wait(copies, round(seconds * 1000))
        answers = both.execute(raise_on_error=False)
    for answer in answers:
        if isinstance(answer, redis.RedisError):
            raise answer
    return list(answers)


def head_of(found: Sequence[bytes | None]) -> Head:
    """The head, as the two fields of its key have it."""
    seq, digest = found
    return GENESIS if seq is None or digest is None else (int(seq), digest)
