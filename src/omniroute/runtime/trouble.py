"""What is tried again and again, and fails: the log says when it begins and when it is over."""

from __future__ import annotations

import logging


class Trouble:
    """One kind of work.  A failure is said once for each reason, and so is that there is none."""

    def __init__(self, log: logging.Logger, what: str, level: int = logging.ERROR) -> None:
        """*what* stays undone meanwhile, as a sentence to which the reason is added."""
        self._log, self._what, self._level = log, what, level
        self._reason = ""

    def met(self, error: Exception) -> None:
        """It has failed, perhaps once more."""
        if (reason := str(error)) != self._reason:
            self._log.log(self._level, "%s: %s", self._what, reason)
            self._reason = reason

    def over(self) -> None:
        """It has worked."""
        if self._reason:
            self._log.info("no longer: %s", self._what)
            self._reason = ""
