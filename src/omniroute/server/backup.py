"""A copy of a desk from one moment, beside a server that runs; and a desk made of a copy.

The spool is copied before the store: what arrives between is in the store's copy or in neither,
and what was decided between is known there by its key, so that nothing is decided twice.  Views
are not copied: they are made anew from the journal.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from omniroute import __version__
from omniroute.errors import ConfigError, of_the_system
from omniroute.runtime.files import unwritten
from omniroute.runtime.node import files_of
from omniroute.server.settings import Settings
from omniroute.stores.api import Corrupt, verify_chain
from omniroute.stores.sqlite import SqliteReader
from omniroute.stores.sqlite_file import check_place, disk_errors

DATABASES: Final = ("spool", "database", "accounts", "tokens", "webhooks", "bindings")
"""What SQLite has open, in the order in which it is copied."""

PLAIN: Final = ("key", "files", "channels")
MANIFEST: Final = "manifest.json"

Move = Callable[[int, int], None]


class Manifest(msgspec.Struct, frozen=True):
    """What a copy holds; the last file in it."""

    version: str  # of OmniRoute
    seq: int  # of the journal's last record; 0 where the journal lies on a database server
    hash: str
    files: dict[str, str]  # SHA-256 by name


def back_up(settings: Settings, target: Path, move: Move = lambda done, all: None) -> Manifest:
    """Copy the desk of *settings* into the archive *target*, which must not exist.

    With a store on a database server, that server's own tools copy journal and rows, and this
    copies the rest.  Raises `ConfigError`, `Unavailable` where something cannot be read or written,
    and `Corrupt` where the copy does not hold together.
    """
    if target.exists():
        raise ConfigError(str(target), "exists already", "name a new file")
    paths = files_of(settings.store.path.resolve())
    if not paths["spool"].exists():
        fix = "name its server's settings with --config"
        raise ConfigError(str(paths["database"]), "there is no desk", fix)
    try:
        return _written(paths, target, move)
    except OSError as error:
        raise of_the_system(error) or unwritten(target, error) from error


def _written(paths: Mapping[str, Path], target: Path, move: Move) -> Manifest:
    """The copy, whole or not at all."""
    with tempfile.TemporaryDirectory(dir=target.resolve().parent, prefix=".backup-") as folder:
        copied = {name: Path(folder) / name for name in DATABASES if paths[name].exists()}
        for name, to in copied.items():
            _copy(paths[name], to)
        seq, digest = _head(copied.get("database"))
        plain = {name: path for part in PLAIN for name, path in _within(part, paths[part])}
        whole = Path(folder) / "whole.tar"
        with whole.open("xb") as file, tarfile.open(fileobj=file, mode="w") as archive:
            sums: dict[str, str] = {}
            for done, (name, path) in enumerate((copied | plain).items(), 1):
                if (added := _add(archive, name, path)) is not None:
                    sums[name] = added
                move(done, len(copied) + len(plain))
            manifest = Manifest(__version__, seq, digest, sums)
            _add_bytes(archive, MANIFEST, msgspec.json.encode(manifest))
        whole.chmod(0o600)
        with whole.open("rb") as written:
            os.fsync(written.fileno())
        whole.rename(target)
    return manifest


def restore(settings: Settings, source: Path, move: Move = lambda done, all: None) -> Manifest:
    """Make the desk of *settings* out of the archive *source*; there must be none yet.

    Nothing is left behind when it fails.  Raises `ConfigError`, and `Corrupt` naming what in the
    copy is not what was copied.
    """
    paths = files_of(settings.store.path.resolve())
    there = [str(path) for name in (*DATABASES, *PLAIN) if (path := paths[name]).exists()]
    if there:
        fix = "move it away, or name other settings with --config"
        raise ConfigError(there[0], "there is a desk already", fix)
    home = paths["database"].parent
    with tempfile.TemporaryDirectory(dir=home, prefix=".restore-") as temporary:
        folder = Path(temporary)
        manifest = _unpacked(source, folder, move)
        found = _head(folder / "database" if "database" in manifest.files else None)
        if found != (manifest.seq, manifest.hash):
            raise Corrupt(str(source), f"its journal ends at {found[0]}, not {manifest.seq}")
        for name in (*PLAIN, *reversed(DATABASES)):  # the spool last: it alone makes a desk
            if (folder / name).exists():
                (folder / name).rename(paths[name])
    return manifest


def _copy(path: Path, to: Path) -> None:
    """Copy a database that may be in use.  Raises `Unavailable`, naming what cannot be used."""
    check_place(path, writing=False)
    with (
        disk_errors(path),
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as source,
    ):
        source.execute("PRAGMA schema_version")  # what cannot be read is the source's fault
        with disk_errors(to.parent.parent), closing(sqlite3.connect(to)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")


def _head(database: Path | None) -> tuple[int, str]:
    """The head of a copied journal, whose chain is followed to its end."""
    if database is None:
        return 0, ""
    with closing(SqliteReader(database)) as reader:
        if (fault := verify_chain(reader)) is not None:
            raise fault
        seq, digest = reader.head()
    return seq, digest.hex()


def _within(name: str, path: Path) -> Iterator[tuple[str, Path]]:
    if path.is_file():
        yield name, path
    elif path.is_dir():
        for inner in sorted(path.rglob("*")):
            if inner.is_file() and not inner.is_symlink():
                yield f"{name}/{inner.relative_to(path).as_posix()}", inner


def _add(archive: tarfile.TarFile, name: str, path: Path) -> str | None:
    """Add a file; its sum, or ``None`` if it has gone meanwhile, as an erased one has."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            about = tarfile.TarInfo(name)
            about.size, about.mode = os.fstat(file.fileno()).st_size, 0o600
            archive.addfile(about, file)
    except FileNotFoundError:
        return None
    return digest


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    about = tarfile.TarInfo(name)
    about.size, about.mode = len(data), 0o600
    archive.addfile(about, io.BytesIO(data))


