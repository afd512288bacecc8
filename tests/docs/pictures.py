"""Takes the pictures of the agents' guides from the demo: ``python -m tests.docs.pictures``.

A chromium looks at the stand-ins and at the console while the cast of the scenes is at work.  Run
it where a font with emoji is installed, as on an agent's machine.
"""

from __future__ import annotations

import asyncio
import base64
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from conftest import find_chromium
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from omniroute.demo.bymail import ADDRESS as DORA
from omniroute.demo.desk import Demo
from omniroute.demo.last_hour import YOU
from omniroute.demo.scenes.cast import WITHIN, Cast

FOLDER: Final = Path(__file__).parents[2] / "docs" / "pictures"
LARGEST: Final = 100_000  # bytes
SAYS: Final = "I was charged twice for order 1182, my card ends in 42."
ARGUMENTS: Final = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SMALLER: Final = """async (png) => {
  const image = new Image();
  image.src = png;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL("image/webp", 0.85);
}"""
"""The browser itself makes a PNG a WebP, which has a third of its bytes."""


class Camera:
    """Windows of one browser, and where their pictures go."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    async def window(self, address: str, width: int, height: int) -> Page:
        """A new window."""
        size = ViewportSize(width=width, height=height)
        page = await self._browser.new_page(viewport=size, color_scheme="light", locale="en-GB")
        await page.goto(address)
        return page

    async def take(self, page: Page, name: str) -> None:
        """A picture of what stands in a window now."""
        await page.wait_for_timeout(600)
        shot = base64.b64encode(await page.screenshot()).decode()
        blank = await self._browser.new_page()
        small = await blank.evaluate(SMALLER, f"data:image/png;base64,{shot}")
        await blank.close()
        path = FOLDER / f"{name}.webp"
        path.write_bytes(base64.b64decode(small.partition(",")[2]))
        if (size := path.stat().st_size) > LARGEST:
            sys.exit(f"{path} has {size} bytes, and a picture shall have {LARGEST}")


async def slack(cast: Cast, camera: Camera) -> None:
    """Ana is asked, works, hands over."""
    await cast.room(ana=1)
    ruth = cast.customer("Ruth Adler")
    await cast.chats(ruth, SAYS)
    await cast.asked(cast.ana, "Ruth Adler")
    page = await camera.window(cast.windows.client(cast.windows.ana), 860, 520)
    await page.get_by_role("button", name="Accept").last.scroll_into_view_if_needed()
    await camera.take(page, "slack-offer")
    place = await cast.accepts(cast.ana, "Ruth Adler")
    await page.close()
    page = await camera.window(cast.windows.client(cast.windows.ana) + "&follow", 1120, 620)
    note = place.says("note The bank has confirmed both charges.")
    await place.has(note, "memo", WITHIN)
    async with cast.can_be_undone():
        held = place.says("The second charge goes back to your card ending 42 today, Ruth.")
        await place.has(held, "hourglass_flowing_sand", WITHIN)
        await camera.take(page, "slack-thread")
    await page.get_by_role("button", name="Transfer").last.click()
    await page.locator("dialog[open]").wait_for()
    await camera.take(page, "slack-transfer")
    await page.get_by_role("button", name="Cancel").click()
    await page.close()


async def telegram(cast: Cast, camera: Camera) -> None:
    """Bo is asked on his telephone, and answers there."""
    await cast.room(bo=1)
    phone = cast.windows.comes(cast.customer("Priya Nair", order=2977))
    await cast.writes(phone, "My parcel for order 2977 has not come. Where is it?")
    card = await cast.told("Priya Nair")
    page = await camera.window(cast.windows.phone(cast.bo), 430, 600)
    await camera.take(page, "telegram-offer")
    await cast.takes("Priya Nair")
    cast.bo.says("/note The courier left it with the neighbour, number 12.", quotes=card)
    async with cast.can_be_undone():
        cast.bo.says("It is with your neighbour at number 12, Priya.", quotes=card)
        await cast.bo.sees("Goes out in", WITHIN)
        await camera.take(page, "telegram-answer")
    await page.close()


async def console(cast: Cast, camera: Camera) -> None:
    """Ana in the console: what is offered and hers, and a thread."""
    link = await cast.server.accounts.make_link(YOU)
    page = await camera.window(f"{cast.server.url}/sign-in?link={link}", 1000, 620)
    await page.get_by_role("button", name="Come in").click()
    await page.locator("article.offer").first.wait_for()
    await camera.take(page, "console-board")
    await page.get_by_role("link", name="Sofia Ricci").first.click()
    await page.get_by_role("log").wait_for()
    await camera.take(page, "console-thread")
    await page.goto(f"{page.url}/why")
    await camera.take(page, "console-why")
    await page.close()


async def mail(cast: Cast, camera: Camera) -> None:
    """Dora is asked by a mail; shown as her mail program would show it."""
    page = await camera.window(f"{cast.server.url}/stage/mail", 760, 560)
    await page.get_by_role("button", name="Send").first.click()  # #status online
    await cast.mails(cast.customer("Ruth Adler"), "Order 1182", SAYS)
    async with asyncio.timeout(60):
        while (card := _card(cast)) is None:
            await page.wait_for_timeout(300)
    await page.close()
    page = await camera.window("about:blank", 720, 360)
    await page.set_content(card)
    await camera.take(page, "mail-offer")
    await page.close()


def _card(cast: Cast) -> str | None:
    """An offer among the mails that Dora got, as HTML."""
    for one in cast.sink.received:
        html = one.get_body(("html",)) if DORA in str(one["To"]) else None
        if html is not None and "Accept" in (text := html.get_content()):
            return str(text)
    return None


async def stage(cast: Cast, camera: Camera) -> None:
    """Both sides of it."""
    page = await camera.window(f"{cast.server.url}/stage/", 1180, 900)
    await page.frame_locator("#agent iframe").locator("article:visible").first.wait_for()
    await camera.take(page, "stage")
    await page.close()


PICTURES: Final[tuple[Callable[[Cast, Camera], Awaitable[None]], ...]] = (
    telegram, console, slack, mail, stage,
)  # fmt: skip


async def main() -> None:
    """All of them."""
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder) / "omniroute-demo", 0, 0)
        await asyncio.to_thread(demo.prepare, lambda done, of: None)
        async with demo.serve() as server, async_playwright() as playwright:
            assert demo.player is not None
            chromium = find_chromium()
            browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            server.application.undo = 0
            for take in PICTURES:
                cast = demo.player.cast()
                cast.hold = 5_000
                async with cast.on_stage():
                    await take(cast, Camera(browser))
            await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
