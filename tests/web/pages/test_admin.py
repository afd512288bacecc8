"""The admin's page, and that it is the admin's alone."""

import pytest
from tests.web.site import Site, text_of


@pytest.fixture
def admin(site: Site) -> Site:
    site.client.cookies.clear()
    return site.sign_in("di")


def test_channels_and_dead_letters_are_listed(admin: Site) -> None:
    page = admin.get("/admin/channels").text
    said = text_of(page)
    assert "email support needs you port is taken" in said
    assert "<b>unknown charset</b>" in said  # as text
    assert "<b>unknown" not in page


def test_a_dead_letter_is_tried_again(admin: Site) -> None:
    answer = admin.post("/admin/retry", {"letter": "3"})
    assert answer.headers["location"] == "/admin/channels"
    assert admin.operations.retried == ["3"]


def test_where_automatic_replies_pause_is_shown_and_ended(admin: Site) -> None:
    assert "gone.example 20 messages came back" in text_of(admin.get("/admin/channels").text)
    answer = admin.post("/admin/pauses/end", {"realm": "r1"})
    assert answer.headers["location"] == "/admin/channels"
    assert "gone.example" not in admin.get("/admin/channels").text


def test_for_agents_there_is_no_such_page(site: Site) -> None:
    assert site.get("/admin/channels").status_code == 403
    assert site.post("/admin/retry", {"letter": "3"}).status_code == 403
    assert site.post("/admin/pauses/end", {"realm": "r1"}).status_code == 403
    assert "/admin/channels" not in site.get("/").text
    assert site.operations.retried == []
