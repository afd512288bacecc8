"""A server as a process of its own, to be started, killed and started again."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omniroute.runtime.crashpoints import VARIABLE

READY = "OmniRoute serves"
PATIENCE = 30.0  # seconds for a start or a stop


def free_port() -> int:
    """A port that nobody holds now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ServerProcess:
    """``omniroute serve`` on the settings at *config*."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self._process: subprocess.Popen[str] | None = None
        self._log = config.with_suffix(".log")

    def start(self, crash_at: str = "") -> None:
        """Start and wait until it serves, or has died at the crash point *crash_at*."""
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

    def stop(self) -> int:
        """SIGTERM, as a service manager stops it; the exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(PATIENCE)

    @property
    def log(self) -> str:
        """Everything it wrote to standard error, over all its lives."""
        return self._log.read_text()


class Browserless:
    """An agent's session over HTTP, kept across restarts as a browser keeps it."""

    def __init__(self, url: str) -> None:
        self._url, self._cookies, self._token = url, {}, ""  # type: ignore[var-annotated]

    def sign_in(self, link: str) -> None:
        """Redeem a one-time link, form and all."""
        page = self._call("GET", f"/sign-in?link={link}")
        token = re.search(r'name="token" value="([^"]+)"', page)
        assert token is not None, "no sign-in form"
        form = urllib.parse.urlencode({"link": link, "token": token[1]})
        self._call("POST", "/sign-in", form, "application/x-www-form-urlencoded")
        self._token = json.loads(self._call("GET", "/api/session"))["token"]

    def do(self, command: Mapping[str, object]) -> dict[str, Any]:
        """Do a command; the outcome, whatever it is.  Raises `OSError` if there is no answer."""
        answer: dict[str, Any] = json.loads(
            self._call("POST", "/api/commands", json.dumps(command), "application/json")
        )
        return answer

    def get(self, path: str) -> Any:
        """Read something of the API."""
        return json.loads(self._call("GET", path))

    def post(self, path: str, body: object) -> Any:
        """Post JSON, as a page does."""
        return json.loads(self._call("POST", path, json.dumps(body), "application/json"))

    def _call(self, method: str, path: str, body: str = "", kind: str = "") -> str:
        headers = {"Origin": self._url, "X-CSRF-Token": self._token}
        if kind:
            headers["Content-Type"] = kind
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self._cookies.items())
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            self._url + path, body.encode() or None, headers, method=method
        )
        opener = urllib.request.build_opener(_NoRedirects)
        try:
            answer = opener.open(request, timeout=10)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            for cookie in answer.headers.get_all("Set-Cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                self._cookies[name] = value
            text: str = answer.read().decode()
            return text


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def until(what: str, seconds: float, done: Any) -> None:
    """Ask *done* until it says yes.  Raises `AssertionError` naming *what* was waited for."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.05)
