"""Traffic on several nodes of one store, whose writer is killed again and again.

Customers' mail goes to any node that answers, an agent works where the writer is.  The judges are
the same as where there is one node: see `omniroute.testing.crash_trial`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any, Final

from omniroute.cli.client import Client
from omniroute.cli.stored import stored
from omniroute.core.events import CustomerWrote, WriterChanged
from omniroute.errors import OmniRouteError
from omniroute.runtime.record import Entry
from omniroute.server.settings import load
from omniroute.testing.crash_trial import Database, Trial, entries_of
from omniroute.testing.server_process import Browserless, ServerProcess, free_port, until

TAKEOVER: Final = 60.0  # seconds that one may take on a machine that is busy


class Machine:
    """A node with a disk of its own."""

    def __init__(self, folder: Path, settings: Callable[[int, int], str]) -> None:
        """*settings* makes the file of an HTTP and an SMTP port."""
        folder.mkdir()
        self.folder, self.http, self.smtp = folder, free_port(), free_port()
        config = folder / "omniroute.toml"
        config.write_text(settings(self.http, self.smtp))
        self.server = ServerProcess(config)
        self.local = Client(folder / "desk.db")

    @property
    def role(self) -> str:
        """What it says it is; empty where it says nothing."""
        try:
            return str(self.local.get("/readyz").get("role", ""))
        except OmniRouteError:
            return ""


class NodesTrial(Trial):
    """One desk on several nodes."""

    def __init__(self, folder: Path, database: Database | None, nodes: int = 2) -> None:
        super().__init__(folder, database)
        self.machines = [self._machine(self.folder / f"node{number}") for number in range(nodes)]
        self.writer = self.machines[0]
        self.kills = 0
        self.killed_at: list[int] = []  # ms

    def _machine(self, folder: Path) -> Machine:
        return Machine(folder, self._settings_of)

    def _settings_of(self, http: int, smtp: int) -> str:
        mine = self.config.read_text().replace(f"port = {self.http}\n", f"port = {http}\n", 1)
        mine = mine.replace(f"listen_port = {self.smtp}\n", f"listen_port = {smtp}\n")
        return mine.replace('folder = "rules"', f'folder = "{self.folder / "rules"}"')

    def open(self) -> None:
        """Start all, the first as the writer."""
        first, *others = self.machines
        first.server.start()
        for machine in others:
            shutil.copy(first.folder / "desk.key", machine.folder / "desk.key")
            machine.server.start()
        self._find()

    def close(self) -> None:
        """End everything."""
        for machine in self.machines:
            if machine.server.is_alive():
                machine.server.kill()
        super().close()

    def local(self) -> Client:
        """The command line's way to the writer."""
        return self.writer.local

    def _find(self) -> None:
        """Learn who writes, and have Ana work there."""

        def found() -> bool:
            writers = [machine for machine in self.machines if machine.role == "writer"]
            if writers:
                self.writer = writers[0]
            return bool(writers)

        until("a node writes", TAKEOVER, found)
        self.ana = Browserless(f"http://127.0.0.1:{self.writer.http}")
        self._let_in()

    # --- traffic ---

    def act(self) -> None:
        """The next thing that happens: two mails to any node, then an answer."""
        if self.number % 3 < 2:
            alive = [machine for machine in self.machines if machine.server.is_alive()]
            self.smtp = alive[self.number % len(alive)].smtp
            self._mail(f"mail {self.number}")
        else:
            self._reply(self.number)
        self.number += 1

    def kill_at_random(
        self, times: int, chance: Random, move: Callable[[int, int], None] = lambda done, all: None
    ) -> None:
        """Kill the writer so many times under traffic; mail goes on while another takes over.

        Now and then the database dies before it, and is back at once.
        """
        for done in range(times):
            self.act_for(chance.uniform(0.2, 1.5))
            if self._database_dies(chance):
                self._find()
                self.act_for(chance.uniform(0.2, 1.5))
            dead = self.writer
            self.killed_at.append(time.time_ns() // 1_000_000)
            dead.server.kill()
            self.act_for(0.5)
            self._find()
            self.act_for(chance.uniform(0.1, 0.5))
            dead.server.start()
            self.kills += 1
            move(done + 1, times)
        self.act()

    def takeovers(self) -> list[float]:
        """Seconds from each kill to the first message that another node has decided."""
        with stored(load(self.config)) as reader:
            return takeovers(self.killed_at, entries_of(reader))

    def nodes(self) -> Any:
        """What the nodes say together."""
        return self.local().get("/api/admin/nodes")

    def _chat_lines(self) -> list[str]:
        return []


def takeovers(kills: Iterable[int], entries: Iterable[Entry]) -> list[float]:
    """Seconds from each of *kills* (ms) to the first message decided once another writes.

    A kill after which none was, as when a trial is broken off, is left out.
    """
    left, found = iter(kills), list[float]()
    killed, taken = next(left, None), False
    for entry in entries:
        if killed is None:
            break
        taken = taken or (entry.at > killed and _is_any(entry, WriterChanged))
        if taken and _is_any(entry, CustomerWrote):
            found.append((entry.at - killed) / 1000)
            killed, taken = next(left, None), False
    return found


def _is_any(entry: Entry, kind: type) -> bool:
    return any(isinstance(event, kind) for event in entry.ev)
