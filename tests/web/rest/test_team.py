"""The team, the record and figures over the API."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from tests.web.rest.test_threads import problem

if TYPE_CHECKING:
    from tests.web.rest.conftest import House


async def test_who_asks(house: House) -> None:
    assert await house.get("/me", "stats:read", "threads:read", agent="ana") == {
        "kind": "integrator", "agent": "ana", "role": "agent",
        "scopes": ["threads:read", "stats:read"],
    }  # fmt: skip
    headers = await house.session("cy")
    answer = await house.call("GET", "/me", headers=headers)
    assert answer.json() == {"kind": "agent", "agent": "cy", "role": "lead", "scopes": []}


async def test_the_team_and_a_status(house: House) -> None:
    team = await house.get("/agents", "agents:read")
    assert [agent["id"] for agent in team["items"]] == ["ana", "bo", "cy", "di"]
    away = {"status": "away"}
    own = await house.does("ana", "/agents/ana/status", away, scopes=["agents:write"])
    assert own.json()["text"] == "You are away now."
    other = await house.does("ana", "/agents/bo/status", away, scopes=["agents:write"])
    problem(other, 403, "forbidden")
    lead = await house.does("cy", "/agents/bo/status", away, scopes=["agents:write"])
    assert lead.json()["text"] == "Bo Berg is away now."
    assert (await house.get("/agents/bo", "agents:read"))["status"] == "away"
    token = await house.token("agents:read")
    said = problem(await house.call("GET", "/agents/anna", token=token), 404, "unknown_agent")
    assert said["fix"] == "did you mean “ana”?"


async def test_the_record_is_read_page_by_page_and_nothing_is_missed(house: House) -> None:
    thread = house.scene.writes("joe@mail.example", "a refund please", topic="refund")
    house.scene.online("ana")
    house.scene.accepts("ana", thread)
    house.scene.notes("ana", thread, "a note")
    whole = await house.get("/events?limit=200", "events:read")
    pages, after = [], ""
    while True:
        page = await house.get(f"/events?limit=1&after={after}", "events:read")
        pages += page["items"]
        if not page["items"]:
            break
        after = page["next"]
    assert pages == whole["items"]
    of_thread = [event["type"] for event in pages if event.get("thread") == thread]
    assert of_thread == [
        "thread.opened", "message.received", "thread.queued", "thread.offered",
        "thread.offer_ended", "thread.assigned", "message.noted",
    ]  # fmt: skip
    assert len({event["id"] for event in pages}) == len(pages)
    text = msgspec.json.encode(pages).decode()
    for private in ("refund please", "a note", "Ana Ruiz"):
        assert private not in text


async def test_who_waits_is_told_what_happens(house: House) -> None:
    end = await house.get("/events?after=latest", "events:read")
    assert end["items"] == []
    waiting = asyncio.create_task(house.get(f"/events?after={end['next']}&wait=30", "events:read"))
    await asyncio.sleep(0)
    house.scene.writes("joe@mail.example", "hello")
    async with asyncio.timeout(20):
        assert (await waiting)["items"][1]["type"] == "thread.opened"
    assert await house.get(f"/events?after={end['next']}&limit=1", "events:read")
    token = await house.token("events:read")
    problem(await house.call("GET", "/events?after=zzz", token=token), 422, "bad_place")


async def test_figures(house: House) -> None:
    since = house.scene.clock.at
    one = house.scene.writes("joe@mail.example", "a refund", topic="refund")
    house.scene.writes("max@mail.example", "hello")
    house.scene.online("ana")
    house.scene.accepts("ana", one)
    house.scene.wait(minutes=3)
    house.scene.replies("ana", one, "here you are")
    house.scene.resolves("ana", one)
    until = house.scene.clock.at + 1
    found = await house.get(f"/stats?since={since}&until={until}", "stats:read")
    flow = {name: found[name] for name in ("opened", "resolved", "received", "replied")}
    assert flow == {"opened": 2, "resolved": 1, "received": 2, "replied": 1}
    assert found["first_reply"] == {"threads": 1, "median": 180_000, "p90": 180_000}
    assert found["agents"]["online"] == 1
    (general,) = found["queues"]
    assert (general["queue"], general["waiting"], general["oldest"]) == ("general", 1, 180_000)
    token = await house.token("stats:read")
    swapped = await house.call("GET", f"/stats?since={until}&until={since}", token=token)
    assert problem(swapped, 422, "invalid")["place"] == "query.since"
