"""What the server logs: readable by programs, and nothing of anybody."""

import json
import logging
from pathlib import Path
from typing import Any

from tests.server.house import House

from omniroute.server.logs import JsonLines
from omniroute.testing.server_process import Browserless

PRIVATE = ("Greta", "canary", "swordfish")


def line(text: str, *values: object, **more: Any) -> dict[str, Any]:
    record = logging.LogRecord("omniroute.test", logging.ERROR, "f.py", 1, text, values, None)
    vars(record).update(more)
    written = JsonLines().format(record)
    assert "\n" not in written
    found: dict[str, Any] = json.loads(written)
    return found


def test_a_line_is_an_object_with_the_thread_it_is_about() -> None:
    first = line("effect %s waits", "e1", about_thread=7)
    assert first.pop("at").endswith("Z")
    assert first == {
        "level": "error", "logger": "omniroute.test", "text": "effect e1 waits", "thread": 7,
    }  # fmt: skip
    error = ValueError("no\nline")
    failed = line("it failed", exc_info=(ValueError, error, None))
    assert failed["trace"] == "ValueError: no\nline"


def test_nothing_of_anybody_and_no_secret_is_logged(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.write(house.settings().replace("[server]", '[server]\nlog_format = "json"'))
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
    assert any("not authorised" in json.loads(line)["text"] for line in lines)
    assert [line for line in lines if any(word in line for word in PRIVATE)] == []
