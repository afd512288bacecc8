"""Everything by keyboard alone, the focus always visible."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.web.browser.conftest import Served

from omniroute.application import commands as c

pytestmark = pytest.mark.browser


def focus_is_visible(page: Page) -> bool:
    """Whether whatever has the focus shows it."""
    visible: bool = page.evaluate(
        """() => {
          const at = document.activeElement;
          if (!at || at === document.body) return false;
          const ring = (element) => {
            const style = getComputedStyle(element);
            return style.outlineStyle !== "none" && style.outlineWidth !== "0px"
              || style.boxShadow !== "none";
          };
          // A text field's ring is drawn around the form it stands in.
          return ring(at) || ring(at.closest("form") ?? at);
        }"""
    )
    return visible


def test_come_in(context: BrowserContext, served: Served) -> None:
    page = context.new_page()
    page.goto(served.url)
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("ana")
    page.keyboard.press("Tab")
    page.keyboard.type("open sesame")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{served.url}/")
    expect(page.locator("#mine-4812")).to_be_visible()


def test_open_note_reply_undo_resolve(page: Page, served: Served) -> None:
    press = page.keyboard.press
    press("j")
    press("j")
    assert focus_is_visible(page)
    press("k")
    press("j")
    press("Enter")
    page.wait_for_url("**/threads/4812")

    press("n")
    expect(page.locator("#note-text")).to_be_focused()
    assert focus_is_visible(page)
    page.keyboard.type("asked the bank")
    press("Control+Enter")
    expect(page.locator(".line-note").last).to_contain_text("asked the bank")
    expect(page.locator("#note-text")).to_be_empty()

    press("Escape")
    press("r")
    expect(page.locator("#reply-text")).to_be_focused()
    page.keyboard.type("It is on its way.")
    press("Control+Enter")
    expect(page.locator("#held")).to_contain_text("Your reply leaves in")
    expect(page.locator("#reply-text")).to_be_empty()

    press("Control+k")
    page.keyboard.type("undo")
    press("Enter")
    expect(page.locator(".is-withdrawn")).to_contain_text("It is on its way.")
    expect(page.locator("#reply-text")).to_have_value("It is on its way.")

    press("Escape")
    press("e")
    expect(page.locator("#head")).to_contain_text("solved")
    expect(page.locator("#said")).to_have_text("#4812 is solved.")
    assert focus_is_visible(page)
    assert [type(command) for command in (cmd for _, cmd in served.village.done)] == [
        c.Note, c.Reply, c.Undo, c.Resolve,
    ]  # fmt: skip


def test_resolve_and_next_goes_on(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/threads/4812")
    page.keyboard.press("Shift+E")
    page.wait_for_url("**/threads/4799")
    expect(page.locator("#said")).to_have_text("#4812 is solved.")


def test_accept_an_offer(page: Page, served: Served) -> None:
    page.keyboard.press("a")
    page.wait_for_url("**/threads/4820")
    expect(page.locator("#said")).to_have_text("#4820 is yours.")
    assert [cmd for _, cmd in served.village.done] == [c.Accept(thread=4820, offer="o4820")]


def test_transfer_with_its_reason(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/threads/4812")
    page.keyboard.press("t")
    expect(page.locator("#do-transfer select")).to_be_focused()
    page.keyboard.type("Bo")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # without a reason nothing leaves
    assert served.village.done == []
    page.keyboard.type("knows the bank")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("#4812 goes to Bo Berg.")
    expect(page.locator("#do-transfer")).not_to_be_visible()
    expect(page.locator("#head")).to_contain_text("with Bo Berg")


def test_snooze_by_a_preset(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/threads/4812")
    page.keyboard.press("z")
    expect(page.locator("#do-snooze button").first).to_be_focused()
    assert focus_is_visible(page)
    page.keyboard.press("Enter")
    expect(page.locator("#head")).to_contain_text("snoozed")


def test_escape_leads_out_step_by_step(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/threads/4812")
    page.keyboard.press("t")
    page.keyboard.press("Escape")
    expect(page.locator("#do-transfer")).not_to_be_visible()
    page.keyboard.press("r")
    page.keyboard.press("Escape")
    expect(page.locator("#timeline")).to_be_focused()
    page.keyboard.press("w")
    page.wait_for_url("**/threads/4812/why")
    page.keyboard.press("Escape")
    page.wait_for_url("**/threads/4812")
    page.keyboard.press("Escape")
    page.wait_for_url(f"{served.url}/")


def test_search_and_going_places(page: Page, served: Served) -> None:
    page.keyboard.press("/")
    page.keyboard.type("receipt")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=receipt")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/threads/4812")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/team")
    page.keyboard.press("g")
    page.keyboard.press("q")
    page.wait_for_url(f"{served.url}/")


def test_the_keys_are_listed(page: Page, served: Served) -> None:
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("write a note; it stays inside")
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).not_to_be_visible()


def test_the_palette_finds_commands_by_name(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/threads/4812")
    page.keyboard.press("Control+k")
    page.keyboard.type("prio urg")
    expect(page.locator("#palette [role=option]")).to_have_text(["Priority: urgent"])
    page.keyboard.press("Enter")
    expect(page.locator("#head")).to_contain_text("urgent")


def test_letters_can_be_switched_off(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/settings")
    page.get_by_label("Single-letter keys").uncheck()
    page.get_by_role("button", name="Save").click()
    page.goto(f"{served.url}/threads/4812")
    for key in ("e", "r", "n", "t", "?"):
        page.keyboard.press(key)
    expect(page.locator("#reply-text")).not_to_be_focused()
    expect(page.locator("#keys")).not_to_be_visible()
    page.keyboard.press("Control+k")  # not a single letter
    expect(page.locator("#palette")).to_be_visible()
    assert served.village.done == []


def test_letters_do_nothing_while_text_is_written(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/threads/4812")
    page.keyboard.press("r")
    page.keyboard.type("retzen?/")
    expect(page.locator("#reply-text")).to_have_value("retzen?/")
    assert served.village.done == []


def test_every_control_can_be_reached_by_tab(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/threads/4812")
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.textContent.trim().slice(0, 20)"))
    for name in ("Transfer", "Snooze", "Resolve", "full why", "Skip to content"):
        assert name in reached
    assert any(name.startswith("Send") for name in reached)
