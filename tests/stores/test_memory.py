"""The model passes its own suite."""

from pathlib import Path

import pytest
from tests.stores.trim_contract import TrimContract

from omniroute.stores.api import GENESIS, Store, Unavailable
from omniroute.stores.memory import MemoryStore
from omniroute.stores.tiered import Trimmable
from omniroute.testing.store_contract import StoreContract


class TestMemoryStore(StoreContract):
    persistent = False

    def open(self, folder: Path) -> Store:
        return MemoryStore()


class TestTrimmingMemory(TrimContract):
    @pytest.fixture
    def store(self) -> Trimmable:
        return MemoryStore()


def test_a_closed_store_says_so() -> None:
    store = MemoryStore()
    store.close()
    with pytest.raises(Unavailable, match="closed"):
        store.commit(GENESIS, [b"r"], {})
