"""What arrives at a channel: bodies that are bounded, envelopes that say of which form they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx2 as httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from omniroute import Packing, body_of

MOST = 10


async def take(request: Request) -> Response:
    return Response(await body_of(request, MOST, within=60.0))


async def take_soon(request: Request) -> Response:
    return Response(await body_of(request, MOST, within=0.05))


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    routes = [Route("/", take, methods=["POST"]), Route("/soon", take_soon, methods=["POST"])]
    app = Starlette(routes=routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as found:
        yield found


async def in_pieces(*pieces: bytes, at_last: float = 0.0) -> AsyncIterator[bytes]:
    """A body of which nobody says beforehand how long it is."""
    for piece in pieces:
        yield piece
    await asyncio.sleep(at_last)


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 200), (b"x" * MOST, 200), (b"x" * (MOST + 1), 413)]
)
async def test_a_body_has_its_bounds(browser: httpx.AsyncClient, body: bytes, status: int) -> None:
    for content in (body, in_pieces(body[:4], body[4:])):
        answer = await browser.post("/", content=content)
        assert answer.status_code == status
        assert status != 200 or answer.content == body


async def test_more_than_is_taken_is_not_waited_for(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/", content=b"", headers={"content-length": "11"})
    assert answer.status_code == 413


async def test_a_body_that_comes_too_slowly_is_let_go(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/soon", content=in_pieces(b"x", at_last=60.0))
    assert answer.status_code == 408


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came, and when."""

    at: int
    text: str = ""
    v: int = 2


def test_an_envelope_is_read_as_it_was_packed() -> None:
    packing = Packing(Note, 2)
    note = Note(7, "hällo")
    assert packing.unpack(packing.pack(note)) == note
    assert packing.unpack(b'{"at":7,"of a later release":1}') == Note(7)


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b'{"at":7,"v":1}', r"Note of version 1; this plugin reads 2"),
        (b"{", "truncated"),
        (b'{"text":"no time"}', "at"),
        (b"\xff", "malformed"),
    ],
)
def test_what_is_no_envelope_of_ours_is_refused(raw: bytes, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Packing(Note, 2).unpack(raw)
