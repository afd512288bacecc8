"""Threads over the API: found, read, worked on."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import httpx2 as httpx

if TYPE_CHECKING:
    from tests.web.rest.conftest import House


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The problem that an answer tells, which it must."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert (said["status"], said["code"]) == (status, code), said
    assert said["type"] == f"urn:omniroute:problem:{code}"
    return said


async def test_a_list_in_pages(house: House) -> None:
    threads = []
    for number in range(5):
        house.scene.wait(seconds=1)
        threads.append(house.scene.writes(f"c{number}@mail.example", f"message {number}"))
    seen, after = [], ""
    while True:
        page = await house.get(f"/threads?limit=2&after={after}")
        seen += [row["id"] for row in page["items"]]
        after = page["next"]
        if not after:
            break
    assert seen == threads[::-1]


async def test_a_list_by_what_it_says(house: House) -> None:
    house.scene.online("ana")
    one = house.scene.writes("joe@mail.example", "a refund", topic="refund")
    house.scene.accepts("ana", one)
    house.scene.writes("max@mail.example", "hello")
    mine = await house.get("/threads?phase=assigned&phase=snoozed&agent=ana")
    assert [row["id"] for row in mine["items"]] == [one]
    assert (await house.get("/threads?queue=billing&waiting=true"))["items"][0]["id"] == one
    assert (await house.get("/threads?tag=vip"))["items"] == []
    found = await house.get("/threads/search?q=refund")
    assert [hit["row"]["id"] for hit in found["items"]] == [one]


async def test_a_thread_and_what_was_said(house: House) -> None:
    thread = house.scene.writes("joe@mail.example", "I was charged twice", topic="refund")
    house.scene.online("ana")
    house.scene.accepts("ana", thread)
    assert (await house.get(f"/threads/{thread}"))["row"]["agent"] == "ana"
    said = (await house.get(f"/threads/{thread}/messages"))["items"]
    assert [item["text"] for item in said] == ["I was charged twice"]
    happened = (await house.get(f"/threads/{thread}/timeline"))["items"]
    assert "Ana Ruiz accepted" in [item["text"] for item in happened]
    why = await house.get(f"/threads/{thread}/why")
    assert "refunds" in why["text"]
    assert {reason["why"]["about"] for reason in why["reasons"]} >= {"route", "match"}


async def test_the_verbs_as_at_every_desk(house: House) -> None:
    thread = house.scene.writes("joe@mail.example", "I was charged twice", topic="refund")
    one = f"/threads/{thread}"

    async def does(verb: str, body: object = None) -> str:
        answer = await house.does("ana", f"{one}/{verb}", body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["code"])

    assert await does("take") == "taken_over"
    assert await does("note", {"text": "the bank says it is so"}) == "noted"
    assert await does("reply", {"text": "We will look", "seen": 1}) == "held"
    assert await does("tag", {"add": ["bank"]}) == "tagged"
    assert await does("prioritise", {"priority": 40}) == "prioritised"
    later = house.scene.clock.at + 3_600_000
    assert await does("snooze", {"until": later}) == "snoozed"
    assert await does("resolve") == "resolved"
    assert await does("reopen") == "reopened"
    assert await does("transfer", {"why": "a question of the API", "to_queue": "tech"}) == (
        "transferred"
    )
    row = (await house.get(one))["row"]
    assert (row["queue"], row["priority"], row["tags"]) == ("tech", 40, ["bank"])


async def test_the_same_key_does_it_once(house: House) -> None:
    thread = house.scene.writes("joe@mail.example", "hello")
    said = {"text": "call him back"}
    first = await house.does("ana", f"/threads/{thread}/note", said, key="k-1")
    again = await house.does("ana", f"/threads/{thread}/note", said, key="k-1")
    assert first.json() == again.json()
    items = (await house.get(f"/threads/{thread}/messages"))["items"]
    assert [item["text"] for item in items] == ["hello", "call him back"]
    long = await house.does("ana", f"/threads/{thread}/note", said, key="k" * 129)
    problem(long, 422, "bad_key")


async def test_what_the_core_refuses_is_a_problem(house: House) -> None:
    thread = house.scene.writes("joe@mail.example", "hello")
    await house.does("bo", f"/threads/{thread}/take")
    said = problem(await house.does("ana", f"/threads/{thread}/resolve"), 403, "forbidden")
    assert said["detail"] == f"#{thread} is with Bo Berg; only they or a lead may resolve it."
    assert said["instance"] == f"/api/v1/threads/{thread}/resolve"
    problem(await house.does("ana", "/threads/999/note", {"text": "x"}), 404, "unknown_thread")
    said = problem(
        await house.does("bo", f"/threads/{thread}/transfer", {"why": "x", "to_queue": "bilings"}),
        422, "no_such_queue",
    )  # fmt: skip
    assert said["fix"] == "did you mean “billing”?"


async def test_what_cannot_be_read_is_named_by_its_place(house: House) -> None:
    token = await house.token("threads:read", "threads:write", agent="ana")
    thread = house.scene.writes("joe@mail.example", "hello")

    async def refused(path: str, body: object = None, code: str = "invalid") -> tuple[str, str]:
        answer = await house.call("GET" if body is None else "POST", path, body, token=token)
        said = problem(answer, 422, code)
        return said["place"], said.get("fix", "")

    assert await refused("/threads?fase=queued") == ("query.fase", "did you mean “phase”?")
    assert (await refused("/threads?limit=9999"))[0] == "query.limit"
    assert (await refused("/threads?limit=1&limit=2"))[0] == "query.limit"
    assert (await refused("/threads?phase=lost"))[0] == "query.phase[0]"
    assert (await refused("/threads?after=zzz"))[0] == "query.after"
    one = f"/threads/{thread}"
    assert await refused(f"{one}/snooze", {"till": 1}) == ("body", "did you mean “until”?")
    assert (await refused(f"{one}/snooze", {"until": "x"}))[0] == "body.until"
    assert (await refused(f"{one}/tag", {"add": [1]}))[0] == "body.add[0]"


async def test_a_body_that_is_no_json(house: House) -> None:
    token = await house.token("threads:write", agent="ana")
    house.scene.writes("joe@mail.example", "hello")
    for content, kind, status, code in (
        ("{", "application/json", 400, "no_json"),
        ("[" * 100_000, "application/json", 422, "invalid"),  # no object, wherever it ends
        ("text=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        ('{"text": "\ud800"}'.encode("utf-8", "surrogatepass"), "application/json", 400, "no_json"),
    ):
        answer = await house.http.post(
            "/api/v1/threads/1/note",
            content=content,
            headers={"Content-Type": kind, "Authorization": f"Bearer {token}"},
        )
        problem(answer, status, code)


async def test_a_body_that_is_too_long_or_packed(house: House) -> None:
    token = await house.token("threads:write", agent="ana")
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    async def sent(content: bytes | AsyncIterator[bytes], **more: str) -> httpx.Response:
        return await house.http.post(
            "/api/v1/threads/1/note", content=content, headers={**headers, **more}
        )

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65_536

    assert (await sent(b'{"text": "' + b"x" * 1_000_000 + b'"}')).status_code == 413
    problem(await sent(endless()), 413, "too_much")
    bomb = gzip.compress(b'{"text": "' + b"x" * 50_000_000 + b'"}')
    problem(await sent(bomb, **{"Content-Encoding": "gzip"}), 415, "unsupported_media_type")


async def test_a_method_and_a_path_that_are_none(house: House) -> None:
    token = await house.token("threads:read")
    answer = await house.call("PUT", "/threads/1", token=token)
    problem(answer, 405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    problem(await house.call("GET", "/thread", token=token), 404, "not_found")


async def test_a_file_is_brought_sent_and_fetched(house: House) -> None:
    thread = house.scene.writes("joe@mail.example", "where is my bill?")
    house.scene.online("ana")
    house.scene.accepts("ana", thread)
    where, token = (
        f"/api/v1/threads/{thread}/files",
        await house.token("threads:write", agent="ana"),
    )
    writes = {"Authorization": f"Bearer {token}", "Content-Type": "application/pdf"}
    brought = await house.http.post(f"{where}?name=bill.pdf", content=b"%PDF", headers=writes)
    assert brought.status_code == 200, brought.text
    file = brought.json()
    said = {"text": "here", "seen": 1, "files": [file]}
    assert (await house.does("ana", f"/threads/{thread}/reply", said)).status_code == 200
    [view] = (await house.get(f"/threads/{thread}/messages"))["items"][-1]["files"]
    assert view == file
    reads = {"Authorization": f"Bearer {await house.token('threads:read')}"}
    fetched = await house.http.get(f"{where}/{file['sha']}", headers=reads)
    assert fetched.content == b"%PDF"
    assert fetched.headers["content-disposition"].startswith("attachment; filename=")
    problem(await house.http.post(where, content=b"x", headers=writes), 422, "invalid")
    problem(await house.http.post(f"{where}?name=a", content=b"x", headers=reads), 403, "forbidden")
