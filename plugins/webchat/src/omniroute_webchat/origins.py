"""Which web pages may act here.

Browsers name the page that acts in ``Origin``, on every POST.  Our own pages may, and those that
the admin allows; a foreign page cannot use a visitor's cookie to write in their name.  Programs
name no origin, and carry no cookies that are not theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.requests import Request

from omniroute_webchat.problem import Problem


class Origins:
    """Our own origin, from *public_url* and from the request, and the allowed ones."""

    def __init__(self, public_url: str, allowed: Sequence[str]) -> None:
        parts = urlsplit(public_url)
        self._own = f"{parts.scheme}://{parts.netloc}".lower()
        self.allowed = tuple(allowed)

    def check(self, request: Request) -> None:
        """Raise `Problem` when a page that may not act does."""
        origin = request.headers.get("origin")
        if origin is None or origin in self.allowed or self._is_own(origin, request):
            return
        raise Problem(
            403,
            "origin",
            f"Pages of {origin[:200]} may not use this chat; "
            "add the origin to allowed_origins if they should.",
        )

    def share(self, request: Request) -> dict[str, str]:
        """Headers that let an allowed page read the answer.  Cookies stay out of it."""
        origin = request.headers.get("origin")
        if origin is None or origin not in self.allowed:
            return {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": "GET, POST, DELETE",
            "Access-Control-Allow-Headers": "Content-Type, Last-Event-ID, X-Chat-Session",
            "Access-Control-Expose-Headers": "Retry-After",
            "Access-Control-Max-Age": "600",
            "Vary": "Origin",
        }

    @property
    def frame_ancestors(self) -> str:
        """Who may show the page in a frame, as a content security policy says it."""
        return " ".join(("'self'", *self.allowed))

    def _is_own(self, origin: str, request: Request) -> bool:
        if request.headers.get("sec-fetch-site") == "same-origin":  # the browser's own word
            return True
        # Behind a proxy the scheme we see may not be the one the browser used.
        _, _, place = origin.partition("://")
        return origin == self._own or place == request.headers.get("host")
