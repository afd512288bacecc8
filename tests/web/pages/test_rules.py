"""The admin's pages of the rules, and that they are the admin's alone."""

from __future__ import annotations

import pytest
from tests.web.site import Site, text_of

from omniroute.application.rulebook import Promotion, Reload, Rollback, TryOut

WHERE = "/admin/rules"


@pytest.fixture
def admin(site: Site) -> Site:
    site.client.cookies.clear()
    return site.sign_in("di")


def test_how_often_each_rule_matched_as_a_picture_and_in_numbers(admin: Site) -> None:
    page = admin.get(WHERE).text
    assert 'aria-label="40, 50, 30, 60, 50, 40, 30 in 7 days, the latest last"' in page
    said = text_of(page)
    assert "language enrich support.yaml:8 300" in said
    assert "api route support.yaml:31 never" in said
    assert "language 40 50 30 60 50 40 30" in said  # the same as a table
    assert "Languages without a rule: fr (12)." in said
    assert "2 threads were taken by no rule" in said


def test_versions_with_who_and_why(admin: Site) -> None:
    page = admin.get(WHERE).text
    assert "9c41 live" in text_of(page)
    assert "di live: refund <wording> 5 passed" in text_of(page)
    assert "<wording>" not in page


def test_one_version_with_its_files(admin: Site) -> None:
    page = admin.get(f"{WHERE}/9c41").text
    assert "It is live." in text_of(page)
    assert "version: 1 # <b>bold</b>" in text_of(page)
    assert "<b>bold</b>" not in page
    assert admin.get(f"{WHERE}/beef").status_code == 404


def test_what_a_shadow_would_do_otherwise(admin: Site) -> None:
    admin.operations.rulebook.try_out("shadow")
    said = text_of(admin.get(WHERE).text)
    assert "On trial: shadow of 77ab" in said
    assert "12 of 310 differ" in said
    assert "queue general billing invoices 12 #4812 invoice <42> is" in said


def test_for_how_many_a_canary_decides(admin: Site) -> None:
    admin.operations.rulebook.try_out("canary", 0.1)
    said = text_of(admin.get(WHERE).text)
    assert "Decides for 10 % of the customers: 310 of 310 threads so far." in said


def test_an_admin_promotes_with_a_reason(admin: Site) -> None:
    asked = {"version": "77ab", "mode": "canary", "share": "25", "message": "they look well"}
    answer = admin.post(f"{WHERE}/promote", asked)
    assert answer.headers["location"] == WHERE
    assert "Version 77ab is on trial: canary." in text_of(admin.get(WHERE).text)
    admin.post(f"{WHERE}/promote", {**asked, "mode": "shadow", "span": "24h"})
    admin.post(f"{WHERE}/promote", {**asked, "mode": "live"})
    canary, shadow, live = admin.operations.rulebook.asked
    assert canary == Promotion(mode="canary", version="77ab", share=0.25, message="they look well")
    assert shadow == Promotion(
        mode="shadow", version="77ab", span=86_400_000, message="they look well"
    )
    assert live == Promotion(mode="live", version="77ab", message="they look well")


def test_an_admin_rolls_back_loads_the_folder_and_ends_a_trial(admin: Site) -> None:
    admin.operations.rulebook.try_out("shadow")
    for what, said in (
        ("rollback", "Version 1f00 is live again."),
        ("reload", "Loaded: 11 rules, version 9c41."),
        ("stop", "Nothing is on trial any more."),
    ):
        admin.post(f"{WHERE}/{what}", {"message": "because"})
        assert said in text_of(admin.get(WHERE).text)
    assert admin.operations.rulebook.asked == [
        Rollback(message="because"), Reload(message="because"), "stop",
    ]  # fmt: skip


def test_broken_rules_change_nothing_and_say_where(admin: Site) -> None:
    admin.operations.rulebook.broken = True
    admin.post(f"{WHERE}/reload", {"message": "because"})
    said = text_of(admin.get(WHERE).text)
    assert "The rules stay as they were. rules.yaml:14: no queue “bilings”" in said


@pytest.mark.parametrize(
    ("what", "fields", "said"),
    [
        ("rollback", {}, "Say in a line why"),
        ("promote", {"mode": "live", "version": "77ab"}, "Say in a line why"),
        ("promote", {"mode": "canary", "share": "x", "message": "y"}, "A share is a number"),
        ("promote", {"mode": "shadow", "span": "x", "message": "y"}, "A span is written as 24h"),
    ],
)
def test_what_is_missing_is_said(admin: Site, what: str, fields: dict[str, str], said: str) -> None:
    answer = admin.post(f"{WHERE}/{what}", fields)
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    assert admin.operations.rulebook.asked == []


def test_a_message_is_tried(admin: Site) -> None:
    assert "Where would it go now" in text_of(admin.get("/admin/try").text)
    page = admin.post("/admin/try", {"channel": "webchat", "text": "my <refund>"}).text
    assert "route ✔ refunds “my <refund>”" in text_of(page)
    assert "<refund>" not in page
    (asked,) = admin.operations.rulebook.asked
    assert asked == TryOut(channel="webchat", text="my <refund>")


def test_for_agents_there_are_no_such_pages(site: Site) -> None:
    for path in (WHERE, f"{WHERE}/9c41", "/admin/try"):
        assert site.get(path).status_code == 403
    for path in ("promote", "rollback", "stop", "reload"):
        assert site.post(f"{WHERE}/{path}", {"message": "x"}).status_code == 403
    assert site.post("/admin/try").status_code == 403
    assert WHERE not in site.get("/").text
    assert site.operations.rulebook.asked == []
