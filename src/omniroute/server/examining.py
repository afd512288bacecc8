"""What stands in a server's way, part by part, before it is started or while it runs."""

from __future__ import annotations

import os
import platform
import resource
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Final, NamedTuple

from omniroute.errors import ConfigError, ConfigErrors, OmniRouteError, of_the_system
from omniroute.runtime.node import files_of
from omniroute.runtime.record import decode
from omniroute.server import reachable
from omniroute.server.composition import load_plugins
from omniroute.server.desk import read_desk
from omniroute.server.serving import listen_tcp
from omniroute.server.settings import Settings
from omniroute.server.stores import open_store
from omniroute.stores.api import Reader
from omniroute.stores.sqlite import SqliteReader
from omniroute.stores.sqlite_file import check_library, check_place

SCARCE: Final = 1 << 30
"""Bytes of free disk below which it is said; from 64 MB on nothing new is taken in."""

FEWEST: Final = 1024  # open files
OTHERS: Final = 0o077  # rights of whoever is not the owner
SKEW: Final = 60_000  # ms that the clock may be behind the journal


class Finding(NamedTuple):
    """One thing that was looked at: *found* is in order, or the fault, which *fix* mends."""

    place: str
    ok: bool
    found: str
    fix: str = ""


def examine(settings: Settings, *, runs: bool) -> Iterator[Finding]:
    """Look at everything but the channels; *runs* says that a server has the desk now."""
    checks: list[tuple[str, Callable[[Settings], str]]] = [
        ("python", _python),
        ("plugins", _plugins),
        ("rules", _rules),
        ("store", _kept if settings.store.url or not runs else _held),
        ("files", _files),
        ("disk", _disk),
        ("limits", _limits),
        ("clock", _clock),
    ]
    if not runs:
        checks.append(("port", _port))
    if settings.server.public_url:
        checks.append(("address", lambda settings: reachable.address(settings.server.public_url)))
    for place, check in checks:
        yield from _looked_at(place, check, settings)


def _looked_at(
    place: str, check: Callable[[Settings], str], settings: Settings
) -> Iterator[Finding]:
    try:
        yield Finding(place, True, check(settings))
    except ConfigError as error:
        for one in getattr(error, "findings", (error,)):
            yield Finding(place, False, f"{one.place}: {one.fault}", one.fix)
    except OmniRouteError as error:
        where, fault, fix = (*map(str, error.args), "", "", "")[:3]
        yield Finding(place, False, f"{where}: {fault}" if fault else str(error), fix)
    except OSError as error:
        if (refused := of_the_system(error)) is None:
            raise
        yield Finding(place, False, f"{refused.place}: {refused.fault}", refused.fix)


def _python(settings: Settings) -> str:
    check_library()
    return f"{platform.python_version()}, SQLite {sqlite3.sqlite_version}"


def _plugins(settings: Settings) -> str:
    plugins = load_plugins(settings.plugins.blocked)
    plugins.channels(), plugins.desks(), plugins.stores()
    return ", ".join(plugins.names())


def _rules(settings: Settings) -> str:
    desk = read_desk(settings.rules.folder)
    return f"version {desk.rules.version}, {len(desk.people)} people"


def _kept(settings: Settings) -> str:
    """A database can be opened, and promises to keep what it takes."""
    path = settings.store.path.resolve()
    check_place(path)
    if not settings.store.url and not path.exists():
        return f"{path} will be made at the first start"
    with closing(open_store(settings, load_plugins(settings.plugins.blocked))) as store:
        return f"{store.head()[0]} records"


def _held(settings: Settings) -> str:
    with closing(SqliteReader(settings.store.path.resolve())) as reader:
        return f"{reader.head()[0]} records, and a server has it"


def _files(settings: Settings) -> str:
    """What is kept beside the database is its owner's alone: others would read customers' mail."""
    paths = [path for path in files_of(settings.store.path.resolve()).values() if path.exists()]
    wrong = []
    for path in paths:
        about = path.stat()
        if about.st_mode & OTHERS and not stat.S_ISSOCK(about.st_mode):
            fault = f"others of this machine may look into it ({stat.filemode(about.st_mode)})"
            wrong.append(ConfigError(str(path), fault, f"chmod go= {path}"))
        if about.st_uid != os.geteuid():
            fault = f"belongs to user {about.st_uid}, and this is {os.geteuid()}"
            wrong.append(ConfigError(str(path), fault, "run the server and this as its owner"))
    if wrong:
        raise ConfigErrors(wrong)
    return f"{len(paths)} beside the database, for its owner alone"


def _limits(settings: Settings) -> str:
    """There may be as many open files as there are connections to be expected."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= files < FEWEST:
        fault = f"{files} open files are allowed, and each connection is one"
        fix = f"ulimit -n {8 * FEWEST}, or LimitNOFILE= of its unit"
        raise ConfigError("the process", fault, fix)
    return f"{'any number of' if files < 0 else files} open files"


def _disk(settings: Settings) -> str:
    """The spool's folder can be written, and has room."""
    spool = files_of(settings.store.path.resolve())["spool"]
    check_place(spool)
    disk = os.statvfs(spool.parent)
    free = disk.f_bavail * disk.f_frsize
    if free < SCARCE:
        fault = f"{free >> 20} MB are free; below 64 MB nothing new is taken in"
        raise ConfigError(str(spool.parent), fault, "free some space")
    return f"{free >> 30} GB free in {spool.parent}"


def _clock(settings: Settings) -> str:
    """The journal has no time that is still to come."""
    path, now = settings.store.path.resolve(), time.time_ns() // 1_000_000
    if not settings.store.url and path.exists():
        with closing(SqliteReader(path)) as reader:
            ahead = _last(reader) - now
        if ahead > SKEW:
            fault = f"is {ahead // 1000} s behind what the journal's last record says"
            raise ConfigError("the machine's clock", fault, "have it set from the network (NTP)")
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now / 1000))


def _last(reader: Reader) -> int:
    seq = reader.head()[0]
    return decode(reader.tail(seq - 1)[0].body).at if seq else 0


def _port(settings: Settings) -> str:
    web = settings.server
    listen_tcp(web.host, web.port).close()
    return f"{web.host}:{web.port} is free"
