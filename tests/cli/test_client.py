"""The command line's way to a server, when there is none, or one that does not behave."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from omniroute.cli.client import Client, NotRunning
from omniroute.errors import ConfigError, Refused
from omniroute.server.serving import socket_path


@contextmanager
def answering(database: Path, answer: bytes) -> Iterator[None]:
    """Something on the socket of *database* that says *answer* to the first who asks."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(socket_path(database)))
        listening.listen()

        def once() -> None:
            asking, _ = listening.accept()
            with asking:
                asking.recv(65536)
                asking.sendall(answer)
                asking.shutdown(socket.SHUT_WR)
                while asking.recv(65536):
                    pass

        thread = threading.Thread(target=once)
        thread.start()
        yield
        thread.join()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


def test_a_server_that_is_not_there(database: Path) -> None:
    with pytest.raises(NotRunning, match="no server runs on it — start one with `omniroute serve`"):
        Client(database).get("/api/threads")


def test_a_socket_that_a_killed_server_left(database: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(socket_path(database)))
    with pytest.raises(NotRunning):
        Client(database).get("/api/threads")


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[", b"220 mail.example ESMTP\r\n"],
)
def test_a_server_that_goes_away_before_it_has_answered(database: Path, answer: bytes) -> None:
    with answering(database, answer), pytest.raises(ConfigError) as gone:
        Client(database).get("/api/threads")
    assert "its server went away before it answered" in str(gone.value)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b'409 Conflict\r\n\r\n{"code": "taken", "text": "Bo has it."}', "Bo has it."),
        (b"500 Internal Server Error\r\n\r\n<h1>oops</h1>", "500 Internal Server Error"),
        (b"413 Content Too Large\r\n\r\n[]", "413 Content Too Large"),
    ],
)
def test_a_server_that_refuses(database: Path, answer: bytes, said: str) -> None:
    with answering(database, b"HTTP/1.1 " + answer), pytest.raises(Refused) as refused:
        Client(database).post("/api/commands")
    assert refused.value.text == said


def test_a_socket_of_somebody_else_is_told_nothing(database: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a socket to somebody else")
    with socket.socket(socket.AF_UNIX) as theirs:
        theirs.bind(str(socket_path(database)))
        theirs.listen()
        os.chown(socket_path(database), 65534, 65534)
        with pytest.raises(ConfigError, match="is not its server's: it belongs to user 65534"):
            Client(database).post("/api/admin/passwords", {"agent": "ana", "password": "secret"})
        database.touch()
        os.chown(database, 65534, 65534)  # so is the database: this is its server
        theirs.close()
        with pytest.raises(NotRunning):
            Client(database).get("/api/threads")


def test_a_database_too_deep_for_a_socket_beside_it(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100) / "desk.db"
    assert len(str(socket_path(deep))) < 100
    assert socket_path(deep) == socket_path(deep)
    assert socket_path(deep) != socket_path(deep.with_name("other.db"))
