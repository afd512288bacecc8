"""``omniroute agent``."""

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.cli.terminal import omniroute
from tests.server.house import Running

from omniroute.testing.server_process import Browserless

Options = tuple[str, Path]


def test_a_link_lets_in_once(running: Running, config: Options) -> None:
    (url,) = omniroute("agent", "link", "bo", *config).lines
    site, _, link = url.partition("/sign-in?link=")
    assert site == running.house.url
    bo, thief = Browserless(site), Browserless(site)
    assert bo.sign_in(link).status == 303
    assert bo.get("/api/session")["agent"] == "bo"
    assert thief.sign_in(link).status == 401
    assert omniroute("agent", "link", "bo", *config, "--json").json["url"].startswith(site)


def test_a_password_lets_in(running: Running, config: Options) -> None:
    given = ("--password", "correct horse battery")
    assert omniroute("agent", "password", "cem", *given, *config).lines == [
        "cem can sign in with the new password"
    ]
    cem = Browserless(running.house.url)
    assert cem.sign_in_with("cem", "correct horse battery").status == 303
    assert cem.get("/api/session")["role"] == "agent"
    assert omniroute("agent", "password", "cem", *given, *config, "--json").json == {"agent": "cem"}
    assert cem.call("GET", "/api/session").status == 401  # a new password ends sessions


def test_a_password_is_asked_for_twice_and_never_shown(running: Running, config: Options) -> None:
    command = [sys.executable, "-m", "omniroute", "agent", "password", "dora", *map(str, config)]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as asking:
        seen = b""
        for prompt in (b"Password: ", b"Repeat for confirmation: "):
            while not seen.endswith(prompt):
                seen += os.read(ours, 1024)
            os.write(ours, b"correct horse battery\n")
        while b"new password" not in seen:
            seen += os.read(ours, 1024)
    os.close(ours)
    os.close(theirs)
    assert asking.returncode == 0
    assert b"horse" not in seen
    dora = Browserless(running.house.url)
    assert dora.sign_in_with("dora", "correct horse battery").status == 303


def test_who_is_nobody(config: Options) -> None:
    said = "Nobody on the team is called anna."
    assert omniroute("agent", "link", "anna", *config).refusal == said
    password = ("--password", "correct horse battery")
    assert omniroute("agent", "password", "anna", *password, *config).refusal == said


def test_a_password_that_is_none(config: Options) -> None:
    short = omniroute("agent", "password", "bo", "--password", "bo", *config)
    assert short.refusal == "A password has 10 to 500 characters and is not the name."


def test_without_a_server(nobody: Options) -> None:
    assert "no server runs on it" in omniroute("agent", "link", "ana", *nobody).refusal


def test_an_invitation_needs_a_desk_to_be_invited_to(running: Running, config: Options) -> None:
    refused = omniroute("agent", "invite", "bo", *config).refusal
    assert refused == "No channel brings a desk; connect Telegram, for one."


def test_what_an_agent_has_bound_is_listed(running: Running, config: Options) -> None:
    assert omniroute("agent", "accounts", "bo", *config).lines == ["bo has bound no account"]
    assert omniroute("agent", "accounts", "bo", *config, "--json").json == {
        "accounts": [],
        "audit": [],
    }
    assert omniroute("agent", "unbind", "bo", *config).lines == ["0 taken from bo"]
