"""The chat page, the widget and their files; filled in once, served from memory."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Mapping, Sequence
from importlib.resources import files
from string import Template

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from omniroute import Catalogue, Site
from omniroute_webchat import attachments
from omniroute_webchat.origins import Origins
from omniroute_webchat.settings import Settings

WORDS = Catalogue.of("omniroute_webchat")
JAVASCRIPT = "text/javascript"
CSS = "text/css"
HTML = "text/html"
MODULES = (
    "chat.js",
    "api.js",
    "composer.js",
    "asking.js",
    "files.js",
    "live.js",
    "log.js",
    "outbox.js",
    "prove.js",
    "store.js",
)


class Pages:
    """What an account shows that is not about anybody."""

    def __init__(self, settings: Settings, site: Site, origins: Origins) -> None:
        policy = {"Content-Security-Policy": _policy(origins.frame_ancestors)}
        anywhere = {"Cross-Origin-Resource-Policy": "cross-origin"}  # pages of other sites load it
        self._pages = {
            language: _Served(_page(language, words, settings, site, origins), HTML, policy)
            for language, words in WORDS.languages.items()
        }
        self._files = {
            **{f"/{name}": _Served(_file(name), JAVASCRIPT) for name in MODULES},
            "/chat.css": _Served(_file("chat.css"), CSS),
            "/theme.css": _Served(_theme(settings.accent), CSS),
            "/widget.js": _Served(_widget(settings), JAVASCRIPT, anywhere),
            "/example": _Served(_file("example.html"), HTML, policy),
            "/example.js": _Served(_file("example.js"), JAVASCRIPT),
            "/example.css": _Served(_file("example.css"), CSS),
        }

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/", self._page, methods=["GET"]),
            *(Route(path, served.answer, methods=["GET"]) for path, served in self._files.items()),
        ]

    async def _page(self, request: Request) -> Response:
        language = WORDS.wished(request.headers.get("accept-language", ""))
        return await self._pages[language].answer(request)


class _Served:
    """A text with what browsers need to know about it; asked for again only when it changed."""

    def __init__(
        self, text: str, media_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self._body = text.encode()
        self._media_type = media_type
        self._tag = f'"{hashlib.sha256(self._body).hexdigest()[:16]}"'
        self._headers = {
            "Cache-Control": "no-cache",
            "ETag": self._tag,
            "Vary": "Accept-Language",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            **(headers or {}),
        }

    async def answer(self, request: Request) -> Response:
        if self._tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=self._headers)
        return Response(self._body, 200, self._headers, self._media_type)


def _policy(frame_ancestors: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "frame-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {frame_ancestors}",
        )
    )


def _page(
    language: str, words: Mapping[str, str], settings: Settings, site: Site, origins: Origins
) -> str:
    words = {**words, "title": settings.title or words["title"]}
    words["greeting"] = settings.greeting or words["greeting"]
    given = {"words": words, "longest": settings.max_message, "origins": origins.allowed}
    given["files"] = {
        "largest": settings.max_file, "types": settings.file_types, "most": attachments.MOST,
    }  # fmt: skip
    given["proves"] = site.proofs is not None
    given["telegram"] = bool(settings.telegram_bot)
    escaped = {name: html.escape(word) for name, word in words.items()}
    return Template(_file("page.html")).substitute(
        escaped,
        language=language,
        accept=_accepted(settings),
        organisation=html.escape(site.organisation),
        initial=html.escape((site.organisation.strip() or "?")[0].upper()),
        given=_in_script(given),
    )


def _accepted(settings: Settings) -> str:
    """What the browser's own dialogue offers; where nothing is taken there is no button."""
    if not settings.max_file:
        return " disabled"
    types = html.escape(",".join(settings.file_types))
    return f' accept="{types}"' if types else ""


def _widget(settings: Settings) -> str:
    # The page around it may be in any language; the button speaks that of the page, if we do.
    words = {
        language: {name: words[name] for name in ("open", "open_unread", "close", "title")}
        for language, words in WORDS.languages.items()
    }
    given = {"words": words, "title": settings.title, "accent": settings.accent}
    given["onAccent"] = _readable_on(settings.accent)
    return _file("widget.js").replace('"GIVEN"', _in_script(given))


def _theme(accent: str) -> str:
    return f":root {{ --accent: {accent}; --on-accent: {_readable_on(accent)}; }}\n"


def _readable_on(colour: str) -> str:
    """Black or white, whichever contrasts more with *colour* (WCAG 2 relative luminance)."""

    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else "#000000"


def _in_script(value: object) -> str:
    """JSON that no markup in it can end the element around."""
    return msgspec.json.encode(value).decode().replace("<", "\\u003c")


def _file(name: str) -> str:
    return (files("omniroute_webchat") / "static" / name).read_text(encoding="utf-8")
