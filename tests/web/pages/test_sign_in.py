"""Coming in and going out."""

import pytest
from tests.web.site import Site, part, text_of, token_in


def enter(site: Site, **fields: str) -> "tuple[int, str]":
    door = site.get("/sign-in")
    answer = site.client.post("/sign-in", data={"token": token_in(door.text), **fields})
    return answer.status_code, answer.text or answer.headers["location"]


def test_pages_lead_to_the_door_and_back(outside: Site) -> None:
    answer = outside.get("/threads/4812?x=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fthreads%2F4812%3Fx%3D1"
    door = outside.get(answer.headers["location"]).text
    assert 'name="next" value="/threads/4812?x=1"' in door


def test_who_knows_the_password_comes_in(outside: Site) -> None:
    status, where = enter(outside, name="ana", password="open sesame", next="/threads/4812")
    assert (status, where) == (303, "/threads/4812")
    assert outside.get("/threads/4812").status_code == 200
    assert outside.get("/sign-in").headers["location"] == "/"


@pytest.mark.parametrize("name", ["ana", "nobody", "", "ana' OR 1=1"])
def test_a_wrong_sign_in_gets_one_answer_whatever_was_wrong(outside: Site, name: str) -> None:
    status, page = enter(outside, name=name, password="guess")
    assert status == 401
    assert "The name or the password is wrong." in text_of(page)


def test_too_many_attempts_are_told_to_wait(outside: Site) -> None:
    for _ in range(3):
        enter(outside, name="ana", password="guess")
    status, page = enter(outside, name="ana", password="open sesame")
    assert status == 429
    assert "try again in 5 min" in text_of(page)


def test_a_link_is_not_used_up_by_looking_at_it(outside: Site) -> None:
    for _ in range(3):
        page = outside.get("/sign-in?link=link-bo-0")
        assert "Come in" in text_of(page.text)
    status, _ = enter(outside, link="link-bo-0")
    assert status == 303
    assert "Bo Berg" in text_of(part(outside.get("/").text, "me"))


def test_a_link_works_once(outside: Site) -> None:
    enter(outside, link="link-bo-0")
    outside.client.cookies.clear()
    status, page = enter(outside, link="link-bo-0")
    assert status == 401
    assert "This link has been used" in text_of(page)


@pytest.mark.parametrize(
    "next", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_sign_in_leads_nobody_to_another_site(outside: Site, next: str) -> None:
    assert 'name="next" value="/"' in outside.get(f"/sign-in?next={next}").text
    assert enter(outside, name="ana", password="open sesame", next=next) == (303, "/")


def test_the_door_has_a_token_too(outside: Site) -> None:
    door = outside.get("/sign-in")
    fields = {"name": "ana", "password": "open sesame"}
    without = outside.client.post("/sign-in", data=fields)
    assert without.status_code == 403
    outside.client.cookies.clear()  # as if another site had sent the form
    foreign = outside.client.post("/sign-in", data={**fields, "token": token_in(door.text)})
    assert foreign.status_code == 403
    assert not outside.doorman.sessions


def test_signing_out_ends_the_session_here_and_on_the_server(site: Site) -> None:
    session = site.client.cookies["omniroute"]
    answer = site.post("/sign-out")
    assert answer.headers["location"] == "/sign-in"
    assert session not in site.doorman.sessions
    assert site.get("/").status_code == 303


def test_the_session_cookie_is_out_of_reach_of_scripts(outside: Site) -> None:
    door = outside.get("/sign-in")
    answer = outside.client.post(
        "/sign-in",
        data={"token": token_in(door.text), "name": "ana", "password": "open sesame"},
    )
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie


def test_over_https_the_cookie_insists_on_https_and_on_this_host() -> None:
    site = Site(url="https://desk.example")
    with site.client:
        door = site.get("/sign-in")
        answer = site.client.post(
            "/sign-in",
            data={"token": token_in(door.text), "name": "ana", "password": "open sesame"},
        )
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-omniroute=")
        assert "Secure" in cookie
        assert site.get("/").status_code == 200
        assert "max-age" in site.get("/").headers["strict-transport-security"]


def test_an_admin_makes_a_link_for_a_colleague(site: Site) -> None:
    assert site.post("/team/link", {"agent": "bo"}).status_code == 403
    site.client.cookies.clear()
    site.sign_in("di")
    page = site.post("/team/link", {"agent": "bo"}).text
    assert "A sign-in link for Bo Berg" in text_of(page)
    assert 'value="http://desk.example/sign-in?link=link-bo-0"' in page


def test_a_new_password_ends_every_session(site: Site) -> None:
    answer = site.post("/settings/password", {"password": "correct horse battery"})
    assert answer.headers["location"] == "/sign-in"
    assert site.doorman.sessions == {}


def test_a_weak_password_is_refused_with_what_is_asked(site: Site) -> None:
    site.post("/settings/password", {"password": "short"})
    assert "10 to 500 characters" in text_of(part(site.get("/settings").text, "said"))


def test_in_a_demo_one_may_go_on_as_somebody_else() -> None:
    site = Site(demo=True)
    with site.client:
        site.sign_in("ana")
        assert "You are Ana Ruiz" in text_of(site.get("/").text)
        assert site.post("/demo/switch", {"agent": "di"}).headers["location"] == "/"
        assert "You are Di Dorn" in text_of(site.get("/").text)


def test_elsewhere_nobody_becomes_somebody_else(site: Site) -> None:
    assert site.post("/demo/switch", {"agent": "di"}).status_code == 404
    assert "You are" not in text_of(site.get("/").text)
