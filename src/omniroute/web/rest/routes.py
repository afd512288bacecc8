"""From operations to routes: one per path, so that a wrong method is told which are right."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from omniroute.web.answers import answer, console_of
from omniroute.web.rest import access, files, people, reports, team, threads
from omniroute.web.rest.admission import admitted, check_ever
from omniroute.web.rest.calls import PREFIX, Call, Operation, read_body, read_query
from omniroute.web.rest.description import describe

OPERATIONS = (
    *threads.operations(),
    *files.operations(),
    *people.operations(),
    *team.operations(),
    *reports.operations(),
    *access.operations(),
)
"""Everything that can be asked of ``/api/v1``."""


def routes() -> list[BaseRoute]:
    """The routes of the API, and of its own description."""
    paths: dict[str, dict[str, Operation]] = {}
    for each in OPERATIONS:
        paths.setdefault(each.path, {})[each.method] = each
    return [
        Route(f"{PREFIX}/openapi.json", description, methods=["GET"]),
        *(
            Route(f"{PREFIX}{_pattern(path)}", _endpoint(by_method), methods=list(by_method))
            for path, by_method in paths.items()
        ),
    ]


async def description(request: Request) -> Response:
    """The API's own description, OpenAPI 3.1; it holds no secret, so anybody may read it."""
    return Response(document(), media_type="application/json")


@functools.cache
def document() -> bytes:
    """The description as it is served."""
    return msgspec.json.format(msgspec.json.encode(describe(OPERATIONS)), indent=2) + b"\n"


def _pattern(path: str) -> str:
    return path.replace("{thread}", "{thread:int}")


def _endpoint(by_method: dict[str, Operation]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        asked = by_method["GET" if request.method == "HEAD" else request.method]
        actor = await admitted(request)
        if asked.action is not None:
            check_ever(actor, asked.action)
        call = Call(request, actor, console_of(request))
        if asked.takes is None:
            done = await asked.run(call)
            return done if isinstance(done, Response) else answer(done)
        if asked.in_query:
            given = read_query(request.query_params, asked.takes)
        else:
            given = await read_body(request, asked.takes)
        return answer(await asked.run(call, given))

    return endpoint
