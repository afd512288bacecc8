"""The admin's pages where rules are tried: what differs, a back-test, a decision as a test."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.web.bench import FOUND, MORNING
from tests.web.site import Site, text_of

from omniroute.application.workbench import Trying

RUNNING = Trying("77ab", 30, MORNING, "deciding anew", 120, 310)


@pytest.fixture
def admin(site: Site) -> Site:
    site.client.cookies.clear()
    return site.sign_in("di")


def test_what_two_rule_sets_do_differently(admin: Site) -> None:
    page = admin.get("/admin/compare?before=1f00&after=77ab").text
    said = text_of(page)
    assert "What 77ab does otherwise than 1f00" in said
    assert "new route invoices after refunds" in said
    assert "changed enrich at-risk set.priority urgent → <b>high</b>" in said
    assert "Tests touched: 3, of which fail: a refund goes to Bo." in said
    assert "<b>high</b>" not in page
    assert 'href="/admin/backtest?after=77ab"' in page


def test_the_folder_is_compared_with_what_is_live_unless_said_otherwise(admin: Site) -> None:
    page = admin.get("/admin/compare").text
    assert '<option value="folder" selected>' in page
    assert '<option value="live" selected>' in page
    admin.operations.workbench.changes = ()
    assert "No difference." in text_of(admin.get("/admin/compare?after=9c41").text)
    broken = text_of(admin.get("/admin/compare").text)
    assert "rules.yaml:14: no queue “bilings”" in broken


def test_a_back_test_begins_shows_where_it_is_and_what_came_of_it(admin: Site) -> None:
    bench = admin.operations.workbench
    assert "None was made since the server began." in text_of(admin.get("/admin/backtest").text)
    answer = admin.post("/admin/backtest", {"after": "77ab", "days": "30"})
    assert answer.headers["location"] == "/admin/backtest"
    assert bench.asked == [("77ab", 30)]
    bench.at = RUNNING
    page = admin.get("/admin/backtest").text
    assert "deciding anew: 120 of 310" in text_of(page)
    assert 'value="120" max="310"' in page
    assert 'data-hx-get="/admin/backtest/progress"' in page
    assert "disabled>Begin<" in page
    bench.at = replace(RUNNING, found=FOUND)
    part = admin.get("/admin/backtest/progress").text
    assert part.strip().startswith("<section")
    assert "hx-get" not in part
    assert "disabled" not in part
    said = text_of(part)
    assert "310 threads, of which 4 are unknown" in said
    assert "queue general billing invoices 12 #4812 invoice <42> is" in said
    assert "queue changes 12 of 306 (3.9%)" in said


def test_why_there_is_no_result_is_said(admin: Site) -> None:
    bench = admin.operations.workbench
    bench.at = replace(RUNNING, trouble="Nothing was routed in the last 30 days.")
    assert "Nothing was routed in the last 30 days." in text_of(admin.get("/admin/backtest").text)
    bench.at = RUNNING
    busy = admin.post("/admin/backtest", {"after": "77ab", "days": "30"})
    assert (busy.status_code, "is running" in text_of(busy.text)) == (409, True)
    odd = admin.post("/admin/backtest", {"after": "77ab", "days": "many"})
    assert "Say how many days" in text_of(odd.text)


def test_a_decision_becomes_a_test(admin: Site) -> None:
    assert 'href="/admin/record/4812"' in admin.get("/threads/4812/why").text
    page = admin.get("/admin/record/4812").text
    assert "- name: #4812 given: {}" in text_of(page)
    assert "rule <x> asks else" in text_of(page)
    assert "The rules in the folder pass it." in text_of(page)
    admin.operations.workbench.faults = ("queue: expected 'a', got 'b'",)
    assert "fail it by now: queue: expected" in text_of(admin.get("/admin/record/4812").text)
    answer = admin.post("/admin/record/4812", {"name": "Charged twice"})
    assert answer.headers["location"] == "/threads/4812/why"
    said = text_of(admin.get("/threads/4812/why").text)
    assert "“Charged twice”. The rules in the folder fail it by now." in said
    assert admin.operations.workbench.asked == [(4812, "Charged twice")]


@pytest.mark.parametrize("path", ["/admin/compare", "/admin/backtest", "/admin/record/4812"])
def test_they_are_the_admin_s_alone(site: Site, path: str) -> None:
    assert site.get(path).status_code in (403, 404)
    assert "/admin/record" not in site.get("/threads/4812/why").text
