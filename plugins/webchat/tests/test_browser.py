"""The page and the widget in a real browser, over a real server."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    FilePayload,
    FrameLocator,
    Locator,
    Page,
    async_playwright,
    expect,
)
from playwright.async_api import Route as Requested
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from omniroute import Address, Amendment, File
from omniroute.testing.fakes import serving
from omniroute.testing.server_process import free_port

if TYPE_CHECKING:
    from plugins.webchat.tests.conftest import Chat, Opens


class Notary:
    """What the engine lends; remembers who brought what."""

    def __init__(self) -> None:
        self.asked: list[tuple[Address, str]] = []

    async def send_code(self, who: Address, to: Address) -> None:
        raise AssertionError

    async def redeem_code(self, who: Address, code: str) -> Address:
        raise AssertionError

    async def make_link(self, who: Address, lasts: float = 3600.0) -> str:
        raise AssertionError

    async def redeem_link(self, token: str, by: Address) -> bool:
        self.asked.append((by, token))
        return token == "good"


# One browser serves all tests here, so all that is awaited belongs to one loop.
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PHONE = {"width": 320, "height": 560}


class Served:
    """The chat at an address that stays the same when its server is started again."""

    def __init__(self, open_chat: Opens, for_shop: bool, **settings: Any) -> None:
        self.port = free_port()  # no other program is given it while the server is down
        self.home = f"http://127.0.0.1:{self.port}/channels/webchat/main/"
        self.shop = f"http://localhost:{self.port}"  # to a browser, another site
        if for_shop:
            settings["allowed_origins"] = [self.shop]
        self.chat: Chat = open_chat(**settings)
        self._served = AsyncExitStack()

    async def starts(self) -> None:
        await self.chat.starts_again()
        self.chat.app.routes.append(Route("/shop", self._shop))
        await self._served.enter_async_context(serving(self.chat.app, self.port))

    async def _shop(self, request: Request) -> HTMLResponse:
        return HTMLResponse(
            f'<!doctype html><title>Shop</title><script src="{self.home}widget.js"></script>'
        )

    async def stops(self) -> None:
        await self.chat.stops()
        await self._served.aclose()


Serves = Callable[..., Awaitable[Served]]


@pytest_asyncio.fixture(loop_scope="module")
async def serve(chats: AbstractAsyncContextManager[Opens]) -> AsyncIterator[Serves]:
    running: list[Served] = []
    async with chats as open_chat:

        async def begin(*, for_shop: bool = False, **settings: Any) -> Served:
            running.append(Served(open_chat, for_shop, **settings))
            await running[-1].starts()
            return running[-1]

        yield begin
        for served in running:
            await served.stops()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def started(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def browser(started: Browser) -> AsyncIterator[Browser]:
    """The browser, which knows nothing of what was seen in other tests."""
    yield started
    for context in started.contexts:
        await context.close()


class Visitor:
    """Somebody at a page, and whatever went wrong in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", lambda dialog: self.faults.append(f"dialog: {dialog.message}"))


async def visit(browser: Browser | BrowserContext, address: str, **context: Any) -> Visitor:
    if isinstance(browser, Browser):
        browser = await browser.new_context(**context)
    visitor = Visitor(await browser.new_page())
    await visitor.page.goto(address)
    return visitor


async def write(where: Page | FrameLocator, text: str) -> None:
    field = where.get_by_label("Your message")
    await field.fill(text)
    await expect(where.locator("#send")).to_be_enabled()  # the script has come
    await field.press("Enter")


def texts(where: Page | FrameLocator) -> Locator:
    """What is in the log, without the greeting."""
    return where.get_by_role("log").locator(".line:not(#greeting) .bubble")


async def sent(where: Page | FrameLocator, count: int) -> None:
    """Wait until the server has confirmed *count* lines."""
    await expect(where.locator(".mine:not(.unsent)")).to_have_count(count, timeout=30_000)


