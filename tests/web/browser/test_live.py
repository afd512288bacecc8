"""What appears by itself."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.web.browser.conftest import Served, listen
from tests.web.people import row
from tests.web.village import Record

from omniroute.application.pages import Change

pytestmark = pytest.mark.browser


AT_THE_END = """() => {
  const pane = document.getElementById("timeline");
  return pane.scrollTop > 0 && pane.scrollTop + pane.clientHeight >= pane.scrollHeight - 2;
}"""


def new_thread(served: Served, number: int = 4830) -> None:
    """Somebody new waits."""
    thread = row(number, "Mia Wong", "Do you ship to Norway?", served.village.clock())
    served.village.records[number] = Record(thread, [], ("● NORMAL  shipping",))


def test_an_offer_appears_and_is_spoken(page: Page, served: Served) -> None:
    new_thread(served)
    served.call(served.village.offer, 4830, "ana")
    expect(page.locator("#offer-o4830")).to_contain_text("Accept 0:4")
    expect(page.locator("#spoken")).to_have_text("Mia Wong is offered to you")
    expect(page.locator("#offer-count")).to_contain_text("2")
    expect(page).to_have_title("(2) Live · Radhaus")


def test_what_somebody_else_is_offered_is_not_spoken(page: Page, served: Served) -> None:
    new_thread(served)
    served.call(served.village.offer, 4830, "bo")
    expect(page.locator("#waiting-4830")).to_be_visible()
    expect(page.locator("#spoken")).to_be_empty()


def test_a_message_appears_while_a_reply_is_written(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/threads/4812")
    page.keyboard.press("r")
    page.keyboard.type("Hello world")
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    served.call(served.village.customer_writes, 4812, "and another thing")
    expect(page.locator("#timeline")).to_contain_text("and another thing")
    page.keyboard.type("dear ")
    expect(page.locator("#reply-text")).to_have_value("Hello dear world")
    expect(page.locator("#reply-text")).to_be_focused()


def test_who_is_writing_is_shown_both_ways(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/threads/4812")
    page.keyboard.press("r")
    with page.expect_response("**/threads/4812/writing") as answered:
        page.keyboard.type("Hello")
    assert answered.value.status == 204
    served.call(served.village.tell, Change(0, writing=(4799,)))
    served.call(served.village.tell, Change(0, writing=(4812,)))
    expect(page.locator("#writes")).to_contain_text("is writing")
    served.call(served.village.customer_writes, 4812, "and another thing")
    expect(page.locator("#writes")).to_be_hidden()
    assert served.village.writing == [("ana", 4812)]


def test_the_focus_stays_on_its_row_when_rows_move(page: Page, served: Served) -> None:
    page.locator("#waiting-4822 a").focus()
    new_thread(served)
    served.call(served.village.offer, 4830, "bo")
    expect(page.locator("#waiting-4830")).to_be_visible()
    served.call(served.village.customer_writes, 4799, "hello?")
    expect(page.locator("#mine-4799")).to_contain_text("hello?")
    expect(page.locator("#waiting-4822 a")).to_be_focused()


def test_a_sheet_that_is_being_filled_in_is_left_alone(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/threads/4812")
    page.keyboard.press("t")
    page.keyboard.type("Bo")
    page.keyboard.press("Tab")
    page.keyboard.type("because")
    served.call(served.village.customer_writes, 4812, "hello?")
    expect(page.locator("#timeline")).to_contain_text("hello?")
    expect(page.locator("#do-transfer [name=why]")).to_have_value("because")
    expect(page.locator("#do-transfer [name=why]")).to_be_focused()
    expect(page.locator("#do-transfer select")).to_have_value("agent:bo")


def test_the_timeline_stays_where_one_reads(page: Page, served: Served) -> None:
    page.set_viewport_size({"width": 1280, "height": 500})
    page.goto(f"{served.url}/threads/4812")
    timeline = page.locator("#timeline")
    page.wait_for_function(AT_THE_END)  # where the page begins
    timeline.evaluate("pane => { pane.scrollTop = 0 }")
    served.call(served.village.customer_writes, 4812, "below")
    expect(page.locator("#newer")).to_be_visible()
    assert timeline.evaluate("pane => pane.scrollTop") == 0
    page.locator("#newer").click()
    expect(page.locator("#newer")).to_be_hidden()
    expect(timeline.get_by_text("below", exact=True)).to_be_in_viewport()


def test_many_tabs_share_one_stream(page: Page, context: BrowserContext, served: Served) -> None:
    others = [context.new_page() for _ in range(8)]  # more than a browser opens to one site
    complaints = [complaint for other in others for complaint in listen(other)]
    for other in others:
        other.goto(f"{served.url}/threads/4812")
        expect(other.locator("#timeline")).to_contain_text("here is the receipt")
    assert len(served.village.listeners) == 1
    served.call(served.village.customer_writes, 4812, "to all of you")
    for other in others:
        other.bring_to_front()
        expect(other.locator("#timeline")).to_contain_text("to all of you")
    page.close()  # the one that listened
    served.call(served.village.customer_writes, 4812, "still there?")
    expect(others[-1].locator("#timeline")).to_contain_text("still there?")
    assert complaints == []


def test_where_a_reply_goes_follows_the_customer(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/threads/4812")
    page.keyboard.press("r")
    page.keyboard.type("half a")
    expect(page.locator("#reply-to")).to_contain_text("Joe by e-mail")

    def moves() -> None:
        record = served.village.records[4812]
        served.village._set(record, channel="webchat")
        served.village.customer_writes(4812, "I am in the chat now")

    served.call(moves)
    expect(page.locator("#reply-to")).to_contain_text("Joe by web chat")
    expect(page.locator("#reply-text")).to_have_value("half a")


def test_who_was_signed_out_is_told(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/threads/4812")
    served.doorman.sessions.clear()
    served.call(served.village.customer_writes, 4812, "hello?")
    page.wait_for_url("**/sign-in")


def test_the_server_stops_though_a_page_listens(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/threads/4812")
    page.wait_for_function("document.getElementById('live-state').hidden")
    while not served.village.listeners:
        page.wait_for_timeout(20)
    served.stop()  # fails if the stream holds it up
    expect(page.locator("#live-state")).to_have_text("no connection, trying again")
    page.goto("about:blank")
