from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from omniroute_webchat.pages import WORDS, _readable_on

if TYPE_CHECKING:
    from plugins.webchat.tests.conftest import Chat, Opens

STATIC = files("omniroute_webchat") / "static"
FILES = sorted(entry.name for entry in STATIC.iterdir())


class Outline(HTMLParser):
    """Element ids, what labels what, what is referred to, and whether everything is closed."""

    VOID = ("meta", "link", "path", "br", "input")

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.refers: list[str] = []
        self.open: list[str] = []
        self.inline: list[str] = []
        self.roles: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.ids += (attributes.get("id") or "").split()
        for name in ("for", "aria-describedby", "aria-labelledby"):
            self.refers += (attributes.get(name) or "").split()
        self.roles += (attributes.get("role") or "").split()
        self.inline += [name for name in attributes if name.startswith("on") or name == "style"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


async def page(chat: Chat, path: str = "", language: str = "en") -> str:
    response = await chat.browser().asks("GET", path, headers={"Accept-Language": language})
    assert response.status_code == 200
    return str(response.text)


async def test_the_page_is_well_formed_and_labelled(chat: Chat) -> None:
    outline = Outline()
    outline.feed(await page(chat))
    assert outline.open == []
    assert len(set(outline.ids)) == len(outline.ids)
    assert set(outline.refers) <= set(outline.ids)
    assert {"log", "status", "region"} <= set(outline.roles)
    assert outline.inline == []


async def test_the_page_allows_itself_nothing_from_elsewhere(chat: Chat) -> None:
    response = await chat.browser().asks("GET", "")
    policy = response.headers["Content-Security-Policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe" not in str(policy)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"


async def test_only_allowed_sites_may_frame_the_page(open_chat: Opens) -> None:
    chat: Chat = open_chat(allowed_origins=["https://shop.example", "https://club.example"])
    response = await chat.browser().asks("GET", "")
    policy = response.headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'self' https://shop.example https://club.example")


async def test_what_the_admin_writes_is_text(open_chat: Opens) -> None:
    nasty = "</script><script>alert(1)</script>&\"'"
    chat: Chat = open_chat(title=nasty, greeting=nasty)
    html = await page(chat)
    assert "<script>alert" not in html
    assert html.count("</script>") == 2  # the two of the page itself
    given = re.search(r'id="given">(.*?)</script>', html)
    assert given is not None
    assert json.loads(given[1])["words"]["title"] == nasty
    assert "<script>alert" not in await page(chat, "widget.js")


async def test_the_page_speaks_the_browsers_language(chat: Chat) -> None:
    german = await page(chat, language="de-AT,de;q=0.9,en;q=0.5")
    assert '<html lang="de">' in german
    assert "Guten Tag!" in german
    assert '<html lang="en">' in await page(chat, language="fi")


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("DE-at", "de"),
        ("en,de", "en"),
        ("de;q=0.1,en;q=0.2", "en"),
        ("xx,de;q=nonsense,en;q=0.1", "en"),
        (";;;,=,q=1", "en"),
        ("de," * 10_000, "de"),
    ],
)
def test_the_best_liked_language_that_we_speak(wish: str, language: str) -> None:
    assert WORDS.wished(wish) == language


def test_all_languages_say_everything() -> None:
    english = WORDS["en"]
    for words in WORDS.languages.values():
        assert words.keys() == english.keys()
        for name, word in words.items():
            assert re.findall(r"\{\w+\}", word) == re.findall(r"\{\w+\}", english[name])


def test_every_word_is_used_and_every_used_word_is_there() -> None:
    html = (STATIC / "page.html").read_text()
    scripts = "".join((STATIC / name).read_text() for name in FILES if name.endswith(".js"))
    scripts = scripts.replace("words.replace(", "").replace("words.en", "")
    given = {"language", "organisation", "initial", "given", "accept"}
    used = {*re.findall(r"\bwords\.(\w+)", scripts), *re.findall(r"\$(\w+)", html)} - given
    by_state = {"connecting", "online", "offline", "starting", "sending", "waiting", "sent"}
    assert used <= WORDS["en"].keys()
    assert WORDS["en"].keys() - used - by_state == set()


async def test_every_file_is_served_and_asked_for_again_only_when_changed(chat: Chat) -> None:
    browser = chat.browser()
    for name in FILES:
        path = name.removesuffix(".html") if name == "example.html" else name
        if name == "page.html":
            path = ""
        first = await browser.asks("GET", path)
        assert first.status_code == 200, name
        assert first.headers["X-Content-Type-Options"] == "nosniff"
        again = await browser.asks("GET", path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_other_sites_may_load_the_widget_and_nothing_else(chat: Chat) -> None:
    browser = chat.browser()
    widget = await browser.asks("GET", "widget.js")
    assert widget.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Cross-Origin-Resource-Policy" not in (await browser.asks("GET", "chat.js")).headers


def test_nothing_is_loaded_from_elsewhere_and_nothing_becomes_markup() -> None:
    for name in FILES:
        text = (STATIC / name).read_text()
        addresses = set(re.findall(r"https?://[\w.]+", text))
        assert addresses <= {"http://www.w3.org", "https://desk.example"}, name
        for danger in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert danger not in text, name


@pytest.mark.parametrize(
    "accent", ["#000000", "#ffffff", "#3b5bdb", "#ffd43b", "#777777", "#2f9e44"]
)
def test_the_text_on_any_colour_can_be_read(accent: str) -> None:
    def luminance(colour: str) -> float:
        values = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(accent), luminance(_readable_on(accent))), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5
