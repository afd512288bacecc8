"""Nodes of two builds on one store, replaced one by one under traffic, and the judgement.

Three who need nothing but a machine that answers: a customer who mails, one in the web chat, and an
agent.  Each goes on to the next machine where one refuses, closes, or asks to come again, as mail
servers and load balancers do, and repeats what was not acknowledged with the same id.  What one of
them waits for an acknowledgement is the gap.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from tests.rolling.builds import Build

from omniroute.testing.crash_trial import TROUBLES, Database, Trial
from omniroute.testing.nodes_trial import Machine, NodesTrial
from omniroute.testing.server_process import PATIENCE, READY, Browserless, ServerProcess, until

PACE: Final = 0.1  # seconds between two things that one of them does
PATIENT: Final = 60.0  # seconds


class Installed(ServerProcess):
    """``omniroute serve`` of one build, in its own environment."""

    def __init__(self, config: Path, build: Build) -> None:
        super().__init__(config)
        self.build = build
        self._running: subprocess.Popen[str] | None = None

    def start(self, crash_at: str = "") -> None:
        """Start, and wait until it says what it is.  Raises `AssertionError` if it ends instead."""
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        with self._log.open("a") as log:
            self._running = subprocess.Popen(
                [self.build.omniroute, "serve", "--config", self.config],
                stdout=subprocess.PIPE, stderr=log, text=True, env=clean,
            )  # fmt: skip
        assert self._running.stdout is not None
        if not self._running.stdout.readline().startswith(READY):
            self.kill()
            raise AssertionError(f"the server did not start:\n{self.log}")

    def is_alive(self) -> bool:
        return self._running is not None and self._running.poll() is None

    def stop(self, seconds: float = PATIENCE) -> int:
        """SIGTERM; the exit code.  Raises `subprocess.TimeoutExpired`."""
        return self._end(signal.SIGTERM, seconds)

    def kill(self) -> None:
        self._end(signal.SIGKILL, PATIENCE)

    def _end(self, by: int, seconds: float) -> int:
        assert self._running is not None
        self._running.send_signal(by)
        code = self._running.wait(seconds)
        assert self._running.stdout is not None
        self._running.stdout.close()
        return code


@dataclass
class Waits:
    """What one of them did, and how long they waited for an acknowledgement."""

    done: int = 0
    longest: float = 0.0


class Rolling(NodesTrial):
    """One desk on several machines, under traffic without an end."""

    def __init__(self, folder: Path, database: Database, build: Build, nodes: int) -> None:
        """All are of *build* at first."""
        self.builds: dict[Machine, Build] = {}
        self._first = build
        self._stopped = threading.Event()
        self.waits = {name: Waits() for name in ("mail", "chat", "agent")}
        self._threads: list[threading.Thread] = []
        self.broken: list[str] = []
        super().__init__(folder, database, nodes)

    def _machine(self, folder: Path) -> Machine:
        machine = super()._machine(folder)
        self._install(machine, self._first)
        return machine

    def _install(self, machine: Machine, build: Build) -> None:
        self.builds[machine] = build
        machine.server = Installed(machine.folder / "omniroute.toml", build)

    def open(self) -> None:
        super().open()
        self.visitor = Browserless(f"http://127.0.0.1:{self.writer.http}")
        self.visitor.post("/channels/webchat/site/session", {})
        for name, act in (
            ("mail", self._mails_in),
            ("chat", self._chats),
            ("agent", self._answers),
        ):
            thread = threading.Thread(target=self._goes_on, args=(name, act), name=name)
            self._threads.append(thread)
            thread.start()

    def still(self) -> None:
        """No more traffic; what was begun is finished."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def close(self) -> None:
        self.still()
        super().close()

    # --- traffic ---

    def _goes_on(self, name: str, act: Callable[[int, Machine], None]) -> None:
        waits, turn = self.waits[name], 0
        while not self._stopped.wait(PACE):
            began = time.monotonic()
            while True:
                machine = self.machines[turn % len(self.machines)]
                turn += 1
                try:
                    act(waits.done, machine)
                    break
                except TROUBLES:
                    if time.monotonic() - began > PATIENT:
                        self.broken.append(f"{name} waited for more than {PATIENT:.0f} s")
                        return
                    time.sleep(0.05)
            waits.done += 1
            waits.longest = max(waits.longest, time.monotonic() - began)

    def _mails_in(self, number: int, machine: Machine) -> None:
        self.smtp, self.number = machine.smtp, number
        self._mail(f"mail {number}")

    def _chats(self, number: int, machine: Machine) -> None:
        self.visitor.to(f"http://127.0.0.1:{machine.http}")
        self._chat(f"chat {number}")

    def _answers(self, number: int, machine: Machine) -> None:
        self.ana.to(f"http://127.0.0.1:{machine.http}")
        session = self.ana.call("GET", "/api/session")
        if session.status == HTTPStatus.UNAUTHORIZED:
            self.broken.append(f"the agent is signed out at {machine.folder.name}")
        if session.status != HTTPStatus.OK:
            raise OSError(session.text)
        self._reply(number)

    # --- machines ---

    def replace(self, machine: Machine, build: Build) -> None:
        """Stop a machine in order, and start it with another build."""
        assert machine.server.stop() == 0, machine.server.log
        self._install(machine, build)
        machine.server.start()

    def find(self) -> Machine:
        """Who writes, once somebody does."""

        def found() -> bool:
            self.writer = next((m for m in self.machines if m.role == "writer"), self.writer)
            return self.writer.role == "writer"

        until("a node writes", PATIENT, found)
        return self.writer

    def follower(self) -> Machine:
        """One that does not write."""
        return next(machine for machine in self.machines if machine is not self.find())

    def _chat_lines(self) -> list[str]:
        return Trial._chat_lines(self)
