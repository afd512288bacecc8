"""Files of the chat: what visitors bring, what they are sent, and who may fetch it.

The bytes lie in the account's folder, under names that tell nothing; whose they are stands in the
mailbox.  A file comes before the message that it goes with, and is forgotten if none follows.  It
is fetched by an address that was made for one session and opens nothing once that has ended, since
inside another site's page a browser may show no cookie.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import secrets
import sqlite3
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from omniroute import File, Site
from omniroute_webchat.mailbox import Effort, Line, Mailbox, Shown
from omniroute_webchat.parse import Brought, clean_line
from omniroute_webchat.problem import Problem
from omniroute_webchat.sessions import Session

MOST = 10  # files in a message
TOGETHER = 30_000_000  # bytes of all files of a visitor's message
WAITING = 20  # files of a visitor that belong to no message yet
FORGOTTEN_AFTER = 24 * 3600.0  # s that such a file is kept
LONGEST_READ = 600.0  # s that a file may take to come
YOUNG = 60.0  # s for which a file may be on the disk, and not yet in the mailbox

PICTURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
"""What is shown in place.  A picture is known by how it begins, never by what is said of it."""
SHOWN = frozenset((*PICTURES.values(), "image/webp"))
UNKNOWN = "application/octet-stream"

SAFE = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, max-age=86400",
}


class Attachments:
    """The files of one account."""

    def __init__(self, site: Site, mailbox: Mailbox) -> None:
        self._folder, self._mailbox = site.folder / "files", mailbox
        self._key = site.secret or secrets.token_bytes(32)

    # --- a visitor's ---

    async def bring(self, session: Session, name: str, request: Request, most: int) -> Shown:
        """Take the body of *request*, piece by piece.  Raises `Problem`."""
        waiting = await self._mailbox.do(lambda db: _waiting(db, session.visitor))
        if waiting >= WAITING:
            raise Problem(429, "too_many_files", "Send what is there first, then the others.", 5)
        id = secrets.token_urlsafe(16)
        partly = await asyncio.to_thread(self._begin, id)
        try:
            size = await _written(partly, request, most)
            await asyncio.to_thread(partly.replace, self._folder / id)
        finally:
            partly.unlink(missing_ok=True)
        kind = await asyncio.to_thread(_kind, self._folder / id)
        shown = Shown(id, clean_line(name).replace("/", "_")[:120] or "file", kind, size)
        await self._mailbox.do(lambda db: _add(db, session.conversation, session.visitor, [shown]))
        return shown

    async def brought(self, session: Session, ids: Sequence[str]) -> tuple[Brought, ...]:
        """What *session* brought, to go with a message.  Raises `Problem`."""
        if not ids:  # as nearly always: who asks the mailbox has it write at once
            return ()
        if len(ids) > MOST:
            raise Problem(422, "too_many_files", f"A message has at most {MOST} files.")
        mine = await self._mailbox.do(lambda db: _of_visitor(db, session.visitor))
        if any(id not in mine for id in ids):
            raise _gone()
        if sum(mine[id].size for id in ids) > TOGETHER:
            raise Problem(413, "too_big", f"All files together have at most {TOGETHER} bytes.")
        found = []
        for id in ids:
            try:
                data = await asyncio.to_thread((self._folder / id).read_bytes)
            except FileNotFoundError:  # it may lie on another machine
                raise _gone() from None
            found.append(Brought(mine[id].name, mine[id].media_type, data))
        return tuple(found)

    # --- an agent's ---

    async def put(self, key: str, files: Iterable[File]) -> list[Shown]:
        """Keep the files of an answer; the same *key* again keeps the same."""
        found = []
        for number, file in enumerate(files):
            digest = hmac.digest(self._key, f"{key}\0{number}".encode(), "sha256")
            id = digest.hex()[:32]
            await asyncio.to_thread(self._keep, id, file.data)
            kind = await asyncio.to_thread(_kind, self._folder / id)
            found.append(Shown(id, file.name, kind, len(file.data)))
        return found

    # --- fetching ---

    def shown(self, session: Session, lines: Sequence[Line]) -> list[Line]:
        """*lines* with addresses at which this session can fetch what they carry."""
        return [line.with_files([self.at(session, file) for file in line.files]) for line in lines]

    def at(self, session: Session, file: Shown) -> Shown:
        """*file* with its address for *session*."""
        asked = urlencode({"of": session.visitor, "key": self._proof(session.visitor, file.id)})
        return file.at(f"files/{file.id}?{asked}")

    async def fetch(self, request: Request) -> Response:
        """A file: a picture to be seen in place, anything else to be saved.  Raises `Problem`."""
        id, visitor = request.path_params["id"], request.query_params.get("of", "")
        given = request.query_params.get("key", "")
        if not hmac.compare_digest(given.encode(), self._proof(visitor, id).encode()):
            raise Problem(404, "no_file", "There is no such file, or not for you.")
        file = await self._mailbox.do(lambda db: _readable(db, id, visitor))
        path = self._folder / id
        if file is None or not await asyncio.to_thread(path.is_file):
            raise Problem(404, "no_file", "This file is not here any more.")
        how = "inline" if file.media_type in SHOWN else "attachment"
        named = f"{how}; filename*=UTF-8''{quote(file.name, safe='')}"
        return FileResponse(
            path, media_type=file.media_type, headers={**SAFE, "Content-Disposition": named}
        )

    def _proof(self, visitor: str, id: str) -> str:
        return hmac.new(self._key, f"{visitor} {id}".encode(), hashlib.sha256).hexdigest()[:40]

    # --- forgetting ---

    async def sweep(self) -> None:
        """Forget what belongs to no message, and the bytes of what the mailbox has forgotten."""
        before = int((time.time() - FORGOTTEN_AFTER) * 1000)
        await self._mailbox.do(
            lambda db: db.execute("DELETE FROM files WHERE line = 0 AND at < ?", (before,)),
            Effort.WRITE,
        )
        await self.tidy()

    async def tidy(self) -> None:
        """Delete the bytes of files that the mailbox does not know (any more)."""
        known = await self._mailbox.do(_known)
        await asyncio.to_thread(_delete_but, self._folder, known, time.time() - YOUNG)

    # --- the disk ---

    def _begin(self, id: str) -> Path:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        return self._folder / f"{id}.part"

    def _keep(self, id: str, data: bytes) -> None:
        partly = self._begin(id)
        partly.write_bytes(data)
        partly.replace(self._folder / id)


def _gone() -> Problem:
    return Problem(422, "no_file", "A file is not here any more; choose it again.")


async def _written(path: Path, request: Request, most: int) -> int:
    """Write the body of *request* to *path*; its size.  Raises `Problem`."""
    size = 0
    try:
        with path.open("wb") as file:
            async with asyncio.timeout(LONGEST_READ):
                async for piece in request.stream():
                    size += len(piece)
                    if size > most:
                        raise Problem(413, "too_big", f"A file has at most {most} bytes.")
                    await asyncio.to_thread(file.write, piece)
    except TimeoutError:
        raise Problem(408, "too_slow", "The file did not arrive in time.") from None
    except OSError:
        raise Problem(503, "busy", "The file could not be kept just now; try again.", 2) from None
    return size


def _kind(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(16)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for begins, kind in PICTURES.items() if head.startswith(begins)), UNKNOWN)


def _delete_but(folder: Path, known: frozenset[str], before: float) -> None:
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.name not in known and path.stat().st_mtime < before:
                path.unlink()


# --- the mailbox ---


def _add(db: sqlite3.Connection, conversation: str, visitor: str, files: Sequence[Shown]) -> None:
    db.executemany(
        "INSERT INTO files (id, conversation, visitor, name, media_type, size, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        [
            (f.id, conversation, visitor, f.name, f.media_type, f.size, int(time.time() * 1000))
            for f in files
        ],
    )


def attach(db: sqlite3.Connection, conversation: str, line: int, files: Sequence[Shown]) -> None:
    """Say of an answer's *files* with which line they came."""
    _add(db, conversation, "", files)
    belong(db, conversation, line, [file.id for file in files])


