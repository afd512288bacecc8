"""Who is on the other side: a browser that holds a secret, and perhaps a user vouched for.

A session begins anonymous or with a good token.  Its secret is random, kept hashed, and changed
when the session comes to speak for a user, so that whoever knew it before does not.  All sessions
of a user share one conversation; what a session said before its user was known stays in a
conversation of its own, which only that session reads.

A token that fails identifies nobody.  On a session that has a user already it ends nothing if it is
only too late or used, and of the same user: pages are reloaded, and the session has its own secret.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from omniroute_webchat import token as tokens
from omniroute_webchat.mailbox import Effort, Mailbox
from omniroute_webchat.token import Claims, Reason, Refusal

MOST_REMEMBERED = 20_000  # sessions in memory; the others are read again when they speak
TOUCH_AFTER = 3600 * 1000  # ms; being seen is written down no more often


@dataclass(frozen=True, slots=True)
class Session:
    """A browser.  *visitor* and *user* are conversations, *user* empty while anonymous."""

    secret_hash: str
    visitor: str
    user: str
    sub: str
    email: str
    name: str
    joined: bool
    seen: int  # ms since the epoch

    @property
    def conversation(self) -> str:
        """Where its lines go."""
        return self.user or self.visitor

    @property
    def conversations(self) -> tuple[str, str]:
        """What it may read."""
        return (self.conversation, self.visitor)


@dataclass(frozen=True, slots=True)
class Opened:
    """The answer to a browser that asked for a session.

    *secret* is set when the browser has to learn a new one, *ended* when streams of an earlier
    state must not go on.
    """

    session: Session
    reason: Reason | None = None
    secret: str = ""
    ended: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody reads this conversation; *reason* is for the agent."""

    reason: str


def hashed(text: str) -> str:
    """A fingerprint of what has itself enough randomness."""
    return hashlib.sha256(text.encode()).hexdigest()


def conversation_of(sub: str) -> str:
    """The one conversation of a user."""
    return f"u:{hashed(sub)[:32]}"


class Sessions:
    """Sessions in the mailbox, the recent ones remembered."""

    def __init__(self, mailbox: Mailbox, keys: tuple[str, ...], audience: str, days: int) -> None:
        self._mailbox = mailbox
        self._keys, self._audience = keys, audience
        self._life = days * 24 * 3600 * 1000  # ms
        self._remembered: OrderedDict[str, Session] = OrderedDict()

    async def find(self, secret: str) -> Session | None:
        """The session that this secret opens."""
        if not 40 <= len(secret) <= 64:  # not one of ours, and not worth a look
            return None
        known = hashed(secret)
        session = self._remembered.get(known)
        if session is None:
            session = await self._mailbox.do(lambda db: _by_secret(db, known))
        return await self._touched(session, _now()) if session is not None else None

    async def open(self, secret: str, token: str | None) -> Opened:
        """Go on with the session of *secret*, or begin one; with *token*, for whom it names."""
        at = _now()
        verdict = (
            tokens.verify(token, self._keys, self._audience, at / 1000)
            if token is not None
            else None
        )
        known = hashed(secret) if secret else ""

        def work(db: sqlite3.Connection) -> Opened:
            current = _by_secret(db, known)
            if current is not None and current.seen < at - self._life:
                current = None
            return _decide(db, current, verdict, at)

        # A used nonce must be remembered as surely as the session that it opened.
        opened = await self._mailbox.do(work, Effort.DURABLE)
        if opened.secret or opened.ended:
            self._remembered.pop(known, None)
        self._remember(opened.session)
        return opened

    async def end(self, session: Session) -> None:
        """Sign out: the secret opens nothing any more."""

        def work(db: sqlite3.Connection) -> None:
            _end(db, session)

        await self._mailbox.do(work, Effort.DURABLE)
        self._remembered.pop(session.secret_hash, None)

    async def destination(self, conversation: str) -> str | Unknown:
        """The conversation in which an answer to *conversation* will be read."""
        oldest = _now() - self._life
        return await self._mailbox.do(lambda db: _destination(db, conversation, oldest))

    async def forget_the_gone(self) -> None:
        """Delete anonymous sessions that have run out, and their lines, which nobody can read."""
        oldest = _now() - self._life
        await self._mailbox.do(lambda db: _forget(db, oldest), Effort.WRITE)
        self._remembered = OrderedDict(
            (known, session)
            for known, session in self._remembered.items()
            if session.seen >= oldest
        )

    async def _touched(self, session: Session, at: int) -> Session | None:
        if session.seen < at - self._life:
            self._remembered.pop(session.secret_hash, None)
            return None
        if session.seen >= at - TOUCH_AFTER:
            self._remember(session)
            return session
        touched = replace(session, seen=at)
        # Remembered before anything is waited for: a session that changes meanwhile is forgotten
        # by whoever changes it, and must not be remembered again.
        self._remember(touched)

        def work(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE sessions SET seen = ? WHERE secret_hash = ?", (at, touched.secret_hash)
            )

        await self._mailbox.do(work, Effort.WRITE)
        return touched

    def _remember(self, session: Session) -> None:
        self._remembered[session.secret_hash] = session
        self._remembered.move_to_end(session.secret_hash)
        if len(self._remembered) > MOST_REMEMBERED:
            self._remembered.popitem(last=False)


