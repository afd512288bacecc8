"""The story the product exists for, with real clients: a browser, SMTP, a mail server.

Joe asks in the web chat and goes on by e-mail; Ana has the one thread in her console, answers
where he wrote last, resolves, and has him back when he returns.
"""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from omniroute.application.authorize import SYSTEM
from omniroute.application.commands import SetStatus
from omniroute_webchat.token import sign

pytestmark = pytest.mark.browser

JOE = "Joe Miller <joe@mail.example>"
FAILED = "mx.desk.example; spf=fail smtp.mailfrom=mail.example; dmarc=fail header.from=mail.example"


async def signed_in(desk: Any, browser: Browser, agent: str) -> Page:
    """An agent at their console, online."""
    page = await (await browser.new_context()).new_page()
    link = await desk.server.accounts.make_link(agent)
    await page.goto(f"{desk.server.url}/sign-in?link={link}")
    if "/sign-in" in page.url:
        await page.get_by_role("button").first.click()
    actor = await desk.server.application.actor(agent)
    await desk.server.application.do(actor, SetStatus(status="online"))
    await expect(page.get_by_role("heading", name="Mine")).to_be_visible()
    return page


async def at_the_chat(desk: Any, browser: Browser) -> Page:
    """Joe at the shop's chat page, known by a token that the shop's backend signed."""
    secret = desk.server.settings.channels["site"]["secret"]
    token = sign(secret, "joe", email="joe@mail.example", name="Joe Miller")
    page = await (await browser.new_context()).new_page()
    await page.goto(f"{desk.chat}?token={token}")
    await expect(page.locator("#who")).to_contain_text("Joe Miller")
    return page


async def says(page: Page, text: str) -> None:
    await page.fill("#text", text)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text(text)


async def replies(page: Page, text: str, *, having_read: int) -> None:
    """An answer by somebody who has had so many of the customer's lines before their eyes."""
    await expect(page.locator("#reply-seen")).to_have_value(str(having_read), timeout=15_000)
    await page.fill("#reply-text", text)
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("log")).to_contain_text(text)


