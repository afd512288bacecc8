"""Faults that a script plays: what the network and Slack do on a bad day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

How = Literal["disconnect", "drop", "delay", "error"]


@dataclass
class Fault:
    """What happens to the next *times* calls of *method*.

    ``disconnect`` breaks the connection before anything is done, ``drop`` after it (the answer is
    lost, the message is not), ``delay`` answers after *seconds*, ``error`` answers with *code* and
    Slack's word *error*.
    """

    method: str
    how: How
    times: int = 1
    seconds: float = 0.0
    code: int = 200
    error: str = "internal_error"
    retry_after: int = 0


class Script:
    """The faults still to come."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Play this one, too."""
        self._faults.append(fault)

    def next(self, method: str) -> Fault | None:
        """The fault that this call meets."""
        for fault in self._faults:
            if fault.method in (method, "*") and fault.times > 0:
                fault.times -= 1
                return fault
        return None