def _now() -> int:
    return int(time.time() * 1000)


def _by_secret(db: sqlite3.Connection, secret_hash: str) -> Session | None:
    row = db.execute(
        "SELECT secret_hash, visitor, user, sub, email, name, joined, seen FROM sessions"
        " WHERE secret_hash = ?",
        (secret_hash,),
    ).fetchone()
    if row is None:
        return None
    known, visitor, user, sub, email, name, joined, seen = row
    return Session(known, visitor, user or "", sub, email, name, bool(joined), seen)


def _decide(
    db: sqlite3.Connection, current: Session | None, verdict: Claims | Refusal | None, at: int
) -> Opened:
    """The whole table of what a browser has and what it brings."""
    if isinstance(verdict, Claims) and not _use_nonce(db, verdict, at):
        verdict = Refusal("replayed", verdict.sub)
    match verdict, current:
        case None, None:
            return _begin(db, None, at)
        case None, Session():
            return Opened(_seen(db, current, at))
        case Refusal(), None:
            return replace(_begin(db, None, at), reason=verdict.reason)
        case Refusal(), Session() if current.user and verdict.sub != current.sub:
            # Somebody else may sit here now, and we do not know who.
            _end(db, current)
            opened = _begin(db, None, at)
            return replace(opened, reason=verdict.reason, ended=current.visitor)
        case Refusal(), Session():
            return Opened(_seen(db, current, at), reason=verdict.reason)
        case Claims(), None:
            return _begin(db, verdict, at)
        case Claims(), Session() if not current.user:
            return _bind(db, current, verdict, at)
        case Claims(), Session() if current.sub == verdict.sub:
            current = replace(current, email=verdict.email, name=verdict.name)
            return Opened(_seen(db, current, at))
        case Claims(), Session():
            _end(db, current)
            return replace(_begin(db, verdict, at), ended=current.visitor)
    raise AssertionError("unreachable")


def _begin(db: sqlite3.Connection, claims: Claims | None, at: int) -> Opened:
    secret = secrets.token_urlsafe(32)
    session = Session(
        secret_hash=hashed(secret),
        visitor=f"s:{secrets.token_hex(16)}",
        user=conversation_of(claims.sub) if claims else "",
        sub=claims.sub if claims else "",
        email=claims.email if claims else "",
        name=claims.name if claims else "",
        joined=False,
        seen=at,
    )
    db.execute(
        "INSERT INTO sessions (secret_hash, visitor, user, sub, email, name, created, seen)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(session.secret_hash, session.visitor, session.user or None),
            *(session.sub, session.email, session.name, at, at),
        ),
    )
    return Opened(session, secret=secret)