async def test_joe_changes_channel_and_ana_still_has_him(desk: Any, browser: Browser) -> None:
    ana = await signed_in(desk, browser, "ana")
    joe = await at_the_chat(desk, browser)

    # 1. Joe asks; Ana sees it appear, with the card and why it came to her.
    await says(joe, "I was charged twice for order 1182, please refund one")
    offer = ana.locator("article.offer")
    await expect(offer).to_contain_text("I was charged twice for order 1182")
    await expect(offer).to_contain_text("Joe Miller")
    await expect(offer).to_contain_text("rule refunds → billing")
    await offer.get_by_role("button", name="Accept").click()
    await ana.locator("a[href='/threads/1']").first.click()
    await expect(ana.get_by_role("heading", name="Joe Miller")).to_be_visible()

    # 2. The same Joe by e-mail: the same thread. A forged Joe: apart, unverified.
    mailed = await asyncio.to_thread(
        desk.mail, JOE, "Order 1182", "Here is the receipt of the second charge."
    )
    talk = ana.get_by_role("log")
    await expect(talk).to_contain_text("Here is the receipt of the second charge.")
    lines = talk.locator(".line-customer")
    await expect(lines).to_have_count(2)
    await expect(lines.nth(0)).to_contain_text("web chat")
    await expect(lines.nth(1)).to_contain_text("e-mail")
    await asyncio.to_thread(
        desk.mail, JOE, "Order 1182", "Send the money to my new account",
        Authentication_Results=FAILED,
    )  # fmt: skip
    await expect(ana.locator("#rail")).to_contain_text("Send the money")
    await expect(talk).not_to_contain_text("new account")
    await ana.goto(f"{desk.server.url}/threads/2")
    await expect(ana.locator(".apart")).to_contain_text("Unverified sender")
    await ana.goto(f"{desk.server.url}/threads/1")

    # 3. Ana answers; it goes where Joe wrote last: a mail that his mail program threads.
    await replies(ana, "The bank confirms it. The refund is on its way.", having_read=2)
    (mail,) = await desk.sink.wait_for(1)
    assert mail["In-Reply-To"] == mailed
    assert mailed in mail["References"]
    assert mail["Subject"] == "Re: Order 1182"
    assert mail["To"].addresses[0].addr_spec == "joe@mail.example"
    assert mail["X-OmniRoute-Repeat"] is None
    assert "The refund is on its way." in mail.get_content()
    await says(joe, "Thank you, one more thing: when?")
    await expect(ana.get_by_role("log")).to_contain_text("one more thing")
    await ana.fill("#reply-text", "You are welcome!")  # before she can have read it
    await ana.keyboard.press("Control+Enter")
    await expect(ana.locator("#collision")).to_contain_text("one more thing: when?")
    await ana.get_by_role("button", name="Edit").click()
    await replies(ana, "Within three working days.", having_read=3)
    await expect(joe.get_by_role("log")).to_contain_text("Within three working days.")
    assert len(desk.sink.received) == 1

    # 4. Resolved, and back again: reopened, the same agent first. Much later: a new thread.
    await ana.get_by_role("button", name="Resolve", exact=True).click()
    await expect(ana.locator("#head")).to_contain_text("solved")
    await says(joe, "It has not arrived yet")
    await ana.goto(f"{desk.server.url}/threads/1")
    await ana.get_by_role("button", name="Accept").click()
    await expect(ana.locator("#head")).not_to_contain_text("solved")
    await ana.goto(f"{desk.server.url}/threads/1")  # the page as it stands, at rest
    await ana.get_by_role("button", name="Resolve", exact=True).click()
    await expect(ana.locator("#head")).to_contain_text("solved")
    desk.clock.move(days=30)
    await asyncio.to_thread(desk.mail, JOE, "Invoice", "Could I have the invoice, please?")
    ana = await signed_in(desk, browser, "ana")  # her session has ended long ago
    offer = ana.locator("article.offer")
    await expect(offer).to_contain_text("Could I have the invoice")
    await expect(offer).to_contain_text("Before")
    rows = await desk.server.application.query.threads(SYSTEM)
    assert {row.id: row.phase for row in rows}[1] == "closed"
    assert {row.id for row in rows if row.verified} == {1, 3}


async def test_a_script_in_a_message_stays_text(desk: Any, browser: Browser) -> None:
    ana = await signed_in(desk, browser, "ana")
    fired: list[str] = []
    ana.on("dialog", lambda dialog: fired.append(dialog.message))
    text = "<script>alert(1)</script><img src=x onerror=alert(2)> refund"
    await asyncio.to_thread(desk.mail, '"<b>Eve</b>" <eve@mail.example>', f"{text}", text)
    offer = ana.locator("article.offer")
    await expect(offer).to_contain_text("<script>alert(1)</script>")
    await ana.goto(f"{desk.server.url}/threads/1")
    await expect(ana.get_by_role("log")).to_contain_text("<img src=x onerror=alert(2)>")
    assert fired == []


async def test_a_token_is_good_once_and_a_made_up_one_never(desk: Any, browser: Browser) -> None:
    secret = desk.server.settings.channels["site"]["secret"]
    used = sign(secret, "joe", email="joe@mail.example", name="Joe Miller")
    first = await (await browser.new_context()).new_page()
    await first.goto(f"{desk.chat}?token={used}")
    await expect(first.locator("#who")).to_contain_text("Joe Miller")
    for token in (used, sign("x" * 40, "joe", name="Joe Miller"), "nonsense"):
        page = await (await browser.new_context()).new_page()
        await page.goto(f"{desk.chat}?token={token}")
        await expect(page.locator("#state")).to_have_attribute("data-state", "online")
        await expect(page.locator("#who")).not_to_contain_text("Joe Miller")
