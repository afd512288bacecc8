"""Customers over the API: who is who, and what is kept of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.web.rest.test_threads import problem

if TYPE_CHECKING:
    from tests.web.rest.conftest import House

READ, WRITE, PERSONAL = "customers:read", "customers:write", "customers:personal"


async def test_somebody_is_found_by_address_name_thread_and_id(house: House) -> None:
    thread = house.scene.writes("joe@mail.example", "hello", name="Joe Miller")
    house.scene.writes("max@mail.example", "hi", name="Max Frisch")
    joe = await house.get("/customers/find?who=JOE@mail.example", READ)
    assert joe["name"] == "Joe Miller"
    assert [row["id"] for row in joe["threads"]] == [thread]
    assert await house.get(f"/customers/find?who=%23{thread}", READ) == joe
    assert await house.get(f"/customers/{joe['id']}", READ) == joe
    for asked in ("miller", "joe@", "Miller, JOE"):
        (row,) = (await house.get(f"/customers?q={asked}", READ))["items"]
        assert (row["id"], row["name"]) == (joe["id"], "Joe Miller")
    assert len((await house.get("/customers?q=mail.example", READ))["items"]) == 2
    token = await house.token(READ)
    problem(await house.call("GET", "/customers/nobody", token=token), 404, "unknown_customer")


async def test_two_are_joined_and_parted(house: House) -> None:
    house.scene.writes("joe@mail.example", "hello")
    house.scene.writes("j.miller@work.example", "it is me")
    ids = [
        (await house.get(f"/customers/find?who={address}", READ))["handles"][0]["id"]
        for address in ("joe@mail.example", "j.miller@work.example")
    ]
    pair = {"a": ids[0], "b": ids[1]}
    assert (await house.does("ana", "/customers/merge", pair)).json()["code"] == "merged"
    joined = await house.get("/customers/find?who=joe@mail.example", READ)
    assert {handle["id"] for handle in joined["handles"]} == set(ids)
    split = await house.does("ana", "/customers/split", {"handles": ids[:1]})
    assert split.json()["code"] == "split"
    apart = await house.does("ana", "/customers/keep-apart", pair)
    assert apart.json()["code"] == "not_same"
    assert (await house.get("/customers/suggested", READ))["items"] == []


async def test_a_crm_says_who_somebody_is(house: House) -> None:
    house.scene.writes("joe@mail.example", "hello")
    token = await house.token(PERSONAL)
    addresses = [
        {"kind": "email", "value": "h:joe@mail.example"},
        {"kind": "crm", "value": "customer 4711", "unique": True},
    ]
    said = {"addresses": addresses, "name": "Joe Miller", "evidence": "verified"}
    answer = await house.call("POST", "/customers/identify", said, token=token)
    assert answer.json() == {"new": 1, "joined": 1, "suggested": 0, "against": 0}
    joe = await house.get("/customers/find?who=customer 4711", READ)
    assert {handle["kind"] for handle in joe["handles"]} == {"email", "crm"}


async def test_what_is_kept_is_given_out_and_erased(house: House) -> None:
    thread = house.scene.writes("joe@mail.example", "my secret")
    house.scene.online("ana")
    house.scene.resolves("ana", thread)
    who = (await house.get("/customers/find?who=joe@mail.example", READ))["id"]
    everything = await house.get(f"/customers/{who}/export", PERSONAL)
    assert [said["text"] for said in everything["messages"]] == ["my secret"]
    token = await house.token(PERSONAL)
    erased = await house.call("DELETE", f"/customers/{who}", token=token)
    assert erased.json()["messages"] == 1
    assert (await house.get(f"/threads/{thread}/messages"))["items"][0]["text"] != "my secret"
    problem(
        await house.call("GET", f"/customers/{who}/export", token=await house.token(READ)),
        403, "forbidden",
    )  # fmt: skip
