"""An admin's page about programs: tokens and webhooks."""

from __future__ import annotations

import msgspec
import pytest
from tests.web.site import Site, text_of


@pytest.fixture
def admin(outside: Site) -> Site:
    """The site, with its admin signed in."""
    return outside.sign_in("di")


def test_an_admin_sees_who_may_call_and_where_events_go(admin: Site) -> None:
    page = text_of(admin.get("/admin/programs").text)
    assert "the CRM threads:read nobody never" in page
    assert "https://crm.example/ thread.*" in page
    assert 'href="/admin/programs"' in admin.get("/admin/channels").text


def test_a_token_is_shown_once(admin: Site) -> None:
    fields = {"name": "<b>report</b>", "scope": "stats:read", "days": "7"}
    page = admin.post("/admin/programs/tokens", fields).text
    assert "omni_f00d_secret" in page
    assert "&lt;b&gt;report" in page
    assert "omni_f00d_secret" not in admin.get("/admin/programs").text
    wrong = admin.post("/admin/programs/tokens", {**fields, "days": "a week"})
    assert wrong.status_code == 422


def test_a_token_is_ended(admin: Site) -> None:
    answer = admin.post("/admin/programs/revoke", {"id": "c0ffee"})
    assert answer.headers["location"] == "/admin/programs"
    assert "No program has a token." in text_of(admin.get("/admin/programs").text)


def test_a_webhook_is_made_tried_and_ended(admin: Site) -> None:
    page = admin.post("/admin/programs/webhooks", {"url": "https://x.example/"}).text
    assert "whsec_" in page
    assert "whsec_" not in admin.get("/admin/programs").text
    for do, said in (
        ("test", "It was taken."),
        ("enable", "It sends what happens from now on."),
        ("delete", "Nothing is sent there any more."),
    ):
        admin.post("/admin/programs/webhook", {"id": "beef", "do": do})
        assert said in text_of(admin.get("/admin/programs").text)
    assert admin.post("/admin/programs/webhook", {"id": "beef", "do": "eat"}).status_code == 422


@pytest.mark.parametrize(("who", "told"), [("di", True), ("ana", False)])
def test_a_webhook_that_was_switched_off_is_told_to_admins_on_every_page(
    outside: Site, who: str, told: bool
) -> None:
    site, webhooks = outside.sign_in(who), outside.operations.webhooks
    assert "Webhook off" not in text_of(site.get("/").text)
    webhooks.all = [msgspec.structs.replace(webhooks.all[0], disabled="it answered 500")]
    assert ("Webhook off" in text_of(site.get("/team").text)) == told
    assert ('<a href="/admin/programs" class="needs"' in site.get("/team").text) == told
