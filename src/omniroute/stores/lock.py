"""One process for one database: a lock that the kernel drops when its holder dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from omniroute.stores.api import Unavailable


class FileLock:
    """Holds ``<path>.lock`` until `release`; the file says which process holds it.

    The file stays when the lock goes: whoever unlinks it could unlink another's.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock, or raise `Unavailable` naming the process that has it."""
        lock = path.with_name(path.name + ".lock")
        try:
            self._fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            fault = f"cannot be opened: {error.strerror}"
            raise Unavailable(str(lock), fault, "run as the user who owns it") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._fd, 20, 0).decode("ascii", "replace").strip()
            os.close(self._fd)
            raise Unavailable(
                str(path),
                f"in use by process {holder or '(unknown)'}",
                "stop that process, or let it do what you want done",
            ) from error
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let the next process in; calling it twice is harmless."""
        if self._fd >= 0:
            os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = -1
