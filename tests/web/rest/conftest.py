"""The API over the real application: a desk in memory, a clock by hand, no socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import httpx2 as httpx
import pytest
from anyio.from_thread import BlockingPortal
from argon2 import PasswordHasher
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.application.conftest import Desk, Scene
from tests.web.site import URL, Workshop

from omniroute.application.accounts import Accounts
from omniroute.application.authorize import SCOPES, SYSTEM
from omniroute.application.door import Application
from omniroute.application.signin import SignIn
from omniroute.application.tokens import Tokens
from omniroute.application.views import Views
from omniroute.web.app import build
from omniroute.web.guard import token_for


@dataclass
class House:
    """A desk with its site, and whoever calls it."""

    desk: Desk
    sign_in: SignIn
    app: Starlette
    http: httpx.AsyncClient
    closing: asyncio.Event
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def scene(self) -> Scene:
        return self.desk.scene

    async def token(self, *scopes: str, agent: str = "") -> str:
        """A program's token."""
        named = f"{agent} {' '.join(scopes)}"
        if named not in self.tokens:
            made = await self.sign_in.tokens.make(SYSTEM, "a program", scopes, agent)
            self.tokens[named] = made.token
        return self.tokens[named]

    async def session(self, agent: str) -> dict[str, str]:
        """The headers of somebody's page."""
        secret = await self.sign_in.redeem(await self.sign_in.make_link(agent))
        return {"Cookie": f"omniroute={secret}", "X-CSRF-Token": token_for(secret)}

    async def call(
        self, method: str, path: str, body: object = None, *, token: str = "", key: str = "",
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:  # fmt: skip
        """One call; seen by the views before it is answered."""
        given = dict(headers or {})
        if token:
            given["Authorization"] = f"Bearer {token}"
        if key:
            given["Idempotency-Key"] = key
        await self.desk.seen()
        return await self.http.request(method, f"/api/v1{path}", json=body, headers=given)

    async def get(self, path: str, *scopes: str, agent: str = "") -> Any:
        """What a program with these scopes reads."""
        token = await self.token(*scopes or ("threads:read",), agent=agent)
        answer = await self.call("GET", path, token=token)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def does(
        self, agent: str, path: str, body: object = None, *, scopes: Sequence[str] = (),
        key: str = "",
    ) -> httpx.Response:  # fmt: skip
        """What becomes of a call in somebody's name."""
        token = await self.token(*scopes or ("threads:write", "customers:write"), agent=agent)
        return await self.call("POST", path, body, token=token, key=key)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[House]:
    """A desk with a team of four, nobody online, nothing written yet."""
    scene = Scene(folder)
    application = Application(
        scene.box, Views(scene.path, scene.reader), scene.reader, scene.files, scene.clock.now,
        scene.directory,
    )  # fmt: skip
    scene.box.on_commit = application.wake
    application.start()
    agents = scene.state.agents
    accounts = Accounts(
        folder / "desk.accounts",
        lambda agent: agent in agents and agents[agent].employed,
        hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1),
    )
    tokens = Tokens(folder / "desk.tokens", application.actor, scene.clock.now)
    sign_in = SignIn(accounts, application, scene.clock.now, tokens)
    operations, closing = Workshop(), asyncio.Event()
    operations.tokens = tokens
    app = build(
        application, sign_in, {}, organisation="Radhaus", public_url=URL, clock=scene.clock.now,
        operations=operations, closing=closing,
    )  # fmt: skip
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as http:
        yield House(Desk(scene, application), sign_in, app, http, closing)
    await application.stop()
    accounts.close()
    tokens.close()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """The same, for one test."""
    async with opened(tmp_path) as house:
        yield house


class AtWork(NamedTuple):
    """A desk that runs in a loop of its own, for whoever calls without one."""

    http: TestClient
    portal: BlockingPortal
    token: str  # may all that tokens may, for Di, who is an admin
    house: House


@contextmanager
def working(folder: Path) -> Iterator[AtWork]:
    """A desk with three threads, all of them Ana's."""
    found: list[tuple[str, House]] = []

    @asynccontextmanager
    async def running(app: Starlette) -> AsyncIterator[None]:
        async with opened(folder) as house:
            house.scene.online("ana", "di")
            for name in ("joe", "max", "eve"):
                thread = house.scene.writes(f"{name}@mail.example", "a refund", topic="refund")
                house.scene.accepts("ana", thread)
            await house.desk.seen()
            found.append((await house.token(*SCOPES, agent="di"), house))
            app.router.routes = house.app.router.routes
            yield

    app = Starlette(lifespan=running)
    with TestClient(app, base_url=URL, raise_server_exceptions=False) as http:
        assert http.portal is not None
        yield AtWork(http, http.portal, *found[0])
