"""Files that an agent sends along, in a real browser: chosen, dropped, pasted, taken away."""

from playwright.sync_api import FilePayload, Page, expect
from tests.web.browser.conftest import Served

from omniroute.application import commands as c

BILL: FilePayload = {"name": "bill.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 ..."}
HAND_OVER = """(how) => {
    const held = new DataTransfer();
    held.items.add(new File(["a picture"], `${how}.png`, { type: "image/png" }));
    const area = document.getElementById("reply-text");
    const event = how === "paste"
        ? new ClipboardEvent("paste", { clipboardData: held, bubbles: true, cancelable: true })
        : new DragEvent("drop", { dataTransfer: held, bubbles: true, cancelable: true });
    area.dispatchEvent(event);
}"""
"""A file put into the place to write as the system does it, which a test cannot."""


def test_files_are_chosen_dropped_pasted_taken_away_and_sent(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/threads/4812")
    chips = page.locator("#reply-form .chip")
    page.locator("#reply-file").set_input_files([BILL])
    page.evaluate(HAND_OVER, "paste")
    page.evaluate(HAND_OVER, "drop")
    expect(chips).to_have_count(3)
    expect(page.locator("#reply-form .chip input:checked")).to_have_count(3)
    page.get_by_role("button", name="Remove paste.png").click()
    expect(chips).to_have_count(2)
    page.locator("#reply-form").get_by_role("button", name="Send").click()
    expect(page.locator(".held-one")).to_be_visible()
    expect(chips).to_have_count(0)
    expect(page.locator(".line-reply .files").last).to_contain_text("drop.png")
    [(_, command)] = served.village.done
    assert isinstance(command, c.Reply)
    assert [file.name for file in command.files] == ["bill.pdf", "drop.png"]
    page.get_by_role("button", name="Undo").first.click()  # and then they are there again
    expect(chips).to_have_count(2)
    page.reload()
    expect(chips).to_have_count(2)


def test_a_file_that_the_server_refuses_says_why_and_holds_the_answer_up(
    page: Page, served: Served
) -> None:
    said = '{"code": "file_too_big", "text": "Too big: “bill.pdf”."}'
    page.route(
        "**/threads/4812/files?*",
        lambda route: route.fulfill(status=413, content_type="application/json", body=said),
    )
    page.goto(f"{served.url}/threads/4812")
    page.locator("#reply-file").set_input_files([BILL])
    expect(page.locator("#reply-form [data-attached-said]")).to_have_text("Too big: “bill.pdf”.")
    page.locator("#reply-text").fill("here it is")
    page.locator("#reply-form").get_by_role("button", name="Send").click()
    expect(page.locator("#reply-form [data-attached-said]")).to_have_text("Too big: “bill.pdf”.")
    assert served.village.done == []
    page.get_by_role("button", name="Remove bill.pdf").click()
    expect(page.locator("#reply-form [data-attached-said]")).to_have_text("")
    page.locator("#reply-form").get_by_role("button", name="Send").click()
    expect(page.locator(".held-one")).to_be_visible()
