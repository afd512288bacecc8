"""``channel try --browser``: what was done on either side stands on both, and in between."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from omniroute_example.channel import ExampleChannel
from omniroute_example.testing import Town
from playwright.async_api import async_playwright, expect
from starlette.applications import Starlette

from omniroute.testing.asgi import ask
from omniroute.testing.fakes import serving
from omniroute.testing.stage import Stage
from omniroute.testing.talk_page import PATH, TalkPage

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PATIENCE = 20.0  # s


class Rough(Town):
    """A fake that is not finished."""

    async def again(self) -> None:
        raise KeyError("from")


HERE = {"Host": "127.0.0.1:8420"}


@asynccontextmanager
async def tried(folder: Path) -> AsyncIterator[Starlette]:
    """The page over the example that `channel new` copies."""
    async with AsyncExitStack() as stack:
        town = await stack.enter_async_context(Rough())
        stage = Stage(ExampleChannel, town, folder, PATIENCE)
        stage.open()
        await stack.enter_async_context(stage.listening())
        yield Starlette(routes=TalkPage(stage).routes())


async def told(app: Starlette, *lines: str) -> Sequence[dict[str, Any]]:
    """What is told once these lines are done."""
    for line in lines:
        body = json.dumps({"line": line}).encode()
        assert (await ask(app, "POST", f"{PATH}/act", body, HERE)).ok
    state = json.loads((await ask(app, "GET", f"{PATH}/state", headers=HERE)).body)
    found: list[dict[str, Any]] = state["told"]
    return found


async def test_each_side_sees_what_it_would_and_the_data_stand_between(tmp_path: Path) -> None:
    async with tried(tmp_path) as app:
        came, went = await told(app, "joe: I was charged twice", "ana: You get it back")
    assert (came["who"], came["customer"], came["agent"]) == (
        "joe",
        "I was charged twice",
        "Joe: I was charged twice",
    )
    (raw, read) = came["columns"]
    assert '"text": "I was charged twice"' in raw[1]
    assert "from example:joe ✓" in read[1]
    assert (went["inward"], went["customer"], went["agent"]) == (
        False,
        "You get it back",
        "Ana: You get it back",
    )
    assert [title for title, _ in went["columns"]] == ["sent", "arrived"]


async def test_what_goes_wrong_is_told_and_the_page_goes_on(tmp_path: Path) -> None:
    async with tried(tmp_path) as app:
        notes = await told(
            app, "ana: hello?", "/file a.pdf", "/again", "/fails rate", "/new", "", "mia: hi"
        )
    assert [one.get("text", one.get("agent")) for one in notes] == [
        "nobody has written yet; begin with “joe: hello”",
        "the fake does not play sends_file",
        "KeyError: 'from'",
        "the next answer meets: rate",
        "",
        "Mia: hi",
    ]


async def test_an_answer_that_did_not_go_out_is_shown_as_one(tmp_path: Path) -> None:
    async with tried(tmp_path) as app:
        *_, note = await told(app, "joe: hello", "/fails rejected", "ana: Hello Joe")
    assert note["unsent"] == "Ana: Hello Joe"
    assert note["text"].startswith("Rejected: ")


async def test_the_bare_address_leads_to_the_page(tmp_path: Path) -> None:
    async with tried(tmp_path) as app:
        answered = await ask(app, "GET", "/")
        assert (answered.status, answered.headers["location"]) == (307, PATH)


@pytest.mark.browser
async def test_two_sides_talk_in_a_browser(tmp_path: Path, chromium: str) -> None:
    async with tried(tmp_path) as app, serving(app) as url, async_playwright() as play:
        browser = await play.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 390, "height": 844})
        await page.goto(url)
        await page.get_by_label("What the customer writes").fill("charged <b>twice</b>")
        await page.get_by_role("button", name="Write", exact=True).click()
        agent = page.get_by_role("log", name="Ana, an agent")
        await expect(agent).to_contain_text("charged <b>twice</b>")
        await page.get_by_label("What Ana answers").fill("You get it back")
        await page.get_by_label("What Ana answers").press("Enter")
        await expect(page.get_by_role("log", name="Customers")).to_contain_text("You get it back")
        between = page.get_by_role("log", name="In between")
        await expect(between.locator("pre")).to_have_count(4)
        await page.reload()  # what was told is told again
        await expect(between.locator("pre")).to_have_count(4)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide == 390
        await browser.close()
