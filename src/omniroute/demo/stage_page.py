"""The demo's own page: a customer's window beside an agent's, and buttons that play scenes."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from omniroute.demo.chats import token
from omniroute.demo.player import Player
from omniroute.demo.scenes import SCENES
from omniroute.demo.script import JOE

if TYPE_CHECKING:
    from omniroute.demo.desk import Demo

WAIT: Final = 20.0  # s that a page waits for news
PARTS: Final = {"stage.css": "text/css", "stage.js": "text/javascript"}


def routes(demo: Demo) -> Sequence[BaseRoute]:
    """The page, what goes on, and what one may do."""
    html = Environment(autoescape=True).from_string(_text("stage.html"))

    async def page(request: Request) -> Response:
        here, site = demo.windows, str(request.base_url).rpartition("/stage")[0]
        chat = f"{site}/channels/webchat/site/#token={token(JOE, demo.chat_secret)}"
        windows = {
            "customer": [
                ("Joe’s Telegram", here.phone(here.joe.chat())),
                ("Joe’s web chat", chat),
                ("Customers’ mail", "mail"),
            ],
            "agent": [
                ("Ana’s Slack", here.client(here.ana) + "&follow"),
                ("Bo’s Telegram", here.phone(here.bo.chat())),
                ("Cem’s Slack", here.client(here.cem)),
            ],
        }
        frames = f"frame-src 'self' {here.telegram.url} {here.slack.url}"
        own = "default-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
        policy = f"{own}; {frames}"
        shown = html.render(scenes=SCENES, windows=windows)
        return HTMLResponse(shown, headers={"Content-Security-Policy": policy})

    async def part(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in PARTS:
            raise HTTPException(404)
        return Response(_text(name), media_type=PARTS[name], headers={"Cache-Control": "no-cache"})

    async def state(request: Request) -> Response:
        player = _player(demo)
        since = request.query_params.get("since", "")
        if since.isdigit():
            await player.news(int(since), WAIT)
        return JSONResponse(_state(player))

    async def act(request: Request) -> Response:
        player = _player(demo)
        match request.path_params["what"]:
            case "pause":
                player.pause()
            case "faster":
                player.faster()
            case number if number.isdigit():
                player.start(int(number))
            case _:
                raise HTTPException(404)
        return JSONResponse(_state(player))

    return [
        Route("/", page),
        Route("/state", state),
        Route("/do/{what}", act, methods=["POST"]),
        Route("/part/{name}", part),
    ]


def _player(demo: Demo) -> Player:
    if demo.player is None:
        raise HTTPException(503)
    return demo.player


def _state(player: Player) -> dict[str, Any]:
    return {
        "since": player.changes,
        "number": player.number,
        "playing": player.playing,
        "paused": player.paused,
        "outcome": player.outcome,
        "looks": player.looks,
        "lines": [{"at": line.at, "text": line.text} for line in player.lines],
    }


def _text(name: str) -> str:
    return files("omniroute.demo").joinpath("static", name).read_text("utf-8")
