"""A real PostgreSQL server of the test's own, on a free port, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from omniroute.testing.server_process import free_port

MISSING = "no PostgreSQL server is installed (Debian: apt-get install postgresql)"
KNOWN = "/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin"


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`, the newest there is."""
    if (found := shutil.which("initdb")) is not None:
        return Path(found).resolve().parent
    folders = [folder for glob in KNOWN for folder in Path("/").glob(glob[1:])]
    versions = sorted(folders, key=lambda folder: (len(str(folder)), str(folder)))
    return versions[-1] if versions else None


class PostgresServer:
    """A server with a data folder of its own; `start` and `kill` as often as a test wants."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.port = free_port()
        self._data, self._binaries = folder / "data", binaries
        # The server refuses to run as root.
        self._user = next((name for name in ("postgres", "nobody") if _known(name)), None)
        self._drops = os.geteuid() == 0
        if self._drops:
            assert self._user is not None, "root, and nobody else to run a server as"
            shutil.chown(folder, self._user)
        self._log = folder / "log"
        self._run("initdb", "-D", str(self._data), "-U", "desk", "-A", "trust", "-E", "UTF8",
                  "--no-locale", "--no-sync")  # fmt: skip

    @property
    def url(self) -> str:
        """Of its first database."""
        return f"postgresql://desk@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Run until it answers."""
        self._run(
            "pg_ctl", "start", "-w", "-s", "-D", str(self._data), "-l", str(self._log),
            "-o", f"-p {self.port} -h 127.0.0.1 -k '' -c shared_buffers=16MB",
        )  # fmt: skip

    def kill(self) -> None:
        """As a crash would; what was committed is on disk."""
        self._run("pg_ctl", "stop", "-w", "-s", "-D", str(self._data), "-m", "immediate")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(  # noqa: S603
            [self._binaries / program, *arguments], check=True, stdout=subprocess.DEVNULL,
            cwd="/", user=self._user if self._drops else None,
            group=pwd.getpwnam(self._user).pw_gid if self._drops and self._user else None,
        )  # fmt: skip


def _known(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """A server that runs meanwhile.  Raises `FileNotFoundError` where none is installed."""
    binaries = programs()
    if binaries is None:
        raise FileNotFoundError(MISSING)
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    server = PostgresServer(folder, binaries)
    server.start()
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)
