"""Files named by what is in them: attachments and long bodies, each kept once.

A file appears under its name only when it is whole and on the disk, so that whoever finds one may
rely on it.  Functions block; call them in a thread.

What somebody attaches waits aside until it is said to which message it belongs: a draft may be
given up, and then its files go by themselves.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import tempfile
import time
from pathlib import Path
from typing import BinaryIO

from omniroute.stores.api import Corrupt, Unavailable

NAME = re.compile(r"[0-9a-f]{64}")


class Files:
    """A folder of files named by the SHA-256 of their content, spread over 256 subfolders."""

    def __init__(self, folder: Path) -> None:
        """Use *folder*, made if absent; raises `Unavailable` if it cannot be."""
        self._folder = folder
        try:
            make_folder(folder)
        except OSError as error:
            raise Unavailable(str(folder), f"cannot be made: {error.strerror}", _FIX) from error
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise Unavailable(str(folder), "cannot be written", _FIX)
        clean(folder)

    def put(self, data: bytes) -> str:
        """Keep *data* and return its name; when this returns it is on the disk.

        Raises `Unavailable` if the disk is full or fails; then nothing is left behind.
        """
        sha = hashlib.sha256(data).hexdigest()
        path = self.path(sha)
        try:
            if path.exists():
                sync_folder(path.parent)  # another thread may have put it there this moment
                return sha
            make_folder(path.parent)
        except OSError as error:
            raise unwritten(path.parent, error) from error
        write_durably(path, data)
        return sha

    def receive(self) -> Receiving:
        """A file that comes piece by piece, and waits for `settle` for `WAITS` at least."""
        aside = self._folder / _ASIDE
        try:
            make_folder(aside)
            forget_before(aside, time.time() - WAITS)
            return Receiving(aside)
        except OSError as error:
            raise unwritten(aside, error) from error

    def settle(self, sha: str) -> int | None:
        """Keep for good what was received as *sha*, or is kept already: its size in bytes.

        ``None`` if there is no such file (any more).  When this returns it is on the disk.
        """
        path = self.path(sha)
        try:
            make_folder(path.parent)
            with contextlib.suppress(FileNotFoundError):  # it is settled already, or nowhere
                (self._folder / _ASIDE / sha).replace(path)
            sync_folder(path.parent)
            return path.stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unwritten(path, error) from error

    def get(self, sha: str) -> bytes | None:
        """The content named *sha*, or ``None``; raises `Corrupt` if it is not what was put."""
        path = self.path(sha)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(str(path), f"cannot be read: {error.strerror}", _FIX) from error
        if hashlib.sha256(data).hexdigest() != sha:
            raise Corrupt(str(path), "is not what was written", "restore it from a copy")
        return data

    def remove(self, sha: str) -> None:
        """Forget the content named *sha*, if it is there; raises `Unavailable` if it cannot be."""
        path = self.path(sha)
        try:
            path.unlink(missing_ok=True)
            if path.parent.exists():
                sync_folder(path.parent)
        except OSError as error:
            raise Unavailable(str(path), f"cannot be deleted: {error.strerror}", _FIX) from error

    def path(self, sha: str) -> Path:
        """Where the content named *sha* lies or would lie; `ValueError` if that is no name."""
        if not NAME.fullmatch(sha):
            raise ValueError(f"{sha!r} is not the name of a file: 64 hexadecimal digits")
        return self._folder / sha[:2] / sha[2:]


WAITS = 3 * 86_400.0
"""How long (s) a file that belongs to no message yet is there for a draft."""

_FIX = "check the folder, its owner and its disk"
_UNFINISHED = ".unfinished"
_ASIDE = "aside"


class Receiving:
    """A file on its way in: `write` its pieces, then `finish`, or `drop` it."""

    def __init__(self, aside: Path) -> None:
        fd, unfinished = tempfile.mkstemp(suffix=_UNFINISHED, dir=aside)
        self._path, self._file, self._sum = Path(unfinished), os.fdopen(fd, "wb"), hashlib.sha256()
        self.size = 0
        """Bytes so far."""

    def write(self, piece: bytes) -> None:
        """Take a piece.  Raises `Unavailable` if the disk is full or fails."""
        try:
            self._file.write(piece)
        except OSError as error:
            raise unwritten(self._path, error) from error
        self._sum.update(piece)
        self.size += len(piece)

    def finish(self) -> str:
        """That was all: the name under which it can be settled.  Raises `Unavailable`."""
        sha = self._sum.hexdigest()
        try:
            with self._file as file:
                _flush(file)
            self._path.replace(self._path.with_name(sha))
            sync_folder(self._path.parent)
        except OSError as error:
            raise unwritten(self._path, error) from error
        return sha

    def drop(self) -> None:
        """Forget what came; after `finish` there is nothing to forget."""
        self._file.close()
        self._path.unlink(missing_ok=True)


def forget_before(folder: Path, moment: float) -> None:
    """Remove what lies in *folder* and was written before *moment* (s since the epoch)."""
    for path in folder.iterdir():
        try:
            if path.stat().st_mtime < moment:
                path.unlink()
        except FileNotFoundError:  # it was settled, or finished, this moment
            continue


def write_durably(path: Path, data: bytes) -> None:
    """Write *data* to *path*: whole and on the disk, or not at all.

    Raises `Unavailable` if the disk is full or fails.
    """
    try:
        fd, unfinished = tempfile.mkstemp(suffix=_UNFINISHED, dir=path.parent)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                _flush(file)
            Path(unfinished).replace(path)
        except BaseException:
            Path(unfinished).unlink()
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise unwritten(path, error) from error


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def make_folder(folder: Path) -> None:
    """Make *folder* in an existing one, so that it survives a power cut."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not folder.is_dir():
            raise
    else:
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in *folder* to the disk."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def clean(folder: Path) -> None:
    """Remove what a process that died has left half written."""
    for unfinished in folder.rglob(f"*{_UNFINISHED}"):
        unfinished.unlink(missing_ok=True)


def unwritten(path: Path, error: OSError) -> Unavailable:
    """Why *path* could not be written, in plain words."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable(str(path), "the disk is full", "free some space; nothing was changed")
    return Unavailable(str(path), f"cannot be written: {error.strerror}", _FIX)
