"""The exchange of nodes on one Redis: a few keys in the journal's slot, and its clock.

``lease`` runs out by itself.  ``parcels`` holds what was handed over by node and number, in the
order of ``waiting``; ``outcomes`` how parcels have ended; ``nodes`` who is there, with the moment
until which that is so; ``began`` on which server (its process, and the line of replication that
it is the primary of) writers have begun to write, and since when they may not know all; ``told``
what nodes have testified since then, and ``seen`` when each last heard something; ``archived``
which record the archive is at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import msgspec

from omniroute.stores.api import GENESIS, Head
from omniroute.stores.exchange import ALIVE, PARCELS, Began, Heard, Mark, Parcel
from omniroute.stores.redis import Line, head_of
from omniroute.stores.redis_server import Place

LEASE: Final = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return holder end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
"""
RELEASE: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""
SERVER: Final = """
local function told(section, field)
  local info = redis.pcall('INFO', section)
  return type(info) == 'string' and string.match(info, field .. ':(%w+)')
end
local run, line = told('server', 'run_id'), told('replication', 'master_replid')
local server = run and line and run .. line
local kept = redis.call('HMGET', KEYS[10], 'server', 'told', 'since')
local here = server and kept[1] == server
"""
HOLDS: Final = """
local function holds(id, hash)
  local there = redis.call('XRANGE', KEYS[9], id, id)[1]
  return id == '0-1' or (there and there[2][2] == hash)
end
"""
BEGIN: Final = (
    HOLDS
    + SERVER
    + """
if not holds(ARGV[3], ARGV[4]) then return {} end
if here then return {kept[2], kept[3] or '0'} end
redis.call('HSET', KEYS[10], 'server', server or '', 'told', ARGV[1], 'since', ARGV[2])
redis.call('DEL', KEYS[11])
return {ARGV[1], ARGV[2]}
"""
)
HAND: Final = """
for i = 1, #ARGV, 2 do
  if redis.call('HSETNX', KEYS[2], ARGV[i], ARGV[i + 1]) == 1 then
    redis.call('ZADD', KEYS[3], redis.call('INCR', KEYS[5]), ARGV[i])
  end
end
"""
HANDED: Final = """
local known, found = {}, {}
for i = 2, #ARGV do known[ARGV[i]] = true end
for _, mark in ipairs(redis.call('ZRANGE', KEYS[3], 0, #ARGV - 2 + tonumber(ARGV[1]))) do
  if not known[mark] and #found < tonumber(ARGV[1]) then
    found[#found + 1] = redis.call('HGET', KEYS[2], mark)
  end
end
return found
"""
SETTLE: Final = (
    HOLDS
    + """
if not holds(ARGV[1], ARGV[2]) then return 0 end
for i = 3, #ARGV, 2 do
  if redis.call('ZREM', KEYS[3], ARGV[i]) == 1 then
    redis.call('HSET', KEYS[4], ARGV[i], ARGV[i + 1])
    redis.call('HSET', KEYS[2], ARGV[i], '')
  end
end
return 1
"""
)
TESTIFY: Final = (
    HOLDS
    + """
local kept = redis.call('HGET', KEYS[10], 'told')
if kept ~= ARGV[2] or not holds(ARGV[3], ARGV[4]) then return 0 end
redis.call('HSET', KEYS[11], ARGV[1], ARGV[5])
return 1
"""
)
TESTIMONIES: Final = """
if redis.call('HGET', KEYS[10], 'told') ~= ARGV[1] then return {} end
return redis.call('HGETALL', KEYS[11])
"""
OF_NODE: Final = """
local found, cursor = {}, '0'
repeat
  local page = redis.call('HSCAN', KEYS[tonumber(ARGV[2])], cursor, 'MATCH', ARGV[1], 'COUNT', 1000)
  cursor = page[1]
  for i = 1, #page[2], 2 do
    found[#found + 1] = page[2][i]; found[#found + 1] = page[2][i + 1]
  end
until cursor == '0'
"""
PARCELS_OF: Final = OF_NODE + "return found"
NOW: Final = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
"""
HEAR: Final = (
    OF_NODE
    + HOLDS
    + SERVER
    + NOW
    + """
local held = holds(ARGV[3], ARGV[4])
local nodes, alive, reported = {}, tonumber(ARGV[6]), redis.call('HGETALL', KEYS[6])
local last = tonumber(redis.call('HGET', KEYS[12], ARGV[5]) or 0)
if now < last or now - last > alive / 10 then
  redis.call('HSET', KEYS[12], ARGV[5], string.format('%.3f', now))
