"""The receivers of webhooks that the guide shows take what is signed, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.docs.pages import page

from omniroute.server.webhooks import signed
from omniroute.testing.server_process import free_port, until

KEY = b"of no value to anybody, really!!"
BODY = b'{"id":"4711.2","type":"thread.assigned","timestamp":"2026-03-02T09:15:00Z","data":{}}'
RECEIVERS = {
    "Python": ([sys.executable], "receiver.py"),
    "JavaScript": (["node"], "receiver.mjs"),
}


@contextmanager
def running(command: list[str], file: Path, heard: Path) -> Iterator[str]:
    """A receiver in a process of its own; its address."""
    port = free_port()
    secret = "whsec_" + b64encode(KEY).decode()
    environment = {**os.environ, "WEBHOOK_SECRET": secret, "PORT": str(port)}
    with (
        heard.open("wb") as out,
        subprocess.Popen([*command, str(file)], env=environment, stdout=out) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port}/"
            until("a receiver that answers", 30, lambda: sent(url, {}) == 401)
            yield url
        finally:
            process.terminate()


def sent(url: str, headers: dict[str, str], body: bytes = BODY) -> int:
    """What a receiver answers; 0 where there is none yet."""
    try:
        asked = urllib.request.Request(url, body, headers)  # noqa: S310 — an address of ours
        with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


@pytest.mark.parametrize("language", ["Python", pytest.param("JavaScript", marks=pytest.mark.node)])
def test_a_receiver_takes_what_is_signed_and_nothing_else(language: str, tmp_path: Path) -> None:
    command, name = RECEIVERS[language]
    (text,) = [b.text for b in page("how-to/build-on-the-api.md").blocks if b.file == name]
    file, heard, now = tmp_path / name, tmp_path / "heard.txt", int(time.time())
    file.write_text(text)
    good = signed(KEY, "4711.2", now, BODY)
    with running(command, file, heard) as url:
        assert sent(url, good) == 204
        assert sent(url, good, BODY.replace(b"4711", b"4712")) == 401
        assert sent(url, signed(b"another key", "4711.2", now, BODY)) == 401
        assert sent(url, signed(KEY, "4711.2", now - 301, BODY)) == 401
        assert sent(url, {**good, "webhook-id": "4711.3"}) == 401
        assert sent(url, {**good, "webhook-signature": f"v1,x {good['webhook-signature']}"}) == 204
        until("what it prints", 15, lambda: heard.read_text().count("\n") == 2)
    assert heard.read_text() == "4711.2 thread.assigned\n" * 2
