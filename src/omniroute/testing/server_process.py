"""A server as a process of its own, to be started, killed and started again."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from omniroute.runtime.crashpoints import VARIABLE

READY = "OmniRoute serves"
PATIENCE = 30.0  # seconds for a start or a stop


def free_port() -> int:
    """A port that nobody holds now, nor is given to an outgoing connection while a server restarts.

    Systems take the ports of connections from the upper half.
    """
    while True:
        port = random.SystemRandom().randrange(10_000, 32_000)  # whatever a test has seeded
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


class ServerProcess:
    """``omniroute serve`` on the settings at *config*."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self._process: subprocess.Popen[str] | None = None
        self._log = config.with_suffix(".log")
        self.stopped = False  # was asked to stop, and did

    def start(self, crash_at: str = "") -> None:
        """Start and wait until it serves, or has died at the crash point *crash_at*."""
        self.stopped = False
        environment = {**os.environ, VARIABLE: crash_at}
        command = [sys.executable, "-m", "omniroute", "serve", "--config", str(self.config)]
        with self._log.open("a") as log:
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment
            )
        assert self._process.stdout is not None
        with self._process.stdout as said:
            line = said.readline()
        if line.startswith(READY):
            return
        self.wait_for_death()  # a crash point may lie on the way
        if not crash_at:
            raise AssertionError(f"the server did not start; see {self._log}")

    @property
    def pid(self) -> int:
        """The number of the process that was started last."""
        assert self._process is not None
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How the process has ended, if it has; negative: by that signal."""
        assert self._process is not None
        return self._process.poll()

    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL: no clean-up, no flush."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(PATIENCE)

    def wait_for_death(self) -> None:
        """Wait until a crash point has killed it."""
        assert self._process is not None
        self._process.wait(PATIENCE)

    def stop(self, seconds: float = PATIENCE) -> int:
        """SIGTERM, as a service manager stops it; the exit code.

        Raises `subprocess.TimeoutExpired` if that takes longer.
        """
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait(seconds)
        self.stopped = code == 0
        return code

    @property
    def log(self) -> str:
        """Everything it wrote to standard error, over all its lives."""
        return self._log.read_text()


class Answer(NamedTuple):
    """What came back over HTTP, whatever it was."""

    status: int
    text: str
    headers: Mapping[str, str]  # by their names in lower case

    @property
    def json(self) -> Any:
        """The text, read as JSON."""
        return json.loads(self.text)


class Browserless:
    """A session over HTTP, kept across restarts as a browser keeps it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._cookies: dict[str, str] = {}
        self.token = ""  # what forms and calls carry; "" before signing in

    def sign_in(self, link: str) -> Answer:
        """Redeem a one-time link, form and all."""
        return self._enter(f"/sign-in?link={link}", {"link": link})

    def sign_in_with(self, name: str, password: str) -> Answer:
        """Sign in by name and password."""
        return self._enter("/sign-in", {"name": name, "password": password})

    def _enter(self, door: str, form: Mapping[str, str]) -> Answer:
        page = self.call("GET", door).text
        token = re.search(r'name="token" value="([^"]+)"', page)
        assert token is not None, "no sign-in form"
        body = urlencode({**form, "token": token[1]})
        answer = self.call("POST", "/sign-in", body, "application/x-www-form-urlencoded")
        session = self.call("GET", "/api/session")
        self.token = session.json["token"] if session.status == HTTPStatus.OK else ""
        return answer

    def do(self, command: Mapping[str, object]) -> dict[str, Any]:
        """Do a command; the outcome, whatever it is.  Raises `OSError` if there is no answer."""
        answer: dict[str, Any] = self.post("/api/commands", command)
        return answer

    def get(self, path: str) -> Any:
        """Read something of the API."""
        return self.call("GET", path).json

    def post(self, path: str, body: object) -> Any:
        """Post JSON, as a page does."""
        return self.call("POST", path, json.dumps(body), "application/json").json

    @property
    def cookies(self) -> str:
        """The value of the header ``Cookie``."""
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def call(self, method: str, path: str, body: str = "", kind: str = "") -> Answer:
        """Any request; redirects are not followed.  Raises `OSError` if there is no answer."""
        headers = {"Origin": self._url, "X-CSRF-Token": self.token, "Cookie": self.cookies}
        if kind:
            headers["Content-Type"] = kind
        connection = http.client.HTTPConnection(urlsplit(self._url).netloc, timeout=10)
        try:
            try:
                connection.request(method, path, body.encode() or None, headers)
            except (BrokenPipeError, ConnectionResetError):
                if connection.sock is None:
                    raise  # there was never a connection
                # else it may have answered before it had read everything
            answer = connection.getresponse()
            text = answer.read().decode()
        except http.client.HTTPException as error:
            raise OSError(f"no answer: {error!r}") from error
        finally:
            connection.close()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return Answer(answer.status, text, {k.lower(): v for k, v in answer.headers.items()})


def until(what: str, seconds: float, done: Any) -> None:
    """Ask *done* until it says yes.  Raises `AssertionError` naming *what* was waited for."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.05)
