"""Files that go out: Twilio and customers fetch them from us, by addresses that we have signed.

The bytes lie in the account's folder under their hash; an address names them, what they are, and
until when it is good, under the site's own secret, so that no list of what was offered is needed.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from omniroute import File, Rejected

SHOWN: Final = ("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf")
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
}
DAY: Final = 86_400  # s
_SHA: Final = re.compile(r"[0-9a-f]{64}")


class Links:
    """Offers files of one account below *base*, its public address."""

    def __init__(
        self,
        folder: Path,
        base: str,
        secret: bytes,
        days: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder, self._base, self._secret = folder, base, secret
        self._seconds, self._clock = days * DAY, clock
        self._swept = 0.0
        self.elsewhere = False  # files may lie with another node, and that one cannot be asked

    async def offer(self, file: File) -> str:
        """An address at which *file* can be fetched.  Raises `Rejected` where none can be made."""
        if not self._secret:
            raise Rejected("files cannot be sent here: the site has no secret", by_content=True)
        sha = hashlib.sha256(file.data).hexdigest()
        await asyncio.to_thread(self._keep, sha, file.data)
        until = int(self._clock()) + self._seconds
        kind, name = file.media_type, file.name.replace("/", "_") or "file"
        mark = self._mark(sha, kind, name, until)
        return f"{self._base}/files/{until}/{sha}/{mark}/{quote(kind, safe='')}/{quote(name)}"

    def routes(self) -> list[BaseRoute]:
        """Where they are fetched."""
        path = "/files/{until:int}/{sha}/{mark}/{kind:path}/{name}"
        return [Route(path, self._give, methods=["GET", "HEAD"])]

    async def _give(self, request: Request) -> Response:
        asked = request.path_params
        until, sha, kind, name = asked["until"], asked["sha"], asked["kind"], asked["name"]
        right = self._mark(sha, kind, name, until).encode()
        good = bool(self._secret) and _SHA.fullmatch(sha) is not None
        if not good or not hmac.compare_digest(asked["mark"].encode(), right):
            return Response(status_code=404)
        data = await asyncio.to_thread(self._found, sha) if until > self._clock() else None
        if data is None and self.elsewhere:
            return Response(status_code=503, headers={"Retry-After": "2"})
        if data is None:
            return Response("This file is not here any more. Ask for it again.", 410)
        way = "inline" if kind in SHOWN else "attachment"
        shown = {"Content-Disposition": f"{way}; filename*=UTF-8''{quote(name)}"}
        return Response(data, headers={**HEADERS, **shown}, media_type=kind)

    def _mark(self, sha: str, kind: str, name: str, until: int) -> str:
        said = "\0".join((sha, kind, name, str(until))).encode()
        return hmac.digest(self._secret or b"none", said, hashlib.sha256).hex()[:32]

    # --- the folder ---

    def _keep(self, sha: str, data: bytes) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / sha
        new = path.with_suffix(".new")
        new.write_bytes(data)
        new.replace(path)
        if self._clock() - self._swept > DAY:
            self._sweep()

    def _sweep(self) -> None:
        """Delete what nobody can open any more."""
        self._swept = self._clock()
        for path in self._folder.iterdir():
            if path.stat().st_mtime < self._swept - self._seconds:
                path.unlink(missing_ok=True)

    def _found(self, sha: str) -> bytes | None:
        try:
            return (self._folder / sha).read_bytes()
        except OSError:
            return None
