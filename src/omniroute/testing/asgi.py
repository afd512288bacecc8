"""Asking an application without a network: what a platform does to our webhook, in a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.types import ASGIApp

ENDLESS: Final = 64 * 1024 * 1024  # bytes after which nobody sane reads on
CHUNK: Final = 65536


@dataclass
class Answered:
    """What a request was answered with, and how much of an endless body was read."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    read: int = 0

    @property
    def ok(self) -> bool:
        """Whether the answer is a yes."""
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Whether the answer says that the sender is at fault."""
        return 400 <= self.status < 500


async def ask(
    app: ASGIApp,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    endless: bool = False,
) -> Answered:
    """Make one request; with *endless*, one whose body goes on and on."""
    answered, rest = Answered(), [body]

    async def receive() -> dict[str, Any]:
        if endless and answered.read < ENDLESS:
            answered.read += CHUNK
            return {"type": "http.request", "body": b" " * CHUNK, "more_body": True}
        return {"type": "http.request", "body": rest.pop() if rest else b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answered.status = message["status"]
            pairs = message.get("headers", ())
            answered.headers = {name.decode().lower(): value.decode() for name, value in pairs}
        else:
            answered.body += message.get("body", b"")

    await app(_scope(method, path, len(body), headers or {}, endless), receive, send)
    return answered


def _scope(
    method: str, path: str, length: int, headers: Mapping[str, str], endless: bool
) -> dict[str, Any]:
    sent = {"host": "desk.example"} | ({} if endless else {"content-length": str(length)})
    sent |= {name.lower(): value for name, value in headers.items()}
    path, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("desk.example", 80),
    }
