"""Follows a page as its reader would: makes its files, runs its commands, compares what they print.

Everything happens in a folder of its own.  The ports that a page names are replaced by free ones,
so that a page can be followed beside a running server and beside another page.
"""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from tests.docs.pages import Block

from omniroute.testing.server_process import free_port

PORTS = ("8420", "2525")  # that a page may name, as the settings do
_NAMED = re.compile("|".join(PORTS))
MAKE = {"make demo": "omniroute demo --port 8420 --smtp-port 2525"}  # less the installation
PATIENCE = 240.0  # seconds for a command, or for a server to say that it serves
READY = re.compile(r"^OmniRoute serves |^Stop with Ctrl", re.M)
SETTLING = 20.0  # seconds in which a question that comes too early is asked again
ASKS = re.compile(
    r"omniroute (threads|why|channel list|rules (explain|trial|stale|backtest)|verify)\b"
    r"|curl .*\bGET\b"
)

MASKS = (
    (re.compile(r"link=[\w-]+"), "link=TOKEN"),
    (re.compile(r"token=[\w.-]+"), "token=TOKEN"),
    (re.compile(r"\b[0-9a-f]{16,64}\b"), "HASH"),
    (re.compile(r"\d{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b"), "DAY"),
    (re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{4}-\d\d-\d\d"), "DATE"),
    (re.compile(r"\d\d?:\d\d(:\d\d)?( UTC[+-]\d\d:\d\d)?"), "TIME"),
    (re.compile(r"\b[\d.]+ (s|ms|m|h)\b"), "SPAN"),
    (re.compile(r"OmniRoute \d+\.\d+\.\d+"), "OmniRoute VERSION"),
    (re.compile(r"  +"), "  "),
)
"""What differs from one run to the next; in a page stands what somebody saw once."""


class Walk:
    """A reader in *folder*.  Use it as a context: what is still served then ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {named: str(free_port()) for named in PORTS}
        self._server: subprocess.Popen[str] | None = None
        self.said = ""  # by the server

    def __enter__(self) -> Walk:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.stop()
        elif self._server is not None:
            self._server.kill()
            self._server.communicate()

    def follow(self, blocks: Iterable[Block]) -> None:
        """Do what each block says."""
        scope: dict[str, object] = {"__name__": "page"}
        for block in blocks:
            if block.left_alone is not None:
                continue
            if block.file is not None:
                self.write(block.file, block.text)
            elif block.language == "python":
                code = compile(self.adapted(block.text), block.place, "exec")
                exec(code, scope)  # noqa: S102 - our own pages
            elif block.serves:
                self.serve(block)
            elif block.language == "sh":
                done = self.run(block.text)
                assert done.returncode == 0, f"{block.place}: {done.stdout}"
            elif block.language == "console":
                for command, expected in asked(block.text):
                    self.compare(block, command, expected)

    def adapted(self, text: str) -> str:
        """*text* with our ports instead of the page's."""
        # In one go: a port of ours may have one of the page's in it.
        return _NAMED.sub(lambda named: self.ports[named[0]], text)

    def write(self, name: str, text: str) -> None:
        """Make a file of the page."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.adapted(text), encoding="utf-8")

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a piece of shell; the two outputs together."""
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.adapted(script)],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def compare(self, block: Block, command: str, expected: str) -> None:
        """Run *command* and hold what it prints against *expected*."""
        end = time.monotonic() + (SETTLING if ASKS.search(command) else 0)
        while True:
            printed = self.run(command).stdout
            if alike(self.adapted(expected), printed):
                return
            if time.monotonic() > end:
                said = f"the page says:\n{expected}\nit printed:\n{printed}"
                raise AssertionError(f"{block.place}: $ {command}\n{said}")
            time.sleep(0.2)

    # --- what goes on running ---

    def serve(self, block: Block) -> None:
        """Start what *block* starts, and wait until it serves; what ran before it is ended."""
        self.stop()
        ((command, expected),) = (
            asked(block.text) if block.language == "console" else [(block.text, "…")]
        )
        self._server = subprocess.Popen(
            ["bash", "-c", "exec " + self.adapted(MAKE.get(command.strip(), command))],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = self._until_ready(block)
        assert alike(self.adapted(expected), self.said), f"{block.place}: it said\n{self.said}"

    def _until_ready(self, block: Block) -> str:
        assert self._server is not None
        assert self._server.stdout is not None
        said, end = "", time.monotonic() + PATIENCE
        with selectors.DefaultSelector() as selector:
            selector.register(self._server.stdout, selectors.EVENT_READ)
            while not READY.search(said):
                left = end - time.monotonic()
                assert selector.select(max(left, 0)), f"{block.place}: not ready\n{said}"
                more = os.read(self._server.stdout.fileno(), 65536).decode()
                assert more, f"{block.place}: it ended\n{said}"
                said += more
        return said

    def stop(self) -> None:
        """End what is served, as Ctrl+C does; it must end well."""
        if self._server is not None:
            server, self._server = self._server, None
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=PATIENCE)
            assert server.returncode == 0

    @property
    def environment(self) -> dict[str, str]:
        """The reader's: the environment that tests run in comes first on the path."""
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}


def asked(text: str) -> list[tuple[str, str]]:
    """Commands of a console block, each with what it prints."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found and found[-1][0].endswith("\\") and line.startswith("> "):
            found[-1] = (f"{found[-1][0]}\n{line[2:]}", [])
        else:
            found[-1][1].append(line)
    return [(command, "\n".join(lines)) for command, lines in found]


def alike(expected: str, printed: str) -> bool:
    """Whether it printed that, apart from times and random parts; ``…`` stands for anything."""
    pattern = re.escape(masked(expected)).replace(re.escape("…"), ".*")
    return re.fullmatch(rf"\s*{pattern}\s*", masked(printed), re.S) is not None


def masked(text: str) -> str:
    """*text* with what differs from run to run taken out."""
    for found, put in MASKS:
        text = found.sub(put, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
