"""What stands on the screens; no script, and nothing from elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from jinja2 import Environment, PackageLoader, select_autoescape
from starlette.requests import Request
from starlette.responses import Response

from omniroute import Catalogue
from omniroute_frontdesk.doorkeeper import Role

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
WORDS: Final = Catalogue.of("omniroute_frontdesk")
BACK_AFTER: Final = 90  # s until a kiosk shows nobody's code any more
_TEMPLATES: Final = Environment(
    loader=PackageLoader("omniroute_frontdesk"), autoescape=select_autoescape(), trim_blocks=True
)


def page(
    request: Request, template: str, role: Role, title: str, status: int = 200, **values: Any
) -> Response:
    """A page for whoever sits before it, in the language that their browser wishes."""
    base, language = base_of(request), _language(request)
    known = {"typed": {}, "staff": role == "staff", "kiosk": role == "kiosk", **values}
    html = _TEMPLATES.get_template(template).render(
        **known, title=title, base=base, clock=_clock, say=WORDS[language], language=language
    )
    response = Response(html, status, HEADERS, "text/html")
    if role == "kiosk" and template == "visit.html":
        response.headers["Refresh"] = f"{BACK_AFTER}; url={base}"
    return response


def words_of(request: Request) -> Mapping[str, str]:
    """What is said, in the language that the browser wishes."""
    return WORDS[_language(request)]


def _language(request: Request) -> str:
    return WORDS.wished(request.headers.get("accept-language", ""))


def style(request: Request) -> Response:
    """The style sheet."""
    text = _TEMPLATES.get_template("style.css").render()
    return Response(text, media_type="text/css", headers={"X-Content-Type-Options": "nosniff"})


def base_of(request: Request) -> str:
    """Where the account's pages begin, with a slash at the end."""
    return str(request.scope.get("root_path", "")).rstrip("/") + "/"


def now() -> int:
    """Ms since the epoch."""
    return int(time.time() * 1000)


def _clock(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%d %b %H:%M UTC")
