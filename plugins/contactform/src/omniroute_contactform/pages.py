"""What people see: the form, what became of it, and the page behind a link that was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jinja2 import Environment, PackageLoader, select_autoescape
from starlette.requests import Request
from starlette.responses import Response

from omniroute import Catalogue
from omniroute_contactform.filling import TRAP, Entries
from omniroute_contactform.settings import MIB, Settings
from omniroute_contactform.shelf import Chosen

WORDS: Final = Catalogue.of("omniroute_contactform")
DARK_TEXT_FROM: Final = 0.18  # relative luminance from which black is read better than white
_TEMPLATES: Final = Environment(
    loader=PackageLoader("omniroute_contactform"), autoescape=select_autoescape(), trim_blocks=True
)


class Pages:
    """The pages of one form."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        ancestors = " ".join(("'self'", *settings.allowed_origins))
        self._headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self';"
            f" base-uri 'none'; frame-ancestors {ancestors}",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }

    def form(
        self,
        request: Request,
        ticket: str,
        typed: Entries | None = None,
        faults: Mapping[str, str] | None = None,
        chosen: Sequence[Chosen] = (),
        notice: str = "",
        status: int = 200,
    ) -> Response:
        """The form; with what was typed, what is wrong with it, and the files that were kept."""
        say, typed = words_of(request), typed or Entries()
        limits = {
            "count": len(typed.message),
            "most": self._settings.max_message,
            "files": self._settings.max_files,
            "megabytes": f"{self._settings.max_upload / MIB:g}",
        }
        told = {field: say[fault].format(**limits) for field, fault in (faults or {}).items()}
        for why, names in typed.left_out.items():
            named = say["left_out"].format(names=", ".join(names))
            told["files"] = f"{told.get('files', '')} {say[why].format(**limits)} {named}".strip()
        values = {
            "title": self._settings.title or say["title"],
            "greeting": self._settings.greeting or say["greeting"],
            "topics": self._settings.topics,
            "privacy_url": self._settings.privacy_url,
            "typed": typed,
            "faults": told,
            "notice": say[notice] if notice else "",
            "max_files": self._settings.max_files,
            "files_limit": say["files_limit"].format(**limits),
            "files_again": say["files_again"] if typed.files and not chosen else "",
            "chosen": [(each, _size(each.size)) for each in chosen],
            "ticket": ticket,
            "trap": TRAP,
        }
        return self._page(request, "form.html", values, status)

    def said(
        self, request: Request, title: str, *lines: str, button: str = "", again: str = "",
        status: int = 200,
    ) -> Response:  # fmt: skip
        """A page that says something, with a button or a link back."""
        values = {"title": title, "lines": lines, "button": button, "again": again}
        return self._page(request, "said.html", values, status)

    def style(self, request: Request) -> Response:
        """The style sheet, in the colour that was set."""
        accent = self._settings.accent
        text = _TEMPLATES.get_template("style.css").render(
            accent=accent, on_accent="#000" if luminance(accent) > DARK_TEXT_FROM else "#fff"
        )
        return Response(text, media_type="text/css", headers={"X-Content-Type-Options": "nosniff"})

    def _page(
        self, request: Request, template: str, values: Mapping[str, Any], status: int
    ) -> Response:
        html = _TEMPLATES.get_template(template).render(
            **values, say=words_of(request), language=_language(request), base=base_of(request)
        )
        return Response(html, status, self._headers, "text/html")


def words_of(request: Request) -> Mapping[str, str]:
    """What is said, in the language that the browser wishes."""
    return WORDS[_language(request)]


def _language(request: Request) -> str:
    return WORDS.wished(request.headers.get("accept-language", ""))


def base_of(request: Request) -> str:
    """Where the account's pages begin, with a slash at the end."""
    return str(request.scope.get("root_path", "")).rstrip("/") + "/"


def _size(size: int) -> str:
    """A file's size, for people.

    >>> _size(700), _size(12_000), _size(3_400_000)
    ('1 KB', '12 KB', '3.4 MB')
    """
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1000))} KB"


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb``, from 0 to 1, as WCAG 2.2 defines it.

    >>> luminance("#ffffff"), luminance("#000000")
    (1.0, 0.0)
    """
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return round(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2], 6)
