"""Traffic on a desk on Redis whose primary is killed again and again; a sentinel names another.

The server stays, or stops where it cannot know what the database has, and is then started again as
a supervisor does.  The judges are the same as where the server is killed: see
`omniroute.testing.crash_trial`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from omniroute.testing.crash_trial import Trial
from omniroute.testing.redis_sets import Watched
from omniroute.testing.server_process import until

BACK: Final = 60.0  # seconds that taking up work again may take on a machine that is busy


class FailoverTrial(Trial):
    """One desk on watched servers."""

    def __init__(self, folder: Path, servers: Watched) -> None:
        super().__init__(folder, _Place(servers.url))
        self._servers = servers
        self.starts = 0  # after the server stopped by itself

    def kill_at_random(
        self, times: int, chance: Random, move: Callable[[int, int], None] = lambda done, all: None
    ) -> None:
        """Kill the primary so many times under traffic; mail and chat go on meanwhile."""
        for done in range(times):
            self.act_for(chance.uniform(0.2, 1.5))
            self._servers.fail_over(lambda: self.act_for(0.1))
            until("the desk works again", BACK, self._works)
            move(done + 1, times)
        self.act()

    def _works(self) -> bool:
        if not self.server.is_alive():
            self.server.wait_for_death()
            self.server.start()
            self.starts += 1
        before = self.number
        self.act_for(0.3)
        return self.number > before + 2  # an answer among them


class _Place:
    """Where the servers are; they are killed elsewhere."""

    def __init__(self, url: str) -> None:
        self.url = url

    def start(self) -> None: ...

    def kill(self) -> None: ...