async def test_a_visitor_writes_and_the_answer_appears(serve: Serves, browser: Browser) -> None:
    served = await serve(greeting="Hello! What can we do for you?")
    page = (joe := await visit(browser, served.home)).page
    await expect(page.get_by_role("log")).to_contain_text("What can we do for you?")
    await expect(page.get_by_label("Your message")).to_be_focused()

    await write(page, "Where is my parcel?")
    await expect(texts(page)).to_have_text(["Where is my parcel?"])
    await expect(page.locator(".mine .about")).to_contain_text("Sent")
    await served.chat.answers("On its way: https://globex.example/track/1.", key="e1")
    await expect(texts(page)).to_have_count(2)
    await expect(page.locator(".theirs .author").last).to_have_text("Ana")

    link = page.get_by_role("link", name="https://globex.example/track/1")
    await expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")

    await page.reload()
    await expect(texts(page)).to_have_text(
        ["Where is my parcel?", "On its way: https://globex.example/track/1."]
    )
    assert joe.faults == []


async def test_what_an_agent_changes_changes_on_the_screen(serve: Serves, browser: Browser) -> None:
    served = await serve()
    page = (joe := await visit(browser, served.home)).page
    await write(page, "When?")
    await sent(page, 1)
    chat = served.chat
    where, who = chat.inbound[-1].conversation, chat.inbound[-1].sender
    await chat.channel.show_typing(where, who)
    await expect(page.locator("#writing")).to_have_text("An answer is being written…")
    await chat.answers("On Munday", key="e1")
    await expect(page.locator("#writing")).to_have_text("")
    await chat.answers("Your sister ordered, too", key="e2")
    await expect(texts(page)).to_have_count(3)
    await chat.channel.edit(Amendment(where, who, ("e1",), "On <b>Monday</b>"))
    await chat.channel.delete(Amendment(where, who, ("e2",)))
    now = ["When?", "On <b>Monday</b>", "This message was deleted."]
    await expect(texts(page)).to_have_text(now)
    await expect(page.locator(".theirs .about").first).to_contain_text("Edited")
    await page.reload()
    await expect(texts(page)).to_have_text(now)

    await page.get_by_label("Your message").fill("And")
    async with asyncio.timeout(20):
        while not chat.notebook.writers:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert chat.notebook.writers == [who]
    assert joe.faults == []


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)><svg onload=alert(1)>",
        'javascript:alert(1) https://x.example/"onmouseover="alert(1)',
        "</p></div></article><h1>Pay here</h1>",
    ],
)
async def test_what_people_write_stays_text(serve: Serves, browser: Browser, text: str) -> None:
    served = await serve()
    page = (joe := await visit(browser, served.home)).page
    await write(page, text)
    await expect(page.locator(".mine .about")).to_contain_text("Sent")
    await served.chat.answers(text, key="e1")
    await expect(texts(page)).to_have_text([text, text])
    assert await texts(page).locator("*:not(p):not(a)").count() == 0
    for link in await texts(page).locator("a").all():
        assert (await link.get_attribute("href") or "").startswith("https://x.example/")
    assert joe.faults == []


async def test_a_restart_of_the_server_loses_and_doubles_nothing(
    serve: Serves, browser: Browser
) -> None:
    served = await serve()
    page = (joe := await visit(browser, served.home)).page
    await write(page, "one")
    await sent(page, 1)
    await served.chat.answers("two", key="e2")
    await expect(texts(page)).to_have_text(["one", "two"])

    await served.stops()
    await expect(page.locator("#state")).not_to_have_attribute("data-state", "online")
    await write(page, "three")
    await expect(page.locator(".mine .about").last).to_contain_text("Waiting to be sent")
    await write(page, "four")

    await served.starts()
    await served.chat.answers("five", key="e5")
    await expect(page.locator("#state")).to_have_attribute("data-state", "online", timeout=30_000)
    await expect(texts(page)).to_have_count(5, timeout=30_000)
    await expect(page.locator(".unsent")).to_have_count(0, timeout=30_000)

    shown = await texts(page).all_inner_texts()
    assert sorted(shown) == ["five", "four", "one", "three", "two"]
    assert [text for text in shown if text in ("three", "four")] == ["three", "four"]
    assert [said.text for said in served.chat.inbound] == ["one", "three", "four"]
    await page.reload()
    await expect(texts(page)).to_have_text(shown)
    assert joe.faults == []


