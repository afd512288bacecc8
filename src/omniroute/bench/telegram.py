"""`telegram.accept`: an update that Telegram pushes, beside the bare SDK and the same fsync."""

from __future__ import annotations

import hmac
import json
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from telegram import Update

from omniroute.bench import accepting
from omniroute.bench.accepting import SIZE, Log, chosen, listening, measure
from omniroute.bench.clients import Job
from omniroute.bench.progress import Progress
from omniroute.bench.rows import Row, Scale
from omniroute.bench.webhook import serving
from omniroute.runtime.spool import Spool
from omniroute_telegram import testing

ROWS: Final = ("telegram.accept",)
MOUNTED: Final = "/channels/telegram/bench"
SECRET: Final = "shown-with-each-call"  # noqa: S105 - opens nothing but the bench
HEADER: Final = "x-telegram-bot-api-secret-token"


async def run(names: Collection[str], scale: Scale, folder: Path, progress: Progress) -> list[Row]:
    """The rows of this module."""
    async with _ours(folder, scale) as ours, _floor(folder, scale) as floor:
        return [
            await measure(name, scale, folder, ours, floor, progress)
            for name in chosen(ROWS, names)
        ]


def _job(port: int, scale: Scale) -> Job:
    path = f"{MOUNTED}/hook"
    return Job("http", port, scale.connections, scale.seconds, SIZE // 4, path, telegram=SECRET)


@asynccontextmanager
async def _ours(folder: Path, scale: Scale) -> AsyncIterator[Job]:
    async with testing.serving(testing.FakeTelegram()) as platform:  # is told where to push to
        config = {
            "token": platform.token,
            "updates": "webhook",
            "webhook_secret": SECRET,
            "api_url": platform.url,
        }
        channel = accepting.channel("telegram", config, folder / "telegram")
        spool = Spool(folder / "telegram.spool")
        app = Starlette(routes=[Mount(MOUNTED, routes=list(channel.routes()))])
        async with listening(channel, spool), serving(app) as port:
            yield _job(port, scale)
        await spool.close()


@asynccontextmanager
async def _floor(folder: Path, scale: Scale) -> AsyncIterator[Job]:
    """What one writes first: the secret, the SDK, and the bytes on the disk before the 200."""
    log, seen = Log(folder / "telegram.log"), [0]

    async def hook(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get(HEADER, ""), SECRET):
            return Response(status_code=401)
        raw = await request.body()
        update = Update.de_json(json.loads(raw), None)
        log.keep(raw)
        seen[0] = update.update_id
        return Response()

    app = Starlette(routes=[Mount(MOUNTED, routes=[Route("/hook", hook, methods=["POST"])])])
    async with serving(app) as port:
        yield _job(port, scale)
    log.close()
