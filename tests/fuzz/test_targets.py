"""Each parser that `make fuzz` tries for minutes, tried for a moment."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fuzz.targets import targets

TARGETS = targets()
AT_MOST = 20.0  # seconds: here many tests share the machine


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes_is_read_or_refused(name: str) -> None:
    target = TARGETS[name]

    @settings(
        max_examples=settings().max_examples // 10,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def tried(data: st.DataObject) -> None:
        target(data.draw(target.inputs), within=AT_MOST)

    tried()
