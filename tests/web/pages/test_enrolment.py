"""An admin's page about a colleague: accounts, invitations, and the end of it."""

from __future__ import annotations

import pytest
from tests.web.site import Site, text_of


@pytest.fixture
def admin(outside: Site) -> Site:
    """The site, with its admin signed in."""
    return outside.sign_in("di")


def test_an_admin_sees_where_a_colleague_works_from_and_who_let_them(admin: Site) -> None:
    page = admin.get("/team/bo").text
    assert "&lt;b&gt;Bo&lt;/b&gt; Berg" in page
    assert "Works from Platform Account" in text_of(page)
    assert "bound slack U0001 by bo" in text_of(page)
    assert 'href="/team/bo"' in admin.get("/team").text


def test_an_invitation_is_shown_once(admin: Site) -> None:
    page = text_of(admin.post("/team/bo/invite", {"desk": "telegram"}).text)
    assert "In telegram, write: join c0de" in page
    assert "invited telegram by di" in page
    assert "join c0de" not in admin.get("/team/bo").text


def test_an_account_is_taken_away(admin: Site) -> None:
    fields = {"kind": "slack", "value": "U0001"}
    assert admin.post("/team/bo/revoke", fields).headers["location"] == "/team/bo"
    assert "No account of a platform is theirs." in text_of(admin.get("/team/bo").text)


def test_who_is_deactivated_can_be_let_in_again_and_nobody_locks_themselves_out(
    admin: Site,
) -> None:
    assert "Another admin can deactivate you" in text_of(admin.get("/team/di").text)
    admin.post("/team/di/deactivate")
    assert admin.operations.enrolment.gone == set()
    admin.post("/team/bo/deactivate")
    assert "Let in nowhere: bo" in text_of(admin.get("/team").text)
    assert "Let in nowhere." in text_of(admin.get("/team/bo").text)
    admin.post("/team/bo/activate")
    assert admin.operations.enrolment.gone == set()


def test_nobody_else_may(site: Site) -> None:
    assert site.get("/team/bo").status_code == 403
    for act in ("invite", "revoke", "deactivate", "activate"):
        assert site.post(f"/team/bo/{act}").status_code == 403
    assert "/team/bo" not in site.get("/team").text


def test_of_nobody_there_is_no_page(admin: Site) -> None:
    assert admin.get("/team/nobody").status_code == 404
