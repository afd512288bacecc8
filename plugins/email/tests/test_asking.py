"""A question by mail: links that a scanner may follow, and a page that answers without scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from omniroute import Address, Choice, Inbound, Outbound, Question, Site
from omniroute.testing.intake import Notebook
from omniroute_email.asking import Asked, Book, Links, Page, given, with_links

NOW = 1_772_445_600_000
WEEK = 7 * 86_400_000
KEY = "0123456789abcdef0123456789"
QUESTION = Question(
    tuple(Choice(str(n), {1: "very bad", 5: "very good"}.get(n, "")) for n in range(1, 6)),
    datetime.fromtimestamp((NOW + WEEK) / 1000, UTC),
    more="What could we do better?",
    thanks="Thank you!",
    language="en",
    instead="Just answer with a number from 1 to 5.",
)
OUT = Outbound(KEY, "joe@x.example", Address("email", "joe@x.example"), "How was <it>?\n")


@dataclass
class Desk:
    """The page at work, a browser, and what was handed in."""

    page: Page
    links: Links
    browser: httpx.AsyncClient
    kept: Notebook
    now: int = NOW

    def answers(self) -> list[Inbound]:
        return [one for raw in self.kept.kept.values() if (one := given(raw)) is not None]

    async def get(self, value: str = "") -> httpx.Response:
        return await self.browser.get(self.links.to(KEY, value))

    async def post(self, **form: str) -> httpx.Response:
        return await self.browser.post(self.links.to(KEY), data=form)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    site = Site(tmp_path, "https://help.example", secret=b"s" * 32)
    links, book, kept = Links("https://help.example/question", site.secret), Book(site), Notebook()
    page = Page(links, book, lambda: made.now)
    page.intake = kept
    book.put(KEY, Asked(OUT.text, QUESTION), NOW)
    transport = httpx.ASGITransport(app=Starlette(routes=[*page.routes()]))
    async with httpx.AsyncClient(transport=transport) as browser:
        made = Desk(page, links, browser, kept)
        yield made


def test_each_answer_has_a_link_in_the_text_and_a_button_in_the_html() -> None:
    links = Links("https://help.example/question", b"s" * 32)
    said, markup = with_links(OUT, QUESTION, links)
    assert said.text.splitlines()[2:4] == [
        f"1 (very bad): {links.to(KEY, '1')}", f"2: {links.to(KEY, '2')}",
    ]  # fmt: skip
    assert markup.count("<a ") == 5
    assert 'aria-label="5 (very good)"' in markup
    assert "&lt;it&gt;" in markup


async def test_to_look_is_not_to_answer_and_the_pressed_number_is_chosen(desk: Desk) -> None:
    shown = await desk.get("4")
    assert shown.status_code == 200
    assert 'value="4" checked' in shown.text
    assert "How was &lt;it&gt;?" in shown.text
    assert shown.headers["x-robots-tag"] == "noindex"
    assert "<script" not in shown.text
    assert desk.answers() == []


async def test_a_press_answers_thanks_and_offers_a_box_for_words(desk: Desk) -> None:
    thanked = await desk.post(answer="4")
    assert "Thank you!" in thanked.text
    assert "What could we do better?" in thanked.text
    (answer,) = desk.answers()
    assert (answer.kind, answer.text, answer.answers) == ("choice", "4", KEY)
    told = await desk.post(words="  Faster, please.  ")
    assert "<textarea" not in told.text
    assert [(a.kind, a.text) for a in desk.answers()][1:] == [("remark", "Faster, please.")]
    assert (await desk.post(words="And again.")).status_code == 422
    assert len(desk.answers()) == 2


async def test_an_answer_may_be_changed(desk: Desk) -> None:
    await desk.post(answer="4")
    desk.now += 60_000
    assert 'value="4" checked' in (await desk.get()).text
    await desk.post(answer="5")
    assert [a.text for a in desk.answers()] == ["4", "5"]


@pytest.mark.parametrize("form", [{}, {"answer": "6"}, {"answer": ""}, {"words": "first"}])
async def test_what_is_no_answer_asks_again(desk: Desk, form: dict[str, str]) -> None:
    assert (await desk.post(**form)).status_code == 422
    assert desk.answers() == []


async def test_a_link_that_is_over_or_made_up_says_so_in_the_readers_language(desk: Desk) -> None:
    link = desk.links.to(KEY)
    strange = await desk.browser.get(f"{link[:-1]}!", headers={"accept-language": "de"})
    assert (strange.status_code, "nicht von uns" in strange.text) == (404, True)
    desk.now += WEEK
    over = await desk.get("4")
    assert (over.status_code, "This question is over" in over.text) == (410, True)


async def test_nothing_is_promised_while_nobody_takes_answers(desk: Desk) -> None:
    desk.page.intake = None
    assert (await desk.post(answer="4")).status_code == 503
    desk.page.intake = desk.kept
    assert '" checked' not in (await desk.get()).text
