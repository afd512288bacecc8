"""The API for programs: the same door, as JSON."""

from typing import Any

import pytest
from tests.web.site import Site

from omniroute.application import commands as c


def do(site: Site, command: object) -> tuple[int, dict[str, Any]]:
    answer = site.client.post("/api/commands", json=command, headers={"x-csrf-token": site.token})
    return answer.status_code, answer.json()


def test_a_program_learns_who_it_is_and_its_token(site: Site) -> None:
    told = site.get("/api/session").json()
    assert told == {"agent": "ana", "role": "agent", "token": site.token}


def test_a_command_is_done(site: Site) -> None:
    status, outcome = do(site, {"do": "Note", "thread": 4812, "text": "by a program"})
    assert status == 200
    assert outcome["ok"]
    assert outcome["code"] == "noted"
    assert site.done() == [c.Note(thread=4812, text="by a program")]


def test_a_command_that_came_too_late(site: Site) -> None:
    status, outcome = do(site, {"do": "Take", "thread": 4803})
    assert (status, outcome["code"]) == (409, "taken")
    assert outcome["text"] == "Cy Cole took it 3 s ago."


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ({"do": "Note", "thread": 4812, "text": "x", "role": "admin"}, "unknown field `role`"),
        ({"do": "Explode", "thread": 4812}, "invalid value 'Explode'"),
        ({"do": "Note", "thread": "4812", "text": "x"}, "expected `int`, got `str`"),
        ({"do": "Note", "thread": 4812}, "missing required field `text`"),
        ({}, "missing required field `do`"),
        ([], "expected `object`, got `array`"),
        ("Note", "expected `object`, got `str`"),
    ],
)
def test_a_command_that_is_none_gets_a_sentence(site: Site, command: object, said: str) -> None:
    status, fault = do(site, command)
    assert status == 422
    assert said in fault["text"]
    assert site.done() == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"do":"Note"' * 9])
def test_what_is_no_json_gets_a_sentence(site: Site, body: bytes) -> None:
    headers = {"x-csrf-token": site.token, "content-type": "application/json"}
    answer = site.client.post("/api/commands", content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["text"].startswith("That is no command")


def test_a_command_needs_the_token_in_its_header(site: Site) -> None:
    answer = site.client.post(
        "/api/commands", json={"do": "Take", "thread": 1, "token": site.token}
    )
    assert answer.status_code == 403
    assert answer.json()["code"] == "stale_form"


def test_without_a_session_there_is_nothing(outside: Site) -> None:
    answer = outside.get("/api/threads")
    assert answer.status_code == 401
    assert answer.json() == {"code": "signed_out", "text": "Sign in first."}


def test_threads_are_listed_and_chosen(site: Site) -> None:
    assert len(site.get("/api/threads").json()) == 10
    queued = site.get("/api/threads?phase=queued&phase=stranded").json()
    assert {row["phase"] for row in queued} == {"queued", "stranded"}
    assert [row["id"] for row in site.get("/api/threads?agent=cy&limit=1").json()] == [4803]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("agnet=ana", "There is no filter “agnet” — did you mean “agent”?"),
        ("limit=all", "That is no filter: expected `int`, got `str`"),
        ("waiting=perhaps", "That is no filter"),
    ],
)
def test_a_filter_that_is_none_gets_a_sentence(site: Site, query: str, said: str) -> None:
    answer = site.get(f"/api/threads?{query}")
    assert answer.status_code == 422
    assert said in answer.json()["text"]


def test_one_thread_and_its_why(site: Site) -> None:
    assert site.get("/api/threads/4812").json()["row"]["name"] == "Joe Miller"
    why = site.get("/api/threads/4812/why").json()
    assert why["text"].startswith("With Ana Ruiz")
    assert why["reasons"][1]["text"] == "rule refunds → billing (after vip)"
    assert site.get("/api/threads/99").status_code == 404
    assert site.get("/api/threads/99").json()["code"] == "unknown_thread"


def test_search_board_and_team(site: Site) -> None:
    assert site.get("/api/search?q=receipt").json()[0]["row"]["id"] == 4812
    assert site.get("/api/search").status_code == 422
    assert site.get("/api/board").json()["me"]["id"] == "ana"
    assert [agent["id"] for agent in site.get("/api/agents").json()][:2] == ["ana", "bo"]


def test_a_path_that_is_none_is_told_in_json(site: Site) -> None:
    answer = site.get("/api/nothing")
    assert answer.status_code == 404
    assert answer.json()["text"] == "There is no such page."
    assert site.client.post("/api/threads").status_code == 405


ADMIN_PAGES = [
    *("/api/admin/verify", "/api/admin/channels", "/api/admin/dead-letters"),
    *("/api/admin/rules/versions", "/api/admin/rules/versions/9c41", "/api/admin/rules/trial"),
    "/api/admin/rules/usage?days=30",
]
ADMIN_CALLS = [
    *("/api/admin/rules/reload", "/api/admin/dead-letters/3/retry", "/api/admin/rules/rollback"),
]


def calls(site: Site) -> list[int]:
    headers = {"x-csrf-token": site.token}
    return [site.client.post(path, headers=headers).status_code for path in ADMIN_CALLS]


def test_an_admin_looks_and_acts(site: Site) -> None:
    site.client.cookies.clear()
    site.sign_in("di")
    assert [site.get(path).status_code for path in ADMIN_PAGES] == [200] * len(ADMIN_PAGES)
    assert calls(site) == [200] * len(ADMIN_CALLS)
    assert site.operations.retried == ["3"]


def test_others_do_not(site: Site) -> None:
    assert [site.get(path).status_code for path in ADMIN_PAGES] == [403] * len(ADMIN_PAGES)
    assert calls(site) == [403] * len(ADMIN_CALLS)
    assert site.operations.retried == []


def test_broken_rules_are_told_with_line_and_fix(site: Site) -> None:
    site.client.cookies.clear()
    site.sign_in("di")
    site.operations.rulebook.broken = True
    headers = {"x-csrf-token": site.token}
    answer = site.client.post("/api/admin/rules/reload", headers=headers)
    assert answer.status_code == 422
    assert answer.json()["text"] == ("rules.yaml:14: no queue “bilings” — did you mean “billing”?")


def test_on_the_local_socket_one_is_the_system_and_needs_no_token() -> None:
    site = Site(local=True)
    with site.client:
        assert site.get("/api/session").json()["agent"] == "system"
        assert site.get("/api/admin/verify").json() == {"ok": True, "records": 212}
        assert site.client.post("/api/admin/rules/reload").status_code == 200
        assert len(site.get("/api/threads").json()) == 10
        answer = site.client.post("/api/commands", json={"do": "Explode"})
        assert answer.status_code == 422


def test_a_program_promotes_and_is_told_what_it_said_wrong(site: Site) -> None:
    site.client.cookies.clear()
    site.sign_in("di")
    headers = {"x-csrf-token": site.token}

    def asks(path: str, **said: object) -> tuple[int, object]:
        answer = site.client.post(f"/api/admin/rules/{path}", json=said, headers=headers)
        return answer.status_code, answer.json().get("version", answer.json().get("text"))

    assert asks("promote", version="77ab", mode="shadow") == (200, "77ab")
    assert asks("promote", version="0000", mode="live")[0] == 404
    assert asks("stop") == (409, "Nothing is on trial.")
    status, text = asks("promote", version="77ab", mod="live")
    assert status == 422
    assert "mod" in str(text)
    assert site.get("/api/admin/rules/usage?days=0").status_code == 422
