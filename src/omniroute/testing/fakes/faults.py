"""Faults that a script plays: what the network and a platform do on a bad day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

How: TypeAlias = Literal["disconnect", "drop", "delay", "error"]


@dataclass
class Fault:
    """What happens to the next *times* calls of *method* (``*``: of any).

    ``disconnect`` breaks the connection before anything is done, ``drop`` after it (the answer is
    lost, the message is not), ``delay`` answers after *seconds*, ``error`` answers with the HTTP
    status *code* and the platform's words *error*; where these are 0 and empty, with those that
    the platform has for a failure of its own.
    """

    method: str
    how: How
    times: int = 1
    seconds: float = 0.0
    code: int = 0
    error: str = ""
    retry_after: int = 0


class Script:
    """The faults still to come."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Play this one, too."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Play none any more."""
        self._faults.clear()

    def next(self, method: str) -> Fault | None:
        """The fault that this call meets."""
        for fault in self._faults:
            if fault.method in (method, "*") and fault.times > 0:
                fault.times -= 1
                return fault
        return None
