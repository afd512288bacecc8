"""A demo's pages, which ask nobody to sign in, answer to this machine's browsers alone."""

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from omniroute.testing.fakes.at_home import AtHome

HOME = "http://127.0.0.1:8420"


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:8420", None, 200),
        ("127.0.0.1:8420", HOME, 200),
        ("localhost:8420", "http://localhost:8420", 200),
        ("[::1]:8420", None, 200),
        ("127.0.0.1:8420", "http://evil.example", 403),
        ("127.0.0.1:8420", "null", 403),
        ("127.0.0.1:8420", "http://127.0.0.1:9", 403),
        ("127.0.0.1:8420", "", 403),
        ("evil.example:8420", "http://evil.example:8420", 403),
        ("evil.example:8420", None, 403),
        ("127.0.0.1.evil.example", None, 403),
        ("127.0.0.1@evil.example", None, 403),
        ("[::1", None, 403),
        ("", None, 403),
    ],
)
def test_who_is_at_home(host: str, origin: str | None, status: int) -> None:
    headers = {"Host": host} if origin is None else {"Host": host, "Origin": origin}
    page = TestClient(AtHome(PlainTextResponse("hello")), base_url=HOME)
    assert page.post("/", content=b"text=x", headers=headers).status_code == status
