"""Mail that is fetched from an IMAP mailbox: kept first, then marked, then noted as fetched.

How far we are, by UID, lies in a database of the account's own and moves on only after the intake
has the message on the disk.  Whatever breaks in between, the message is fetched again and has the
same key, so it is kept once.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from omniroute import Busy, Health, Intake, NotAuthorised, Retry, Site
from omniroute_email.envelope import Envelope, pack
from omniroute_email.imap import Postbox
from omniroute_email.reading.addresses import normalised
from omniroute_email.reading.addresses import sender as author
from omniroute_email.reading.headers import Headers, split
from omniroute_email.reading.mailboxes import mailboxes as addresses_in
from omniroute_email.session import delivery_key
from omniroute_email.settings import Config, Mailboxes

if TYPE_CHECKING:
    from omniroute_email.authentication.verifier import Verifier

log = logging.getLogger("omniroute.email")

FIRST: Final = 1.0  # seconds between attempts to connect, at first
LONGEST: Final = 300.0
DAY: Final = 86_400
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS mark (
  one INTEGER PRIMARY KEY CHECK (one = 1), uidvalidity INTEGER NOT NULL, uid INTEGER NOT NULL,
  at INTEGER NOT NULL
)
"""
DELIVERED_TO: Final = ("delivered-to", "x-original-to", "envelope-to", "to", "cc")
MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class Mark(msgspec.Struct, frozen=True):
    """How far a mailbox has been fetched: up to *uid*, last moved on *at* (s since the epoch)."""

    uidvalidity: int
    uid: int
    at: int


class Fetcher:
    """Fetches the mail of one account, for as long as it runs."""

    def __init__(
        self,
        config: Config,
        mailboxes: Mailboxes,
        intake: Intake,
        site: Site,
        place: str,
        verifier: Verifier | None = None,
    ) -> None:
        self._config, self._mailboxes, self._intake = config, mailboxes, intake
        self._verifier = verifier
        self._site, self._place = site, place
        self._db: sqlite3.Connection | None = None
        self.trouble: Health | None = Health(False, "no mail can come in: not signed in yet")
        self.ready = asyncio.Event()  # what was there at the first look is in

    async def run(self) -> None:
        """Fetch until cancelled; after a failure, connect again, later each time."""
        try:
            await self._run()
        finally:
            if self._db is not None:
                self._db.close()
                self._db = None

    async def _run(self) -> None:
        pause = FIRST
        while True:
            try:
                pause = await self._session(pause)
            except NotAuthorised as error:
                self._failed(Health(False, "no mail can be fetched", error.fix))
                pause = LONGEST
            except Busy:
                self._failed(Health(False, "mail waits in its mailbox: it cannot be kept now"))
            except Retry as error:
                fix = f"see whether {self._place}.imap_host and imap_port are right and it runs"
                self._failed(Health(False, error.reason, fix))
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST)

    def _failed(self, trouble: Health) -> None:
        if self.trouble != trouble:
            log.error("%s: %s %s", self._place, trouble.found, trouble.fix)
        self.trouble = trouble

    async def _session(self, pause: float) -> float:
        """Fetch over one connection until it breaks.  Raises `Retry`, `NotAuthorised`, `Busy`."""
        postbox = Postbox(self._config, self._place)
        try:
            await postbox.open()
            while True:
                await self._fetch_new(postbox)
                self.trouble = None
                self.ready.set()
                await postbox.wait(self._config.imap_interval)
        except (Retry, Busy):
            if self.trouble is None:
                return FIRST  # it worked until now: try again at once
            raise
        finally:
            await asyncio.shield(postbox.close())

    async def _fetch_new(self, postbox: Postbox) -> None:
        mark = self._mark()
        if mark is not None and mark.uidvalidity == postbox.uidvalidity:
            for uid in await postbox.after(mark.uid):
                await self._take(postbox, uid, Mark(mark.uidvalidity, uid, _now()))
            return
        # The first time, or the UIDs are others now and what we had already is known by its key.
        highest = max(await postbox.after(0), default=0)
        if mark is None:
            found = await postbox.unseen()
        else:
            found = await postbox.since(_day(mark.at - DAY))
        for uid in found:
            if uid <= highest:
                await self._take(postbox, uid, None)
        self._remember(Mark(postbox.uidvalidity, highest, _now()))

    async def _take(self, postbox: Postbox, uid: int, then: Mark | None) -> None:
        """Keep a message; then mark it in the mailbox; then note how far we are.

        A crash in between repeats what comes after it: the message has its key already.
        """
        message = await postbox.fetch(uid)
        if message is not None:
            envelope = self.envelope_of(message)
            # Fetched again it is the same message, whatever DNS says of it then.
            key = delivery_key(envelope, message)
            if self._verifier is not None:  # by DKIM alone: who delivered it is not known here
                found = await self._verifier.verify(envelope, message, "")
                envelope = msgspec.structs.replace(envelope, checked=found)
            await self._intake.accept(pack(envelope, message), key=key)
            await postbox.done_with(uid)
        if then is not None:
            self._remember(then)

    def envelope_of(self, message: bytes) -> Envelope:
        """What an SMTP session would have known, as the last mail server wrote it down."""
        headers, _ = split(message, 0, len(message))
        known = [
            each.address
            for name in DELIVERED_TO
            for value in headers.all(name)
            for each in addresses_in([value])
            if self._mailboxes.takes(each.address)
        ]
        return Envelope(
            peer="",
            # Whoever writes to the mailbox can write a field; only a named server's counts.
            trusted=bool(self._config.authserv_id),
            mail_from=_return_path(headers),
            rcpt_to=tuple(dict.fromkeys(known)),
            received_at=time.time_ns() // 1_000_000,
        )

    def _mark(self) -> Mark | None:
        row = self._notes().execute("SELECT uidvalidity, uid, at FROM mark").fetchone()
        return None if row is None else Mark(*row)

    def _remember(self, mark: Mark) -> None:
        row = (mark.uidvalidity, mark.uid, mark.at)
        self._notes().execute("INSERT OR REPLACE INTO mark VALUES (1, ?, ?, ?)", row)

    def _notes(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = self._site.database("imap.sqlite")
            self._db.execute(_TABLE)
            _take_over(self._db, self._site.folder / "imap.json")
        return self._db


def _take_over(db: sqlite3.Connection, file: Path) -> None:
    """An earlier version kept the mark in *file*."""
    with suppress(FileNotFoundError, msgspec.DecodeError):
        mark = msgspec.json.decode(file.read_bytes(), type=Mark)
        row = (mark.uidvalidity, mark.uid, mark.at)
        db.execute("INSERT OR IGNORE INTO mark VALUES (1, ?, ?, ?)", row)


def _return_path(headers: Headers) -> str:
    """Empty for a null sender; the author where no server wrote it down."""
    written = headers.all("return-path")
    if written:
        return normalised(written[0].strip().removeprefix("<").removesuffix(">"))
    mailbox, _ = author(headers.all("from"))
    return mailbox.address if mailbox is not None else "unknown@unknown.invalid"


def _day(at: int) -> str:
    """A day as IMAP writes it, in English whatever the machine speaks."""
    when = time.gmtime(max(at, 0))
    return f"{when.tm_mday}-{MONTHS[when.tm_mon - 1]}-{when.tm_year}"


def _now() -> int:
    return int(time.time())
