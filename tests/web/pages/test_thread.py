"""The page of a thread: what stands on it, and that nothing on it can act."""

import re

import pytest
from msgspec.structs import replace
from tests.web.people import row
from tests.web.site import MORNING, Site, part, text_of
from tests.web.village import Record

from omniroute.application.pages import FileView, HandleView, Item, LinkView
from omniroute.application.ways import Way

ATTACK = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg onload=alert(1)>"


def test_the_timeline_crosses_channels_and_marks_each_line(site: Site) -> None:
    page = site.get("/threads/4812").text
    said = text_of(part(page, "timeline"))
    assert said.index("I was charged twice") < said.index("here is the receipt")
    assert "web chat" in text_of(part(page, "line-m0"))
    assert "e-mail" in text_of(part(page, "line-m2"))
    assert "Yesterday" in said
    assert "Today" in said


def test_a_note_says_that_it_is_for_colleagues_and_has_a_lock(site: Site) -> None:
    note = part(site.get("/threads/4812").text, "line-n1")
    assert "line-note" in note
    assert "#lock" in note
    assert "Note colleagues only Bo Berg" in text_of(note)


def test_the_composer_says_where_a_reply_goes_and_that_a_note_stays(site: Site) -> None:
    composer = text_of(part(site.get("/threads/4812").text, "composer"))
    assert "Reply to Joe by e-mail" in composer
    assert "joe@example.org" in composer
    assert "Note stays inside" in composer


def test_the_way_a_reply_goes_and_who_gets_a_copy_are_shown_and_can_be_chosen(site: Site) -> None:
    composer = part(site.get("/threads/4812").text, "composer")
    assert '<select name="to" form="reply-form"' in composer
    said = text_of(composer)
    assert "Joe by web chat — web chat: this visitor has gone" in said
    assert "cc tax@example.org" in said
    assert 'name="everybody" value="yes" form="reply-form"' in composer
    failed = text_of(part(site.get("/threads/4812").text, "line-r2"))
    assert "Send to joe@example.org by e-mail" in failed


def test_a_template_has_a_form_with_a_field_for_each_of_its_variables(site: Site) -> None:
    side = part(site.get("/threads/4812").text, "side")
    assert "Order {{number}} is here." in text_of(side)
    assert '<form method="post" action="/threads/4812/template"' in side
    assert '<input type="hidden" name="template" value="order_news">' in side
    assert side.count('name="value"') == 1


def test_who_takes_part_and_who_it_may_be_stand_beside_it(site: Site) -> None:
    side = part(site.get("/threads/4812").text, "side")
    said = text_of(side)
    assert "Ana Miller ana@example.org was named always copy take out" in said
    assert "tax@example.org gets a copy take out" in said
    assert "May be Joe Miller #4803 : both write as joe.miller@… 0.70" in said
    assert 'name="b" value="h9"' in side
    assert 'href="/threads/4803"' in side


def test_reply_and_note_are_two_forms_with_a_text_each(site: Site) -> None:
    page = site.get("/threads/4812").text
    assert 'action="/threads/4812/reply"' in part(page, "reply-form")
    assert 'id="reply-text"' in part(page, "reply-form")
    assert 'action="/threads/4812/note"' in part(page, "note-form")
    assert 'id="note-text"' in part(page, "note-form")


def test_a_failed_reply_tells_the_reason_and_can_be_sent_again(site: Site) -> None:
    failed = part(site.get("/threads/4812").text, "line-r2")
    assert "Not delivered. joe@example.org: mailbox full" in text_of(failed)
    assert "Send again" in text_of(failed)


def test_quoted_text_is_folded_and_the_attachment_can_be_saved(site: Site) -> None:
    line = part(site.get("/threads/4812").text, "line-m2")
    assert '<details class="quoted">' in line
    assert 'href="/threads/4812/files/5ha" download' in line
    assert "receipt-1182.pdf 48 KB" in text_of(line)


