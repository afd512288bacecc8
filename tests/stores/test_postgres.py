"""PostgreSQL holds the contract, and says what it does not promise; on a real server."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.stores.exchange_contract import ExchangeContract
from tests.stores.shelf_contract import ShelfContract

from omniroute.errors import ConfigError
from omniroute.stores.api import GENESIS, Moved, Store, Unavailable
from omniroute.stores.exchange import Exchange
from omniroute.stores.postgres import PostgresStore
from omniroute.stores.postgres_server import Place
from omniroute.stores.shelf import Shelf
from omniroute.testing.lost_answer import LostAnswer
from omniroute.testing.postgres_server import PostgresServer, postgres
from omniroute.testing.store_contract import StoreContract

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres() as server:
        yield server


NUMBERS = itertools.count()


class TestPostgresStore(StoreContract):
    """Each folder is a schema of its own."""

    examples = 10  # a commit is a round trip and an fsync

    @pytest.fixture(autouse=True)
    def on(self, server: PostgresServer) -> None:
        self.url = server.url

    def open(self, folder: Path) -> Store:
        name = folder / "space"
        if not name.exists():
            name.write_text(f"s{next(NUMBERS)}")
        return PostgresStore(f"{self.url}?space={name.read_text()}")


class TestPostgresExchange(ExchangeContract):
    @pytest.fixture
    def exchange(self, server: PostgresServer) -> Iterator[Exchange]:
        store = PostgresStore(f"{server.url}?space=x{next(NUMBERS)}")
        exchange = store.exchange()
        store.close()
        yield exchange
        exchange.close()


class TestPostgresShelf(ShelfContract):
    @pytest.fixture
    def shelf(self, server: PostgresServer) -> Iterator[Shelf]:
        store = PostgresStore(f"{server.url}?space=b{next(NUMBERS)}")
        shelf = store.shelf()
        store.close()
        yield shelf
        shelf.close()


def test_two_nodes_share_a_store_and_only_one_of_two_commits_happens(
    server: PostgresServer,
) -> None:
    url = f"{server.url}?space=shared"
    one, other = PostgresStore(url), PostgresStore(url)
    head = one.commit(GENESIS, [b"one"], {"k": b"1"})
    with pytest.raises(Moved) as moved:
        other.commit(GENESIS, [b"other"], {"k": b"2"})
    assert moved.value.found == head
    assert other.get(["k"], head) == {"k": b"1"}
    assert other.commit(head, [b"other"], {"k": b"2"})[0] == 2
    one.close()
    other.close()


def test_a_server_that_comes_back_is_asked_again(server: PostgresServer) -> None:
    store = PostgresStore(f"{server.url}?space=back")
    reader = store.reader()
    head = store.commit(GENESIS, [b"one"], {"k": b"1"})
    assert reader.head() == head
    server.kill()
    said = r"postgresql://desk@127.0.0.1:\d+/postgres \(back\): .* — check that the server runs"
    for ask in (store.head, reader.head, lambda: store.commit(head, [b"two"], {})):
        with pytest.raises(Unavailable, match=said):
            ask()
    server.start()
    assert reader.head() == store.head() == head
    assert store.commit(head, [b"two"], {})[0] == 2
    reader.close()
    store.close()


def test_a_commit_whose_answer_is_lost_is_settled_by_asking(server: PostgresServer) -> None:
    with LostAnswer(server.port, b"one after all") as port:
        url = server.url.replace(str(server.port), str(port))
        store = PostgresStore(f"{url}?space=doubt&sslmode=disable")
        head = store.commit(GENESIS, [b"one after all"], {"k": b"1"})
        assert store.head() == head
        assert store.get(["k"], head) == {"k": b"1"}
        store.close()


def test_a_closed_store_says_so(server: PostgresServer) -> None:
    store = PostgresStore(server.url)
    store.close()
    with pytest.raises(Unavailable, match="closed"):
        store.head()


def test_a_database_that_is_not_there_is_named(server: PostgresServer) -> None:
    url = server.url.replace("/postgres", "/desk")
    with pytest.raises(Unavailable, match='database "desk" does not exist — make the database'):
        PostgresStore(url)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("space=Robert';--", "cannot name a schema — begin with a small letter"),
        ("accept_loss=maybe", "accept_loss is “maybe” — write yes or no"),
    ],
)
def test_a_url_that_cannot_be_meant_is_refused(query: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Place.read(f"postgresql://host/desk?{query}")


def test_a_password_is_not_shown() -> None:
    place = Place.read("postgresql://ana:hunter2@db.example:5433/desk?sslmode=require&space=eu")
    assert f"{place} {place!r}".count("hunter2") == 0
    assert str(place) == "postgresql://ana@db.example:5433/desk (eu)"
    assert place.dsn == "postgresql://ana:hunter2@db.example:5433/desk?sslmode=require"
