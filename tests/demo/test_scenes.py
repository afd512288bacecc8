"""The six scenes of the demo, each played as fast as it goes: what they show is what we promise."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from omniroute.application.authorize import SYSTEM
from omniroute.demo.desk import Demo
from omniroute.demo.player import Player
from omniroute.demo.scenes import SCENES
from omniroute.demo.scenes.cast import AGENTS, OPEN
from omniroute.server.composition import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    demo = Demo(tmp_path_factory.mktemp("here") / "omniroute-demo", 0, 0, patience="1s")
    demo.prepare(lambda done, of: None)
    return demo


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def server(demo: Demo) -> AsyncIterator[Server]:
    async with demo.serve(hurry=True) as server:
        yield server


@pytest.mark.parametrize("number", range(1, len(SCENES) + 1), ids=lambda n: SCENES[n - 1].name)
async def test_a_scene_plays_and_leaves_the_desk_as_it_was(
    demo: Demo, server: Server, number: int
) -> None:
    agents = server.node.state.agents
    before = {id: (agents[id].status, agents[id].capacity) for id in AGENTS}
    live = server.node.state.counters.rules
    threads = {row.id for row in await server.application.query.threads(SYSTEM, OPEN)}
    player = player_of(demo)
    await player.play(number)
    assert player.outcome == "done"
    assert player.at_ease.is_set()
    assert len(player.lines) >= 6
    now = server.node.state.agents
    assert {id: (now[id].status, now[id].capacity) for id in AGENTS} == before
    assert server.node.state.counters.rules == live
    assert {row.id for row in await server.application.query.threads(SYSTEM, OPEN)} == threads
    assert demo.windows.slack.unknown == demo.windows.telegram.unknown == []


async def test_a_scene_can_be_played_again(demo: Demo, server: Server) -> None:
    await player_of(demo).play(5)
    assert player_of(demo).outcome == "done"


async def test_one_scene_at_a_time_and_none_that_is_not_there(demo: Demo, server: Server) -> None:
    player = player_of(demo)
    assert not player.start(0)
    assert not player.start(len(SCENES) + 1)
    player.pause()
    assert player.start(5)
    assert not player.start(1)
    await player.close()
    player.pause()
    assert player.at_ease.is_set()


async def test_no_other_site_begins_a_scene(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as browser:
        for path, headers, status in (
            ("/stage/do/1", {"Origin": "https://elsewhere.example"}, 403),
            ("/stage/do/dance", {}, 404),
            ("/stage/do/99", {}, 200),
        ):
            answer = await browser.post(path, headers=headers)
            assert answer.status_code == status
        assert not (await browser.get("/stage/state")).json()["playing"]
        for part in ("stage.css", "stage.js"):
            assert (await browser.get(f"/stage/part/{part}")).status_code == 200
        assert (await browser.get("/stage/part/stage.html")).status_code == 404


def player_of(demo: Demo) -> Player:
    assert demo.player is not None
    return demo.player
