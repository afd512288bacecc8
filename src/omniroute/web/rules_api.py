"""The API of the rule sets: versions, trials, what is live."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from omniroute.application.rulebook import Promotion, Reload, Rollback
from omniroute.errors import Refused
from omniroute.web.answers import answer
from omniroute.web.pages.admin import operations_of
from omniroute.web.routing import action, page
from omniroute.web.visits import Visit

T = TypeVar("T")


class Stop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """End the trial."""

    message: str = ""
    by: str = ""


def routes() -> list[BaseRoute]:
    """Everything under ``/api/admin/rules``."""
    return [
        page("/api/admin/rules/versions", versions, admin=True),
        page("/api/admin/rules/versions/{version}", version, admin=True),
        page("/api/admin/rules/trial", trial, admin=True),
        page("/api/admin/rules/usage", usage, admin=True),
        action("/api/admin/rules/reload", reload, admin=True),
        action("/api/admin/rules/promote", promote, admin=True),
        action("/api/admin/rules/rollback", rollback, admin=True),
        action("/api/admin/rules/stop", stop, admin=True),
    ]


async def versions(request: Request, visit: Visit) -> Response:
    """Every version that was live or on trial."""
    return answer(await operations_of(request).rulebook.versions(visit.actor))


async def version(request: Request, visit: Visit) -> Response:
    """One version with its files."""
    named = request.path_params["version"]
    return answer(await operations_of(request).rulebook.version(visit.actor, named))


async def trial(request: Request, visit: Visit) -> Response:
    """What the present trial has shown; ``null`` where nothing is on trial."""
    return answer(await operations_of(request).rulebook.trial(visit.actor))


async def usage(request: Request, visit: Visit) -> Response:
    """How often each rule has matched, ``?days=30``."""
    days = request.query_params.get("days", "7")
    if not days.isdecimal() or not 1 <= int(days) <= 366:
        raise Refused("invalid", "Say how many days, from 1 to 366: ?days=30")
    return answer(await operations_of(request).rulebook.usage(visit.actor, int(days)))


async def reload(request: Request, visit: Visit) -> Response:
    """Read the folder again."""
    asked = await _asked(request, Reload)
    return answer(await operations_of(request).rulebook.reload(visit.actor, asked))


async def promote(request: Request, visit: Visit) -> Response:
    """Have a rule set decide, or try it."""
    asked = await _asked(request, Promotion)
    return answer(await operations_of(request).rulebook.promote(visit.actor, asked))


async def rollback(request: Request, visit: Visit) -> Response:
    """Have an earlier version decide again."""
    asked = await _asked(request, Rollback)
    return answer(await operations_of(request).rulebook.rollback(visit.actor, asked))


async def stop(request: Request, visit: Visit) -> Response:
    """End the trial."""
    asked = await _asked(request, Stop)
    book = operations_of(request).rulebook
    await book.stop_trial(visit.actor, asked.message, asked.by)
    return answer({"ok": True})


async def _asked(request: Request, kind: type[T]) -> T:
    """What the body asks for.  Raises `Refused`."""
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=kind)
    except msgspec.DecodeError as error:
        said = str(error)
        raise Refused(
            "invalid", f"That was not understood: {said[:1].lower()}{said[1:]}."
        ) from None
