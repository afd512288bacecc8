"""Requests as a browser, a program or a prankster sends them to the real server."""

import json
import socket
import uuid

import pytest
from tests.server.house import Running

from omniroute.testing.server_process import Answer, Browserless

JSON = "application/json"


@pytest.fixture
def ana(running: Running) -> Browserless:
    return running.agent("ana")


def refused(answer: Answer, status: int) -> str:
    assert answer.status == status, answer
    assert set(answer.json) == {"code", "text"}
    return str(answer.json["text"])


# --- signing in ---


def test_who_is_not_signed_in_hears_so(running: Running) -> None:
    stranger = Browserless(running.house.url)
    assert refused(stranger.call("GET", "/api/board"), 401) == "Sign in first."
    assert stranger.call("GET", "/threads/1").headers["location"].startswith("/sign-in?next=")


def test_a_wrong_name_and_a_wrong_password_sound_the_same(running: Running) -> None:
    running.local.post("/api/admin/passwords", {"agent": "bo", "password": "correct horse battery"})
    pages = [
        Browserless(running.house.url).sign_in_with(name, "wrong horse battery")
        for name in ("bo", "nobody", "bo' OR 1=1 --")
    ]
    assert {page.status for page in pages} == {401}
    assert len({said(page) for page in pages}) == 1
    bo = Browserless(running.house.url)
    assert bo.sign_in_with("bo", "correct horse battery").status == 303
    assert bo.get("/api/session")["agent"] == "bo"


def said(page: Answer) -> str:
    """What stands above the form."""
    (line,) = [line for line in page.text.splitlines() if 'role="alert"' in line]
    return line


def test_guessing_is_slowed_down(running: Running) -> None:
    guesser = Browserless(running.house.url)
    answers = [guesser.sign_in_with("emeka", f"guess {n}").status for n in range(12)]
    assert answers[0] == 401
    assert answers[-1] == 429
    assert running.agent("ana").get("/api/session")["agent"] == "ana"  # a link still lets in


def test_a_link_lets_in_once(running: Running) -> None:
    url = running.local.post("/api/admin/links", {"agent": "cem"})["url"]
    link = url.partition("link=")[2]
    first, second = Browserless(running.house.url), Browserless(running.house.url)
    assert first.sign_in(link).status == 303
    assert second.sign_in(link).status == 401
    assert second.token == ""


# --- the API ---

NO_COMMANDS = {
    "no JSON": ("{", "That is no command: input data was truncated."),
    "no command": ("{}", "That is no command: object missing required field `do`."),
    "an unknown one": ('{"do": "Fire"}', "That is no command: invalid value 'Fire' - at `$.do`."),
    "a field too many": (
        '{"do": "Note", "thread": 1, "text": "x", "role": "admin"}',
        "That is no command: object contains unknown field `role`.",
    ),
    "a word for a number": (
        '{"do": "Note", "thread": "x", "text": "x"}',
        "That is no command: expected `int`, got `str` - at `$.thread`.",
    ),
    "nested without end": ("[" * 100_000, "That is no command: "),
    "not a number": ('{"do": "Note", "thread": NaN, "text": "x"}', "That is no command: "),
}


@pytest.mark.parametrize(("body", "text"), NO_COMMANDS.values(), ids=NO_COMMANDS.keys())
def test_what_is_no_command_gets_a_sentence(ana: Browserless, body: str, text: str) -> None:
    answer = ana.call("POST", "/api/commands", body, JSON)
    assert refused(answer, 422).startswith(text)


def test_a_call_without_the_token_of_the_session_is_refused(ana: Browserless) -> None:
    token, ana.token = ana.token, ""
    try:
        for body, kind in (
            ('{"do": "SetStatus", "status": "offline"}', JSON),
            ("status=offline", "application/x-www-form-urlencoded"),
        ):
            answer = ana.call("POST", "/api/commands", body, kind)
            assert "Load it again" in refused(answer, 403)
    finally:
        ana.token = token
    assert ana.get("/api/board")["me"]["status"] == "online"


def test_a_body_too_large_is_refused(ana: Browserless) -> None:
    answer = ana.call("POST", "/api/commands", json.dumps({"x": "y" * 1_100_000}), JSON)
    assert answer.status == 413
    assert "more than" in answer.text


def test_a_body_too_large_that_comes_in_pieces_is_refused(
    running: Running, ana: Browserless
) -> None:
    with socket.create_connection(("127.0.0.1", running.house.http), timeout=10) as wire:
        wire.sendall(
            b"POST /api/commands HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"X-CSRF-Token: "
            + ana.token.encode()
            + b"\r\nCookie: "
            + ana.cookies.encode()
            + b"\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        answer = b""
        try:
            for _ in range(40):
                wire.sendall(piece)
            answer = wire.recv(4096)
        except (BrokenPipeError, ConnectionResetError):
            answer = answer or wire.recv(4096)
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_thread_that_is_none(ana: Browserless) -> None:
    for path in ("/api/threads/999999", "/api/threads/999999/why"):
        assert "999999" in refused(ana.call("GET", path), 404)
    outcome = ana.call("POST", "/api/commands", '{"do": "Resolve", "thread": 999999}', JSON)
    assert refused(outcome, 404)
    assert ana.call("GET", "/threads/999999").status == 404


def test_paths_that_lead_nowhere(ana: Browserless) -> None:
    for path in (
        "/api/threads/x",
        "/..%2f..%2fetc/passwd",
        "//",
        "/static/../app.py",
        "/" + "x" * 9000,
    ):
        assert ana.call("GET", path).status == 404


def test_what_only_admins_may(ana: Browserless) -> None:
    assert refused(ana.call("GET", "/api/admin/verify"), 403) == "That page is for admins."


# --- what customers write is shown as text ---

SCRIPT = '<script>alert(1)</script><img src=x onerror="alert(2)"> refund {{ "x" * 9 }}'


def test_a_script_in_a_message_is_text(running: Running, ana: Browserless) -> None:
    sender = f"{uuid.uuid4().hex}@mail.example"
    running.mail(f'"<b>Eve</b>" <{sender}>', SCRIPT, SCRIPT)
    row = running.threads_with("alert(1)")[0]
    for path in ("/", f"/threads/{row['id']}", "/search?q=alert"):
        page = ana.call("GET", path).text
        assert "alert" in page
        for dangerous in ("<script>alert", "<img src=x", "<b>Eve", "x" * 9):
            assert dangerous not in page.replace(running.house.url, "")