async def test_an_answer_that_got_lost_on_the_way_back_is_asked_for_again(
    serve: Serves, browser: Browser
) -> None:
    """The server has the line; the browser never hears of it and sends it again."""
    served = await serve()
    page = (joe := await visit(browser, served.home)).page
    lost = 0

    async def lose(route: Any) -> None:
        nonlocal lost
        lost += 1
        if lost <= 2:
            await route.fetch()  # it arrives …
            await route.abort()  # … and the answer does not
        else:
            await route.continue_()

    await page.route("**/messages", lose)
    await write(page, "only once")
    await sent(page, 1)
    await expect(texts(page)).to_have_text(["only once"])
    assert [said.text for said in served.chat.inbound] == ["only once"]
    assert joe.faults == []


async def test_what_was_written_without_a_network_survives_a_reload(
    serve: Serves, browser: Browser
) -> None:
    served = await serve()
    context = await browser.new_context()
    page = (joe := await visit(context, served.home)).page
    await write(page, "one")
    await sent(page, 1)

    await context.set_offline(True)
    await expect(page.locator("#state")).to_have_attribute("data-state", "offline", timeout=30_000)
    await write(page, "two")
    await page.get_by_label("Your message").fill("a draft")
    await context.set_offline(False)
    await page.reload()

    await expect(page.get_by_label("Your message")).to_have_value("a draft")
    await sent(page, 2)
    await expect(texts(page)).to_have_text(["one", "two"])
    assert [said.text for said in served.chat.inbound] == ["one", "two"]
    assert joe.faults == []


async def test_a_line_that_is_refused_can_be_changed(serve: Serves, browser: Browser) -> None:
    served = await serve(max_message=20)
    page = (joe := await visit(browser, served.home)).page
    field = page.get_by_label("Your message")
    await field.fill("x" * 25)
    await expect(page.locator("#count")).to_have_text("5 characters too many")
    await expect(page.get_by_role("button", name="Send")).to_be_disabled()

    # As after a reload of the page, with settings that have become stricter meanwhile.
    served.chat.channel._routes._settings = served.chat.settings.__class__(max_message=10)
    await write(page, "twelve chars")
    failed = page.locator(".failed .about")
    await expect(failed).to_contain_text("Not sent: it is too long")
    await failed.get_by_role("button", name="Edit").click()
    await expect(field).to_have_value("twelve chars")
    await expect(field).to_be_focused()
    await expect(texts(page)).to_have_count(0)
    await write(page, "ten chars!")
    await sent(page, 1)
    assert [said.text for said in served.chat.inbound] == ["ten chars!"]
    assert joe.faults == []


async def test_a_token_in_the_address_names_the_visitor_and_is_gone(
    serve: Serves, browser: Browser
) -> None:
    served = await serve()
    for lines, place in ((1, "#token="), (2, "?token=")):
        token = served.chat.token("17", name="Joe Miller")
        page = (joe := await visit(browser, served.home + place + token)).page
        await expect(page.locator("#who")).to_have_text("You write as Joe Miller")
        assert page.url == served.home
        await write(page, "hello")
        await sent(page, lines)
        await page.reload()
        await expect(page.locator("#who")).to_have_text("You write as Joe Miller")
        assert joe.faults == []
    assert {said.sender.value for said in served.chat.inbound} == {"17"}


async def test_a_link_from_a_mail_is_used_up_with_the_first_line_and_not_by_looking(
    serve: Serves, browser: Browser
) -> None:
    served = await serve(proofs=(notary := Notary()))
    page = (joe := await visit(browser, served.home + "#from=good")).page
    await expect(page.locator("#prove-said")).to_contain_text("You come from our mail")
    assert page.url == served.home
    assert notary.asked == []
    await write(page, "order 1182")
    await sent(page, 1)
    await expect(page.locator("#prove-said")).to_have_text("Thank you: we know that it is you.")
    await write(page, "and hurry, please")
    await sent(page, 2)
    [(who, brought)] = notary.asked
    assert (who, brought) == (served.chat.inbound[0].sender, "good")
    assert joe.faults == []