end
local seen = redis.call('HGETALL', KEYS[12])
for i = 1, #seen, 2 do
  if now - tonumber(seen[i + 1]) < alive then nodes[#nodes + 1] = seen[i] end
end
for i = 1, #reported, 2 do
  local till = tonumber(string.match(reported[i + 1], '^[%d.]+'))
  if till > now then nodes[#nodes + 1] = reported[i] end
end
local at = redis.call('HMGET', KEYS[13], 'seq', 'hash')
local archived = at[1] and holds(at[1] .. '-1', at[2]) and at[1] or '0'
local first = redis.call('XRANGE', KEYS[9], '-', '+', 'COUNT', 1)[1]
return {redis.call('HMGET', KEYS[8], 'seq', 'hash'), held and 1 or 0, found,
        here and kept[2] or '0', here and kept[3] or '0', nodes,
        archived, first and first[1] or '1-1'}
"""
)
CLEAR: Final = """
for _, mark in ipairs(ARGV) do
  redis.call('HDEL', KEYS[2], mark); redis.call('ZREM', KEYS[3], mark)
  redis.call('HDEL', KEYS[4], mark)
end
"""
REPORT: Final = (
    NOW
    + """
local till = string.format('%.6f', now + tonumber(ARGV[3]))
redis.call('HSET', KEYS[6], ARGV[1], till .. ' ' .. ARGV[2])
"""
)
REPORTS: Final = (
    NOW
    + """
local found = {}
local all = redis.call('HGETALL', KEYS[6])
for i = 1, #all, 2 do
  local space = string.find(all[i + 1], ' ', 1, true)
  if tonumber(string.sub(all[i + 1], 1, space - 1)) > now then
    found[#found + 1] = all[i]; found[#found + 1] = string.sub(all[i + 1], space + 1)
  end
end
return found
"""
)
AGREE: Final = """
redis.call('HSETNX', KEYS[7], ARGV[1], ARGV[2])
return redis.call('HGET', KEYS[7], ARGV[1])
"""

PARTS: Final = (
    "lease", "parcels", "waiting", "outcomes", "count", "nodes", "agreed", "head", "journal",
    "began", "told", "seen", "archived",
)  # fmt: skip
_encode = msgspec.msgpack.Encoder().encode
_parcel = msgspec.msgpack.Decoder(Parcel).decode


class RedisExchange:
    """An `Exchange` on a connection of its own."""

    def __init__(self, place: Place) -> None:
        """Make a client; it connects when it is asked."""
        self.horizon = place.horizon
        self._line = Line(place)
        self._keys = [f"{{{place.space}}}:{part}" for part in PARTS]

    def lease(self, node: str, seconds: float) -> str:
        return str(self._run(LEASE, node, max(1, round(seconds * 1000))).decode())

    def release(self, node: str) -> None:
        self._run(RELEASE, node)

    def begin(self, at: int, known: Head, since: int) -> Began | None:
        told = self._run(BEGIN, at, since, *_record(known))
        return Began(*map(int, told)) if told else None

    def testify(self, node: str, began: int, known: Head, what: bytes) -> bool:
        return bool(self._run(TESTIFY, node, began, *_record(known), what))

    def testimonies(self, began: int) -> dict[str, bytes]:
        found = self._run(TESTIMONIES, began)
        pairs = zip(found[::2], found[1::2], strict=True)
        return {name.decode(): what for name, what in pairs}

    def hand(self, parcels: Sequence[Parcel]) -> None:
        given: list[bytes | str] = []
        for parcel in parcels:
            given += _field(parcel.mark), _encode(parcel)
        if given:
            self._run(HAND, *given)

    def handed(self, known: Collection[Mark], limit: int = PARCELS) -> list[Parcel]:
        return [_parcel(found) for found in self._run(HANDED, limit, *map(_field, known))]

    def settle(self, outcomes: Mapping[Mark, str], known: Head = GENESIS) -> bool:
        given: list[bytes | str] = list(_record(known))
        for mark, why in outcomes.items():
            given += _field(mark), why
        return bool(self._run(SETTLE, *given))

    def hear(self, node: str, known: Head = GENESIS) -> Heard:
        given = f"{node}/*", 4, *_record(known), node, ALIVE
        head, holds, found, at, since, nodes, archived, first = self._run(HEAR, *given)
        ended = {
            _number(mark): why.decode() for mark, why in zip(found[::2], found[1::2], strict=True)
        }
        return Heard(
            head_of(head),
            bool(holds),
            ended,
            Began(int(at), int(since)),
            frozenset(map(bytes.decode, nodes)),
            int(archived),
            int(first.partition(b"-")[0]),
        )

    def archived(self, at: Head) -> None:
        said = {"seq": at[0], "hash": at[1]}
        self._line.ask(lambda client: client.hset(self._keys[12], mapping=said))

    def clear(self, node: str, ids: Collection[int] | None = None) -> None:
        if ids is None:
            marks = self._run(PARCELS_OF, f"{node}/*", 2)[::2]
        else:
            marks = [_field((node, id)) for id in ids]
        if marks:
            self._run(CLEAR, *marks)

    def report(self, node: str, about: bytes, seconds: float) -> None:
        self._run(REPORT, node, about, seconds)

    def reports(self) -> dict[str, bytes]:
        found = self._run(REPORTS)
        pairs = zip(found[::2], found[1::2], strict=True)
        return dict(sorted((name.decode(), about) for name, about in pairs))

    def waiting(self) -> int:
        return int(self._line.ask(lambda client: client.zcard(self._keys[2])))

    def agree(self, name: str, value: bytes) -> bytes:
        return bytes(self._run(AGREE, name, value))

    def close(self) -> None:
        self._line.close()

    def _run(self, script: str, *given: bytes | str | float) -> Any:
        keys = self._keys
        return self._line.ask(lambda client: client.eval(script, len(keys), *keys, *given))


def _record(head: Head) -> tuple[str, bytes]:
    return f"{head[0]}-1", head[1]


def _field(mark: Mark) -> str:
    return f"{mark[0]}/{mark[1]}"


def _number(field: bytes) -> int:
    return int(field.rpartition(b"/")[2])
