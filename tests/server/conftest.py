"""One server that runs for all tests of a module; each brings customers of its own."""

from collections.abc import Iterator

import pytest
from tests.server.house import House, Running


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with House(tmp_path_factory.mktemp("house")).running() as running:
        yield running
