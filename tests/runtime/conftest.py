"""A running node for tests of its parts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.runtime.house import House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path).running() as house:
        yield house
