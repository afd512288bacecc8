"""What a browser is told when it does not get what it asked for."""

from __future__ import annotations

import math

import msgspec
from starlette.responses import Response


class Problem(Exception):
    """An answer that is no success: *code* is stable and for programs, *text* for people."""

    def __init__(self, status: int, code: str, text: str, retry_after: float = 0) -> None:
        super().__init__(code)
        self.status, self.code, self.text, self.retry_after = status, code, text, retry_after

    def response(self) -> Response:
        headers = {"Retry-After": str(math.ceil(self.retry_after))} if self.retry_after else {}
        return answer({"error": self.code, "text": self.text}, self.status, headers)


def answer(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """*value* as JSON that nobody keeps."""
    return Response(
        msgspec.json.encode(value),
        status,
        {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})},
        "application/json",
    )


def not_listening() -> Problem:
    return Problem(503, "not_listening", "The chat is starting; try again shortly.", 1)


def busy() -> Problem:
    return Problem(503, "busy", "Your message could not be kept just now; try again.", 2)


def too_fast(wait: float) -> Problem:
    return Problem(429, "too_fast", "That was a little fast; try again shortly.", max(wait, 1))
