"""How a customer shows that another address is theirs, too: a code that is sent there, or a link.

A code is six digits, sent to the address that somebody claims; whoever types it where they asked
for it reads that address.  A link is a token of 256 random bits that one channel hands to its
customer; whoever brings it on another is the same person.  Either works once, for a while; only
keyed hashes of them are kept.  Guessing is bounded by tries, and sending by how often and to whom:
a code's text is fixed and has no word of whoever asked for it (reliability.md I7, I20).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import secrets
import sqlite3
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from omniroute.channel import Address, Cap, Channel, Outbound
from omniroute.core.inputs import HandlesProved, Seen
from omniroute.errors import Refused, RemoteError
from omniroute.runtime.clock import Clock
from omniroute.runtime.equivalence import canonical
from omniroute.runtime.inbox import Inbox
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.names import Names
from omniroute.runtime.patience import Overdue, within
from omniroute.stores.books import Opener, open_file

log = logging.getLogger(__name__)

MINUTE: Final = 60_000  # ms
CODE_LASTS: Final = 10 * MINUTE
LINK_LASTS: Final = 60 * MINUTE
LONGEST: Final = 7 * 24 * 60 * MINUTE  # that any link may last (reliability.md I20)
SENT_LINK_LASTS: Final = 24 * 60 * MINUTE  # mail may take its time, and its reader
TRIES: Final = 5  # at one code
HOUR: Final = 60 * MINUTE
PER_ADDRESS: Final = 3  # codes to one address in an hour
PER_PERSON: Final = 5  # that one customer may ask for in an hour
IN_ALL: Final = 200  # codes in an hour
SEND: Final = 30.0  # s for a code to be taken by its platform
TEXT: Final = (
    "Your code is {code}.\n\nIt works for 10 minutes, where it was asked for."
    " If it was not you who asked, there is nothing to do."
)

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS codes (
  who BLOB PRIMARY KEY, mac BLOB NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
  expires INTEGER NOT NULL, tries INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS links (
  mac BLOB PRIMARY KEY, who BLOB NOT NULL, expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sent_links (
  mac BLOB PRIMARY KEY, who BLOB NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
  expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS asked (who BLOB NOT NULL, at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS asked_by ON asked (who, at);
"""
LINK_TEXT: Final = (
    "Somebody has written to us and given this address. If it was you, please say so here:\n\n"
    "{link}\n\nThe link works once, for a day. If it was not you, there is nothing to do."
)
T = TypeVar("T")


