"""What programs read when something was not done: problem details, as RFC 9457 has them."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from omniroute.errors import Refused
from omniroute.web.rest.calls import PREFIX, Unreadable

MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request was not done.

    *code* is stable and what to tell cases apart by; *detail* is a sentence for people; *place*
    is what in the request is at fault (``body.until``), *fix* what to do about it.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str
    place: str = ""
    fix: str = ""


def is_v1(path: str) -> bool:
    """Whether a path is of this API."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def problem(
    request: Request, status: int, code: str, detail: str, place: str = "", fix: str = ""
) -> Response:
    """The answer that says so."""
    value = Problem(
        f"urn:omniroute:problem:{code}",
        HTTPStatus(status).phrase,
        status,
        detail,
        code,
        request.url.path,
        place,
        fix,
    )
    answer = Response(msgspec.json.encode(value), status, media_type=MEDIA_TYPE)
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="OmniRoute"'
    return answer


def refusal(request: Request, status: int, error: Refused) -> Response:
    """The same, of what was refused."""
    if isinstance(error, Unreadable):
        return problem(request, status, error.code, error.fault, error.place, error.fix)
    fault, _, fix = error.text.partition(" — ")
    return problem(request, status, error.code, fault, fix=fix)
