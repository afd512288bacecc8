"""``--what-if``: read, or refused with a hint."""

from __future__ import annotations

import pytest

from omniroute.core.model import Status
from omniroute.errors import ConfigError
from omniroute.simulate.what_if import WhatIf, parse


def test_somebody_is_away_for_a_while() -> None:
    change = parse("ana offline 12:00-14:30", ["ana", "bo"])
    assert change == WhatIf("ana", Status.OFFLINE, 720.0, 870.0)
    assert str(change) == "ana offline 12:00-14:30"
    assert parse("bo  away 9:05 - 24:00", ["ana", "bo"]).begins == 545.0


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("ana", "“ana” is no change of somebody's status — as in “ana offline 12:00-14:00”"),
        ("anna offline 12:00-14:00", "nobody is called “anna” — did you mean “ana”?"),
        ("zed offline 12:00-14:00", "nobody is called “zed” — there are: ana, bo"),
        ("ana ofline 12:00-14:00", "“ofline” is no status — did you mean “offline”?"),
        (
            "ana offline 14:00-12:00",
            "“ana offline 14:00-12:00” ends before it begins — from 00:00 to 24:00",
        ),
    ],
)
def test_faults(said: str, fault: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(said, ["ana", "bo"])
    assert str(raised.value) == f"--what-if: {fault}"
