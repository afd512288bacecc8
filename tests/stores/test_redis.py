"""Redis holds the contract, and says what it does not promise; on a real server."""

import itertools
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import redis
from tests.stores.exchange_contract import ExchangeContract
from tests.stores.shelf_contract import ShelfContract
from tests.stores.trim_contract import TrimContract

from omniroute.errors import ConfigError
from omniroute.stores.api import GENESIS, InDoubt, Moved, Store, Unavailable, verify_chain
from omniroute.stores.exchange import Exchange
from omniroute.stores.redis import RedisStore
from omniroute.stores.redis_server import Place
from omniroute.stores.shelf import Shelf
from omniroute.stores.tiered import Trimmable
from omniroute.testing.lost_answer import LostAnswer
from omniroute.testing.redis_server import RedisServer, redis_server
from omniroute.testing.server_process import free_port, until
from omniroute.testing.store_contract import StoreContract

pytestmark = pytest.mark.redis


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


NUMBERS = itertools.count()


class TestRedisStore(StoreContract):
    """Each folder is a space of its own."""

    examples = 15  # a commit is a round trip and an fsync

    @pytest.fixture(autouse=True)
    def on(self, server: RedisServer) -> None:
        self.url = server.url

    def open(self, folder: Path) -> Store:
        name = folder / "space"
        if not name.exists():
            name.write_text(f"s{next(NUMBERS)}")
        return RedisStore(f"{self.url}?space={name.read_text()}")


class TestTrimmingRedis(TrimContract):
    @pytest.fixture
    def store(self, server: RedisServer) -> Iterator[Trimmable]:
        store = RedisStore(f"{server.url}?space=t{next(NUMBERS)}")
        yield store
        store.close()


class TestRedisExchange(ExchangeContract):
    @pytest.fixture
    def exchange(self, server: RedisServer) -> Iterator[Exchange]:
        store = RedisStore(f"{server.url}?space=x{next(NUMBERS)}")
        exchange = store.exchange()
        store.close()
        yield exchange
        exchange.close()


def test_what_the_archive_has_counts_while_it_is_of_the_same_journal(server: RedisServer) -> None:
    with (
        closing(RedisStore(f"{server.url}?space=x{next(NUMBERS)}")) as store,
        closing(store.exchange()) as exchange,
    ):
        head = store.commit(GENESIS, [b"one", b"two", b"three"], {})

        def told() -> tuple[bool, int, int]:
            heard = exchange.hear("one", head)
            return heard.holds, heard.archived, heard.first

        assert told() == (True, 0, 1)
        exchange.archived((2, b"of another jour!"))
        assert told() == (True, 0, 1)
        exchange.archived(store.tail(1, 1)[0][:2])
        assert told() == (True, 2, 1)
        store.trim(head, {}, 1, {})
        assert told() == (True, 2, 2)
        exchange.archived(GENESIS)
        assert told() == (True, 0, 2)


def test_who_begins_on_a_server_that_may_have_forgotten_something_is_told_so() -> None:
    with (
        redis_server() as server,
        redis.Redis(port=server.port) as client,
        closing(RedisStore(server.url)) as store,
        closing(store.exchange()) as exchange,
    ):

        def begun(at: int) -> int:
            began = exchange.begin(at, GENESIS, 0)
            assert began is not None
            assert exchange.hear("one").began == began
            return began.at

        assert (begun(5), begun(9)) == (5, 5)
        assert exchange.testify("one", 5, GENESIS, b"what")
        client.replicaof("127.0.0.1", free_port())
        client.replicaof("NO", "ONE")  # it has been a replica meanwhile
        assert exchange.hear("one").began == (0, 0)
        assert (begun(11), begun(12)) == (11, 11)
        assert exchange.testimonies(11) == {}
        server.kill()
        server.start()
        assert (begun(13), begun(14)) == (13, 13)
        client.flushall()
        assert begun(15) == 15


