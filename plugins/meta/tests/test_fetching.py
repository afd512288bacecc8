"""Files are fetched from where Meta's lie, and from nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from omniroute import Secret
from omniroute.testing.fakes.serving import serving
from omniroute_meta.graph import Elsewhere, Graph

INSIDE = (
    "http://169.254.169.254/latest/meta-data/", "https://169.254.169.254/", "https://[::1]/",
    "https://[::ffff:10.0.0.1]/", "https://2130706433/", "http://lookaside.fbsbx.com/",
    "https://lookaside.fbsbx.com:8420/", "https://fbsbx.com.evil.example/",
    "https://evilfbsbx.com/", "https://lookaside.fbsbx.com@127.0.0.1/", "https://fbsbx.com/",
    "file:///etc/passwd", "//127.0.0.1/", "",
)  # fmt: skip


@asynccontextmanager
async def meta(*answers: Response) -> AsyncIterator[tuple[str, list[str]]]:
    """A server of Meta's that answers in turn; its address, and what was asked of it."""
    asked: list[str] = []

    async def answer(request: Request) -> Response:
        asked.append(request.url.path)
        return answers[len(asked) - 1]

    endpoint: Callable[[Request], Awaitable[Response]] = answer
    async with serving(Starlette(routes=[Route("/{path:path}", endpoint)])) as url:
        yield url, asked


def to(url: str) -> Graph:
    return Graph(Secret("a token"), url, "channels.page")


@pytest.mark.parametrize("url", INSIDE)
@pytest.mark.parametrize("with_token", [True, False])
async def test_incident_26_no_other_address_is_called(url: str, with_token: bool) -> None:
    with pytest.raises(Elsewhere):
        await to("https://graph.facebook.com/v24.0").download(url, 9, with_token=with_token)


@pytest.mark.parametrize("url", INSIDE[:-1])
async def test_incident_26_nor_by_a_redirect(url: str) -> None:
    async with meta(RedirectResponse(url)) as (home, asked):
        with pytest.raises(Elsewhere):
            await to(home).download(f"{home}/a", 9, with_token=False)
    assert asked == ["/a"]


async def test_a_redirect_within_meta_is_followed_and_one_without_end_is_not() -> None:
    async with meta(RedirectResponse("/b"), PlainTextResponse("hello")) as (home, asked):
        assert await to(home).download(f"{home}/a", 9, with_token=False) == b"hello"
    assert asked == ["/a", "/b"]
    async with meta(*[RedirectResponse("/b")] * 9) as (home, asked):
        with pytest.raises(Elsewhere):
            await to(home).download(f"{home}/a", 9, with_token=False)
    assert len(asked) == 4
