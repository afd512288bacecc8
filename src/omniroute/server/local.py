"""What only the machine's owner may ask, over the local socket: explain, links, passwords,
invitations to desks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from omniroute.application.authorize import SYSTEM
from omniroute.application.commands import AnyCommand
from omniroute.application.door import Application
from omniroute.application.enrolment import Enrolment
from omniroute.application.signin import SignIn
from omniroute.errors import Refused, StoreError


class Explains(Protocol):
    """Who can explain a thread's routing."""

    async def explain(self, thread: int) -> Mapping[str, object]:
        """The explanation, as text and as values."""


def local_site(
    console: ASGIApp,
    operations: Explains,
    application: Application,
    sign_in: SignIn,
    enrolment: Enrolment,
    url: str,
    probes: Sequence[BaseRoute] = (),
    nodes: Callable[[], Awaitable[Mapping[str, object]]] | None = None,
) -> Starlette:
    """The console's API with what is asked for by the command line alone."""

    async def explain(request: Request) -> Response:
        return _json(await operations.explain(request.path_params["thread"]))

    async def link(request: Request) -> Response:
        agent = (await _body(request)).get("agent", "")
        return _json({"url": f"{url}/sign-in?link={await sign_in.make_link(str(agent))}"})

    async def act(request: Request) -> Response:
        said = await _body(request)
        try:
            command = msgspec.convert(said.get("command"), AnyCommand)
        except msgspec.ValidationError as error:
            raise Refused("invalid", f"That is no command: {error}.") from None
        actor = await application.actor(str(said.get("agent", "")))
        outcome = await application.do(actor, command)
        if not outcome.ok:
            raise Refused(outcome.code, outcome.text)
        return _json(outcome)

    async def password(request: Request) -> Response:
        said = await _body(request)
        agent, chosen = str(said.get("agent", "")), str(said.get("password", ""))
        await sign_in.set_password(SYSTEM, agent, chosen)
        return _json({"agent": agent})

    async def invite(request: Request) -> Response:
        said = await _body(request)
        agent, desk = str(said.get("agent", "")), str(said.get("desk", ""))
        return _json(await enrolment.invite(SYSTEM, agent, desk))

    async def accounts(request: Request) -> Response:
        agent = request.path_params["agent"]
        bound = await enrolment.accounts(SYSTEM, agent)
        return _json({"accounts": bound, "audit": await enrolment.audit(SYSTEM, agent)})

    async def unbind(request: Request) -> Response:
        said = {name: str(value) for name, value in (await _body(request)).items()}
        agent, kind, account = (said.get(name, "") for name in ("agent", "kind", "account"))
        return _json({"unbound": await enrolment.revoke(SYSTEM, agent, kind, account)})

    async def others(request: Request) -> Response:
        assert nodes is not None
        try:
            return _json(await nodes())
        except StoreError as error:
            said = {"code": "unavailable", "text": str(error)}
            return JSONResponse(said, HTTPStatus.SERVICE_UNAVAILABLE)

    return Starlette(
        routes=[
            *([Route("/api/admin/nodes", others)] if nodes is not None else []),
            Route("/api/admin/invitations", invite, methods=["POST"]),
            Route("/api/admin/accounts/{agent}", accounts),
            Route("/api/admin/unbind", unbind, methods=["POST"]),
            Route("/api/admin/explain/{thread:int}", explain),
            Route("/api/admin/links", link, methods=["POST"]),
            Route("/api/admin/acts", act, methods=["POST"]),
            Route("/api/admin/passwords", password, methods=["POST"]),
            *probes,
            Mount("/", console),
        ],
        exception_handlers={Refused: _refused},
    )


async def _body(request: Request) -> dict[str, Any]:
    try:
        return msgspec.json.decode(await request.body(), type=dict[str, Any])
    except msgspec.DecodeError:
        raise Refused("invalid", "The request's body is not what was expected.") from None


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse({"code": error.code, "text": error.text}, 422)


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