async def test_long_histories_open_at_the_end_and_go_back(serve: Serves, browser: Browser) -> None:
    served = await serve()
    token = served.chat.token("17")
    writer = await served.chat.visitor(served.chat.token("17"))
    for n in range(120):
        await writer.says(f"line {n}")
    page = (joe := await visit(browser, f"{served.home}#token={token}")).page
    await expect(texts(page)).to_have_count(100)
    await expect(texts(page).last).to_be_in_viewport()
    await page.get_by_role("button", name="Show earlier messages").click()
    await expect(texts(page)).to_have_text([f"line {n}" for n in range(120)])
    await expect(page.get_by_role("button", name="Show earlier messages")).to_be_hidden()
    assert joe.faults == []


async def test_who_reads_further_up_is_not_torn_away(serve: Serves, browser: Browser) -> None:
    served = await serve()
    page = (joe := await visit(browser, served.home, viewport=PHONE)).page
    for n in range(8):
        await write(page, f"line {n}\nof a visitor\nwith much to say")
    await sent(page, 8)
    await page.locator("#scroll").evaluate("element => { element.scrollTop = 0; }")
    await served.chat.answers("Good morning.", key="e1")
    newer = page.get_by_role("button", name="New messages")
    await expect(newer).to_be_visible()
    assert await page.locator("#scroll").evaluate("element => element.scrollTop") == 0
    await newer.click()
    await expect(texts(page).last).to_be_in_viewport()
    await expect(newer).to_be_hidden()
    assert joe.faults == []


async def test_everything_fits_and_works_by_keyboard_at_320_pixels(
    serve: Serves, browser: Browser
) -> None:
    served = await serve(title="A heading that is rather long for so small a screen")
    page = (joe := await visit(browser, served.home, viewport=PHONE)).page
    await page.keyboard.type("Averyveryverylongwordwithoutanyplacewhereitcouldbebroken" * 3)
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("and a second line")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Send")).to_be_focused()
    await page.keyboard.press("Enter")
    await sent(page, 1)
    await expect(page.get_by_label("Your message")).to_be_focused()
    assert await page.evaluate("document.documentElement.scrollWidth") == 320
    log = page.locator("#scroll")
    assert await log.evaluate("element => element.scrollWidth <= element.clientWidth")
    small = await page.evaluate(
        """() => [...document.querySelectorAll("button:not([hidden])")]
            .filter(b => b.offsetWidth && (b.offsetWidth < 32 || b.offsetHeight < 32)).length"""
    )
    assert small == 0
    assert joe.faults == []


async def test_the_widget_opens_over_a_page_and_counts_what_is_unread(
    serve: Serves, browser: Browser
) -> None:
    served = await serve()
    token = served.chat.token("17", name="Joe Miller")
    page = (joe := await visit(browser, f"{served.home}example#token={token}")).page
    await page.get_by_role("button", name="Open chat").click()
    chat = page.frame_locator("iframe")
    await expect(chat.locator("#who")).to_have_text("You write as Joe Miller")
    await expect(chat.get_by_label("Your message")).to_be_focused()
    await write(chat, "hello")
    await sent(chat, 1)

    await page.keyboard.press("Escape")
    await expect(page.locator("iframe")).to_be_hidden()
    await expect(page.get_by_role("button", name="Open chat")).to_be_focused()
    await served.chat.answers("Good morning.", key="e1")
    await page.get_by_role("button", name="Open chat, 1 unread").click()
    await expect(texts(chat)).to_have_text(["hello", "Good morning."])
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Open chat", exact=True)).to_be_visible()
    assert joe.faults == []


async def test_what_is_typed_before_the_script_has_come_stands(
    serve: Serves, browser: Browser
) -> None:
    served = await serve()
    page = await (await browser.new_context()).new_page()
    come = asyncio.Event()

    async def late(route: Requested) -> None:
        await come.wait()
        await route.continue_()

    await page.route("**/chat.js", late)
    await page.goto(served.home, wait_until="commit")
    await page.get_by_label("Your message").fill("I am quick")
    come.set()
    await page.get_by_role("button", name="Send").click()
    await expect(texts(page)).to_have_text(["I am quick"])
    await sent(page, 1)


async def shop(browser: Browser, served: Served) -> Visitor:
    """A page of another site with the widget on it."""
    return await visit(browser, f"{served.shop}/shop")


