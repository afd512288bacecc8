"""Headers, sizes, tokens and origins, over every route there is."""

from collections.abc import Iterator

import pytest
from starlette.routing import Route
from tests.web.site import Site, text_of

from omniroute.web.app import console_routes
from omniroute.web.guard import MOST_BODY, local_path, token_for

CONCRETE = {
    "{thread:int}": "4812", "{verb}": "note", "{message}": "m2", "{sha}": "5ha", "{id}": "3",
}  # fmt: skip


def paths(method: str) -> list[str]:
    """Each path that is served by *method*, with something in its places."""
    found = []
    for route in console_routes():
        assert isinstance(route, Route)
        path = route.path
        for place, value in CONCRETE.items():
            path = path.replace(place, value)
        if method in (route.methods or ()):
            found.append(path)
    return found


OPEN = {"/sign-in", "/api/v1/openapi.json"}
"""What may be asked for by somebody who is not signed in."""


@pytest.mark.parametrize("path", sorted(set(paths("GET")) - OPEN))
def test_every_page_asks_who_is_there(outside: Site, path: str) -> None:
    answer = outside.get(path)
    assert answer.status_code in (303, 401)
    assert "Joe" not in answer.text


@pytest.mark.parametrize("path", sorted(set(paths("POST")) - OPEN))
def test_every_form_asks_who_is_there(outside: Site, path: str) -> None:
    assert outside.client.post(path, data={"token": "x"}).status_code == 401
    assert outside.done() == []


@pytest.mark.parametrize("path", sorted(set(paths("POST")) - OPEN))
def test_every_form_needs_the_sessions_token(site: Site, path: str) -> None:
    site.client.cookies.clear()
    site.sign_in("di")  # who may everything
    session = site.client.cookies["omniroute"]
    for token in ("", "x", token_for("another session"), "0" * 40):
        answer = site.client.post(path, data={"token": token, "text": "hi", "agent": "bo"})
        assert answer.status_code == 403, token
    assert site.client.post(path, json={"token": site.token}).status_code == 403
    assert site.done() == []
    assert site.doorman.sessions.get(session) == "di"
    assert site.operations.retried == []


@pytest.mark.parametrize("path", sorted(paths("POST")))
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://desk.example.evil.example"},
        {"origin": "http://desk.example:8080"},
        {"origin": "https://desk.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_no_form_is_taken_from_another_site(site: Site, path: str, headers: dict[str, str]) -> None:
    answer = site.client.post(path, data={"token": site.token, "text": "hi"}, headers=headers)
    assert answer.status_code == 403
    assert "sent from another site" in answer.text
    assert site.done() == []


@pytest.mark.parametrize("headers", [{"origin": "http://desk.example"}, {"sec-fetch-site": "none"}])
def test_forms_of_our_own_are_taken(site: Site, headers: dict[str, str]) -> None:
    fields = {"token": site.token, "text": "hi"}
    answer = site.client.post("/threads/4812/note", data=fields, headers=headers)
    assert answer.status_code == 303


def answers(site: Site) -> Iterator[tuple[str, dict[str, str]]]:
    for path in sorted(set(paths("GET")) - {"/live"}):
        yield path, dict(site.get(path).headers)
    yield "a missing page", dict(site.get("/nowhere").headers)
    yield "a refused form", dict(site.client.post("/status").headers)


def test_every_answer_carries_the_headers(site: Site) -> None:
    for path, headers in answers(site):
        policy = headers["content-security-policy"]
        assert "unsafe-inline" not in policy or path.endswith("/frame"), path
        assert "unsafe-eval" not in policy
        assert "default-src 'self'" in policy or "default-src 'none'" in policy, path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert headers["x-frame-options"] == ("SAMEORIGIN" if path.endswith("/frame") else "DENY")


def test_the_console_can_be_framed_by_nobody(site: Site) -> None:
    assert "frame-ancestors 'none'" in site.get("/").headers["content-security-policy"]


def test_a_form_that_is_too_long_is_refused(site: Site) -> None:
    answer = site.post("/threads/4812/note", {"text": "x" * (MOST_BODY + 1)})
    assert answer.status_code == 413
    assert site.done() == []


def test_a_form_that_hides_its_length_is_refused_too(site: Site) -> None:
    def endless() -> Iterator[bytes]:
        yield f"token={site.token}&text=".encode()
        for _ in range(MOST_BODY // 1000 + 2):
            yield b"x" * 1000

    answer = site.client.post(
        "/threads/4812/note",
        content=endless(),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 413
    assert "more than a form can hold" in text_of(answer.text)
    assert site.done() == []


@pytest.mark.parametrize("length", ["-1", "many", "1e9", str(10**30)])
def test_a_length_that_is_none_is_refused(site: Site, length: str) -> None:
    answer = site.client.post("/status", content=b"", headers={"content-length": length})
    assert answer.status_code == 413


def test_a_token_tells_nothing_about_its_session() -> None:
    assert token_for("a") != token_for("b")
    assert "secret" not in token_for("secret")


@pytest.mark.parametrize("path", ["", "evil", "//e", "/\\e", "http://e", "/a\nb", "/a\x00b"])
def test_only_a_path_of_this_site_is_local(path: str) -> None:
    assert local_path(path) == "/"


def test_a_session_that_has_ended_is_nobodys(site: Site) -> None:
    site.doorman.sessions.clear()
    answer = site.get("/")
    assert answer.status_code == 303
    assert 'omniroute=""' in answer.headers["set-cookie"]


def test_a_script_whose_session_has_ended_is_sent_to_the_door(site: Site) -> None:
    site.doorman.sessions.clear()
    assert site.get("/refresh", hx_request="true").headers["hx-redirect"] == "/sign-in"
