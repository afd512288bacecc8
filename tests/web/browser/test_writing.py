"""Drafts, and that what is typed in one place never goes out from another."""

import pytest
from playwright.sync_api import Page, Route, expect
from tests.web.browser.conftest import Served

from omniroute.application import commands as c
from omniroute.errors import Refused

pytestmark = pytest.mark.browser


def open_thread(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/threads/4812")


def drafts(page: Page) -> dict[str, str]:
    """The drafts that the browser keeps, by the last parts of their names."""
    kept: dict[str, str] = page.evaluate(
        """() => Object.fromEntries(Object.entries(localStorage)
             .filter(([name]) => name.startsWith("omniroute.draft."))
             .map(([name, text]) => [name.slice(16), text]))"""
    )
    return kept


def test_a_draft_survives_a_reload(page: Page, served: Served) -> None:
    open_thread(page, served)
    page.keyboard.press("r")
    page.keyboard.type("half a sent")
    page.reload()
    expect(page.locator("#reply-text")).to_have_value("half a sent")
    page.goto(f"{served.url}/threads/4799")
    expect(page.locator("#reply-text")).to_be_empty()  # it belongs to its thread


def test_a_draft_is_dropped_when_the_server_has_it(page: Page, served: Served) -> None:
    open_thread(page, served)
    page.keyboard.press("n")
    page.keyboard.type("for colleagues")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".line-note").last).to_contain_text("for colleagues")
    assert drafts(page) == {}
    page.reload()
    expect(page.locator("#note-text")).to_be_empty()


def test_a_draft_is_kept_when_the_server_refuses(page: Page, served: Served) -> None:
    open_thread(page, served)
    served.village.refuse = Refused("too_long", "That is too long; at most 50000 characters.")
    page.keyboard.press("r")
    page.keyboard.type("precious")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#said .trouble")).to_contain_text("too long")
    expect(page.locator("#reply-text")).to_have_value("precious")
    assert drafts(page) == {"ana.4812.reply": "precious"}


def test_a_draft_is_kept_when_there_is_no_connection(page: Page, served: Served) -> None:
    page.route("**/reply", lambda route: route.abort())  # a page heeds what was set before it
    open_thread(page, served)
    page.keyboard.press("r")
    page.keyboard.type("precious")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#said .trouble")).to_contain_text("No connection")
    expect(page.locator("#reply-text")).to_have_value("precious")
    assert drafts(page) == {"ana.4812.reply": "precious"}
    page.unroute("**/reply")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#held")).to_contain_text("Your reply leaves")
    assert [cmd.text for _, cmd in served.village.done if isinstance(cmd, c.Reply)] == ["precious"]


def test_who_can_write_no_more_meanwhile_still_hears_that_nothing_was_sent(
    page: Page, served: Served
) -> None:
    on_the_way: list[Route] = []
    page.route("**/reply", lambda route: on_the_way.append(route))
    open_thread(page, served)
    page.keyboard.press("r")
    page.keyboard.type("precious")
    with page.expect_request("**/reply"):
        page.keyboard.press("Control+Enter")
    page.evaluate("document.getElementById('reply-form').remove()")  # it went to a colleague
    while not on_the_way:
        page.wait_for_timeout(50)
    on_the_way[0].abort()
    expect(page.locator("#said .trouble")).to_contain_text("No connection")


def test_what_was_typed_as_a_note_is_never_in_the_reply(page: Page, served: Served) -> None:
    open_thread(page, served)
    page.keyboard.press("n")
    page.keyboard.type("he is a difficult one")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(page.locator("#reply-text")).to_be_focused()
    expect(page.locator("#reply-text")).to_be_empty()
    expect(page.locator("#note-text")).not_to_be_visible()
    page.keyboard.press("Control+Enter")
    assert served.village.done == []


def test_the_choice_stands_whatever_appears(page: Page, served: Served) -> None:
    open_thread(page, served)
    page.keyboard.press("n")
    page.keyboard.type("half a note")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    for text in ("one", "two"):
        served.call(served.village.customer_writes, 4812, text)
        expect(page.locator("#timeline")).to_contain_text(text)
        expect(page.locator("#reply-text")).to_be_focused()


def test_a_note_that_was_begun_is_shown_again(page: Page, served: Served) -> None:
    open_thread(page, served)
    page.keyboard.press("n")
    page.keyboard.type("to be continued")
    page.reload()
    expect(page.locator("#note-text")).to_be_visible()
    expect(page.locator("#note-text")).to_have_value("to be continued")


def test_a_reply_across_a_new_message_asks_first(page: Page, served: Served) -> None:
    open_thread(page, served)
    page.keyboard.press("r")
    page.keyboard.type("Dear Joe")
    served.call(served.village.customer_writes, 4812, "never mind")
    expect(page.locator("#timeline")).to_contain_text("never mind")
    page.keyboard.press("Control+Enter")  # before it can have been read
    box = page.locator("#collision-box")
    expect(box).to_contain_text("Joe wrote 4 s ago: ‘never mind’")
    expect(box.get_by_role("button", name="Edit")).to_be_focused()
    assert not any(item.text == "Dear Joe" for item in served.village.records[4812].items)

    page.keyboard.press("Enter")
    expect(page.locator("#reply-text")).to_be_focused()
    page.keyboard.type(", all right")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#held")).to_contain_text("Your reply leaves")
    assert served.village.records[4812].items[-1].text == "Dear Joe, all right"


def test_send_anyway(page: Page, served: Served) -> None:
    open_thread(page, served)
    page.keyboard.press("r")
    page.keyboard.type("Dear Joe")
    served.call(served.village.customer_writes, 4812, "never mind")
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Send anyway").press("Enter")
    expect(page.locator("#held")).to_contain_text("Your reply leaves")
    expect(page.locator("#collision-box")).to_have_count(0)


def test_a_message_counts_as_seen_after_a_while_on_screen(page: Page, served: Served) -> None:
    page.clock.install()
    open_thread(page, served)
    served.call(served.village.customer_writes, 4812, "one more thing")
    page.clock.run_for(1_000)
    expect(page.locator("#timeline")).to_contain_text("one more thing")
    expect(page.locator("#reply-seen")).to_have_value("3")
    page.clock.run_for(4_000)
    expect(page.locator("#reply-seen")).to_have_value("4")


def test_a_message_counts_as_seen_on_a_desk_where_much_happens(page: Page, served: Served) -> None:
    page.clock.install()
    open_thread(page, served)
    served.call(served.village.customer_writes, 4812, "one more thing")
    page.clock.run_for(1_000)
    expect(page.locator("#timeline")).to_contain_text("one more thing")
    for _ in range(5):  # the page is drawn anew more often than a line needs to be seen
        with page.expect_response("**/refresh?*"):
            page.evaluate("htmx.trigger('#refresh', 'omni:refresh', {}, false)")
        page.clock.run_for(1_000)
    assert page.locator("#reply-seen").input_value() == "4"


def test_a_held_reply_leaves_when_its_time_has_come(page: Page, served: Served) -> None:
    served.village.held = 1_500
    open_thread(page, served)
    page.keyboard.press("r")
    page.keyboard.type("bye")
    page.keyboard.press("Control+Enter")
    line = page.locator(".line-reply").last
    expect(line).to_contain_text("not sent yet")
    expect(line.locator(".delivery")).to_have_text("sent", timeout=15_000)
    expect(page.locator(".held-one")).to_have_count(0)