def _unpacked(source: Path, folder: Path, move: Move) -> Manifest:
    try:
        with tarfile.open(source) as archive:
            for member in archive:
                _extract(archive, member, folder, source)
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        if Path(error.filename) == source:
            raise ConfigError(str(source), "there is no such file", "check its name") from None
        raise Corrupt(str(source), "is no copy of a desk: it has no manifest") from None
    except (tarfile.TarError, msgspec.DecodeError, EOFError) as error:
        raise Corrupt(str(source), f"is no copy of a desk: {error}") from None
    except OSError as error:
        raise of_the_system(error) or unwritten(folder.parent, error) from error
    for done, (name, expected) in enumerate(manifest.files.items(), 1):
        _check(source, folder / name, name, expected)
        move(done, len(manifest.files))
    return manifest


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, source: Path) -> None:
    """Put one file into *folder*, for its owner alone.  Raises `Corrupt` for anything else.

    By hand, since Python has tarfile's filter from 3.11.4 on only, and Debian 12 brings 3.11.2.
    """
    if member.isdir():
        return  # made with the first file in it
    inside = (path := folder / member.name).resolve().is_relative_to(folder.resolve())
    content = archive.extractfile(member) if member.isreg() and inside else None
    if content is None:
        raise Corrupt(str(source), f"is no copy of a desk: {member.name} is no file of one")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with content, path.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        shutil.copyfileobj(content, file)


def _check(source: Path, path: Path, name: str, expected: str) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise Corrupt(str(source), f"{name} is missing", "take another copy") from None
    if found != expected:
        raise Corrupt(str(source), f"{name} is not what was copied", "take another copy")


def told(manifest: Manifest, path: Path) -> Mapping[str, object]:
    """For people and programs: what is in *path*."""
    return {
        "archive": str(path),
        "records": manifest.seq,
        "files": len(manifest.files),
        "bytes": path.stat().st_size,
        "version": manifest.version,
    }
