"""Every link within the repository leads somewhere, to the heading it names."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from tests.docs.pages import DOCS, LINKED, PAGES, ROOT, Page, page

each_page = pytest.mark.parametrize("page", LINKED, ids=lambda page: page.name)


@each_page
def test_links_lead_somewhere(page: Page) -> None:
    lost = [link for link in page.links if not leads_somewhere(page, link)]
    assert lost == []


def leads_somewhere(page: Page, link: str) -> bool:
    parts = urlsplit(link)
    if parts.scheme in ("http", "https"):
        return True  # not ours to hold; links to elsewhere are few
    target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not parts.fragment or parts.fragment in Page(target).anchors


@each_page
def test_no_two_headings_go_by_the_same_name(page: Page) -> None:
    linked = {urlsplit(link).fragment for link in page.links if link.startswith("#")}
    headings = [heading.lower() for heading in page.headings]
    assert not [h for h in headings if headings.count(h) > 1 and h.replace(" ", "-") in linked]


def test_every_page_can_be_found_from_the_first() -> None:
    found = {DOCS / "index.md", ROOT / "README.md"}
    for path in sorted(found):
        found |= {
            (path.parent / urlsplit(link).path).resolve()
            for link in Page(path).links
            if not urlsplit(link).scheme
        }
    assert {each.name for each in PAGES if each.path not in found} == set()


def test_a_lost_link_would_be_noticed() -> None:
    readme = page("README.md")
    assert not leads_somewhere(readme, "docs/nowhere.md")
    assert not leads_somewhere(readme, "docs/start.md#nowhere")
    assert leads_somewhere(readme, "docs/start.md#see-it")
