"""What people and programs read when something was not done."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from omniroute.application.sentences import INVALID
from omniroute.errors import Refused
from omniroute.web.answers import bare, console_of, is_partial, parts
from omniroute.web.rest.problems import is_v1, problem, refusal
from omniroute.web.visits import SignedOut, Visit, see_out

log = logging.getLogger(__name__)

COME_AGAIN: Final = 5  # seconds until a program asks again where the database is away

STATUS_OF = {
    **dict.fromkeys(INVALID, 422),
    "bad_link": 401,
    "elsewhere": 403,
    "forbidden": 403,
    "invalid": 422,
    "no_such_agent": 422,
    "no_such_queue": 422,
    "no_json": 400,
    "not_found": 404,
    "stale_form": 403,
    "bad_event": 422,
    "bad_place": 422,
    "bad_scope": 422,
    "bad_token": 422,
    "bad_secret": 422,
    "bad_url": 422,
    "too_many": 429,
    "too_much": 413,
    "file_too_big": 413,
    "file_gone": 422,
    "too_many_files": 422,
    "unknown_agent": 404,
    "unknown_customer": 404,
    "unknown_file": 404,
    "file_elsewhere": 404,
    "unknown_letter": 404,
    "unknown_rules": 404,
    "unknown_message": 404,
    "unknown_thread": 404,
    "unknown_token": 404,
    "unknown_webhook": 404,
    "unsupported_media_type": 415,
    "weak_password": 422,
    "wrong_sign_in": 401,
}
"""HTTP statuses of refusals; any other is 409: it was possible once, or for somebody else."""


def status_of(code: str) -> int:
    """The HTTP status for a refusal's *code*."""
    return STATUS_OF.get(code, 409)


async def on_signed_out(request: Request, error: Exception) -> Response:
    """Nobody is signed in: show them in, and back to where they wanted to go."""
    assert isinstance(error, SignedOut)
    where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    door = "/sign-in" if where == "/" else f"/sign-in?next={quote(where, safe='')}"
    response: Response
    if is_v1(request.url.path):
        fix = "send Authorization: Bearer and a token that an admin made"
        return problem(request, 401, "signed_out", "No token, or one that does not work", fix=fix)
    if wants_json(request):
        response = JSONResponse({"code": "signed_out", "text": "Sign in first."}, 401)
    elif is_partial(request):
        response = Response(status_code=401, headers={"HX-Redirect": "/sign-in"})
    elif request.method == "GET" and request.url.path != "/live":
        response = RedirectResponse(door, 303)
    else:
        response = bare(
            request, "fault.html", {"title": "Signed out", "text": "Sign in first."}, status=401
        )
    see_out(console_of(request), response)
    return response


async def on_refused(request: Request, error: Exception) -> Response:
    """Somebody asked for what they may not have, or what is no longer so."""
    assert isinstance(error, Refused)
    if is_v1(request.url.path):
        return refusal(request, status_of(error.code), error)
    return await _tell(request, status_of(error.code), error.code, error.text)


async def on_config(request: Request, error: Exception) -> Response:
    """An admin's file is wrong: every finding, with its line and the fix."""
    return await _tell(request, 422, "config", str(error))


async def on_http(request: Request, error: Exception) -> Response:
    """No such page, or not by this method."""
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    text = "There is no such page." if error.status_code == 404 else f"{phrase}."
    response = await _tell(request, error.status_code, phrase.lower().replace(" ", "_"), text)
    response.headers.update(error.headers or {})
    return response


async def on_store(request: Request, error: Exception) -> Response:
    """The database is away, full or failing: what was asked may be asked again."""
    log.error("%s %s: %s", request.method, request.url.path, error)
    text = (
        "The database does not answer at the moment. Nothing is lost: try again in a few seconds."
    )
    response = await _tell(request, HTTPStatus.SERVICE_UNAVAILABLE, "store", text)
    response.headers["Retry-After"] = str(COME_AGAIN)
    return response


async def on_bug(request: Request, error: Exception) -> Response:
    """A fault of ours.  It is logged by the server; nothing of it is told here."""
    text = "Something went wrong on our side. Nothing you wrote is lost: go back and try again."
    if is_v1(request.url.path):
        return problem(request, 500, "fault", text)
    if wants_json(request):
        return JSONResponse({"code": "fault", "text": text}, 500)
    return bare(request, "fault.html", {"title": "A fault of ours", "text": text}, status=500)


async def _tell(request: Request, status: int, code: str, text: str) -> Response:
    if is_v1(request.url.path):
        return problem(request, status, code, text)
    if wants_json(request):
        return JSONResponse({"code": code, "text": text}, status)
    visit: Visit | None = getattr(request.state, "visit", None)
    if is_partial(request) and visit is not None:
        return await parts(request, visit, "", status=status, said=text, trouble=True)
    values: dict[str, object] = {"title": HTTPStatus(status).phrase, "text": text}
    return bare(request, "fault.html", values, status=status)


def wants_json(request: Request) -> bool:
    """Whether a program asks, or a script of a page that takes nothing else."""
    program = request.url.path.startswith("/api/")
    return program or request.headers.get("accept") == "application/json"
