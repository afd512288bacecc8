"""The site put together: console, API, static files, and what channels and desks bring."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from omniroute.errors import ConfigError, Refused, StoreError
from omniroute.web import api, faults, live
from omniroute.web.console import Console
from omniroute.web.guard import MOST_BODY, MOST_LOCAL_BODY, Guard
from omniroute.web.pages import (
    acts,
    admin,
    attaching,
    board,
    enrolment,
    programs,
    received,
    report,
    rules,
    settings,
    sign_in,
    thread,
    workbench,
)
from omniroute.web.ports import Accounts, Application, Clock, Operations
from omniroute.web.rendering import STATIC
from omniroute.web.rest import routes as rest
from omniroute.web.routing import action, page
from omniroute.web.visits import SignedOut


class Assets(StaticFiles):
    """Static files that a browser may keep, since their address changes with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """As `StaticFiles`, with headers."""
        response = await super().get_response(path, scope)
        named = b"v=" in scope["query_string"]
        keep = "public, max-age=31536000, immutable" if named else "no-cache"
        response.headers["Cache-Control"] = keep
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def build(
    application: Application,
    accounts: Accounts,
    mounts: Mapping[str, Sequence[BaseRoute]],
    *,
    organisation: str,
    public_url: str,
    clock: Clock,
    demo: bool = False,
    local: bool = False,
    operations: Operations | None = None,
    closing: asyncio.Event | None = None,
    lifespan: Any = None,
    probes: Sequence[BaseRoute] = (),
) -> Starlette:
    """The whole site.

    *mounts* are the routes of channels and desks by their path, such as
    ``/channels/webchat/site``.  With *local* every request acts as the system itself: only for a
    socket that nobody but the machine's owner can open.  Set *closing* before the server is told
    to stop, so that live streams end and nobody waits for them.
    """
    console = create_console(
        application,
        accounts,
        organisation=organisation,
        public_url=public_url,
        clock=clock,
        demo=demo,
        local=local,
        operations=operations,
        closing=closing,
    )
    return assemble(console, mounts, lifespan=lifespan, probes=probes)


def create_console(
    application: Application,
    accounts: Accounts,
    *,
    organisation: str,
    public_url: str,
    clock: Clock,
    demo: bool = False,
    local: bool = False,
    operations: Operations | None = None,
    closing: asyncio.Event | None = None,
    heartbeat: float = 15.0,
) -> Starlette:
    """The console and the API alone, as an application to be mounted at ``/``."""
    console = Console(
        application=application,
        accounts=accounts,
        clock=clock,
        organisation=organisation,
        public_url=public_url.rstrip("/"),
        demo=demo,
        local=local,
        operations=operations,
        closing=closing or asyncio.Event(),
        heartbeat=heartbeat,
    )
    app = Starlette(
        routes=console_routes(),
        middleware=[
            Middleware(Guard, https=console.https, most=MOST_LOCAL_BODY if local else MOST_BODY)
        ],
        exception_handlers={
            SignedOut: faults.on_signed_out,
            Refused: faults.on_refused,
            ConfigError: faults.on_config,
            StoreError: faults.on_store,
            HTTPException: faults.on_http,
            Exception: faults.on_bug,
        },
    )
    app.state.console = console
    return app


def assemble(
    console: Starlette,
    mounts: Mapping[str, Sequence[BaseRoute]],
    *,
    lifespan: Any = None,
    probes: Sequence[BaseRoute] = (),
) -> Starlette:
    """The site around a console: its files, its health, and the mounts, which come first."""
    routes: list[BaseRoute] = [
        Route("/healthz", health),
        *probes,
        Mount("/static", Assets(directory=STATIC)),
    ]
    routes += [Mount(path, routes=list(inner)) for path, inner in mounts.items() if inner]
    routes.append(Mount("/", console))
    return Starlette(routes=routes, lifespan=lifespan)


def console_routes() -> list[BaseRoute]:
    """Every page, form and call of the console, at one glance."""
    one = "/threads/{thread:int}"
    return [
        page("/", board.show),
        page("/refresh", board.refresh),
        page("/search", board.search),
        page("/team", board.team),
        page("/report", report.show),
        page("/report.csv", report.as_csv),
        page("/help", board.help_page),
        action("/status", acts.set_status),
        page(one, thread.show),
        page(f"{one}/refresh", thread.refresh),
        page(f"{one}/why", thread.why),
        page(f"{one}/messages/{{message}}", received.formatted),
        page(f"{one}/messages/{{message}}/frame", received.frame),
        page(f"{one}/messages/{{message}}/change", received.change),
        page(f"{one}/files/{{sha}}", received.file),
        action(f"{one}/writing", acts.writing),
        action(f"{one}/files", attaching.bring),
        action(f"{one}/{{verb}}", acts.act),
        page("/live", live.live),
        page("/settings", settings.show),
        action("/settings", settings.save),
        action("/settings/password", sign_in.set_password),
        action("/team/link", sign_in.make_link, admin=True),
        page("/team/{agent}", enrolment.show, admin=True),
        action("/team/{agent}/invite", enrolment.invite, admin=True),
        action("/team/{agent}/revoke", enrolment.revoke, admin=True),
        action("/team/{agent}/deactivate", enrolment.deactivate, admin=True),
        action("/team/{agent}/activate", enrolment.activate, admin=True),
        page("/admin/channels", admin.channels, admin=True),
        action("/admin/retry", admin.retry, admin=True),
        action("/admin/pauses/end", admin.end_pause, admin=True),
        page("/admin/programs", programs.show, admin=True),
        action("/admin/programs/tokens", programs.make_token, admin=True),
        action("/admin/programs/revoke", programs.revoke_token, admin=True),
        action("/admin/programs/webhooks", programs.make_webhook, admin=True),
        action("/admin/programs/webhook", programs.change_webhook, admin=True),
        page("/admin/rules", rules.show, admin=True),
        page("/admin/rules/{version}", rules.version, admin=True),
        action("/admin/rules/promote", rules.promote, admin=True),
        action("/admin/rules/rollback", rules.rollback, admin=True),
        action("/admin/rules/stop", rules.stop, admin=True),
        action("/admin/rules/reload", rules.reload_rules, admin=True),
        page("/admin/compare", workbench.compare, admin=True),
        page("/admin/backtest", workbench.backtest, admin=True),
        page("/admin/backtest/progress", workbench.progress, admin=True),
        action("/admin/backtest", workbench.start, admin=True),
        page("/admin/record/{thread:int}", workbench.record, admin=True),
        action("/admin/record/{thread:int}", workbench.save, admin=True),
        page("/admin/try", rules.try_it, admin=True),
        action("/admin/try", rules.tried, admin=True),
        Route("/sign-in", sign_in.show, methods=["GET"]),
        Route("/sign-in", sign_in.enter, methods=["POST"]),
        action("/sign-out", sign_in.leave),
        action("/demo/switch", sign_in.switch),
        *api.routes(),
        *rest.routes(),
    ]


async def health(request: Request) -> Response:
    """Whether the server answers at all."""
    return JSONResponse({"ok": True})
