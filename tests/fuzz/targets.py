"""Every parser of what strangers, platforms and admins write, and how it may refuse.

A parser may refuse with the errors that its docstring names; whatever else it raises is a finding,
and so is more than a second of work.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

AT_MOST: Final = 1.0  # seconds of work on one input of a few thousand characters


@dataclass(frozen=True, slots=True)
class Target:
    """A parser, and inputs for it."""

    inputs: st.SearchStrategy[Any]
    look: Callable[[Any], object]
    refuses: tuple[type[Exception], ...] = ()

    def __call__(self, given: Any, within: float = AT_MOST) -> None:
        """Have one input read.  Raises what the parser must not."""
        began = time.process_time()
        with suppress(*self.refuses):
            self.look(given)
        spent = time.process_time() - began
        assert spent < within, f"{spent:.1f} s"


def targets() -> dict[str, Target]:
    """All of them, by the names that `make fuzz` knows."""
    from tests.fuzz import admins, mail, platforms, sessions

    return {**mail.TARGETS, **platforms.TARGETS, **admins.TARGETS, **sessions.TARGETS}
