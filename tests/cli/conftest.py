"""One server that runs for all tests of a module, and a desk with something on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server.house import House, Running


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with House(tmp_path_factory.mktemp("house")).running() as running:
        running.agent("ana")
        running.mail("Joe Miller <joe@mail.example>", "Order 1182", "I was charged twice, please")
        running.wait_for_threads(1)
        running.mail("kim@mail.example", "Gift card", "Can a gift card be used twice?")
        running.wait_for_threads(2)
        yield running


@pytest.fixture
def config(running: Running) -> tuple[str, Path]:
    """Options that name the server."""
    return ("--config", running.house.config)


@pytest.fixture
def nobody(tmp_path: Path) -> tuple[str, Path]:
    """Options that name a server that does not run."""
    return ("--config", House(tmp_path).config)
