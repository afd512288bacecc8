"""Who is told of events by HTTP, and what still has to be told.

A small file holds subscriptions, the place in the record up to which events have been handed out,
and what waits.  Handing out and moving the place on are one transaction, so after a crash nothing
is missed; what was sent and not noted as sent goes out again, under the same id.

No secret is kept: a subscription's is derived from the desk's key and the subscription's id, or
stands in the settings.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from omniroute.application import trail
from omniroute.application.authorize import Action, Actor, authorize
from omniroute.application.feed import TYPES, Happening, told
from omniroute.application.ports import Clock
from omniroute.application.private import open_private
from omniroute.errors import Refused, did_you_mean
from omniroute.stores.api import Head, Reader
from omniroute.stores.books import Opener, open_file

log = logging.getLogger(__name__)

T = TypeVar("T")

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
BACK_OFF: Final = (
    5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, DAY,
)  # fmt: skip
"""How long after each failure (ms) an event is tried again; after the last it is given up.

The schedule that Standard Webhooks proposes: some three days.
"""

PATIENCE: Final = 5 * DAY  # of failures alone, until nothing more is tried
MOST_WAITING: Final = 100_000  # events for one subscription
MOST: Final = 50  # subscriptions
LONGEST_URL: Final = 2_000
RESTS: Final = 60  # seconds at most that a failing receiver is left alone between attempts
AT_ONCE: Final = 500  # records handed out together
SETTINGS: Final = "settings"
"""Who made a subscription that stands in the settings."""

VERSION: Final = 1
TABLES: Final = """
CREATE TABLE hooks (
  id TEXT PRIMARY KEY, url TEXT NOT NULL, types TEXT NOT NULL, personal INTEGER NOT NULL,
  by TEXT NOT NULL, created INTEGER NOT NULL, after INTEGER NOT NULL,
  disabled TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '',
  failing INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0,
  rests INTEGER NOT NULL DEFAULT 0, sent INTEGER NOT NULL DEFAULT 0,
  lost INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE waiting (
  hook TEXT NOT NULL, seq INTEGER NOT NULL, n INTEGER NOT NULL, lane TEXT NOT NULL,
  due INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, event BLOB NOT NULL,
  PRIMARY KEY (hook, seq, n)
) WITHOUT ROWID;
CREATE INDEX waiting_by_lane ON waiting (hook, lane, seq, n);
"""
HEADS: Final = """
SELECT * FROM waiting AS first WHERE hook = :hook AND due <= :now AND NOT EXISTS (
  SELECT 1 FROM waiting WHERE hook = :hook AND lane = first.lane
  AND (seq, n) < (first.seq, first.n)
) ORDER BY seq, n LIMIT :limit
"""
"""What is to be sent now: of each thread's events the oldest, and only if that is due."""

_happening = msgspec.json.Decoder(Happening)


class WebhookView(msgspec.Struct, frozen=True):
    """A subscription.  Times are ms since the epoch; *disabled* says why nothing is sent."""

    id: str
    url: str
    types: tuple[str, ...]
    personal: bool
    by: str
    created: int
    waiting: int = 0
    sent: int = 0
    lost: int = 0  # events that were given up
    failing: int = 0  # since when nothing gets through; 0: it does
    error: str = ""  # of the last attempt
    disabled: str = ""


class NewWebhook(msgspec.Struct, frozen=True):
    """A subscription that was just made; *secret* is shown now and never again."""

    secret: str
    about: WebhookView


class Declared(msgspec.Struct, frozen=True):
    """A subscription as settings have it."""

    url: str
    secret: str
    types: tuple[str, ...] = ()
    personal: bool = False


class Waiting(msgspec.Struct, frozen=True):
    """An event that has to be told to a subscription."""

    hook: str
    seq: int
    n: int
    attempts: int
    event: Happening


class Webhooks:
    """The file at *path*; *derive* makes the key for a purpose out of the desk's."""

    def __init__(
        self, path: Path, reader: Reader, derive: Callable[[str], bytes], clock: Clock,
        opener: Opener = open_file,
    ) -> None:  # fmt: skip
        """Open or make the file; raises `Unavailable` or `Corrupt`."""
        self._reader, self._derive, self._clock = reader, derive, clock
        self._lock = threading.Lock()
        fix = "move it away; webhooks are then made anew"
        self._db = open_private(opener, path, TABLES, VERSION, "webhooks file", fix)
        self._db.executescript(trail.TABLES)
        self._db.row_factory = sqlite3.Row
        self._given: dict[str, bytes] = {}  # keys that stand in settings
        self._idle = not _asking(self._db)  # so that a desk without webhooks pays nothing for them

    # --- for people and programs -----------------------------------------------------------------

    async def make(
        self, by: Actor, url: str, types: Sequence[str] = (), personal: bool = False
    ) -> NewWebhook:
        """A subscription to *types*, to all unless named.  Raises `Refused`."""
        authorize(by, Action.WEBHOOKS)
        if personal:
            authorize(by, Action.PERSONAL)
        check_url(url)
        check_types(types)
        id, now = secrets.token_hex(6), self._clock()
        view = WebhookView(id, url, tuple(dict.fromkeys(types)), personal, by.id, now)
        await self._do(lambda db: _insert(db, view, self._reader.head()))
        self._idle = False
        return NewWebhook(self.secret(id), view)

    def declare(self, declared: Mapping[str, Declared]) -> None:
        """Have the subscriptions that stand in settings, by name, and of those no others."""
        self._given = {name: key_of(hook.secret) for name, hook in declared.items()}
        with self._lock, self._db:
            _declare(self._db, declared, self._clock(), self._reader.head())
        self._idle = not _asking(self._db)

    async def list(self, by: Actor) -> Sequence[WebhookView]:
        """Every subscription, the oldest first."""
        authorize(by, Action.WEBHOOKS)
        return await self._do(_list)

    async def get(self, by: Actor, id: str) -> WebhookView:
        """One of them.  Raises `Refused` (``unknown_webhook``)."""
        for view in await self.list(by):
            if view.id == id:
                return view
        raise Refused("unknown_webhook", f"There is no webhook {id[:40]!r}.")

    async def delete(self, by: Actor, id: str) -> None:
        """End a subscription and forget what waits for it.  Raises `Refused`."""
        if (await self.get(by, id)).by == SETTINGS:
            raise Refused("in_settings", f"Webhook {id} stands in the settings — remove it there")
        await self._do(lambda db: _delete(db, id))

    async def enable(self, by: Actor, id: str) -> WebhookView:
        """Send again, from now on; what was missed is in the record.  Raises `Refused`."""
        await self.get(by, id)
        head = self._reader.head
        await self._do(lambda db: _enable(db, id, head()))
        self._idle = False
        return await self.get(by, id)

    def secret(self, id: str) -> str:
        """What a subscription's receiver checks signatures by."""
        return "whsec_" + base64.b64encode(self.key(id)).decode()

    def key(self, id: str) -> bytes:
        """The same, as the bytes that sign."""
        return self._given.get(id) or self._derive(f"webhook/{id}")

    # --- for whoever sends -----------------------------------------------------------------------

    async def hand_out(self) -> None:
        """Have what is new in the record wait for every subscription that wants it."""
        while not self._idle and await self._do(self._hand_out):
            pass

    def _hand_out(self, db: sqlite3.Connection) -> bool:
        hooks = _asking(db)
        if not hooks:
            self._idle = True
            return False
        if (records := trail.ahead(db, self._reader, AT_ONCE)) is None:
            _go_back(db, trail.go_back(db, self._reader))
            return True
        if not records:
            return False
        happened = [(record.seq, n, event) for record in records for n, event in told(record)]
        for hook in hooks:
            _wait(db, hook, happened, self._clock())
        trail.passed(db, records)
        return True

    async def due(self, hook: str, limit: int) -> Sequence[Waiting]:
        """What is to be sent to a subscription now; one thing at a time while it fails."""
        now = self._clock()
        return await self._do(lambda db: _heads(db, hook, now, limit))

    async def active(self) -> Sequence[WebhookView]:
        """Subscriptions that something waits for."""
        found = () if self._idle else await self._do(_asking)
        return [view for view in found if view.waiting]

    async def next_due(self) -> int:
        """When something is to be sent next, ms since the epoch; 0 where nothing waits."""
        return 0 if self._idle else await self._do(_next)

    async def sent(self, item: Waiting) -> None:
        """It got through."""
        await self._do(lambda db: _sent(db, item))

    async def failed(self, item: Waiting, error: str, after: int = 0, *, gone: bool = False) -> str:
        """It did not; *after* is what the receiver asked to wait (ms), *gone* that it wants no
        more.  Why nothing more is sent, if that is so from now on.
        """
        now = self._clock()
        return await self._do(lambda db: _failed(db, item, error, now, after, gone))

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def locked() -> T:
            with self._lock, self._db:
                return work(self._db)

        return await asyncio.to_thread(locked)

    def close(self) -> None:
        """Let go of the file; closing twice is harmless."""
        self._db.close()


def key_of(secret: str) -> bytes:
    """The bytes that a secret stands for.  Raises `Refused` for what is none."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith("whsec_") or not 24 <= len(key) <= 64:
        fix = 'echo "whsec_$(openssl rand -base64 32)"'
        raise Refused("bad_secret", f"A secret is whsec_ and 24 to 64 bytes in base64 — {fix}")
    return key


def check_url(url: str) -> None:
    """Raise `Refused` for what no webhook can be sent to."""
    fault = ""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if not host or parts.scheme not in ("https", "http") or not url.isprintable() or " " in url:
        fault = "That is no address that can be called — write https://host/path"
    elif parts.username is not None:
        fault = "An address with a password in it ends in logs — the signature says who sends"
    elif len(url) > LONGEST_URL or parts.fragment:
        fault = f"An address has at most {LONGEST_URL} characters and no #"
    if fault:
        raise Refused("bad_url", fault)


def check_types(types: Iterable[str]) -> None:
    """Raise `Refused` for an event that is none; ``thread.*`` names all about threads."""
    known = set(TYPES.values())
    groups = {f"{name.partition('.')[0]}.*" for name in known}
    for name in types:
        if name not in known | groups:
            hint = did_you_mean(name, known | groups) or "see the list in the reference"
            raise Refused("bad_event", f"There is no event “{name[:60]}” — {hint}")


def _wants(hook: WebhookView, type: str) -> bool:
    group = f"{type.partition('.')[0]}.*"
    return not hook.types or type in hook.types or group in hook.types


def _lane(event: Happening) -> str:
    if event.thread:
        return f"t{event.thread}"
    return f"c{event.customer}" if event.customer else f"a{event.agent}"


def _wait(
    db: sqlite3.Connection, hook: WebhookView, happened: Sequence[tuple[int, int, Happening]],
    now: int,
) -> None:  # fmt: skip
    after = db.execute("SELECT after FROM hooks WHERE id = ?", (hook.id,)).fetchone()["after"]
    rows = [
        (hook.id, seq, n, _lane(event), now, msgspec.json.encode(event))
        for seq, n, event in happened
        if seq > after and _wants(hook, event.type)
    ]
    if hook.waiting + len(rows) > MOST_WAITING:
        return _disable(db, hook.id, f"more than {MOST_WAITING} events waited")
    db.executemany(
        "INSERT OR IGNORE INTO waiting (hook, seq, n, lane, due, event)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        rows,
    )  # fmt: skip
    return None


def _asking(db: sqlite3.Connection) -> list[WebhookView]:
    """The subscriptions that are not switched off."""
    return [view for view in _list(db) if not view.disabled]


def _go_back(db: sqlite3.Connection, back: trail.Back) -> None:
    """What the journal has lost did not happen, so nobody is told of it any more."""
    gone = db.execute("DELETE FROM waiting WHERE seq > ?", (back.common,)).rowcount
    db.execute("UPDATE hooks SET after = MIN(after, ?)", (back.common,))
    log.warning(
        "webhooks: the journal, known up to record %d, is another after %d; they go on from there"
        "%s, %d events that waited are forgotten",
        back.at, back.common, "" if back.sure else ", and some may be left out", gone,
    )  # fmt: skip


def _insert(db: sqlite3.Connection, view: WebhookView, head: Head) -> None:
    if not _asking(db):  # while nobody asks, the place stays behind
        trail.begin(db, head)
    if db.execute("SELECT COUNT(*) FROM hooks").fetchone()[0] >= MOST:
        raise Refused("too_many_webhooks", f"There are {MOST} webhooks — end one first")
    db.execute(
        "INSERT INTO hooks (id, url, types, personal, by, created, after)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            view.id, view.url, " ".join(view.types), view.personal, view.by, view.created, head[0],
        ),
    )  # fmt: skip


def _list(db: sqlite3.Connection) -> list[WebhookView]:
    rows = db.execute(
        "SELECT hooks.*, (SELECT COUNT(*) FROM waiting WHERE hook = hooks.id) AS waiting"
        " FROM hooks ORDER BY created, id"
    )
    return [
        WebhookView(
            row["id"], row["url"], tuple(row["types"].split()), bool(row["personal"]), row["by"],
            row["created"], row["waiting"], row["sent"], row["lost"], row["failing"],
            row["error"], row["disabled"],
        )
        for row in rows
    ]  # fmt: skip


def _declare(
    db: sqlite3.Connection, declared: Mapping[str, Declared], now: int, head: Head
) -> None:
    known = {view.id: view for view in _list(db) if view.by == SETTINGS}
    for gone in known.keys() - declared.keys():
        _delete(db, gone)
    for name, hook in declared.items():
        if name not in known:
            view = WebhookView(name, hook.url, hook.types, hook.personal, SETTINGS, now)
            _insert(db, view, head)
        db.execute(
            "UPDATE hooks SET url = ?, types = ?, personal = ? WHERE id = ?",
            (hook.url, " ".join(hook.types), hook.personal, name),
        )


def _delete(db: sqlite3.Connection, id: str) -> None:
    db.execute("DELETE FROM waiting WHERE hook = ?", (id,))
    db.execute("DELETE FROM hooks WHERE id = ?", (id,))


def _enable(db: sqlite3.Connection, id: str, head: Head) -> None:
    if not _asking(db):
        trail.begin(db, head)
    db.execute(
        "UPDATE hooks SET disabled = '', error = '', failing = 0, failures = 0, rests = 0,"
        " after = CASE disabled WHEN '' THEN after ELSE ? END WHERE id = ?",
        (head[0], id),
    )


def _disable(db: sqlite3.Connection, id: str, why: str) -> None:
    lost = db.execute("DELETE FROM waiting WHERE hook = ?", (id,)).rowcount
    db.execute("UPDATE hooks SET disabled = ?, lost = lost + ? WHERE id = ?", (why, lost, id))


def _heads(db: sqlite3.Connection, hook: str, now: int, limit: int) -> Sequence[Waiting]:
    row = db.execute("SELECT * FROM hooks WHERE id = ?", (hook,)).fetchone()
    if row is None or row["disabled"] or row["rests"] > now:
        return ()
    asked = {"hook": hook, "now": now, "limit": 1 if row["failing"] else limit}
    return [
        Waiting(
            hook, found["seq"], found["n"], found["attempts"], _happening.decode(found["event"])
        )
        for found in db.execute(HEADS, asked)
    ]


def _next(db: sqlite3.Connection) -> int:
    row = db.execute(
        "SELECT MIN(MAX(waiting.due, hooks.rests)) AS due FROM waiting"
        " JOIN hooks ON hooks.id = waiting.hook WHERE hooks.disabled = ''"
    ).fetchone()
    return int(row["due"] or 0)


def _sent(db: sqlite3.Connection, item: Waiting) -> None:
    _settle(db, item)
    db.execute(
        "UPDATE hooks SET sent = sent + 1, failing = 0, failures = 0, rests = 0, error = ''"
        " WHERE id = ?",
        (item.hook,),
    )


def _failed(
    db: sqlite3.Connection, item: Waiting, error: str, now: int, after: int, gone: bool
) -> str:
    row = db.execute("SELECT * FROM hooks WHERE id = ?", (item.hook,)).fetchone()
    if row is None or row["disabled"]:
        return ""
    failing = row["failing"] or now
    rests = now + max(after, min(RESTS, 2 ** min(row["failures"], 6)) * SECOND)
    db.execute(
        "UPDATE hooks SET failing = ?, failures = failures + 1, rests = ?, error = ? WHERE id = ?",
        (failing, rests, error, item.hook),
    )
    why = "the receiver is gone for good (410)" if gone else ""
    if now - failing >= PATIENCE:
        why = f"nothing got through for {PATIENCE // DAY} days: {error}"
    if why:
        _disable(db, item.hook, why)
    elif item.attempts < len(BACK_OFF) and _waits(db, item):
        db.execute(
            "UPDATE waiting SET attempts = attempts + 1, due = ? WHERE (hook, seq, n) = (?, ?, ?)",
            (now + max(after, BACK_OFF[item.attempts]), *_key(item)),
        )
    elif _waits(db, item):
        _settle(db, item)
        db.execute("UPDATE hooks SET lost = lost + 1 WHERE id = ?", (item.hook,))
    return why


def _settle(db: sqlite3.Connection, item: Waiting) -> None:
    if _waits(db, item):
        db.execute("DELETE FROM waiting WHERE (hook, seq, n) = (?, ?, ?)", _key(item))


def _waits(db: sqlite3.Connection, item: Waiting) -> bool:
    """Whether it does still, and not another that has its number by now."""
    sql = "SELECT event FROM waiting WHERE (hook, seq, n) = (?, ?, ?)"
    row = db.execute(sql, _key(item)).fetchone()
    return row is not None and _happening.decode(row["event"]).id == item.event.id


def _key(item: Waiting) -> tuple[str, int, int]:
    return item.hook, item.seq, item.n