def belong(db: sqlite3.Connection, conversation: str, line: int, ids: Sequence[str]) -> None:
    """Say of files that are there with which line they came; one belongs to one line only."""
    db.executemany(
        "UPDATE files SET line = ?, conversation = ? WHERE id = ? AND line = 0",
        [(line, conversation, id) for id in ids],
    )


def _waiting(db: sqlite3.Connection, visitor: str) -> int:
    sql = "SELECT count(*) FROM files WHERE visitor = ? AND line = 0"
    (count,) = db.execute(sql, (visitor,)).fetchone()
    return int(count)


def _of_visitor(db: sqlite3.Connection, visitor: str) -> dict[str, Shown]:
    sql = "SELECT id, name, media_type, size FROM files WHERE visitor = ?"
    return {row[0]: Shown(*row) for row in db.execute(sql, (visitor,))}


def _readable(db: sqlite3.Connection, id: str, visitor: str) -> Shown | None:
    """A file that the session of *visitor*, which has not ended, may read."""
    row = db.execute(
        "SELECT files.id, files.name, media_type, size FROM files JOIN sessions"
        " ON files.conversation IN (sessions.visitor, sessions.user)"
        " WHERE files.id = ? AND sessions.visitor = ? AND sessions.seen > 0",
        (id, visitor),
    ).fetchone()
    return None if row is None else Shown(*row)


def _known(db: sqlite3.Connection) -> frozenset[str]:
    return frozenset(id for (id,) in db.execute("SELECT id FROM files"))
