"""`slack.accept`: an event that Slack pushes, beside bare slack-bolt and the same fsync."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from omniroute.bench import accepting
from omniroute.bench.accepting import SIZE, Log, chosen, listening, measure
from omniroute.bench.clients import Job
from omniroute.bench.progress import Progress
from omniroute.bench.rows import Row, Scale
from omniroute.bench.webhook import serving
from omniroute.runtime.spool import Spool
from omniroute_slack import testing

ROWS: Final = ("slack.accept",)
MOUNTED: Final = "/channels/slack/bench"


async def run(names: Collection[str], scale: Scale, folder: Path, progress: Progress) -> list[Row]:
    """The rows of this module."""
    async with testing.serving(testing.FakeSlack()) as slack:
        joe = slack.person("Joe Miller").id
        ours, floor = _ours(folder, scale, slack, joe), _floor(folder, scale, slack, joe)
        async with ours as our_job, floor as its_job:
            return [
                await measure(name, scale, folder, our_job, its_job, progress)
                for name in chosen(ROWS, names)
            ]


def _job(port: int, scale: Scale, slack: testing.FakeSlack, joe: str) -> Job:
    return Job(
        "http",
        port,
        scale.connections,
        scale.seconds,
        SIZE // 4,
        f"{MOUNTED}/hook",
        slack=slack.signing_secret,
        account=joe,
    )


@asynccontextmanager
async def _ours(
    folder: Path, scale: Scale, slack: testing.FakeSlack, joe: str
) -> AsyncIterator[Job]:
    config = {
        "bot_token": slack.bot_token,
        "signing_secret": slack.signing_secret,
        "api_url": slack.api_url,
    }
    channel = accepting.channel("slack", config, folder / "slack")
    spool = Spool(folder / "slack.spool")
    app = Starlette(routes=[Mount(MOUNTED, routes=list(channel.routes()))])
    async with listening(channel, spool), serving(app) as port:
        yield _job(port, scale, slack, joe)
    await spool.close()


@asynccontextmanager
async def _floor(
    folder: Path, scale: Scale, slack: testing.FakeSlack, joe: str
) -> AsyncIterator[Job]:
    """What one writes first: bolt, and in its listener the bytes on the disk before the 200."""
    log = Log(folder / "slack.log")
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    bolt = AsyncApp(
        client=client, signing_secret=slack.signing_secret, process_before_response=True
    )

    async def message(request: Any) -> None:
        log.keep(request.raw_body.encode())

    bolt.event("message")(message)

    async def hook(request: Request) -> Response:
        body = (await request.body()).decode()
        headers: dict[str, Any] = {**request.headers}
        answer = await bolt.async_dispatch(AsyncBoltRequest(body=body, headers=headers))
        return Response(answer.body or "", answer.status)

    app = Starlette(routes=[Mount(MOUNTED, routes=[Route("/hook", hook, methods=["POST"])])])
    async with serving(app) as port:
        yield _job(port, scale, slack, joe)
    log.close()
