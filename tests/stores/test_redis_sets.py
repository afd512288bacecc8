"""Several Redis servers: one that the sentinels call the primary, and a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from tests.stores.exchange_contract import parcel

from omniroute.errors import StoreError
from omniroute.stores.api import GENESIS, Head, InDoubt, Moved, Unavailable, verify_chain
from omniroute.stores.redis import RedisStore
from omniroute.stores.redis_server import only_a_primary
from omniroute.testing.redis_server import RedisServer
from omniroute.testing.redis_sets import PATIENCE, Watched, cluster, watched
from omniroute.testing.server_process import until

pytestmark = pytest.mark.redis


@pytest.fixture
def servers() -> Iterator[Watched]:
    with watched("--min-replicas-to-write", "1") as servers:
        yield servers


def stand_still(server: RedisServer) -> None:
    server.pause()


def die(server: RedisServer) -> None:
    server.kill()


@pytest.mark.parametrize("end", [stand_still, die])
def test_f27_after_a_failover_the_new_primary_is_found(
    servers: Watched, end: Callable[[RedisServer], None]
) -> None:
    """What all replicas have is there, and commits go on.

    That one has a commit, which `commit` waits for, is no promise that this one is chosen.
    """
    store = RedisStore(servers.url)
    assert store.copied
    told: list[Head] = [store.commit(GENESIS, [b"0"], {"k": b"0"})]
    for number in range(1, 20):
        told.append(store.commit(told[-1], [b"%d" % number], {"k": b"%d" % number}))
    servers.copied()
    end(servers.primary)

    def commits() -> bool:
        try:
            told.append(store.commit(store.head(), [b"after"], {"k": b"after"}))
        except StoreError:
            return False  # refused, or in doubt: nobody was told
        return True

    until("a commit is taken again", PATIENCE, commits)
    found = {record[:2] for record in store.tail(0, 1000)}
    assert set(told) <= found
    assert store.get(["k"], told[-1]) == {"k": b"after"}
    assert verify_chain(store) is None  # type: ignore[arg-type]
    store.close()


def test_whoever_follows_another_server_is_not_asked(servers: Watched) -> None:
    """Not even by who only reads, and would stay there, behind, whoever is the primary."""
    greet: Any = only_a_primary
    follows = servers.replicas[0]
    with redis.Redis(port=servers.primary.port, redis_connect_func=greet) as client:
        assert client.ping()
    with redis.Redis(port=follows.port, redis_connect_func=greet) as client:
        with pytest.raises(redis.ConnectionError, match="it follows another server"):
            client.ping()
        servers.ask(follows, "REPLICAOF", "NO", "ONE")
        assert client.ping()


def test_f26_of_two_primaries_one_history_wins(servers: Watched) -> None:
    """Who is left with the old primary gets nothing done there, and is told when it is back."""
    left = RedisStore(f"{servers.primary.url}?socket_timeout=2")
    head = left.commit(GENESIS, [b"one"], {})
    servers.copied()
    left.patience = 0.2
    for each in servers.replicas:  # the others part from it: to them it is gone
        servers.ask(each, "REPLICAOF", "NO", "ONE")
    new, follows = servers.replicas
    servers.ask(follows, "REPLICAOF", "127.0.0.1", new.port)
    for _ in range(2):  # taken there, and not to be relied upon; then refused
        with pytest.raises((InDoubt, Unavailable)):
            left.commit(left.head(), [b"in vain"], {})

    other = RedisStore(f"{new.url}?socket_timeout=2")
    until("a replica follows", PATIENCE, lambda: taken(other, head))
    servers.ask(servers.primary, "REPLICAOF", "127.0.0.1", new.port)
    until("the old one has what the new one has", PATIENCE, lambda: left.head()[0] == 2)
    with pytest.raises((Moved, Unavailable)):
        left.commit(head, [b"in vain"], {})
    assert [record.body for record in left.tail(0)] == [b"one", b"wins"]
    left.close()
    other.close()


def taken(store: RedisStore, at: Head) -> bool:
    try:
        store.commit(at, [b"wins"], {})
    except Unavailable:
        return False
    return True


def test_a_space_lies_in_one_slot_of_a_cluster() -> None:
    with cluster() as url:
        stores = [RedisStore(f"{url}?space=s{number}") for number in range(4)]
        for store in stores:
            head = store.commit(GENESIS, [b"one", b"two"], {"a": b"1", "b": b"2"})
            assert store.get(["a", "b"], head) == {"a": b"1", "b": b"2"}
            assert store.scan("", "", 10, head) == [("a", b"1"), ("b", b"2")]
            with pytest.raises(Moved):
                store.commit(GENESIS, [b"late"], {})
            reader, exchange = store.reader(), store.exchange()
            assert verify_chain(reader) is None
            with reader.snapshot() as still:
                assert still.scan("") == [("a", b"1"), ("b", b"2")]
            assert exchange.lease("one", 60) == "one"
            exchange.hand([parcel(1)])
            assert exchange.handed(()) == [parcel(1)]
            assert exchange.settle({("one", 1): ""}, head)
            assert exchange.hear("one", head)[:3] == (head, True, {1: ""})
            reader.close()
            exchange.close()
            store.close()


def test_sentinels_that_know_no_primary_say_so() -> None:
    with watched(replicas=0) as servers, pytest.raises(Unavailable, match="No master found"):
        RedisStore(servers.url.replace("/desk/", "/other/"))
