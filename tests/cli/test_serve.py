"""``omniroute serve``: it says where, and when asked to stop it stops, whoever is connected."""

import http.client
import os
import signal
import smtplib
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.server.house import ADDRESS, CHAT, House, Running

from omniroute.testing.server_process import Browserless

STOP = 10  # seconds that a stop may take
STREAM = {"Accept": "text/event-stream"}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@contextmanager
def serving(house: House) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "omniroute", "serve", "--config", str(house.config)]
    environment = {**os.environ, "PYTHONUNBUFFERED": ""}  # as under a service manager
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_serves_and_ends_in_peace(house: House, number: signal.Signals) -> None:
    with serving(house) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == (f"OmniRoute serves {house.url}  (stop with Ctrl+C)\n")
        assert Browserless(house.url).call("GET", "/healthz").json == {"ok": True}
        process.send_signal(number)
        assert process.wait(STOP) == 0
        assert "Traceback" not in process.stderr.read()
    left = {path.name for path in house.folder.iterdir()}
    assert not {name for name in left if name.endswith(("-wal", "-shm", ".sock"))}


def test_any_free_port_is_said(house: House) -> None:
    house.write(house.settings().replace(f"port = {house.http}", "port = 0"))
    with serving(house) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[2]
        assert Browserless(url).call("GET", "/healthz").status == 200


def test_it_stops_although_people_are_connected(house: House) -> None:
    with house.running() as running, ExitStack() as connected:
        hear(connected, running, "/live", running.agent("ana").cookies)
        visitor = Browserless(house.url)
        visitor.post(f"{CHAT}/session", {})
        hear(connected, running, f"{CHAT}/stream", visitor.cookies)
        idle, writing = call(connected, house), call(connected, house)
        writing.mail("joe@mail.example")
        writing.rcpt(ADDRESS)
        writing.docmd("DATA")
        writing.send(b"Subject: half a mail\r\n\r\nAnd then")
        for port in (house.http, house.smtp):
            connected.enter_context(socket.create_connection(("127.0.0.1", port)))
        body = {"id": str(uuid.uuid4()), "text": "Is anybody there?"}
        assert visitor.post(f"{CHAT}/messages", body)["id"] == body["id"]
        assert running.process.stop(STOP) == 0
        assert idle.getreply()[0] == 421
        assert "Traceback" not in running.process.log
        running.process.start()
        (row,) = running.wait_for_threads(1)  # what was acknowledged; half a mail was not
        assert row["excerpt"] == "Is anybody there?"


def call(connected: ExitStack, house: House) -> smtplib.SMTP:
    """Begin to talk SMTP, and stay on the line."""
    smtp = smtplib.SMTP("127.0.0.1", house.smtp)
    connected.callback(smtp.close)
    smtp.ehlo()
    return smtp


def hear(connected: ExitStack, running: Running, path: str, cookies: str) -> None:
    """Open a stream, and keep it open."""
    connection = http.client.HTTPConnection("127.0.0.1", running.house.http, timeout=20)
    connected.callback(connection.close)
    connection.request("GET", path, headers={**STREAM, "Cookie": cookies})
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.getheader("Content-Type", "").startswith("text/event-stream")
    answer.readline()
