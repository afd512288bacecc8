"""What every answer carries and every request must stand: headers, sizes, where a form came from.

A form is accepted when its token belongs to the session (nobody else can know it) and when the
browser does not say that it comes from another site.  Both are asked, so that one mistake is not
enough.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from omniroute.application.bounds import LARGEST_FILE, MOST_FILES
from omniroute.errors import Refused

CONTENT_POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Set unless the answer brings its own."""

MOST_BODY = 1_000_000
"""The longest form or command in bytes that brings no files."""

MOST_UPLOAD = MOST_FILES * LARGEST_FILE + MOST_BODY
"""The longest with files, which go to the disk piece by piece."""

_RAW = re.compile(r"(?:/api/v1)?/threads/\d+/files")
_WITH_FILES = re.compile(r"/threads/\d+/(?:reply|note)")

MOST_CHOSEN = 100
"""Files that a form may hold: each beyond those that go at once is refused by its name."""

MOST_FIELDS = 100
LONGEST_FIELD = 256_000
"""Of a form with files: what is no file is held in memory."""

MOST_LOCAL_BODY = 64_000_000
"""The same on the local socket, over which whole folders of rules come."""


class Guard:
    """ASGI middleware: adds the headers, refuses long bodies."""

    def __init__(self, app: ASGIApp, *, https: bool = False, most: int = MOST_BODY) -> None:
        self.app, self.most = app, most
        self.headers = dict(HEADERS)
        if https:
            self.headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        claimed = headers.get("content-length", "0")
        most = MOST_UPLOAD if _uploads(scope["path"], headers) else self.most
        if not claimed.isdigit() or int(claimed) > most:
            await self._too_long(send)
            return
        taken = 0

        async def measured() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:  # no length was claimed, or a false one
                raise Refused("too_much", "That is more than a form can hold.")
            return message

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, measured, dressed)

    async def _too_long(self, send: Send) -> None:
        body = b"That is more than a form can hold."
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _uploads(path: str, headers: Headers) -> bool:
    """Whether files may come there, as the body or in a form that goes to the disk in pieces."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    in_form = kind == "multipart/form-data" and _WITH_FILES.fullmatch(path)
    return bool(in_form or _RAW.fullmatch(path))


def token_for(secret: str) -> str:
    """The form token of a session: tells nothing about the session's own secret."""
    return hmac.new(secret.encode(), b"omniroute form", hashlib.sha256).hexdigest()[:40]


def check_origin(request: Request, public_url: str) -> None:
    """Refuse what a browser says comes from elsewhere.  Raises `Refused`."""
    origin = request.headers.get("origin")
    if origin is not None:
        ours = {origin_of(public_url), origin_of(str(request.base_url))}
        if origin not in ours:
            raise Refused("elsewhere", "This form was sent from another site.")
    elif request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refused("elsewhere", "This form was sent from another site.")


async def check_token(request: Request, secret: str) -> None:
    """Refuse a form or call without the session's token.  Raises `Refused`."""
    given = request.headers.get("x-csrf-token")
    if given is None and not is_json(request):
        form = await request.form(
            max_files=MOST_CHOSEN, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD
        )
        field = form.get("token", "")
        given = field if isinstance(field, str) else ""
    if not hmac.compare_digest((given or "").encode(), token_for(secret).encode()):
        raise Refused("stale_form", "This page is out of date. Load it again, then repeat.")


def is_json(request: Request) -> bool:
    """Whether the body claims to be JSON."""
    return request.headers.get("content-type", "").partition(";")[0].strip() == "application/json"


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, as browsers write an origin."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def local_path(path: str) -> str:
    """*path* if it leads somewhere on this site, else ``/``: a sign-in sends nobody elsewhere.

    >>> local_path("/threads/7?x=1"), local_path("//evil.example"), local_path("/\\\\evil.example")
    ('/threads/7?x=1', '/', '/')
    """
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if safe else "/"