def test_the_context_stands_beside_it(site: Site) -> None:
    side = text_of(part(site.get("/threads/4812").text, "side"))
    assert "Asked already order number 1182, card ending 42" in side
    assert "Reached at e-mail joe@example.org verified" in side
    assert "rule refunds → billing · refunds 4≥3" in side
    assert "Where is my invoice?" in side


def test_an_unverified_sender_is_shown_apart_and_named_so(site: Site) -> None:
    page = site.get("/threads/4817").text
    assert "Unverified sender. Nobody vouches" in text_of(part(page, "head"))
    line = part(page, "line-m4817")
    assert "line-unverified" in line
    assert "unverified" in text_of(line)


def test_only_what_is_permitted_is_offered(site: Site) -> None:
    mine, others = site.get("/threads/4812").text, site.get("/threads/4803").text
    assert "/threads/4812/resolve" in mine
    assert "/threads/4803/resolve" not in others
    assert "/threads/4803/reply" not in others
    assert "/threads/4803/note" in others


def test_an_offer_can_be_answered_on_the_page(site: Site) -> None:
    acts = part(site.get("/threads/4820").text, "head")
    assert 'name="offer" value="o4820"' in acts
    assert "Accept until 09:15" in text_of(acts)


def test_times_are_told_in_the_viewers_zone(site: Site) -> None:
    site.client.cookies.set("omniroute_zone", "Asia/Tokyo")
    line = part(site.get("/threads/4812").text, "line-r2")
    assert ">18:13<" in line
    assert 'datetime="2026-03-02T09:13:00+00:00"' in line


@pytest.mark.parametrize(
    "zone", ["../../etc/passwd", "Nowhere/At_All", "\x00", "Europe", "a" * 999]
)
def test_a_zone_that_is_none_changes_nothing(site: Site, zone: str) -> None:
    answer = site.get("/threads/4812", cookie=f"omniroute_zone={zone}; {_session(site)}")
    assert ">09:13<" in part(answer.text, "line-r2")


def test_a_thread_that_is_not_there(site: Site) -> None:
    answer = site.get("/threads/99")
    assert answer.status_code == 404
    assert "There is no thread #99." in text_of(answer.text)


def test_a_thread_that_was_joined_to_another_leads_there(site: Site) -> None:
    site.village.records[4700] = site.village.records[4812]
    answer = site.get("/threads/4700")
    assert (answer.status_code, answer.headers["location"]) == (303, "/threads/4812")


def test_nothing_a_customer_writes_or_is_called_becomes_markup(site: Site) -> None:
    attack = ATTACK
    thread = row(7, attack, attack, MORNING, phase="assigned", agent="ana", agent_name=attack,
                 tags=(attack,), queue=attack)  # fmt: skip
    file = FileView(attack, attack, 9, "5ha")
    item = Item(1, MORNING, "customer", attack, message="m", channel=attack, author=attack,
                subject=attack, quoted=attack, unread=attack, files=(file,))  # fmt: skip
    failed = Item(2, MORNING, "reply", attack, message="r", state="failed", reason=attack)
    event = Item(3, MORNING, "event", attack)
    handle = HandleView("h", attack, attack, attack, False)
    site.village.records[7] = Record(
        thread, [item, failed, event], (attack, f"●  {attack}", f"Before  {attack}"), (handle,),
        (thread,),
    )  # fmt: skip
    for path in ("/threads/7", "/", "/threads/7/why", "/search?q=" + attack, "/threads/7/refresh"):
        html = site.get(path).text
        assert "<script>alert" not in html
        assert "<img" not in html
        assert "<svg onload" not in html
        assert "&lt;script&gt;alert(1)" in html


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "see javascript:alert(1) please",
        "data:text/html,<script>alert(1)</script>",
        'https://x.example/"onmouseover="alert(1)',
        "https://x.example/'><script>alert(1)</script>",
    ],
)
def test_an_address_in_a_text_becomes_a_link_only_if_it_leads_to_the_web(
    site: Site, text: str
) -> None:
    site.village.customer_writes(4812, text)
    last = site.village.records[4812].items[-1]
    line = part(site.get("/threads/4812").text, f"line-{last.message}")
    assert 'href="javascript' not in line
    assert 'href="data' not in line
    assert "onmouseover=" not in line.replace("&#34;onmouseover=", "")
    assert "<script" not in line


