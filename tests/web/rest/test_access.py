"""Tokens: made, shown once, limited, ended; and who comes without."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.web.rest.test_threads import problem

from omniroute.application.authorize import SCOPES
from omniroute.web.rest.description import SCOPES_SAY

if TYPE_CHECKING:
    from tests.web.rest.conftest import House

DAY = 86_400_000


async def test_an_admin_makes_lists_and_ends_a_token(house: House) -> None:
    admin = await house.session("di")
    wanted = {"name": "the CRM", "scopes": ["stats:read", "threads:read"], "days": 7}
    made = (await house.call("POST", "/tokens", wanted, headers=admin)).json()
    about = made["about"]
    assert (about["name"], about["by"]) == ("the CRM", "di")
    assert about["expires"] - about["created"] == 7 * DAY
    assert (await house.call("GET", "/me", token=made["token"])).json()["agent"] == ""
    listed = (await house.call("GET", "/tokens", headers=admin)).json()["items"]
    assert listed == [{**about, "used": house.scene.clock.at}]
    assert made["token"] not in str(listed)
    ended = await house.call("DELETE", f"/tokens/{about['id']}", headers=admin)
    assert ended.json() == {"id": about["id"]}
    problem(await house.call("GET", "/me", token=made["token"]), 401, "signed_out")
    again = await house.call("DELETE", f"/tokens/{about['id']}", headers=admin)
    problem(again, 404, "unknown_token")


async def test_a_token_ends_by_itself(house: House) -> None:
    token = await house.token("threads:read")
    house.scene.wait(days=91)
    problem(await house.call("GET", "/me", token=token), 401, "signed_out")


async def test_only_a_hash_is_kept(house: House, tmp_path: Path) -> None:
    secret = (await house.token("threads:read")).split("_", 2)[2]
    files = {path.name: path for path in await asyncio.to_thread(lambda: [*tmp_path.iterdir()])}
    for path in files.values():
        assert secret.encode() not in await asyncio.to_thread(path.read_bytes)
    mode = (await asyncio.to_thread(files["desk.tokens"].stat)).st_mode
    assert mode & 0o077 == 0


async def test_a_token_that_is_changed_in_any_way_is_none(house: House) -> None:
    token = await house.token("threads:read")
    _, id, secret = token.split("_", 2)
    for wrong in (
        "", token[:-1], token + "x", token.upper(), f"omni_{id}_", f"omni__{secret}",
        f"omni_{id[::-1]}_{secret}", f"other_{id}_{secret}", secret, f"omni_{id}_{secret[::-1]}",
        f"{token} {token}", "omni_' OR 1=1 --_x",
    ):  # fmt: skip
        header = {"Authorization": f"Bearer {wrong}"}
        answer = await house.call("GET", "/threads", headers=header)
        problem(answer, 401, "signed_out")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    for scheme in ("Basic", "bearer"):
        answer = await house.call("GET", "/me", headers={"Authorization": f"{scheme} {token}"})
        assert answer.status_code == (200 if scheme == "bearer" else 401)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"name": "x", "scopes": ["threads:raed"]}, "bad_scope"),
        ({"name": " \n", "scopes": ["threads:read"]}, "bad_token"),
        ({"name": "x", "scopes": ["threads:read"], "agent": "anna"}, "no_such_agent"),
        ({"name": "x", "scopes": []}, "invalid"),
        ({"name": "x", "scopes": ["threads:read"], "days": 3650}, "invalid"),
        ({"name": "x", "scopes": ["threads:read"], "role": "admin"}, "invalid"),
    ],
)
async def test_a_token_that_cannot_be(house: House, wanted: object, code: str) -> None:
    admin = await house.session("di")
    problem(await house.call("POST", "/tokens", wanted, headers=admin), 422, code)


async def test_no_token_makes_tokens(house: House) -> None:
    token = await house.token(*SCOPES, agent="di")
    said = problem(await house.call("GET", "/tokens", token=token), 403, "forbidden")
    assert said["detail"] == "No token may do this."


async def test_a_scope_that_is_missing_is_named(house: House) -> None:
    token = await house.token("threads:read")
    said = problem(await house.call("GET", "/stats", token=token), 403, "forbidden")
    assert said["fix"] == "make one with the scope stats:read."


async def test_a_token_that_acts_for_nobody_does_nothing_in_a_name(house: House) -> None:
    house.scene.writes("joe@mail.example", "hello")
    token = await house.token("threads:write")
    answer = await house.call("POST", "/threads/1/take", token=token)
    problem(answer, 422, "acts_for_nobody")


async def test_a_token_lends_no_more_than_its_agent_has(house: House) -> None:
    token = await house.token(*SCOPES, agent="ana")
    problem(await house.call("GET", "/customers/x/export", token=token), 403, "forbidden")
    problem(await house.call("GET", "/events", token=token), 403, "forbidden")


async def test_a_page_calls_with_its_session_and_its_forms_token(house: House) -> None:
    house.scene.writes("joe@mail.example", "hello")
    ana = await house.session("ana")
    assert (await house.call("POST", "/threads/1/take", headers=ana)).status_code == 200
    cookie = {"Cookie": ana["Cookie"]}
    problem(await house.call("POST", "/threads/1/resolve", headers=cookie), 403, "stale_form")
    elsewhere = {**ana, "Origin": "https://evil.example"}
    problem(await house.call("POST", "/threads/1/resolve", headers=elsewhere), 403, "elsewhere")
    problem(await house.call("GET", "/threads"), 401, "signed_out")


def test_every_scope_is_told() -> None:
    assert set(SCOPES_SAY) == set(SCOPES)
