"""HTTP inside our loop."""

import asyncio
import errno
import socket
import stat
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse

from omniroute.errors import ConfigError
from omniroute.server.serving import (
    Serving,
    Whole,
    _cannot_listen,
    listen_local,
    listen_tcp,
    socket_path,
)


async def test_an_answer_in_two_pieces_does_not_wait_for_the_other_side() -> None:
    """Without TCP_NODELAY every answer on a kept connection takes 40 ms longer."""
    accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("socket")
        accepted.set_result(peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listening = listen_tcp("127.0.0.1", 0)
    async with await asyncio.start_server(answer, sock=listening):
        _, writer = await asyncio.open_connection(*listening.getsockname())
        assert await accepted
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("turns", range(6))
async def test_a_browser_that_comes_in_as_the_server_stops_is_not_waited_for(turns: int) -> None:
    """Browsers open a connection ahead of time, and ask nothing by it that could be answered."""
    listening = listen_tcp("127.0.0.1", 0)
    serving = Serving(PlainTextResponse("pleased to meet you"), listening)
    await serving.begin()
    with socket.create_connection(listening.getsockname()):
        for _ in range(turns):
            await asyncio.sleep(0)
        await serving.shutdown()
        assert serving.server_state.connections == set()
    await serving.end()


class Wire(asyncio.Transport):
    """What is sent, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent.append(bytes(data))

    def is_closing(self) -> bool:
        return b"closed" in self.sent

    def close(self) -> None:
        self.sent.append(b"closed")


async def test_an_answer_goes_out_in_one_piece_and_its_head_alone_where_nothing_follows() -> None:
    wire = Wire()
    whole = Whole(wire)
    whole.write(b"head ")
    whole.write(b"body")
    assert wire.sent == [b"head body"]

    whole.write(b"head of a stream")
    await asyncio.sleep(0)
    whole.write(b"an event")
    whole.write(b", another")
    assert wire.sent[1:] == [b"head of a stream", b"an event, another"]

    whole.write(b"the last")
    whole.close()
    await asyncio.sleep(0)
    assert wire.sent[3:] == [b"the last", b"closed"]
    assert whole.is_closing()


def test_what_cannot_be_listened_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holding:
        port = holding.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"server\.port: port {port} is in use — stop what"):
            listen_tcp("127.0.0.1", port)
    with pytest.raises(ConfigError, match=r"server\.host: cannot serve on nowhere\.invalid: "):
        listen_tcp("nowhere.invalid", 0)
    denied = _cannot_listen(PermissionError(errno.EACCES, "Permission denied"), "::", 80)
    assert str(denied) == (
        "server.port: port 80 is not for us to open"
        " — take one above 1023, and have a proxy forward to it"
    )


def test_a_socket_for_the_owner_alone_in_place_of_one_that_was_left(tmp_path: Path) -> None:
    path = socket_path(tmp_path / "desk.db")
    for _ in range(2):  # the second finds what the first left
        with listen_local(path):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_place_where_no_socket_can_be(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no/desk\.sock: cannot listen there: No such file"):
        listen_local(tmp_path / "no" / "desk.sock")
    (tmp_path / "desk.sock").mkdir()
    with pytest.raises(ConfigError, match="cannot listen there: Is a directory"):
        listen_local(tmp_path / "desk.sock")
