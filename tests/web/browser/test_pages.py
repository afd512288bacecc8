"""Every page in a browser: no complaint, no overflow, nothing of a customer's that acts."""

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect
from tests.web.browser.conftest import Served, listen, sign_in

from omniroute.application.pages import Item

pytestmark = pytest.mark.browser

PAGES = [
    *("/", "/team", "/help", "/settings", "/search?q=receipt", "/admin/channels"),
    *("/threads/4812", "/threads/4817", "/threads/4820", "/threads/4812/why"),
    *("/threads/4812/messages/m2", "/admin/rules", "/admin/rules/9c41", "/admin/try"),
]


@pytest.mark.parametrize("width", [320, 640, 900, 1280])
def test_nothing_is_wider_than_the_screen(
    context: BrowserContext, served: Served, width: int
) -> None:
    page = context.new_page()
    complaints = listen(page)
    page.set_viewport_size({"width": width, "height": 640})
    sign_in(page, served, "di")
    for path in PAGES:
        page.goto(served.url + path)
        page.wait_for_load_state("load")
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, f"{path} is {over} pixels wider than {width}"
    assert complaints == []


def test_at_phone_width_one_begins_at_the_last_message(page: Page, served: Served) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{served.url}/threads/4812")
    expect(page.get_by_text("The refund of 64.90 €")).to_be_in_viewport()
    expect(page.locator("#reply-text")).to_be_in_viewport()
    page.get_by_role("link", name="Context").click()
    expect(page.get_by_role("heading", name="Reached at")).to_be_in_viewport()


def test_a_customers_script_does_not_run(page: Page, served: Served) -> None:
    attack = '"><img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'
    served.village.records[4812].items.append(
        Item(90, served.village.clock(), "customer", attack, message="evil", author=attack)
    )
    page.goto(f"{served.url}/threads/4812")
    expect(page.locator("#line-evil .text")).to_have_text(attack)
    assert page.evaluate("window.pwned") is None


def test_a_formatted_mail_loads_nothing_and_runs_nothing(page: Page, served: Served) -> None:
    served.village.htmls["m2"] = (
        "<p>kept <a href='https://shop.example/1'>link</a></p>"
        "<img src=https://tracker.example/pixel.gif>"
        "<style>@import '//tracker.example/x.css'</style>"
        "<p style='background:url(https://tracker.example/y.png)'>styled</p>"
        "<script>top.location='https://tracker.example/'</script>"
    )
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.goto(f"{served.url}/threads/4812/messages/m2")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("kept")).to_be_visible()
    expect(frame.get_by_text("styled")).to_be_visible()
    assert page.url.endswith("/messages/m2")
    assert [url for url in asked if not url.startswith(served.url)] == []


def test_an_attachment_is_saved_under_its_name(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/threads/4812")
    with page.expect_download() as saved:
        page.get_by_role("link", name="receipt-1182.pdf").click()
    assert saved.value.suggested_filename == "receipt-1182.pdf"


def test_times_are_in_the_viewers_zone_from_the_first_page(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/settings")
    expect(page.get_by_text("Times are shown in Europe/Berlin.")).to_be_visible()


def test_dark_is_dark(browser: Browser, served: Served) -> None:
    for scheme, dark in (("light", False), ("dark", True)):
        context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        sign_in(page, served)
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        level = sum(map(int, colour.removeprefix("rgb(").removesuffix(")").split(",")))
        assert (level < 150) is dark
        context.close()


def test_everything_works_without_scripts(browser: Browser, served: Served) -> None:
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(20_000)
    page = context.new_page()
    sign_in(page, served)
    page.locator("#mine-4812 a").click()
    page.get_by_role("textbox", name="Reply to Joe by e-mail").fill("without a script")
    page.get_by_role("button", name="Send", exact=False).last.click()
    expect(page.locator("#timeline")).to_contain_text("without a script")
    page.locator("#held").get_by_role("button", name="Undo").click()
    expect(page.locator("#reply-text")).to_have_value("without a script")
    page.locator("label[for=mode-note]").click()
    page.get_by_label("Note, for colleagues only").fill("a note without a script")
    page.get_by_role("button", name="Keep note").click()
    expect(page.locator(".line-note").last).to_contain_text("a note without a script")
    page.get_by_role("button", name="Transfer").click()
    page.locator("#do-transfer select").select_option("agent:bo")
    page.locator("#do-transfer [name=why]").fill("for Bo")
    page.get_by_role("button", name="Hand over").click()
    expect(page.locator("#said")).to_have_text("#4812 goes to Bo Berg.")
    context.close()


def test_an_admin_promotes_and_tries_without_scripts(browser: Browser, served: Served) -> None:
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(20_000)
    page = context.new_page()
    sign_in(page, served, "di")
    page.goto(f"{served.url}/admin/rules")
    page.get_by_text("Promote…").first.click()
    form = page.locator("details.do form").first
    form.get_by_label("How").select_option("canary")
    form.get_by_label("Why").fill("they look well")
    form.get_by_role("button", name="Promote").click()
    expect(page.locator("#said")).to_have_text("Version 77ab is on trial: canary.")
    page.get_by_role("link", name="Try a message").click()
    page.get_by_label("Text").fill("a refund, please")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("pre.explained")).to_contain_text("“a refund, please”")
    context.close()