class Proofs:
    """The file at *path*; see `omniroute.Proofs` for what channels may ask."""

    def __init__(
        self, path: Path, keyed: Keyed, clock: Clock, *,
        digits: Callable[[], str] = lambda: f"{secrets.randbelow(1_000_000):06}",
        opener: Opener = open_file,
    ) -> None:  # fmt: skip
        self._key = keyed.derive("proofs")
        self._keyed, self._clock, self._digits = keyed, clock, digits
        self._lock = threading.Lock()
        self._db = opener(path)
        self._db.isolation_level = None
        self._db.executescript(_TABLES)
        self.channels: Mapping[tuple[str, str], Channel] = {}
        self.inbox: Inbox | None = None
        self.names: Names | None = None
        self.is_shared: Callable[[Address], bool] = lambda address: False
        """These are set by whoever puts the node together."""

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    # --- codes ---

    async def send_code(self, who: Address, to: Address) -> None:
        """Send a code to *to*, for *who* to type.

        Raises `Refused` (``no_way``, ``too_many``, ``not_sent``).
        """
        channel, code = self._leads_to(to), self._digits()
        if not await self._do(lambda db, now: self._begin(db, now, who, to, code)):
            raise Refused("too_many", "Too many codes were asked for; try again in an hour.")
        await self._send(channel, to, "Your code", TEXT.format(code=code))

    def _leads_to(self, to: Address) -> Channel:
        """A channel that can send something to *to*.  Raises `Refused`."""
        for (kind, _), channel in self.channels.items():
            sends = kind == to.kind and Cap.START_CONVERSATION in channel.caps
            if sends and not self.is_shared(to):
                return channel
        raise Refused("no_way", "No code can be sent there.")

    async def _send(self, channel: Channel, to: Address, subject: str, text: str) -> None:
        key = f"code-{secrets.token_hex(8)}"
        out = Outbound(key, to.value, to, text, subject=subject, automatic=True)
        try:
            await within(SEND, channel.send(out))
        except (RemoteError, Overdue, TimeoutError) as error:
            log.warning("a proof could not be sent: %s", type(error).__name__)
            raise Refused("not_sent", "The code could not be sent; try again later.") from None

    def _may_ask(self, db: sqlite3.Connection, now: int, who: Address, to: Address) -> bool:
        """Whether something may be sent to *to* because of *who*; then it is counted."""
        db.execute("DELETE FROM asked WHERE at <= ?", (now - HOUR,))
        marks = [(self._mark("to", to), PER_ADDRESS), (self._mark("by", who), PER_PERSON)]
        for mark, most in [*marks, (b"all", IN_ALL)]:
            found = db.execute("SELECT count(*) FROM asked WHERE who = ?", (mark,))
            if found.fetchone()[0] >= most:
                return False
        db.executemany(
            "INSERT INTO asked VALUES (?, ?)", [(m, now) for m in (*dict(marks), b"all")]
        )
        return True

    def _begin(
        self, db: sqlite3.Connection, now: int, who: Address, to: Address, code: str
    ) -> bool:
        if not self._may_ask(db, now, who, to):
            return False
        db.execute("DELETE FROM codes WHERE expires <= ?", (now,))
        db.execute(
            "INSERT OR REPLACE INTO codes VALUES (?, ?, ?, ?, ?, 0)",
            (self._mark("who", who), self._mac(who, code), to.kind, to.value, now + CODE_LASTS),
        )
        return True

    async def redeem_code(self, who: Address, code: str) -> Address:
        """The address that *who* has proved to be theirs.  Raises `Refused` (``bad_code``)."""
        proved = await self._do(lambda db, now: self._redeem_code(db, now, who, code))
        if proved is None:
            raise Refused("bad_code", "This code is wrong, too old, or was tried too often.")
        await self._prove(who, proved)
        return proved

    def _redeem_code(
        self, db: sqlite3.Connection, now: int, who: Address, code: str
    ) -> Address | None:
        mark = self._mark("who", who)
        row = db.execute("SELECT * FROM codes WHERE who = ?", (mark,)).fetchone()
        kept, kind, value, expires, tries = row[1:] if row else (b"\0" * 32, "", "", 0, 0)
        # Whether there is a code at all, and how long this takes, tells nobody anything.
        right = hmac.compare_digest(kept, self._mac(who, code.strip()))
        db.execute("UPDATE codes SET tries = tries + 1 WHERE who = ?", (mark,))
        if not right or expires <= now or tries >= TRIES:
            return None
        db.execute("DELETE FROM codes WHERE who = ?", (mark,))
        return Address(kind, value, verified=True)

    # --- links that are sent ---

    async def send_link(self, who: Address, to: Address, page: str) -> None:
        """Send a link to *to* that proves it to be *who*'s.

        Raises `Refused` (``no_way``, ``too_many``, ``not_sent``).
        """
        channel, token = self._leads_to(to), secrets.token_urlsafe(32)
        mac = self._hash(b"sent link", token.encode())

        def begin(db: sqlite3.Connection, now: int) -> bool:
            if not self._may_ask(db, now, who, to):
                return False
            db.execute("DELETE FROM sent_links WHERE expires <= ?", (now,))
            row = (mac, _packed(who), to.kind, to.value, now + SENT_LINK_LASTS)
            db.execute("INSERT INTO sent_links VALUES (?, ?, ?, ?, ?)", row)
            return True

        if not await self._do(begin):
            raise Refused("too_many", "Too many links were asked for; try again in an hour.")
        await self._send(channel, to, "Was it you?", LINK_TEXT.format(link=page + token))

    async def confirm_link(self, token: str) -> Address | None:
        """The address to which a good token was sent, proved to be theirs who claimed it."""
        mac = self._hash(b"sent link", token.encode("utf-8", "replace"))

        def take(db: sqlite3.Connection, now: int) -> tuple[bytes, str, str] | None:
            db.execute("DELETE FROM sent_links WHERE expires <= ?", (now,))
            row = db.execute(
                "DELETE FROM sent_links WHERE mac = ? RETURNING who, kind, value", (mac,)
            ).fetchone()
            return None if row is None else (bytes(row[0]), row[1], row[2])

        found = await self._do(take)
        if found is None:
            return None
        who, kind, value = found
        proved = Address(kind, value, verified=True)
        await self._prove(_unpacked(who), proved)
        return proved

    # --- links ---

    async def make_link(self, who: Address, lasts: float = LINK_LASTS / 1000) -> str:
        """A token that proves, on another channel, that its bearer is *who*; good once."""
        token = secrets.token_urlsafe(32)
        said, span = _packed(who), min(round(lasts * 1000), LONGEST)
        await self._do(
            lambda db, now: db.execute(
                "INSERT INTO links VALUES (?, ?, ?)",
                (self._hash(b"link", token.encode()), said, now + span),
            )
        )
        return token

    async def redeem_link(self, token: str, by: Address) -> bool:
        """Whether *by* brings a token that is good, and so is whoever it was made for."""
        mac = self._hash(b"link", token.encode("utf-8", "replace"))

        def take(db: sqlite3.Connection, now: int) -> bytes | None:
            db.execute("DELETE FROM links WHERE expires <= ?", (now,))
            row = db.execute("DELETE FROM links WHERE mac = ? RETURNING who", (mac,)).fetchone()
            return None if row is None else bytes(row[0])

        said = await self._do(take)
        if said is None:
            return False
        await self._prove(by, _unpacked(said))
        return True

    async def forget(self, values: set[str]) -> None:
        """Delete codes and links of whoever has these addresses."""
        named = msgspec.json.encode(sorted(values)).decode()

        def gone(db: sqlite3.Connection, now: int) -> None:
            theirs = "IN (SELECT value FROM json_each(?))"
            for table in ("codes", "sent_links"):
                db.execute(f"DELETE FROM {table} WHERE value {theirs}", (named,))  # noqa: S608
            for table in ("links", "sent_links"):
                whose = f"json_extract(who, '$[1]') {theirs}"
                db.execute(f"DELETE FROM {table} WHERE {whose}", (named,))  # noqa: S608

        await self._do(gone)

    # --- what follows ---

    async def _prove(self, one: Address, other: Address) -> None:
        """The two are one person: said to the core, which joins them unless something stands
        against it."""
        assert self.inbox is not None
        assert self.names is not None
        seen, rows = [], dict[str, bytes | None]()
        for address in (one, other):
            handle = self._keyed.handle(address)
            realm = self._keyed.realm(address.kind, address.value)
            seen.append(Seen(handle, address.kind, address.unique, address.verified, realm))
            rows[f"p/{handle}"] = self.names.row(handle, address, wrote=False)
        key = f"proof/{secrets.token_hex(12)}"
        a, b = seen
        await self.inbox.submit(lambda at: HandlesProved(key, at, a, b, one.kind), rows)

    def _mark(self, what: str, address: Address) -> bytes:
        known = canonical(address.kind, address.value)
        return self._hash(what.encode(), address.kind.encode(), known.encode())

    def _mac(self, who: Address, code: str) -> bytes:
        return self._hash(b"code", self._mark("who", who), code.encode("utf-8", "replace"))

    def _hash(self, *parts: bytes) -> bytes:
        made = hashlib.blake2b(key=self._key, digest_size=32)
        for part in parts:
            made.update(len(part).to_bytes(4, "big") + part)
        return made.digest()

    async def _do(self, work: Callable[[sqlite3.Connection, int], T]) -> T:
        now = self._clock.now()

        def done() -> T:
            with self._lock:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    result = work(self._db, now)
                except BaseException:
                    self._db.execute("ROLLBACK")
                    raise
                self._db.execute("COMMIT")
                return result

        return await asyncio.to_thread(done)


def _packed(who: Address) -> bytes:
    return msgspec.json.encode([who.kind, who.value, who.display, who.unique])


def _unpacked(said: bytes) -> Address:
    kind, value, display, unique = msgspec.json.decode(said, type=tuple[str, str, str, bool])
    return Address(kind, value, True, display, unique)
