"""The exchange in memory, which is the model."""

from __future__ import annotations

import pytest
from tests.stores.exchange_contract import ExchangeContract

from omniroute.stores.exchange import Exchange, Shareable
from omniroute.stores.memory import MemoryStore
from omniroute.stores.memory_exchange import MemoryExchange


class TestMemoryExchange(ExchangeContract):
    @pytest.fixture
    def exchange(self) -> Exchange:
        return MemoryExchange(horizon=1000)

    def test_who_begins_is_told_since_when_something_may_be_missing(self) -> None:
        exchange = MemoryExchange(horizon=1000)
        assert (exchange.begin(5), exchange.begin(9)) == (5, 5)
        exchange.become(exchange.copy())  # a server that goes on with a copy
        assert (exchange.begin(11), exchange.begin(12)) == (11, 11)
        exchange.forget()
        assert exchange.begin(13) == 13


def test_a_store_that_is_one_process_s_own_has_none() -> None:
    assert not isinstance(MemoryStore(), Shareable)