async def test_a_guest_on_another_site_signs_in_and_out(serve: Serves, browser: Browser) -> None:
    served = await serve(for_shop=True)
    page = (joe := await shop(browser, served)).page
    await page.get_by_role("button", name="Open chat").click()
    chat = page.frame_locator("iframe")
    await write(chat, "as a guest")
    await sent(chat, 1)

    token = served.chat.token("17", name="Joe Miller")
    await page.evaluate("token => OmniRouteChat.identify(token)", token)
    await expect(chat.locator("#who")).to_have_text("You write as Joe Miller")
    await write(chat, "as Joe")
    await sent(chat, 2)
    await expect(texts(chat)).to_have_text(["as a guest", "as Joe"])
    guest, user = served.chat.inbound
    assert user.also_known_as == (guest.sender,)

    await page.reload()
    await page.get_by_role("button", name="Open chat").click()
    await expect(texts(chat)).to_have_text(["as a guest", "as Joe"])
    await page.evaluate("OmniRouteChat.signOut()")
    await expect(texts(chat)).to_have_count(0)
    await expect(chat.locator("#who")).to_have_text("")
    assert joe.faults == []


async def test_a_site_that_is_not_allowed_gets_no_chat(serve: Serves, browser: Browser) -> None:
    served = await serve()
    page = (await shop(browser, served)).page
    async with page.expect_console_message(lambda said: "frame-ancestors" in said.text):
        await page.get_by_role("button", name="Open chat").click()
    await expect(page.frame_locator("iframe").get_by_label("Your message")).to_have_count(0)


PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
BILL = FilePayload(name="bill.pdf", mimeType="application/pdf", buffer=b"%PDF-1.7 ...")


async def test_files_go_both_ways(serve: Serves, browser: Browser) -> None:
    served = await serve(max_file=1000)
    page = (joe := await visit(browser, served.home)).page
    too_big = FilePayload(name="film.mov", mimeType="video/quicktime", buffer=bytes(1001))
    await page.locator("#file").set_input_files([BILL, too_big])
    await expect(page.locator("#files li")).to_have_count(2)
    await expect(page.locator("#files .wrong")).to_contain_text("Too big: at most")
    await expect(page.locator("#send")).to_be_disabled()
    await page.get_by_role("button", name="Remove film.mov").click()
    await expect(page.locator("#send")).to_be_enabled()
    await page.locator("#send").click()
    await sent(page, 1)
    await expect(page.locator("#files li")).to_have_count(0)
    await expect(page.locator(".mine .files a")).to_have_text("📎 bill.pdf")
    [message] = served.chat.inbound
    assert [(file.name, file.data) for file in message.files] == [("bill.pdf", BILL["buffer"])]

    await served.chat.answers("and here", key="e1", files=[File("p.png", "image/png", PIXEL)])
    picture = page.locator(".theirs .files img")
    await expect(picture).to_have_js_property("naturalWidth", 1)
    await page.reload()
    await expect(picture).to_have_js_property("naturalWidth", 1)
    assert joe.faults == []


async def test_a_picture_is_pasted_in_the_widget_of_another_site(
    serve: Serves, browser: Browser
) -> None:
    served = await serve(for_shop=True)
    shop = (joe := await visit(browser, served.shop + "/shop")).page
    await shop.get_by_role("button", name="Open chat").click()
    frame = shop.frame_locator("iframe")
    field = frame.get_by_label("Your message")
    await expect(field).to_be_focused()
    await field.evaluate(
        """(field, bytes) => {
            const held = new DataTransfer();
            held.items.add(new File([new Uint8Array(bytes)], "shot.png", { type: "image/png" }));
            const how = { clipboardData: held, bubbles: true, cancelable: true };
            field.dispatchEvent(new ClipboardEvent("paste", how));
        }""",
        list(PIXEL),
    )
    await expect(frame.locator("#send")).to_be_enabled()
    await frame.locator("#send").click()
    await expect(frame.locator(".mine:not(.unsent) .files img")).to_have_js_property(
        "naturalWidth", 1
    )
    assert [file.name for file in served.chat.inbound[0].files] == ["shot.png"]
    assert joe.faults == []
