"""Changing an answer or a note on a page of its own, and what is shown of it afterwards."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.web.site import Site, part, text_of

ANSWER = "/threads/4812/messages/r1/change"


@pytest.fixture
def changeable(site: Site) -> Site:
    """The site, where Ana's answer r1 has gone out over a channel that can change it."""
    record = site.village.records[4812]
    record.items = [
        replace(item, state="sent", can=("edit", "delete")) if item.message == "r1" else item
        for item in record.items
    ]
    return site


def test_what_can_be_changed_leads_to_its_form(changeable: Site) -> None:
    page = changeable.get("/threads/4812").text
    assert f'href="{ANSWER}"' in part(page, "line-r1")
    assert "Change or delete" not in part(page, "line-m0")
    form = changeable.get(ANSWER).text
    assert "Colleagues see what it said before." in text_of(form)
    assert 'action="/threads/4812/edit"' in form
    assert 'action="/threads/4812/delete"' in form


def test_a_change_is_made_and_its_past_is_shown(changeable: Site) -> None:
    before = next(i.text for i in changeable.village.records[4812].items if i.message == "r1")
    sent = changeable.post("/threads/4812/edit", {"message": "r1", "text": "On <Monday>"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/threads/4812")
    line = part(changeable.get("/threads/4812").text, "line-r1")
    assert "On &lt;Monday&gt;" in line
    assert "edited" in text_of(line)
    assert " ".join(before.split()) in text_of(line)


def test_what_did_not_reach_the_customer_says_why(changeable: Site) -> None:
    record = changeable.village.records[4812]
    record.items = [
        replace(item, change="unchanged", reason="it is older than two days")
        if item.message == "r1"
        else item
        for item in record.items
    ]
    said = text_of(part(changeable.get("/threads/4812").text, "line-r1"))
    assert "The customer still has it as it was. it is older than two days" in said


def test_of_a_customers_words_there_is_no_such_form(changeable: Site) -> None:
    assert changeable.get("/threads/4812/messages/m0/change").status_code == 404
    empty = changeable.post("/threads/4812/edit", {"message": "r1", "text": " "})
    assert empty.status_code in (303, 422)


def test_who_is_writing_is_told_once_and_changes_nothing(site: Site) -> None:
    assert site.post("/threads/4812/writing").status_code == 204
    assert site.village.writing == [("ana", 4812)]
