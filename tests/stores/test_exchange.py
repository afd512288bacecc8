"""The exchange in memory, which is the model."""

from __future__ import annotations

import pytest
from tests.stores.exchange_contract import ExchangeContract

from omniroute.stores.api import GENESIS
from omniroute.stores.exchange import Exchange, Shareable
from omniroute.stores.memory import MemoryStore
from omniroute.stores.memory_exchange import MemoryExchange


class TestMemoryExchange(ExchangeContract):
    @pytest.fixture
    def exchange(self) -> Exchange:
        return MemoryExchange(horizon=1000)

    def test_who_begins_is_told_since_when_something_may_be_missing(self) -> None:
        exchange = MemoryExchange(horizon=1000)

        def begun(at: int) -> int:
            began = exchange.begin(at, GENESIS, 0)
            assert began is not None
            return began.at

        assert (begun(5), begun(9)) == (5, 5)
        assert exchange.testify("one", 5, GENESIS, b"what")
        exchange.become(exchange.copy())  # a server that goes on with a copy
        assert exchange.hear("one").began == (0, 0)
        assert exchange.testimonies(5) == {}
        assert (begun(11), begun(12)) == (11, 11)
        assert exchange.testimonies(11) == {}
        exchange.forget()
        assert begun(13) == 13


def test_what_the_archive_has_counts_while_it_is_of_the_same_journal() -> None:
    store = MemoryStore()
    exchange = MemoryExchange(store=store, horizon=1000)
    before = store.copy()
    head = store.commit(store.head(), [b"one", b"two"], {})
    exchange.archived(head)
    assert exchange.hear("one").archived == 2
    store.become(before)
    assert exchange.hear("one").archived == 0
    other = store.commit(store.head(), [b"one", b"another two", b"three"], {})
    heard = exchange.hear("one", other)
    assert (heard.holds, heard.archived) == (True, 0)


def test_a_store_that_is_one_process_s_own_has_none() -> None:
    assert not isinstance(MemoryStore(), Shareable)
