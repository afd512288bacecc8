"""The documentation becomes a site; no link in it leads nowhere, no page loads from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.docs import site


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return site.build(tmp_path_factory.mktemp("site"))


def test_every_page_is_there_and_no_link_of_it_leads_nowhere(built: Path) -> None:
    for place in site.places().values():
        assert (built / place).with_suffix(".html").exists(), place
    assert site.lost_links(built) == []


def test_a_reader_s_browser_asks_nobody_else(built: Path) -> None:
    assert site.outside(built) == set()


def test_every_page_is_in_the_list_that_the_first_page_is() -> None:
    listed = [page for section in site.contents() for page in _pages(section)]
    assert sorted(listed) == sorted(site.places().values())


def _pages(section: dict[str, str | list[dict[str, str]]]) -> list[str]:
    [inside] = section.values()
    return [inside] if isinstance(inside, str) else [p for each in inside for p in each.values()]


def test_a_lost_link_would_be_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<h1 id="top">A</h1><a href="b.html">B</a><a href="b.html#end">end</a><a href="#top">A</a>'
        '<a href="c.html">C</a><img src="d.png"><a href="https://elsewhere.example">elsewhere</a>'
    )
    (tmp_path / "b.html").write_text('<h1 id="start">B</h1>')
    assert site.lost_links(tmp_path) == ["a.html: b.html#end", "a.html: c.html", "a.html: d.png"]


def test_what_a_page_loads_from_elsewhere_would_be_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<script src="https://cdn.example/x.js"></script>')
    assert site.outside(tmp_path) == {"cdn.example"}


def test_what_cannot_be_built_says_why(tmp_path: Path) -> None:
    with pytest.raises(site.SiteError, match="site_name"):
        site.build(tmp_path, "[project]\nnav = []\n")