def test_a_number_to_call_back_is_a_link_that_calls(site: Site) -> None:
    site.village.customer_writes(4812, "☎ Asks to be called back: tel:+14155550101.")
    last = site.village.records[4812].items[-1]
    line = part(site.get("/threads/4812").text, f"line-{last.message}")
    assert '<a href="tel:+14155550101"' in line


def test_a_link_takes_nothing_of_the_page_along(site: Site) -> None:
    line = part(site.get("/threads/4820").text, "line-m4820")
    assert (
        '<a href="https://shop.example/bestellung/1182" rel="nofollow noopener noreferrer"'
        ' target="_blank">' in line
    )


def test_the_refresh_brings_what_may_have_changed_but_not_the_composer(site: Site) -> None:
    site.village.customer_writes(4812, "one more thing")
    answer = site.get("/threads/4812/refresh?writing=reply.note", hx_request="true").text
    assert 'data-hx-target="#timeline"' in answer
    assert "one more thing" in answer
    assert 'data-hx-target="#reply-to"' in answer
    assert 'data-hx-target="#composer"' not in answer
    assert "<textarea" not in answer


def test_the_refresh_brings_the_composer_when_other_things_can_be_written(site: Site) -> None:
    site.village.records[4812].row = row(
        4812, "Joe Miller", "hi", MORNING, phase="assigned", agent="bo", agent_name="Bo Berg"
    )
    answer = site.get("/threads/4812/refresh?writing=reply.note", hx_request="true").text
    composer = answer[answer.index('data-hx-target="#composer"') :]
    assert 'id="note-text"' in composer
    assert 'id="reply-text"' not in composer


def test_why_tells_every_decision_in_words_and_as_recorded(site: Site) -> None:
    page = text_of(site.get("/threads/4812/why").text)
    assert "With Ana Ruiz; waits for us." in page
    assert "Ana Ruiz is the best choice, before Bo Berg; 2 lack a skill" in page
    assert '"about": "match"' in page


def _session(site: Site) -> str:
    return f"omniroute={site.client.cookies['omniroute']}"


def test_a_long_timeline_shows_its_end_first(site: Site) -> None:
    items = site.village.records[4812].items
    items += [Item(100 + n, MORNING, "customer", f"line {n}", message=f"x{n}") for n in range(200)]
    page = site.get("/threads/4812").text
    assert "Show the 57 earlier lines" in text_of(page)
    assert "I was charged twice" not in text_of(part(page, "timeline"))
    assert 'id="line-x199"' in page
    everything = site.get("/threads/4812?all=yes").text
    assert "I was charged twice" in text_of(part(everything, "timeline"))
    assert "/refresh?writing=reply.note&amp;all=yes" in everything
    by_script = site.by_script("/threads/4812/note", {"text": "x"}, on="/threads/4812?all=yes")
    assert "I was charged twice" in text_of(by_script.text)


def test_a_line_keeps_its_name_when_earlier_ones_leave_the_page(site: Site) -> None:
    accepted = 'id="line-2-2"'
    assert accepted in site.get("/threads/4812").text
    site.village.records[4812].items.pop(0)
    assert accepted in site.get("/threads/4812").text


JOINED = LinkView("h1", "h2", "live", "joe@example.org and Joe are one person: Bo Berg said so")
PERHAPS = LinkView("h1", "h3", "suggested", "joe@example.org and J may be one person", "crm")


