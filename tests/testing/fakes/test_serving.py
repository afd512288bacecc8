"""A fake is gone when its block ends, and so is everybody who was just coming in."""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlsplit

import pytest
from starlette.responses import PlainTextResponse

from omniroute.testing.fakes import serving
from omniroute.testing.mail_sink import MailSink

pleased = PlainTextResponse("pleased to meet you")


@pytest.mark.parametrize("turns", range(6))
async def test_a_caller_who_comes_in_at_the_last_moment_is_let_go(turns: int) -> None:
    async with serving(pleased) as url:
        caller = socket.create_connection(("127.0.0.1", urlsplit(url).port))
        for _ in range(turns):
            await asyncio.sleep(0)
    assert is_let_go(caller)


@pytest.mark.parametrize("turns", range(6))
async def test_so_is_a_mail_server_s(turns: int) -> None:
    async with MailSink() as sink:
        caller = socket.create_connection(("127.0.0.1", sink.port))
        for _ in range(turns):
            await asyncio.sleep(0)
    assert is_let_go(caller)


def is_let_go(caller: socket.socket) -> bool:
    """Whether the other end is closed already, so that nothing has to be waited for."""
    with caller:
        caller.setblocking(False)
        try:
            while caller.recv(100):
                pass
        except ConnectionResetError:
            return True
        except BlockingIOError:
            return False
        return True
