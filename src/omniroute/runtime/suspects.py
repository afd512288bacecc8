"""Which entry was being read when the process died: one that kills it again and again is set aside.

A note in a few bytes of shared memory with a file behind it, so that it costs nothing and outlives
a SIGKILL, a crash in a library, and the system's end of a process that took too much memory.  After
a power failure it may say nothing, and that is right: no message does that.
"""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path
from typing import Final

from omniroute.stores.api import Unavailable

DEATHS: Final = 3
"""How often an entry may be under a reader when the process dies.  Whoever stops us by SIGKILL may
meet an innocent one, and again; hardly the same three times."""

_NOTE: Final = struct.Struct("<8sqqq")  # mark, what is being read, the suspect, its deaths
_MARK: Final = b"reading1"


class Suspects:
    """The note of one spool; used by one reader, one entry at a time."""

    def __init__(self, path: Path) -> None:
        """Open the note at *path*, made if absent, and count the death that it tells of.

        Raises `Unavailable` if it cannot be written.
        """
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            fix = "check its mode and its mount"
            raise Unavailable(str(path), f"cannot be written: {error.strerror}", fix) from error
        try:
            os.ftruncate(file, _NOTE.size)
            self._note = mmap.mmap(file, _NOTE.size)
        finally:
            os.close(file)
        mark, reading, suspect, deaths = _NOTE.unpack_from(self._note)
        self._suspect, self._deaths = 0, 0
        if mark == _MARK:
            self._suspect, self._deaths = int(suspect), int(deaths)
        else:
            reading = 0
        if reading:
            self._deaths = self._deaths + 1 if reading == self._suspect else 1
            self._suspect = reading
        self._write(0)

    def deadly(self, entry: int) -> bool:
        """Whether the process has died under *entry* as often as may be."""
        return entry == self._suspect and self._deaths >= DEATHS

    def begin(self, entry: int) -> None:
        """*entry* is being read from now on."""
        self._write(entry)

    def end(self, entry: int) -> None:
        """It has been read, or set aside; the process lives."""
        if entry == self._suspect:
            self._suspect = self._deaths = 0
        self._write(0)

    def close(self) -> None:
        """Let go of the file; closing twice is harmless."""
        self._note.close()

    def _write(self, reading: int) -> None:
        _NOTE.pack_into(self._note, 0, _MARK, reading, self._suspect, self._deaths)
