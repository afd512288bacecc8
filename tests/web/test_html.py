"""Every page is well-formed HTML without inline code, and what is named on it is there."""

from html.parser import HTMLParser

import pytest
from tests.web.site import Site

VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr", "use"}
ENDS_A_PARAGRAPH = {
    *("address", "article", "aside", "blockquote", "details", "div", "dl", "fieldset", "footer"),
    *("form", "h1", "h2", "h3", "h4", "header", "hr", "main", "nav", "ol", "p", "pre", "section"),
    *("table", "ul"),
}
PHRASES = {"a", "b", "bdi", "button", "h1", "h2", "label", "p", "small", "span", "summary"}
HIDES = {
    *("id", "remove", "append", "matches", "closest", "contains", "attributes", "children"),
    *("action", "method", "target", "submit", "reset", "elements", "parentNode", "nextSibling"),
    *("firstChild", "nodeType", "tagName", "classList", "dataset", "isEqualNode"),
}
"""Names of controls under which a script no longer finds the form's own, as htmx's morph found
when it called `form.remove()`."""
BLOCKS = ENDS_A_PARAGRAPH - {"h1", "h2"}

PAGES = [
    *("/", "/team", "/help", "/settings", "/search", "/search?q=receipt", "/search?q=zzz"),
    *("/report", "/report?days=90"),
    *("/threads/4812", "/threads/4817", "/threads/4820", "/threads/4803", "/threads/4788"),
    *(
        "/threads/4812/why",
        "/threads/4812/messages/m2",
        "/admin/channels",
        "/nowhere",
        *("/admin/rules", "/admin/rules/9c41", "/admin/try", "/admin/compare"),
        *("/admin/backtest", "/admin/record/4812"),
    ),
]


class Checked(HTMLParser):
    """Reads HTML as it is written, not as browsers mend it, and notes each fault."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.references: list[tuple[str, str]] = []
        self.named: list[tuple[str, bool]] = []
        self.headings: list[str] = []
        self.pressed: list[tuple[str, str]] = []  # buttons and links, with what they are called

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        where = f"line {self.getpos()[0]}: <{tag}>"
        if len(given) != len(attributes):
            self.faults.append(f"{where} has an attribute twice")
        if tag in ENDS_A_PARAGRAPH and "p" in self.open:
            self.faults.append(f"{where} inside a paragraph")
        if tag in BLOCKS and PHRASES & set(self.open):
            self.faults.append(f"{where} inside {PHRASES & set(self.open)}")
        if tag in ("a", "button") and {"a", "button"} & set(self.open):
            self.faults.append(f"{where} inside another")
        if self.open[-1:] in (["ul"], ["ol"]) and tag != "li":
            self.faults.append(f"{where} in a list")
        for name in given:
            if name.startswith("on") or name == "style":
                self.faults.append(f"{where} has {name}, which the policy forbids")
        if tag == "script" and "src" not in given:
            self.faults.append(f"{where} inline")
        if tag == "style":
            self.faults.append(f"{where} inline")
        for name in ("href", "src", "action"):
            if not given.get(name, "/").startswith(("/", "#", "http:", "https:", "mailto:")):
                self.faults.append(f"{where} {name}={given[name]}")
        if tag == "form" and given.get("method") == "post":
            self.named.append((f"{where} without a token", False))
        if tag == "input" and given.get("name") == "token" and self.named:
            self.named[-1] = (self.named[-1][0], True)
        if tag in ("input", "textarea", "select") and given.get("type") not in ("hidden",):
            labelled = "aria-label" in given or "label" in self.open or "hidden" in given
            if not labelled and given.get("type") != "radio":
                self.faults.append(f"{where} without a label")
        if tag in ("a", "button"):
            self.pressed.append((where, given.get("aria-label", "") or given.get("title", "")))
        if tag == "img" and "alt" not in given:
            self.faults.append(f"{where} without words for who does not see it")
        if tag == "html" and not given.get("lang"):
            self.faults.append(f"{where} without a language")
        if given.get("name") in HIDES:
            self.faults.append(f"{where} named {given['name']} hides what its form can do")
        if "id" in given:
            self.ids.append(given["id"])
        for name in ("aria-labelledby", "aria-controls", "for", "popovertarget"):
            self.references += [(where, id) for id in given.get(name, "").split()]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"line {self.getpos()[0]}: </{tag}> while {self.open[-2:]} are open")
            return
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if "h1" in self.open:
            self.headings.append(data)
        if {"a", "button"} & set(self.open):
            where, name = self.pressed[-1]
            self.pressed[-1] = (where, name + data.strip())
        if self.open[-1:] in (["ul"], ["ol"], ["table"], ["tr"]) and data.strip():
            self.faults.append(f"line {self.getpos()[0]}: text in a {self.open[-1]}")

    def finish(self) -> list[str]:
        self.close()
        known = set(self.ids)
        self.faults += [f"{tag} is never closed" for tag in self.open]
        self.faults += [f"id {id} twice" for id in known if self.ids.count(id) > 1]
        self.faults += [f"{where} names {id}" for where, id in self.references if id not in known]
        self.faults += [fault for fault, fits in self.named if not fits]
        self.faults += [f"{where} is called nothing" for where, name in self.pressed if not name]
        return self.faults


def check(html: str) -> Checked:
    checked = Checked()
    checked.feed(html)
    assert checked.finish() == []
    return checked


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_well_formed(site: Site, path: str) -> None:
    site.client.cookies.clear()
    site.sign_in("di" if "admin" in path else "ana")
    site.village.files["5ha"] = b""
    html = site.get(path).text
    checked = check(html)
    assert html.startswith("<!doctype html>")
    assert '<html lang="en">' in html
    assert "".join(checked.headings).strip()


def test_a_page_with_everything_on_it_is_well_formed(site: Site) -> None:
    site.post("/threads/4812/reply", {"text": "held", "seen": 3})
    site.village.customer_writes(4812, "wait")
    check(site.post("/threads/4812/reply", {"text": "collides", "seen": 3}).text)


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in?link=x"])
def test_the_door_is_well_formed(outside: Site, path: str) -> None:
    check(outside.get(path).text)


def test_a_demo_is_well_formed() -> None:
    site = Site(demo=True)
    with site.client:
        check(site.sign_in().get("/").text)


@pytest.mark.parametrize(
    "path", ["/refresh", "/refresh?of=top", "/refresh?of=team", "/threads/4812/refresh?writing=x"]
)
def test_parts_are_well_formed_and_name_places_that_are_there(site: Site, path: str) -> None:
    parts = site.get(path).text
    checked = Checked()
    checked.feed(parts)
    checked.references.clear()  # they point into the page
    assert checked.finish() == []
    whole = site.get("/team" if "team" in path else path.partition("/refresh")[0] or "/").text
    for place in (piece.split('"')[0] for piece in parts.split('data-hx-target="#')[1:]):
        assert f'id="{place}"' in whole, place