class TestRedisShelf(ShelfContract):
    @pytest.fixture
    def shelf(self, server: RedisServer) -> Iterator[Shelf]:
        store = RedisStore(f"{server.url}?space=b{next(NUMBERS)}")
        shelf = store.shelf()
        store.close()
        yield shelf
        shelf.close()


def test_two_nodes_share_a_store_and_only_one_of_two_commits_happens(server: RedisServer) -> None:
    url = f"{server.url}?space=shared"
    one, other = RedisStore(url), RedisStore(url)
    head = one.commit(GENESIS, [b"one"], {"k": b"1"})
    with pytest.raises(Moved) as moved:
        other.commit(GENESIS, [b"other"], {"k": b"2"})
    assert moved.value.found == head
    assert other.get(["k"], head) == {"k": b"1"}
    assert other.commit(head, [b"other"], {"k": b"2"})[0] == 2
    one.close()
    other.close()


def test_a_server_that_was_killed_has_what_it_took_and_is_asked_again(server: RedisServer) -> None:
    store = RedisStore(f"{server.url}?space=back")
    reader = store.reader()
    head = store.commit(GENESIS, [b"one"], {"k": b"1"})
    assert reader.head() == head
    server.kill()
    said = r"redis://127.0.0.1:\d+ \(back\): .* — check that the server runs, and store.url"
    for ask in (store.head, reader.head, lambda: store.commit(head, [b"two"], {})):
        with pytest.raises(Unavailable, match=said):
            ask()
    server.start()
    assert reader.head() == store.head() == head
    assert store.commit(head, [b"two"], {})[0] == 2
    assert verify_chain(reader) is None
    reader.close()
    store.close()


