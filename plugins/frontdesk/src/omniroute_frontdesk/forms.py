"""What was typed at the desk, cleaned."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request

from omniroute import body_of

SLOWEST: Final = 15.0  # s until a body has arrived
BESIDES: Final = 8192  # bytes of a body besides the text
PER_CHARACTER: Final = 12  # bytes of one that is percent-encoded, at most
LONGEST: Final = {"name": 100, "email": 254, "phone": 40, "ticket": 64, "key": 200, "role": 10}

_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
_LINE_ENDS: Final = re.compile("\r\n?|\u2028|\u2029")
_EMAIL: Final = re.compile(r"[^\s@<>(),;:\"\\]+@[^\s@<>(),;:\"\\]+\.[^\s@<>(),;:\"\\.]{2,}")


class Refusal(Exception):
    """Nothing is kept; the sentence *notice* says why, to whoever typed *typed*."""

    def __init__(
        self, status: int, notice: str, typed: Mapping[str, str] | None = None, **fields: object
    ) -> None:
        super().__init__(notice)
        self.status, self.typed = status, typed or {}
        self._notice, self._fields = notice, fields

    def said(self, say: Mapping[str, str]) -> str:
        """The notice, by the sentences of a language."""
        return say[self._notice].format(**self._fields)


async def read(request: Request, longest: int = 0) -> Mapping[str, str]:
    """The fields of a form; *longest* is how many characters its text may have.

    Raises `Refusal`.
    """
    try:
        body = await body_of(request, longest * PER_CHARACTER + BESIDES, SLOWEST)
        found = parse_qs(body.decode("utf-8", "replace"), max_num_fields=20)
    except HTTPException as error:
        if error.status_code == 413:
            raise Refusal(413, "too_much") from None
        raise Refusal(400, "unread") from None
    except ValueError:
        raise Refusal(400, "unread") from None
    typed = {name: " ".join(_clean(values[0]).split()) for name, values in found.items()}
    typed = {name: typed.get(name, "")[:most] for name, most in LONGEST.items()}
    typed["text"] = _clean(found.get("text", [""])[0])
    return typed


def check(typed: Mapping[str, str], longest: int) -> None:
    """Raise `Refusal` for what cannot be meant."""
    if not typed["text"]:
        raise Refusal(422, "no_text", typed)
    if len(typed["text"]) > longest:
        raise Refusal(422, "long_text", typed, most=longest)
    if typed["email"] and not _EMAIL.fullmatch(typed["email"]):
        raise Refusal(422, "bad_email", typed)
    if not re.fullmatch("[0-9a-f]{32}", typed["ticket"]):
        raise Refusal(422, "old_page", typed)


def _clean(text: str) -> str:
    return _CONTROLS.sub("", _LINE_ENDS.sub("\n", text)).strip()
