"""A server as a process of its own, to be started, killed and started again."""

from __future__ import annotations

import http.client
import itertools
import json
import multiprocessing
import os
import random
import re
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from omniroute.cli import main
from omniroute.runtime.crashpoints import arm

READY = "OmniRoute serves"
PATIENCE = 30.0  # seconds for a start or a stop


PORTS = range(10_000, 32_000)  # systems take the ports of connections from the upper half
SHARES = 16


def ports_of(worker: int) -> Iterator[int]:
    """The share of one of pytest's processes, each once before the first comes again."""
    share = PORTS[worker % SHARES :: SHARES]
    first = random.SystemRandom().randrange(len(share))  # whatever a test has seeded
    return itertools.cycle([*share[first:], *share[:first]])


_OURS = ports_of(int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")))


def free_port() -> int:
    """A port that nobody holds now, nor is given to an outgoing connection while a server restarts.

    Nor is it given to another test that runs beside this one: each of pytest's processes has a
    share of its own.
    """
    while True:
        port = next(_OURS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


# Each is a copy of a process that has imported everything and done nothing yet: a start takes
# a tenth of the time.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["omniroute.testing.server_warm"])


def _serve(
    config: str, log: str, crash_at: str, environment: Mapping[str, str], saying: Connection
) -> None:
    """Be ``omniroute serve``, in a process that is a copy of the warm one."""
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    sys.stdout.flush()
    os.dup2(saying.fileno(), 1)
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), 2)
    arm(crash_at)
    main(["serve", "--config", config])


class ServerProcess:
    """``omniroute serve`` on the settings at *config*."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self._process: ForkServerProcess | None = None
        self._log = config.with_suffix(".log")
        self.stopped = False  # was asked to stop, and did

    def start(self, crash_at: str = "") -> None:
        """Start and wait until it serves, or has died at the crash point *crash_at*."""
        self.stopped = False
        told, saying = FORKS.Pipe(duplex=False)
        self._process = FORKS.Process(
            target=_serve,
            args=(str(self.config), str(self._log), crash_at, dict(os.environ), saying),
        )
        self._process.start()
        saying.close()  # ours, so that the end of theirs is the end of the line
        with told, open(told.fileno(), closefd=False) as said:
            line = said.readline()
        if line.startswith(READY):
            return
        self.wait_for_death()  # a crash point may lie on the way
        if not crash_at:
            raise AssertionError(f"the server did not start:\n{self._log.read_text()}")

    @property
    def pid(self) -> int:
        """The number of the process that was started last."""
        assert self._process is not None
        assert self._process.pid is not None
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How the process has ended, if it has; negative: by that signal."""
        assert self._process is not None
        return self._process.exitcode

    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.is_alive()

    def kill(self) -> None:
        """SIGKILL: no clean-up, no flush."""
        assert self._process is not None
        self._process.kill()
        self.wait_for_death()

    def wait_for_death(self) -> None:
        """Wait until a crash point has killed it.  Raises `TimeoutError` if none does."""
        self._ended(PATIENCE)

    def stop(self, seconds: float = PATIENCE) -> int:
        """SIGTERM, as a service manager stops it; the exit code.

        Raises `TimeoutError` if that takes longer.
        """
        assert self._process is not None
        self._process.terminate()
        code = self._ended(seconds)
        self.stopped = code == 0
        return code

    def _ended(self, seconds: float) -> int:
        assert self._process is not None
        self._process.join(seconds)
        if self._process.exitcode is None:
            raise TimeoutError(f"the server has not ended within {seconds:.0f} s; see {self._log}")
        return self._process.exitcode

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

    def to(self, url: str) -> None:
        """Go on at another machine, as a browser does behind a proxy."""
        self._url = url

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

    def call(
        self, method: str, path: str, body: str = "", kind: str = "", token: str = ""
    ) -> Answer:
        """Any request; redirects are not followed.  Raises `OSError` if there is no answer.

        With a program's *token* it is that program's.
        """
        headers = {"Origin": self._url, "X-CSRF-Token": self.token, "Cookie": self.cookies}
        if token:
            headers["Authorization"] = f"Bearer {token}"
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
