"""Forms that act on a thread, with and without the page's script."""

from typing import Any

import pytest
from tests.web.site import MORNING, Site, part, text_of

from omniroute.application import commands as c
from omniroute.errors import Refused

MINUTE = 60_000


def test_a_reply_is_one_command_and_the_next_page_says_what_became_of_it(site: Site) -> None:
    answer = site.post(
        "/threads/4812/reply", {"text": " On its way.\r\nBye ", "seen": 3, "key": "k"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/threads/4812")
    assert site.done() == [c.Reply(key="k", thread=4812, text="On its way.\nBye", seen=3)]
    page = site.get("/threads/4812").text
    assert "Goes out in 5 s" in text_of(part(page, "said"))
    assert "not sent yet" in text_of(part(page, "line-r7"))
    assert text_of(part(site.get("/threads/4812").text, "said")) == ""  # said once


def test_the_same_form_sent_twice_is_one_reply(site: Site) -> None:
    for _ in range(2):
        site.post("/threads/4812/reply", {"text": "once", "seen": 3, "key": "same"})
    assert len(site.done()) == 1


def test_a_note_is_a_note(site: Site) -> None:
    site.post("/threads/4812/note", {"text": "colleagues only"})
    assert isinstance(site.done()[0], c.Note)


@pytest.mark.parametrize(
    ("verb", "fields", "command"),
    [
        ("accept", {"offer": "o4820"}, c.Accept(thread=4820, offer="o4820")),
        ("pass", {"offer": "o4820", "why": "-"}, c.Pass(thread=4820, offer="o4820", why="-")),
        ("take", {}, c.Take(thread=4820)),
        ("template", {"template": "order_news", "value": ["4711", " sent "], "seen": 3},
         c.Reply(thread=4820, text="", seen=3, template="order_news", values=("4711", "sent"))),
        ("transfer", {"to": "agent:bo", "why": "knows it"},
         c.Transfer(thread=4820, to_agent="bo", why="knows it")),
        ("transfer", {"to": "queue:tech", "why": "API"},
         c.Transfer(thread=4820, to_queue="tech", why="API")),
        ("snooze", {"until": MORNING + MINUTE}, c.Snooze(thread=4820, until=MORNING + MINUTE)),
        ("resolve", {}, c.Resolve(thread=4820)),
        ("reopen", {}, c.Reopen(thread=4820)),
        ("tag", {"add": "vip, refund"}, c.Tag(thread=4820, add=("vip", "refund"))),
        ("tag", {"off": "delivery"}, c.Tag(thread=4820, remove=("delivery",))),
        ("prioritise", {"priority": 30}, c.Prioritise(thread=4820, priority=30)),
        ("done", {}, c.Done(thread=4820)),
        ("boost", {"minutes": 10}, c.Boost(thread=4820, by=10 * MINUTE)),
        ("merge", {"a": "h1", "b": "h2", "why": "sure"}, c.Merge(a="h1", b="h2", why="sure")),
        ("not-same", {"a": "h1", "b": "h2"}, c.NotSame(a="h1", b="h2")),
        ("split", {"handle": "h1"}, c.Split(handles=("h1",))),
    ],
)  # fmt: skip
def test_each_form_is_its_command(
    site: Site, verb: str, fields: dict[str, Any], command: c.AnyCommand
) -> None:
    assert site.post(f"/threads/4820/{verb}", fields).status_code == 303
    assert site.done() == [command]


def test_a_time_of_ones_own_is_meant_in_ones_zone(site: Site) -> None:
    site.client.cookies.set("omniroute_zone", "Europe/Berlin")
    site.post("/threads/4812/snooze", {"at": "2026-03-03T09:00"})
    until = 1_772_524_800_000  # Tue 2026-03-03 08:00 UTC
    assert site.done() == [c.Snooze(thread=4812, until=until)]


@pytest.mark.parametrize(
    ("verb", "fields", "said"),
    [
        ("reply", {"text": "  ", "seen": 3}, "the reply is empty"),
        ("reply", {"text": "hi", "seen": "many"}, "“seen” should be a number"),
        ("note", {}, "the note is empty"),
        ("transfer", {"to": "agent:bo"}, "Say in one line why you hand it over"),
        ("transfer", {"why": "x"}, "Choose who should have it"),
        ("transfer", {"to": "nobody", "why": "x"}, "Choose who should have it"),
        ("snooze", {}, "Choose until when"),
        ("snooze", {"until": MORNING - 1}, "already over"),
        ("snooze", {"at": "soon"}, "“soon” is no date and time"),
        ("snooze", {"at": "9999-99-99T99:99"}, "is no date and time"),
        ("tag", {}, "Write a tag first"),
        ("prioritise", {"priority": "1e9"}, "should be a number"),
    ],
)
def test_a_form_that_is_not_filled_in_says_what_is_missing(
    site: Site, verb: str, fields: dict[str, Any], said: str
) -> None:
    answer = site.post(f"/threads/4812/{verb}", fields)
    page = answer.text if answer.status_code == 422 else site.get("/threads/4812").text
    assert site.done() == []
    assert said in text_of(page)
    by_script = site.by_script(f"/threads/4812/{verb}", fields, on="/threads/4812")
    assert by_script.status_code == 422
    assert said in text_of(by_script.text)


def test_a_verb_that_is_none_is_not_found(site: Site) -> None:
    answer = site.post("/threads/4812/explode")
    assert answer.status_code == 404
    assert "There is no action “explode”." in text_of(answer.text)


def test_a_refused_reply_keeps_its_text_without_a_script(site: Site) -> None:
    site.village.refuse = Refused("forbidden", "#4812 is with Bo Berg; only they may answer there.")
    answer = site.post("/threads/4812/reply", {"text": "long and precious", "seen": 3})
    assert answer.status_code == 403
    assert "long and precious" in part(answer.text, "reply-text")


def test_a_reply_that_can_no_longer_be_sent_still_shows_its_text(site: Site) -> None:
    site.village.refuse = Refused("forbidden", "#4803 is with Cy Cole; only they may answer there.")
    answer = site.post("/threads/4803/reply", {"text": "long and precious", "seen": 1})
    assert "Your reply was not sent long and precious" in text_of(part(answer.text, "composer"))


# --- somebody wrote meanwhile ---------------------------------------------------------------------


def test_a_reply_across_a_new_message_is_held_up_and_shows_it(site: Site) -> None:
    site.village.customer_writes(4812, "never mind")
    answer = site.post("/threads/4812/reply", {"text": "Dear Joe", "seen": 3, "key": "k1"})
    assert answer.status_code == 409
    box = part(answer.text, "collision-box")
    assert "Joe wrote 4 s ago: ‘never mind’" in text_of(box)
    assert "Send anyway" in text_of(box)
    assert "Dear Joe" in part(answer.text, "reply-text")
    assert 'value="k1"' not in answer.text  # the same key would get the same answer


def test_by_script_only_the_question_and_a_new_key_come_back(site: Site) -> None:
    site.village.customer_writes(4812, "never mind")
    fields = {"text": "Dear Joe", "seen": 3, "key": "k1"}
    answer = site.by_script("/threads/4812/reply", fields, on="/threads/4812")
    assert answer.status_code == 409
    assert 'data-hx-target="#collision"' in answer.text
    assert 'data-hx-target="#reply-key"' in answer.text
    assert "never mind" in answer.text
    assert "<textarea" not in answer.text  # what is being written stays as it is
    assert "HX-Trigger" not in answer.headers  # so the draft stays too


def test_send_anyway_sends(site: Site) -> None:
    site.village.customer_writes(4812, "never mind")
    site.post("/threads/4812/reply", {"text": "Dear Joe", "seen": 3, "anyway": "yes"})
    assert site.done() == [c.Reply(thread=4812, text="Dear Joe", seen=3, anyway=True)]


# --- by script ------------------------------------------------------------------------------------


def test_by_script_a_reply_brings_the_parts_that_changed(site: Site) -> None:
    fields = {"text": "On its way.", "seen": 3, "key": "k"}
    answer = site.by_script("/threads/4812/reply", fields, on="/threads/4812")
    assert answer.status_code == 200
    for place in ("#head", "#timeline", "#held", "#side", "#rail", "#composer"):
        assert f'data-hx-target="{place}"' in answer.text
    assert 'data-hx-target="#said"' not in answer.text  # the strip with Undo says it
    assert answer.headers["HX-Trigger"] == '{"omni:saved": {"mode": "reply", "thread": 4812}}'


def test_by_script_what_is_done_on_the_board_brings_the_board(site: Site) -> None:
    answer = site.by_script("/threads/4820/pass", {"offer": "o4820"}, on="/")
    assert 'data-hx-target="#board"' in answer.text
    assert "You passed on it" in text_of(answer.text)


def test_accepting_on_the_board_opens_the_thread(site: Site) -> None:
    answer = site.by_script("/threads/4820/accept", {"offer": "o4820"}, on="/")
    assert answer.headers["HX-Redirect"] == "/threads/4820"


def test_who_was_too_late_reads_who_was_first(site: Site) -> None:
    answer = site.by_script("/threads/4803/take", on="/threads/4803")
    assert answer.status_code == 409
    assert "Cy Cole took it 3 s ago." in text_of(answer.text)
    assert 'class="said-text trouble"' in answer.text


def test_taking_back_gives_the_text_back(site: Site) -> None:
    fields = {"text": "Oops & <sorry>", "seen": 3}
    site.by_script("/threads/4812/reply", fields, on="/threads/4812")
    answer = site.by_script("/threads/4812/undo", {"message": "r7"}, on="/threads/4812")
    assert 'data-hx-target="#withdrawn"' in answer.text
    assert "Oops &amp; &lt;sorry&gt;</hx-partial>" in answer.text
    assert answer.headers["HX-Trigger"] == '{"omni:withdrawn": {"thread": 4812, "files": []}}'


def test_taking_back_without_a_script_opens_the_page_with_the_text(site: Site) -> None:
    site.post("/threads/4812/reply", {"text": "Oops", "seen": 3})
    answer = site.post("/threads/4812/undo", {"message": "r7"})
    assert answer.status_code == 200
    assert ">Oops</textarea>" in part(answer.text, "reply-form")


def test_resolve_and_next_goes_to_the_next_of_mine_that_waits(site: Site) -> None:
    answer = site.post("/threads/4812/resolve", {"then": "next"})
    assert answer.headers["location"] == "/threads/4799"


def test_resolve_and_next_goes_to_the_board_after_the_last(site: Site) -> None:
    for thread in (4799, 4815):
        site.post(f"/threads/{thread}/resolve")
    answer = site.by_script("/threads/4812/resolve", {"then": "next"}, on="/threads/4812")
    assert answer.headers["HX-Redirect"] == "/"


def test_a_form_leads_back_to_the_page_it_stood_on(site: Site) -> None:
    answer = site.post("/threads/4820/pass", {"offer": "o4820"}, referer="http://desk.example/")
    assert answer.headers["location"] == "/"


def test_nobody_is_led_to_another_site(site: Site) -> None:
    answer = site.post(
        "/threads/4812/tag", {"add": "x"}, referer="http://evil.example//evil.example"
    )
    assert answer.headers["location"] == "/"


def test_status_is_set(site: Site) -> None:
    answer = site.post("/status", {"status": "away"}, referer="http://desk.example/team")
    assert answer.headers["location"] == "/team"
    assert site.done() == [c.SetStatus(status="away")]
    assert "You are away now." in text_of(site.get("/team").text)


def test_status_by_script_brings_the_menu(site: Site) -> None:
    answer = site.by_script("/status", {"status": "away"})
    assert 'data-hx-target="#me"' in answer.text
    assert "You are away now." in answer.text