def test_who_is_who_is_said_and_can_be_taken_back(site: Site) -> None:
    site.village.records[4812].links = (JOINED, PERHAPS)
    side = part(site.get("/threads/4812").text, "side")
    assert "are one person: Bo Berg said so Not the same person" in text_of(side)
    assert "say why they are one all the same" in text_of(side)
    assert side.count('action="/threads/4812/not-same"') == 3
    assert side.count('action="/threads/4812/merge"') == 2
    assert side.count("somebody else</button>") == len(site.village.records[4812].handles)


def test_until_when_answers_are_taken_stands_beside_the_way(site: Site) -> None:
    record = site.village.records[4812]
    until = MORNING + 3_600_000
    record.more["ways"] = (Way("h1", "whatsapp", "Joe by WhatsApp", until=until),)
    composer = part(site.get("/threads/4812").text, "composer")
    assert "takes answers until" in text_of(composer)
    assert f'data-at="{until}"' in composer
    record.more["ways"] = (Way("h1", "whatsapp", "Joe by WhatsApp", until=MORNING - 1),)
    assert "takes answers until" not in text_of(part(site.get("/threads/4812").text, "composer"))


def test_a_template_that_failed_is_sent_again_as_one(site: Site) -> None:
    record = site.village.records[4812]
    failed = next(item for item in record.items if item.state == "failed")
    at = record.items.index(failed)
    record.items[at] = replace(failed, template="order_news", values=("4711", "sent"))
    line = part(site.get("/threads/4812").text, f"line-{failed.message}")
    assert 'action="/threads/4812/template"' in line
    assert '<input type="hidden" name="template" value="order_news">' in line
    assert line.count('name="value"') == 2
    assert 'name="text"' not in line


def test_that_an_answer_was_read_stands_at_it(site: Site) -> None:
    record = site.village.records[4812]
    answer = next(item for item in record.items if item.kind == "reply")
    at = record.items.index(answer)
    record.items[at] = replace(answer, received="read", received_at=answer.at)
    line = text_of(part(site.get("/threads/4812").text, f"line-{answer.message}"))
    assert "read " in line


def test_what_waits_tells_how_long_and_a_lead_may_move_it_in_line(site: Site) -> None:
    record = site.village.records[4817]
    record.row = replace(record.row, phase="queued")
    side = part(site.get("/threads/4817").text, "side")
    assert "It will probably wait 4 min." in text_of(side)
    assert "/threads/4817/boost" not in side
    side = part(signed_in(site, "cy").get("/threads/4817").text, "side")
    assert 'action="/threads/4817/boost"' in side
    assert "10 minutes older" in text_of(side)


def test_after_a_solved_thread_one_may_say_that_it_is_done(site: Site) -> None:
    assert 'action="/threads/4788/done"' not in site.get("/threads/4788").text
    assert 'action="/threads/4788/done"' in signed_in(site, "bo").get("/threads/4788").text


def signed_in(site: Site, agent: str) -> Site:
    """The site, with somebody else at the screen."""
    site.client.cookies.clear()
    return site.sign_in(agent)


def test_what_is_sent_automatically_comes_from_the_desk_and_not_from_the_customer(
    site: Site,
) -> None:
    said = Item(9, MORNING, "automatic", "We are back at 9.", message="a1", state="sent")
    site.village.records[4812].items.append(said)
    line = text_of(part(site.get("/threads/4812").text, "line-a1"))
    assert "Radhaus sent automatically" in line
    assert "Joe" not in line


def test_no_new_drawing_puts_another_button_under_a_finger(site: Site) -> None:
    """Forms are known again by their ids, and the one that comes and goes moves no other."""
    acts = part(site.get("/threads/4812").text, "head")
    forms = re.findall(r'<form [^>]*action="/threads/4812/([\w-]+)"[^>]*>', acts)
    ids = re.findall(r'id="act-([\w-]+)"', acts)
    assert "resolve" in ids
    assert ids == [verb for verb in forms if verb not in ("transfer", "snooze")]
    assert "new-matter" not in ids[: ids.index("resolve")]
