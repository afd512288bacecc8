"""The site put together."""

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from tests.web.site import URL, Site

from omniroute.application.door import Application
from omniroute.application.signin import SignIn
from omniroute.stores.api import Unavailable
from omniroute.web import ports
from omniroute.web.app import build
from omniroute.web.rendering import asset


def test_the_server_says_that_it_answers(outside: Site) -> None:
    answer = outside.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})


def test_a_file_is_kept_by_browsers_since_its_address_changes_with_it(outside: Site) -> None:
    answer = outside.get(asset("css/look.css"))
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert outside.get("/static/css/look.css").headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/"])
def test_no_other_file_is_given_out(outside: Site, path: str) -> None:
    assert outside.get(path).status_code == 404


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


def test_what_channels_bring_is_mounted_with_headers_of_their_own(outside: Site) -> None:
    mounts = {"/channels/webchat/site": [Route("/widget", hello)], "/desks/slack": []}
    app = build(
        outside.village, outside.doorman, mounts,
        organisation="Radhaus", public_url=URL, clock=lambda: outside.now,
    )  # fmt: skip
    with TestClient(app, base_url=URL, follow_redirects=False) as client:
        widget = client.get("/channels/webchat/site/widget")
        assert widget.text == "hello"
        assert "x-frame-options" not in widget.headers  # a widget stands in other people's pages
        assert client.get("/channels/webchat/other").status_code == 404
        assert client.get("/").headers["location"] == "/sign-in"


def test_a_fault_of_ours_tells_nothing_and_is_not_hidden_from_the_log(site: Site) -> None:
    class Broken(type(site.village)):  # type: ignore[misc]
        async def board(self, actor: object) -> Any:
            raise RuntimeError("the password is swordfish")

    site.village.__class__ = Broken
    with pytest.raises(RuntimeError, match="swordfish"):  # what the server's log gets
        site.get("/")
    client = TestClient(site.app, base_url=URL, raise_server_exceptions=False)
    client.cookies = site.client.cookies
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Something went wrong on our side." in answer.text
    assert "swordfish" not in answer.text
    assert client.get("/api/board").json()["code"] == "fault"


def test_a_store_that_is_away_asks_to_come_again_and_shows_no_address(site: Site) -> None:
    class Away(type(site.village)):  # type: ignore[misc]
        async def board(self, actor: object) -> Any:
            raise Unavailable("redis://10.0.0.7 (desk)", "Connection refused", "see that it runs")

    site.village.__class__ = Away
    page, called = site.get("/"), site.get("/api/board")
    for answer in (page, called):
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        assert "10.0.0.7" not in answer.text
    assert "The database does not answer at the moment" in page.text
    assert called.json()["code"] == "store"


def the_real_ones_fit(application: Application, accounts: SignIn) -> None:
    """Checked by mypy: what the console asks for is what there is."""
    _: ports.Application = application
    __: ports.Accounts = accounts
