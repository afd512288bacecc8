"""Where a desk lies on a PostgreSQL server, what that server must promise, what its errors mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from omniroute.errors import ConfigError
from omniroute.stores.api import GENESIS, Unavailable

VERSION: Final = 1
"""Of the tables; a store of a later version is not opened."""

OLDEST: Final = 13
"""The oldest PostgreSQL that will do."""

SPACE: Final = re.compile(r"[a-z][a-z0-9_]{0,40}")

TABLES: Final = """
    CREATE TABLE about (version integer NOT NULL);
    CREATE TABLE head (one integer PRIMARY KEY CHECK (one = 1), seq bigint, hash bytea);
    CREATE TABLE journal (seq bigint PRIMARY KEY, hash bytea NOT NULL, body bytea NOT NULL);
    CREATE TABLE kv (k bytea PRIMARY KEY, v bytea NOT NULL);
"""

LOCK: Final = 0x4F6D5202  # advisory: two nodes that start at once make the tables once
_LOST: Final = ("08", "57")  # classes: connection exception, operator intervention


@dataclass(frozen=True, slots=True)
class Place:
    """A schema on a server.  Shown without its password."""

    dsn: str
    space: str
    accept_loss: bool
    shown: str

    def __str__(self) -> str:
        return self.shown

    def __repr__(self) -> str:
        return f"Place({self.shown!r})"

    @classmethod
    def read(cls, url: str) -> Self:
        """From ``store.url``.  Raises `ConfigError`."""
        parts = urlsplit(url)
        given = dict(parse_qsl(parts.query))
        space = given.pop("space", "omniroute")
        if not SPACE.fullmatch(space):
            fix = "begin with a small letter; then letters, digits and _"
            raise ConfigError("store.url", f"“{space}” cannot name a schema", fix)
        loss = given.pop("accept_loss", "no")
        if loss not in ("yes", "no"):
            raise ConfigError("store.url", f"accept_loss is “{loss}”", "write yes or no")
        dsn = urlunsplit(parts._replace(query=urlencode(given)))
        user = f"{parts.username}@" if parts.username else ""
        try:
            port = f":{parts.port}" if parts.port else ""
        except ValueError as error:
            fix = "postgresql://user:password@host:5432/name"
            raise ConfigError("store.url", str(error), fix) from None
        where = f"{user}{parts.hostname or given.get('host', '')}{port}{parts.path}"
        return cls(dsn, space, loss == "yes", f"postgresql://{where} ({space})")


async def check_promises(db: asyncpg.Connection[asyncpg.Record], place: Place) -> None:
    """Raise `Unavailable` where the server is too old, cannot write, or forgets what it took."""
    if db.get_server_version().major < OLDEST:
        raise Unavailable(str(place), f"its PostgreSQL is older than {OLDEST}", "upgrade it")
    settings = {
        row["name"]: row["setting"]
        for row in await db.fetch(
            "SELECT name, setting FROM pg_settings WHERE name = ANY($1::text[])",
            ["fsync", "full_page_writes", "transaction_read_only"],
        )
    }
    if settings["transaction_read_only"] == "on":
        raise Unavailable(str(place), "it only reads", "name the primary, not a standby")
    off = [name for name in ("fsync", "full_page_writes") if settings[name] == "off"]
    if off and not place.accept_loss:
        fault = f"{' and '.join(off)} is off, so a power failure may lose what was acknowledged"
        fix = "turn it on, or add accept_loss=yes to store.url if that is meant"
        raise Unavailable(str(place), fault, fix)


async def create(db: asyncpg.Connection[asyncpg.Record], place: Place) -> None:
    """Make schema and tables where they are not; raises `Unavailable` for a later version's."""
    async with db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        if await db.fetchval("SELECT to_regclass($1)", f"{place.space}.about") is None:
            await db.execute(f"CREATE SCHEMA IF NOT EXISTS {place.space}")
            await db.execute(TABLES)
            await db.execute("INSERT INTO about VALUES ($1)", VERSION)
            await db.execute("INSERT INTO head VALUES (1, $1, $2)", *GENESIS)
        version = await db.fetchval("SELECT version FROM about")
    if version > VERSION:
        fault = f"it is of version {version}; this program knows {VERSION}"
        raise Unavailable(str(place), fault, "upgrade OmniRoute on this machine, too")


def fault_of(error: Exception) -> tuple[str, bool]:
    """What happened in plain words, and whether the connection went with it."""
    if isinstance(error, asyncpg.PostgresError):
        code = getattr(error, "sqlstate", None) or ""
        return f"{error.args[0] if error.args else error}".rstrip("."), code[:2] in _LOST
    if isinstance(error, TimeoutError):
        return "it did not answer in time", True
    return f"{error}" or type(error).__name__, True