def _bind(db: sqlite3.Connection, session: Session, claims: Claims, at: int) -> Opened:
    secret = secrets.token_urlsafe(32)
    bound = replace(
        session,
        secret_hash=hashed(secret),
        user=conversation_of(claims.sub),
        sub=claims.sub,
        email=claims.email,
        name=claims.name,
        joined=True,
        seen=at,
    )
    db.execute(
        "UPDATE sessions SET secret_hash = ?, user = ?, sub = ?, email = ?, name = ?, joined = 1,"
        " seen = ? WHERE secret_hash = ?",
        (
            *(bound.secret_hash, bound.user, bound.sub, bound.email, bound.name),
            *(at, session.secret_hash),
        ),
    )
    return Opened(bound, secret=secret, ended=session.visitor)


def _seen(db: sqlite3.Connection, session: Session, at: int) -> Session:
    db.execute(
        "UPDATE sessions SET email = ?, name = ?, seen = ? WHERE secret_hash = ?",
        (session.email, session.name, at, session.secret_hash),
    )
    return replace(session, seen=at)


def _end(db: sqlite3.Connection, session: Session) -> None:
    """Close it for good, but remember whose it was: answers to it still find the user."""
    db.execute(
        "UPDATE sessions SET secret_hash = ?, seen = 0 WHERE secret_hash = ?",
        (f"ended:{session.visitor}", session.secret_hash),
    )


def _use_nonce(db: sqlite3.Connection, claims: Claims, at: int) -> bool:
    """Whether this token is presented for the first time."""
    db.execute("DELETE FROM nonces WHERE expires < ?", (at // 1000,))
    used = db.execute(
        "INSERT INTO nonces (nonce_hash, expires) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (hashed(claims.nonce), claims.expires),
    )
    return used.rowcount == 1


def _destination(db: sqlite3.Connection, conversation: str, oldest: int) -> str | Unknown:
    row = db.execute(
        "SELECT user, seen FROM sessions WHERE visitor = ?1 OR user = ?1 LIMIT 1", (conversation,)
    ).fetchone()
    if row is None:
        return Unknown("this visitor is not known here, or has been gone for long")
    user, seen = row
    if user is None and seen < oldest:
        return Unknown("this visitor has gone and was anonymous, so nobody would read the answer")
    return str(user or conversation)


def forget(db: sqlite3.Connection, values: Sequence[str]) -> None:
    """Delete every session, and every line, of whoever has one of these ids or addresses."""
    who = msgspec.json.encode(list(values)).decode()
    theirs = (
        "SELECT visitor, user FROM sessions WHERE EXISTS (SELECT 1 FROM json_each(?)"
        " WHERE value IN (visitor, sub, email) AND value != '')"
    )
    found = {name for row in db.execute(theirs, (who,)) for name in row if name}
    gone = msgspec.json.encode([*found, *map(conversation_of, values), *values]).decode()
    for statement in (
        "DELETE FROM lines WHERE conversation IN (SELECT value FROM json_each(?))",
        "DELETE FROM files WHERE conversation IN (SELECT value FROM json_each(?))",
        "DELETE FROM files WHERE visitor IN (SELECT value FROM json_each(?))",
        "DELETE FROM changes WHERE conversation IN (SELECT value FROM json_each(?))",
        "DELETE FROM sessions WHERE visitor IN (SELECT value FROM json_each(?))",
        "DELETE FROM sessions WHERE user IN (SELECT value FROM json_each(?))",
    ):
        db.execute(statement, (gone,))


def _forget(db: sqlite3.Connection, oldest: int) -> None:
    gone = "(SELECT visitor FROM sessions WHERE user IS NULL AND seen < ?)"
    db.execute(f"DELETE FROM lines WHERE conversation IN {gone}", (oldest,))  # noqa: S608
    db.execute(f"DELETE FROM files WHERE conversation IN {gone}", (oldest,))  # noqa: S608
    db.execute("DELETE FROM sessions WHERE user IS NULL AND seen < ?", (oldest,))