def test_a_commit_whose_answer_is_lost_is_settled_by_asking(server: RedisServer) -> None:
    with LostAnswer(server.port, b"XADD") as port:
        store = RedisStore(f"redis://127.0.0.1:{port}?space=doubt")
        head = store.commit(GENESIS, [b"one"], {"k": b"1"})
        assert store.head() == head
        assert store.commit(head, [b"two"], {"k": b"2"})[0] == 2
        store.close()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("--appendonly", "no"), "appendonly is off, .* CONFIG SET appendonly yes; or add accept"),
        (("--appendfsync", "everysec"), "appendfsync is everysec, so what was acknowledged may be"),
        (
            ("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"),
            r"it evicts \(allkeys-lru\)",
        ),
    ],
)
def test_a_server_that_may_forget_is_refused_unless_that_is_meant(
    settings: tuple[str, ...], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with redis_server(*settings) as server:
        with pytest.raises(Unavailable, match=said):
            RedisStore(server.url)
        store = RedisStore(f"{server.url}?accept_loss=yes")
        assert "accept_loss says that this is meant" in caplog.text
        store.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://h?space={x}", "cannot name a space"),
        ("redis://h?accept_loss=maybe", "accept_loss is “maybe” — write yes or no"),
    ],
)
def test_a_url_that_cannot_be_meant_is_refused(url: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Place.read(url)


def test_an_option_that_nobody_knows_is_named() -> None:
    with pytest.raises(ConfigError, match="no such option: stable_aftr — did you mean “stable_aft"):
        RedisStore("redis://127.0.0.1:1/0?stable_aftr=60")


def test_a_wrong_password_is_told_from_a_server_that_is_away(server: RedisServer) -> None:
    with pytest.raises(Unavailable, match=r"check user and password in store\.url"):
        RedisStore(server.url.replace("://", "://ana:wrong@"))


def test_sentinels_need_the_name_of_what_they_watch() -> None:
    with pytest.raises(ConfigError, match="no name of the watched primary"):
        RedisStore("redis+sentinel://127.0.0.1")


def test_a_password_is_not_shown() -> None:
    place = Place.read("rediss://ana:hunter2@cache.example:6380/1?space=eu")
    assert "hunter2" not in f"{place} {place!r}"
    assert str(place) == "rediss://cache.example:6380/1 (eu)"


# --- what a server may do to a store that is open ---


def refusal(store: Store, said: str) -> None:
    """A commit is refused whole; what is stored is as it was."""
    head = store.head()
    with pytest.raises(Unavailable, match=said):
        store.commit(head, [b"no"], {"no": b"1"})
    assert store.head() == head


def test_f27_a_primary_that_became_a_replica_refuses_and_one_again_takes(
    server: RedisServer,
) -> None:
    store = RedisStore(f"{server.url}?space=replica")
    head = store.commit(GENESIS, [b"one"], {})
    with redis.Redis(port=server.port) as client:
        client.replicaof("127.0.0.1", free_port())
        refusal(store, "read only replica")
        client.replicaof("NO", "ONE")
    assert store.commit(head, [b"two"], {})[0] == 2
    store.close()


def test_what_is_written_is_told_when_a_replica_has_it(server: RedisServer) -> None:
    url = f"{server.url}?space=copied"
    with (
        redis_server("--replicaof", "127.0.0.1", str(server.port)) as replica,
        redis.Redis(port=server.port) as client,
        ExitStack() as closed,
    ):
        client.config_set("min-replicas-to-write", 1)
        good = "min_slaves_good_slaves"
        until("the replica is there", 30, lambda: client.info("replication").get(good))
        store = RedisStore(url)
        try:
            assert store.copied
            head = store.commit(GENESIS, [b"one"], {})
            replica.pause()
            store.patience = 0.2
            shelf = closed.enter_context(closing(store.shelf()))
            for write in (shelf.claim, lambda owner: shelf.put(owner, {("book", b"k"): b"1"})):
                with pytest.raises(Unavailable, match="no replica has what was written"):
                    write("me")
            with pytest.raises(InDoubt, match="no replica has what was written"):
                store.commit(head, [b"two"], {})
            replica.resume()
            store.patience = 30
            patient = closed.enter_context(closing(store.shelf()))
            patient.put("me", {("book", b"k"): b"2"})
            assert store.commit(store.head(), [b"three"], {})[0] == 3
            with redis.Redis(port=replica.port) as there:
                assert there.hget("{copied}:head", "seq") == b"3"
                assert there.hget("{copied}:shelf/book", "k") == b"2"
        finally:
            store.close()
            client.config_set("min-replicas-to-write", 0)


def test_f28_without_memory_left_a_commit_is_refused_whole(server: RedisServer) -> None:
    store = RedisStore(f"{server.url}?space=memory")
    head = store.commit(GENESIS, [b"one"], {"k": b"1"})
    with redis.Redis(port=server.port) as client:
        client.config_set("maxmemory", "100kb")
        refusal(store, "maxmemory")
        assert store.get(["k"], head) == {"k": b"1"}
        client.config_set("maxmemory", "0")
    assert store.commit(head, [b"two"], {})[0] == 2
    store.close()


def test_f32_a_server_that_is_busy_with_somebody_elses_script_is_asked_again(
    server: RedisServer,
) -> None:
    store = RedisStore(f"{server.url}?space=busy")
    head = store.commit(GENESIS, [b"one"], {})
    with (
        redis.Redis(port=server.port) as client,
        socket.create_connection(("127.0.0.1", server.port)) as somebody,
    ):
        client.config_set("lua-time-limit", 50)
        somebody.sendall(b'EVAL "while 1 do end" 0\r\n')
        until("it says that it is busy", 20, lambda: says_busy(client))
        with pytest.raises(Unavailable, match=r"(?i)busy"):
            store.commit(head, [b"no"], {})
        client.script_kill()
        until("it answers again", 20, lambda: not says_busy(client))
    assert store.commit(head, [b"two"], {})[0] == 2
    store.close()


def says_busy(client: redis.Redis) -> bool:
    try:
        client.ping()
    except redis.ResponseError as error:
        return "busy" in str(error).lower()
    return False
