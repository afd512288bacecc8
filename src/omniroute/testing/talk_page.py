"""A conversation over a fake, in a browser: two sides, and in between what became of each line."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final, get_args

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from omniroute.testing.fakes import Fake, Page
from omniroute.testing.platform import How
from omniroute.testing.stage import Stage
from omniroute.testing.talk import CUSTOMERS, Note, Step, Talk, Told

PATH: Final = "/try"
MOST: Final = 500  # things that are shown; older ones go


class TalkPage:
    """The page, and what has been told so far."""

    def __init__(self, stage: Stage) -> None:
        self._bell, self._kind = Fake(), stage.kind
        self._told: list[Told] = []
        self._talk = Talk(stage, self._tell)
        self._one = asyncio.Lock()  # lines are done one after the other

    def routes(self) -> Sequence[BaseRoute]:
        """The page at `PATH`, to which the bare address leads."""
        html = (files("omniroute.testing") / "talk.html").read_text(encoding="utf-8")
        page = Page(self._bell, html, self._state, self._act)

        async def home(request: Request) -> Response:
            return RedirectResponse(PATH)

        return [Route("/", home), *page.routes(PATH)]

    def _tell(self, told: Told) -> None:
        self._told = [*self._told, told][-MOST:]
        self._bell.ring()

    def _state(self, user: str) -> dict[str, Any]:
        kind = self._kind
        return {
            "channel": str(getattr(kind, "label", kind.kind)),
            "people": [name.title() for name in CUSTOMERS],
            "hows": list(get_args(How)),
            "told": [_json(told) for told in self._told],
        }

    async def _act(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Do a line; whatever goes wrong in it is told like anything else."""
        line = str(asked.get("line", ""))
        if not line.strip():
            return {}
        async with self._one:
            try:
                await self._talk.do(line)
            except Exception as error:  # noqa: BLE001 - the plugin under test may raise anything
                self._tell(Note(f"{type(error).__name__}: {error}"))
        return {}


def _json(told: Told) -> dict[str, Any]:
    kind = "step" if isinstance(told, Step) else "note"
    return {"kind": kind, **dataclasses.asdict(told)}
