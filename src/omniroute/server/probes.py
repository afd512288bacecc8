"""What machines ask a server: whether it lives, whether it is ready, and its figures."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Mapping
from http import HTTPStatus

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from omniroute.server.metrics import Metrics
from omniroute.settings import Secret

Ready = Callable[[], Mapping[str, str]]
"""What is not ready, and why; empty when everything is."""


def probes(
    ready: Ready, metrics: Metrics, token: Secret | None, losses: Callable[[], int] = lambda: 0
) -> list[BaseRoute]:
    """The routes; without *token* whoever comes this far is the owner, and may read everything.

    *losses* says how often the store has forgotten something lately: work goes on all the same.
    """

    async def readyz(request: Request) -> Response:
        wrong = dict(ready())
        if token is not None:  # a reason may name a path or a host, which strangers need not know
            wrong = dict.fromkeys(wrong, "see the log")
        status = HTTPStatus.SERVICE_UNAVAILABLE if wrong else HTTPStatus.OK
        said = {"ok": not wrong, "wrong": wrong, "role": "writer"}
        return JSONResponse(said | ({"losses": losses()} if losses() else {}), status)

    return [Route("/readyz", readyz), metrics_at(metrics.text, token)]


def metrics_at(text: Callable[[], bytes], token: Secret | None) -> Route:
    """Figures for Prometheus; *token* as in `probes`."""

    async def figures(request: Request) -> Response:
        if token is not None:
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            if not (token and hmac.compare_digest(given.encode(), token.reveal().encode())):
                said = "Set server.metrics_token, and send it: Authorization: Bearer …\n"
                return PlainTextResponse(said, HTTPStatus.UNAUTHORIZED)
        found = await asyncio.to_thread(text)
        return Response(found, media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return Route("/metrics", figures)
