"""What fails again and again is said when it begins, for each reason, and when it is over."""

from __future__ import annotations

import logging

import pytest

from omniroute.runtime.trouble import Trouble


def test_the_log_has_the_beginning_and_the_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    trouble = Trouble(logging.getLogger("lease"), "nobody can say who writes")
    trouble.over()
    for reason in ("refused", "refused", "starting up", "starting up"):
        trouble.met(OSError(reason))
    trouble.over()
    trouble.over()
    trouble.met(OSError("starting up"))
    assert [f"{line.levelname} {line.getMessage()}" for line in caplog.records] == [
        "ERROR nobody can say who writes: refused",
        "ERROR nobody can say who writes: starting up",
        "INFO no longer: nobody can say who writes",
        "ERROR nobody can say who writes: starting up",
    ]
