"""The first page, followed by a person: a browser at both ends of the demo's desk."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect
from tests.docs.pages import page
from tests.docs.walk import Walk

pytestmark = pytest.mark.browser

START = page("start.md")
SAYS = re.search(r"^   > (.+)$", START.text, re.M)
WHY = re.search(r"`(rule refunds →\s.+?)`", START.text, re.S)
PATIENCE = 15_000  # ms


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Walk]:
    with Walk(tmp_path) as walk:
        (block,) = [b for b in START.blocks if b.text == "make demo\n"]
        walk.serve(block)
        yield walk


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        await browser.close()


def printed(demo: Walk, label: str) -> str:
    """What the demo prints behind a label."""
    found = re.search(rf"^ *{label} +(\S+)", demo.said, re.M)
    assert found is not None, demo.said
    return found[1]


async def test_ten_minutes_as_ana_and_as_joe(demo: Walk, browser: Browser) -> None:
    assert SAYS is not None
    assert WHY is not None
    ana = await (await browser.new_context()).new_page()
    ana.set_default_timeout(PATIENCE)
    await ana.goto(printed(demo, "Console"))
    await ana.get_by_role("button", name="Come in").click()
    offer = ana.locator("article.offer").filter(has_text="Joe Miller")
    await expect(offer).to_contain_text("charged twice")
    await expect(ana.get_by_text("unverified").first).to_be_visible()

    joe = await (await browser.new_context()).new_page()
    await joe.goto(printed(demo, "Web chat"))
    await expect(joe.locator("#who")).to_contain_text("You write as Joe Miller", timeout=PATIENCE)
    await joe.fill("#text", SAYS[1])
    await joe.keyboard.press("Enter")
    await expect(offer).to_contain_text(SAYS[1], timeout=PATIENCE)
    await expect(offer).to_contain_text(" ".join(WHY[1].split()))

    await offer.get_by_role("button", name="Accept").click()
    talk = ana.get_by_role("log")
    await expect(talk).to_contain_text(SAYS[1])
    (mail,) = re.findall(r"printf .*?-T -$", demo.said, re.M | re.S)
    assert demo.run(mail).returncode == 0
    last = talk.locator(".line-customer").last
    await expect(last).to_contain_text("Here is the receipt", timeout=PATIENCE)
    await expect(last).to_contain_text("e-mail")

    await expect(ana.get_by_text("Reply to Joe by e-mail")).to_be_visible()
    await expect(ana.get_by_text("Note stays inside")).to_be_visible()
    known = await ana.evaluate("fetch('/api' + location.pathname).then(r => r.json())")
    read = ana.locator("#reply-seen")  # how much of it the page has shown her
    await expect(read).to_have_value(str(known["row"]["turns"]), timeout=PATIENCE)
    await ana.fill("#reply-text", "The refund is on its way.")
    await ana.keyboard.press("Control+Enter")
    await expect(talk).to_contain_text("The refund is on its way.")
    await until_delivered(browser, demo, "The refund is on its way.")

    thread = ana.url
    await ana.goto(f"{thread}/why")
    await expect(ana.locator("body")).to_contain_text("rule refunds → billing")
    await ana.goto(thread)
    await ana.keyboard.press("e")
    await expect(ana.locator("#head")).to_contain_text("solved", timeout=PATIENCE)


async def until_delivered(browser: Browser, demo: Walk, text: str) -> None:
    """Reload the demo's page of customers' mail until it has *text*."""
    mail = await (await browser.new_context()).new_page()
    home, _, _ = printed(demo, "Console").partition("/sign-in")
    for _ in range(20):
        await mail.goto(f"{home}/stage/mail")
        if text in await mail.inner_text("body"):
            return
        await mail.wait_for_timeout(500)
    pytest.fail(f"no customer got “{text}”")
