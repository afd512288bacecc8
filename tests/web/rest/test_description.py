"""The API is as its description says: Schemathesis asks it what the description allows, and not.

Sessions, tokens and rights are told apart elsewhere; here everything is asked by a token that may
all that tokens may.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode, checks
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.application.conftest import Scene
from tests.web.rest.conftest import opened
from tests.web.site import URL

from omniroute.application.authorize import SCOPES, SYSTEM
from omniroute.web.rest.routes import OPERATIONS, document

SCHEMA: Any = schemathesis.openapi.from_dict(msgspec.json.decode(document()))
ASKED = {each.ok().definition.raw["operationId"]: each.ok() for each in SCHEMA.get_all_operations()}
EXAMPLES = 3  # of each operation, right and wrong

checks.load_all_checks()
LEFT_OUT = checks.CHECKS.get_by_names(
    [
        "positive_data_acceptance",  # what is well said may mean nothing: a thread that is none
        "ignored_auth",  # asks by itself, over the network; tokens are tested beside this
    ]
)


class Caller:
    """Asks what it is given to ask, with a token, and holds the answer to the description."""

    def __init__(self, client: TestClient, token: str) -> None:
        self.client, self.token = client, token

    def ask(self, case: Any) -> None:
        """Raises what is wrong with the answer."""
        headers = {"Authorization": f"Bearer {self.token}"}
        asked = case.as_transport_kwargs(base_url=f"{URL}/api/v1", headers=headers)
        asked.pop("cookies", None)
        if "data" in asked:
            asked["content"] = asked.pop("data")
        answer = self.client.request(**asked)
        case.validate_response(answer, excluded_checks=LEFT_OUT)


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    folder: Path = tmp_path_factory.mktemp("desk")
    found: dict[str, str] = {}

    @asynccontextmanager
    async def running(app: Starlette) -> AsyncIterator[None]:
        async with opened(folder) as house:
            told(house.scene)
            made = await house.sign_in.tokens.make(SYSTEM, "all", tuple(SCOPES), "di")
            found["token"] = made.token
            app.router.routes = house.app.router.routes
            yield

    app = Starlette(lifespan=running)
    with TestClient(app, base_url=URL, raise_server_exceptions=False) as client:
        yield Caller(client, found["token"])


def told(scene: Scene) -> None:
    """Something to ask about."""
    scene.online("ana", "di")
    for name in ("joe", "max", "eve"):
        thread = scene.writes(f"{name}@mail.example", "a refund", topic="refund")
        scene.accepts("ana", thread)


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("name", [each.name for each in OPERATIONS])
def test_it_answers_as_described(caller: Caller, name: str, mode: GenerationMode) -> None:
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(ASKED[name].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        caller.ask(case)

    ask()
