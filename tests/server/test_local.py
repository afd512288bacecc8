"""The local socket: the machine's owner alone, and what is asked for there is not on the site."""

import stat
import uuid

import pytest
from tests.server.house import Running

from omniroute.errors import Refused
from omniroute.server.serving import socket_path


def test_nobody_else_can_open_it(running: Running) -> None:
    found = socket_path(running.house.database).stat()
    assert stat.S_ISSOCK(found.st_mode)
    assert stat.S_IMODE(found.st_mode) == 0o600


def test_what_it_does_is_not_on_the_site_not_even_for_an_admin(running: Running) -> None:
    frieda = running.agent("frieda")
    running.mail(f"{uuid.uuid4().hex}@mail.example", "Hello", "Hello")
    running.wait_for_threads(1)
    assert running.local.get("/api/admin/explain/1")["text"]
    assert frieda.call("GET", "/api/admin/explain/1").status == 404
    for path, body in (
        ("/api/admin/links", '{"agent": "ana"}'),
        ("/api/admin/passwords", '{"agent": "ana", "password": "correct horse battery"}'),
    ):
        assert frieda.call("POST", path, body, "application/json").status == 404


def test_it_asks_for_no_session(running: Running) -> None:
    assert running.local.get("/api/session")["agent"] == "system"
    assert running.local.get("/api/admin/dead-letters") == []


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/api/admin/links", {"agent": "nobody"}, "Nobody on the team is called nobody."),
        ("/api/admin/links", {}, "Nobody on the team is called"),
        ("/api/admin/links", ["ana"], "The request's body is not what was expected."),
        (
            "/api/admin/passwords",
            {"agent": "ana", "password": "short"},
            "A password has 10 to 500 characters and is not the name.",
        ),
    ],
)
def test_what_is_refused_is_said(running: Running, path: str, body: object, said: str) -> None:
    with pytest.raises(Refused) as refused:
        running.local.post(path, body)
    assert refused.value.text.startswith(said)


def test_what_was_handed_over_since_is_said(running: Running) -> None:
    ana = running.agent("ana")
    running.mail("hands@mail.example", "Money", "I would like a refund")
    thread = running.thread_of("hands@mail.example")["id"]
    explanation = f"/api/admin/explain/{thread}"
    assert "handed over" not in running.local.get(explanation)["text"]
    assert ana.do({"do": "Take", "thread": thread})["ok"]
    moved = {"do": "Transfer", "thread": thread, "to_queue": "tech", "why": "The API part first"}
    assert ana.do(moved)["ok"]
    *_, last = running.local.get(explanation)["text"].splitlines()
    assert last == f"since   handed over by hand to tech; `omniroute why {thread}` says by whom"
    assert "Ana Ruiz" in running.local.get(f"/api/threads/{thread}/why")["text"]
