"""The command line's way to a running server: its local socket, never its database."""

from __future__ import annotations

import http.client
import json
import os
import socket
from pathlib import Path
from typing import Any

from omniroute.errors import ConfigError, Refused
from omniroute.server.serving import socket_path
from omniroute.server.settings import load

TIMEOUT = 600.0  # seconds; verifying a long journal takes a while


class _Local(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(str(self._path))


class NotRunning(ConfigError):
    """Nobody listens for the command line."""


class Client:
    """Calls the API of the server that holds a database."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def get(self, path: str) -> Any:
        """The answer to a read.  Raises `Refused` or `NotRunning`."""
        return json.loads(self._call("GET", path, None))

    def ready(self) -> Any:
        """What keeps the server from its work, and its role.  Raises as `get` does."""
        busy = http.HTTPStatus.SERVICE_UNAVAILABLE
        return json.loads(self._call("GET", "/readyz", None, taken=busy))

    def text(self, path: str) -> str:
        """The answer to a read, where it is no JSON."""
        return self._call("GET", path, None).decode()

    def post(self, path: str, body: object = None) -> Any:
        """The answer to a change.  Raises `Refused` or `NotRunning`."""
        return json.loads(self._call("POST", path, json.dumps(body or {})))

    def delete(self, path: str) -> Any:
        """The answer to an end.  Raises `Refused` or `NotRunning`."""
        return json.loads(self._call("DELETE", path, None))

    def _call(
        self, method: str, path: str, body: str | None, *, taken: http.HTTPStatus | None = None
    ) -> bytes:
        """*taken* is a status that is an answer, too."""
        self._check_owner()
        connection = _Local(socket_path(self._database))
        headers = {"Content-Type": "application/json", "Host": "localhost"}
        try:
            try:
                connection.request(method, path, body, headers)
            except BrokenPipeError:
                pass  # it has answered before it had read everything, or it is gone
            answer = connection.getresponse()
            content = answer.read()
        except (FileNotFoundError, ConnectionRefusedError):
            fix = "start one with `omniroute serve`, or name its settings with --config"
            raise NotRunning(str(self._database), "no server runs on it", fix) from None
        except PermissionError:
            fault = "its server lets in nobody but the user who runs it"
            raise ConfigError(str(self._database), fault, "run this as that user") from None
        except (OSError, http.client.HTTPException) as error:
            fault = f"its server went away before it answered ({type(error).__name__})"
            raise ConfigError(str(self._database), fault, "see what it said last") from None
        finally:
            connection.close()
        if answer.status < http.HTTPStatus.BAD_REQUEST or answer.status == taken:
            return content
        raise _refused(answer.status, answer.reason, content)

    def _check_owner(self) -> None:
        """Where paths are long the socket lies in a folder for all: tell a stranger nothing."""
        path = socket_path(self._database)
        friends = {os.geteuid(), *map(_owner, (self._database.parent, self._database))}
        if (owner := _owner(path)) is not None and owner not in friends:
            fault = f"is not its server's: it belongs to user {owner}"
            raise ConfigError(str(path), fault, "ask that user to remove it")


def _owner(path: Path) -> int | None:
    try:
        return path.stat().st_uid
    except OSError:
        return None


def _refused(status: int, reason: str, content: bytes) -> Refused:
    try:
        said = json.loads(content)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        said = {}
    text = said.get("text") or " — ".join(filter(None, (said.get("detail"), said.get("fix"))))
    return Refused(str(said.get("code", status)), text or f"{status} {reason}")


def client(config: Path) -> Client:
    """A client for the server whose settings these are."""
    return Client(load(config).store.path)
