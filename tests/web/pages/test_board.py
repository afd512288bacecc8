"""The live board and the pages beside it."""

from tests.web.people import row
from tests.web.site import Site, part, text_of
from tests.web.village import Record


def test_the_lanes_hold_what_is_mine_what_waits_and_what_others_have(site: Site) -> None:
    page = site.get("/").text
    mine, waiting = text_of(part(page, "lane-mine")), text_of(part(page, "lane-waiting"))
    assert mine.index("נועה לוי") < mine.index("Joe Miller") < mine.index("Fatima")
    assert "late by 4 min" in mine
    assert "due in 9 min" in mine
    assert "ceo@acme.example unverified" in waiting
    assert "nobody can take it" in waiting
    assert "Cy Cole" in text_of(part(page, "lane-others"))
    assert "until 3 Mar 09:15" in text_of(part(page, "lane-snoozed"))
    assert "Marta Nowak" in text_of(part(page, "lane-solved"))


def test_an_offer_has_its_card_its_time_and_its_buttons(site: Site) -> None:
    offer = part(site.get("/").text, "offer-o4820")
    said = text_of(offer)
    assert "urgent billing #4820" in said
    assert "Why you rule everything-else → billing" in said
    assert "Accept until 09:15" in said  # a script makes it a countdown
    assert 'data-countdown="1772442941000"' in offer
    assert 'action="/threads/4820/accept"' in offer
    assert 'action="/threads/4820/pass"' in offer


def test_the_team_is_shown_with_status_and_load(site: Site) -> None:
    page = site.get("/").text
    assert "Eva Lindqvist away, missed offers" in text_of(part(page, "member-eva"))
    assert "carries 3/5" in text_of(part(page, "member-ana"))
    assert part(page, "member-ana").count("load-dot full") == 3


def test_an_empty_board_says_so_kindly(site: Site) -> None:
    site.village.records.clear()
    page = text_of(site.get("/").text)
    assert "Nothing is on your desk." in page
    assert "Nobody is waiting." in page


def test_the_refresh_brings_the_board_and_the_menu(site: Site) -> None:
    answer = site.get("/refresh", hx_request="true").text
    for place in ("#board", "#me", "#offer-count"):
        assert f'data-hx-target="{place}"' in answer
    assert "<html" not in answer


def test_other_pages_refresh_only_their_own(site: Site) -> None:
    assert "#board" not in site.get("/refresh?of=top").text
    assert 'data-hx-target="#team-live"' in site.get("/refresh?of=team").text


def test_search_marks_what_was_found(site: Site) -> None:
    page = site.get("/search?q=double+charge").text
    assert "<mark>double charge</mark>" in page
    assert 'href="/threads/4812"' in page


def test_search_finds_nothing_and_helps(site: Site) -> None:
    assert "Try fewer of them" in text_of(site.get("/search?q=zzz").text)
    assert "Search by what was said" in text_of(site.get("/search").text)


def test_the_team_page_lists_skills(site: Site) -> None:
    page = text_of(site.get("/team").text)
    assert "refunds 4 4 billing 5 5" in page
    assert "Make a sign-in link" not in page


def test_help_lists_the_keys_and_says_whether_letters_work(site: Site) -> None:
    assert "write a note; it stays inside" in text_of(site.get("/help").text)
    site.post("/settings", {})
    assert "Single letters are off" in text_of(site.get("/help").text)


def test_settings_are_kept_in_the_browser(site: Site) -> None:
    assert 'data-wishes="letters"' in site.get("/settings").text
    site.post("/settings", {"notify": "on", "sound": "on", "root": "on"})
    page = site.get("/settings").text
    assert 'data-wishes="notify sound"' in page
    assert "Settings saved" in text_of(part(page, "said"))
    assert '<input type="checkbox" name="sound" checked>' in page
    assert '<input type="checkbox" name="letters">' in page


def test_a_forged_wish_is_none(site: Site) -> None:
    site.client.cookies.set("omniroute_wishes", 'sound."><script>')
    assert 'data-wishes="sound"' in site.get("/").text


def test_a_long_queue_shows_its_beginning(site: Site) -> None:
    for number in range(9000, 9100):
        thread = row(number, f"Visitor {number}", "hello", site.now)
        site.village.records[number] = Record(thread, [], ())
    waiting = part(site.get("/").text, "lane-waiting")
    assert waiting.count("<li") == 50
    assert "and 54 more; search finds them" in text_of(waiting)
