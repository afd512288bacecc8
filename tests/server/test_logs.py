"""What the server logs: readable by programs, whose it is, and nothing of anybody."""

import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.server.house import House

from omniroute import Rejected
from omniroute.logged import concerning
from omniroute.server.logs import JsonLines, Lines
from omniroute.testing.server_process import Browserless

PRIVATE = ("Greta", "canary", "swordfish")
ABOUT = re.compile(r" \[([a-z]+=\S+(?: [a-z]+=\S+)*)\]$")

log = logging.getLogger("tests.logs")


@contextmanager
def written_by(form: logging.Formatter) -> Iterator[io.StringIO]:
    """What is logged meanwhile."""
    to = io.StringIO()
    handler = logging.StreamHandler(to)
    handler.setFormatter(form)
    log.addHandler(handler)
    try:
        yield to
    finally:
        log.removeHandler(handler)


def test_every_line_says_what_the_work_is_about_in_text_and_in_json() -> None:
    with written_by(Lines()) as text, written_by(JsonLines()) as objects:
        with concerning(agent="ana", thread=7), concerning(channel="email", account="help"):
            log.error("effect %s waits", "e1")
        log.error("of nobody")
    first, second = text.getvalue().splitlines()
    assert first.endswith(
        " ERROR tests.logs: effect e1 waits [thread=7 agent=ana channel=email account=help]"
    )
    assert second.endswith(": of nobody")
    first, second = objects.getvalue().splitlines()
    assert re.fullmatch(r'\{"at":"\S+Z",.*\}', first)
    assert {name: value for name, value in json.loads(first).items() if name != "at"} == {
        "level": "error", "logger": "tests.logs", "text": "effect e1 waits",
        "thread": 7, "agent": "ana", "channel": "email", "account": "help",
    }  # fmt: skip
    assert "thread" not in json.loads(second)


@pytest.mark.parametrize("form", [Lines(), JsonLines()], ids=["text", "json"])
def test_no_line_quotes_what_an_error_quotes(form: logging.Formatter) -> None:
    mailbox, number = "greta.canary@mail.example", "+49" + "15112345678"
    with written_by(form) as to:
        try:
            try:
                float(" ".join(PRIVATE))
            except ValueError as error:
                raise Rejected(f"550 5.1.1 <{mailbox}>: {PRIVATE[2]}") from error
        except Rejected as error:
            log.exception("it failed")
            log.warning("not sent to %s: %s", number, error.reason.partition(":")[0])
    said = to.getvalue()
    assert "ValueError" in said
    assert "Rejected" in said
    assert "test_logs.py" in said
    assert [word for word in (*PRIVATE, number) if word in said] == []
    assert "not sent to ·: 550 5.1.1 <·>" in said


@pytest.mark.parametrize("form", ["text", "json"])
def test_of_a_whole_story_each_line_names_its_thread_and_none_what_is_private(
    tmp_path: Path, form: str
) -> None:
    house = House(tmp_path)
    settings = f'[server]\nlog_format = "{form}"\nlog_events = true'
    house.write(house.settings().replace("[server]", settings))
    with house.running() as running:
        running.mail("Greta <greta.canary@mail.example>", "swordfish", "My swordfish is broken")
        thread = running.thread_of("Greta")["id"]
        ana = running.agent("ana")
        said = {"do": "Reply", "thread": thread, "text": "That swordfish again", "anyway": True}
        assert ana.do({**said, "seen": 1})["ok"]  # which no server takes: it fails, and says so
        Browserless(house.url).sign_in_with("canary", "swordfish")
        ana.call("GET", "/search?q=swordfish")
        running.raw_mail(b"From: canary@x.example\r\nX: \xff\r\n\r\nswordfish", "canary@x.example")
        assert running.process.stop() == 0
        lines = running.process.log.splitlines()
    assert [line for line in lines if any(word in line for word in PRIVATE)] == []
    told = [line for line in lines if of(line, form).get("thread") == str(thread)]
    for step in ("ThreadOpened", "ThreadRouted", "ReplyFailed", "not authorised"):
        assert [line for line in told if step in line], step
    assert all(of(line, form).get("channel") == "email" for line in told if "Opened" in line)
    assert [line for line in lines if "Thread" in line and "thread" not in of(line, form)] == []


def of(line: str, form: str) -> dict[str, str]:
    """What a line says that it is about."""
    if form == "json":
        return {name: str(value) for name, value in json.loads(line).items()}
    found: Any = ABOUT.search(line)
    return dict(pair.split("=", 1) for pair in found[1].split()) if found else {}
