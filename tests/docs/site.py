"""The documentation as a site: ``make docs``, or ``python -m tests.docs.site``.

Pages, pictures and the plugins' own pages are gathered below ``build/docs``, zensical makes HTML of
them in ``build/site``, and every link of that HTML is followed: one that leads nowhere fails.  The
order of the pages is that of ``docs/index.md``, so that a page is announced in one place alone.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
from tests.docs.pages import DOCS, ROOT, Page

BUILD = ROOT / "build"

_ITEM = re.compile(r"^- \[(?P<title>[^\]]+)\]\((?P<target>[^)#]+)\)", re.M)
_PARAGRAPH_LINK = re.compile(r"\[(?P<title>[^\]]+)\]\((?P<target>\.\./plugins/[^)]+)\)")
_LINK = re.compile(r"(?<!\\)(?P<picture>!?)\[(?P<label>[^\]]*)\]\((?P<target>[^)\s]+)\)")
_FENCED = re.compile(r"^(?P<fence>```+)(?P<info>[^\n`]*)\n(?P<text>.*?^(?P=fence))", re.M | re.S)
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_COMMENT = re.compile(r"<!--.*?-->\n?", re.S)


class SiteError(Exception):
    """The site could not be built; what zensical said of it."""


def main() -> int:
    """Build the site and say where it lies; 1 if something in it leads nowhere."""
    try:
        site = build(BUILD)
    except SiteError as error:
        click.echo(error, err=True)
        return 1
    lost = lost_links(site)
    for link in lost:
        click.echo(f"{link} leads nowhere", err=True)
    if not lost:
        click.echo(f"{site.relative_to(ROOT)}/index.html: {len(list(site.rglob('*.html')))} pages")
    return 1 if lost else 0


def build(folder: Path, settings: str | None = None) -> Path:
    """Gather the pages below *folder* and make HTML of them; the folder of the HTML.

    *settings* are zensical's, by default those of `configuration`.

    Raises `SiteError` if zensical finds fault with a page.
    """
    source = folder / "docs"
    shutil.rmtree(source, ignore_errors=True)
    gather(source / "pages")
    (source / "zensical.toml").write_text(settings or configuration(), encoding="utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True)
    if done.returncode:
        raise SiteError(_COLOUR.sub("", done.stdout + done.stderr))
    site = folder / "site"
    shutil.rmtree(site, ignore_errors=True)
    (source / "site").rename(site)
    return site


# ── what the site is made of ─────────────────────────────────────────────────────────────────────


def places() -> dict[Path, str]:
    """Every page of the site: where it lies in the repository, and where in the site."""
    own = {path: str(path.relative_to(DOCS)) for path in sorted(DOCS.rglob("*.md"))}
    plugins = sorted(ROOT.glob("plugins/*/README.md"))
    return own | {path: f"plugins/{path.parent.name}.md" for path in plugins}


def gather(pages: Path) -> None:
    """Write all there is below *pages*, links changed to where things lie there."""
    moved = places()
    for path, place in moved.items():
        target = pages / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_relinked(Page(path), place, moved), encoding="utf-8")
    for path in DOCS.rglob("*"):
        if path.is_file() and path.suffix != ".md":
            target = pages / path.relative_to(DOCS)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def _relinked(page: Page, place: str, moved: dict[Path, str]) -> str:
    """A page's text for the site; a link to the source, which is not part of it, becomes code."""

    def changed(found: re.Match[str]) -> str:
        parts = urlsplit(found["target"])
        if parts.scheme or not parts.path:
            return found[0]
        there = (page.path.parent / unquote(parts.path)).resolve()
        if there in moved:
            target = moved[there]
        elif there.is_relative_to(DOCS):
            target = str(there.relative_to(DOCS))
        else:
            return found["label"]
        target = os.path.relpath(target, Path(place).parent)
        anchor = f"#{parts.fragment}" if parts.fragment else ""
        return f"{found['picture']}[{found['label']}]({target}{anchor})"

    def prose(text: str) -> str:
        return _LINK.sub(changed, _COMMENT.sub("", text))

    text, pieces, end = page.text, list[str](), 0
    for fence in _FENCED.finditer(text):
        pieces += [prose(text[end : fence.start()]), _fence(fence)]
        end = fence.end()
    return "".join([*pieces, prose(text[end:])])


def _fence(found: re.Match[str]) -> str:
    """A fenced block as the site's Markdown knows it: a language, and the name of a file."""
    language, _, rest = found["info"].strip().partition(" ")
    file = re.search(r"\bfile=(\S+)", rest)
    title = f' title="{file[1]}"' if file else ""
    return f"{found['fence']}{language}{title}\n{found['text']}"


def configuration() -> str:
    """The settings of zensical: ours, and the order of the pages."""
    settings = (Path(__file__).parent / "site.toml").read_text(encoding="utf-8")
    return settings.replace("nav = []", f"nav = {_toml(contents())}")


Contents = list[dict[str, str | list[dict[str, str]]]]


def contents() -> Contents:
    """The sections and pages of ``docs/index.md``, the plugins' own pages last."""
    index = Page(DOCS / "index.md")
    moved = places()
    listed: Contents = [{"OmniRoute": "index.md"}]
    for heading in index.headings[1:]:
        items = _ITEM.finditer(index.section(heading))
        listed.append({heading: [{item["title"]: item["target"]} for item in items]})
    plugins = [
        {found["title"]: moved[(DOCS / found["target"]).resolve()]}
        for found in _PARAGRAPH_LINK.finditer(index.text)
    ]
    return [*listed, {"Plugins": plugins}]


def _toml(value: object) -> str:
    match value:
        case list():
            return f"[{', '.join(_toml(each) for each in value)}]"
        case dict():
            pairs = (f"{_toml(key)} = {_toml(each)}" for key, each in value.items())
            return f"{{ {', '.join(pairs)} }}"
        case _:
            return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


# ── the links of what was made ───────────────────────────────────────────────────────────────────


@dataclass
class Links(HTMLParser):
    """What a page of HTML links to, and the names by which its parts can be linked."""

    targets: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep ids, and the targets of links, pictures, styles and scripts."""
        for name, value in attrs:
            if value and name in ("href", "src"):
                self.targets.append(value)
            elif value and name == "id":
                self.names.add(value)


def lost_links(site: Path) -> list[str]:
    """Each link within *site* that leads nowhere, behind the page it stands on."""
    pages = {path: _links(path) for path in sorted(site.rglob("*.html"))}
    return [
        f"{path.relative_to(site)}: {target}"
        for path, links in pages.items()
        if path.name != "404.html"  # is shown below any address: its links are absolute
        for target in links.targets
        if not _leads(path, target, pages)
    ]


def _links(path: Path) -> Links:
    links = Links()
    links.feed(path.read_text(encoding="utf-8"))
    return links


def _leads(page: Path, target: str, pages: dict[Path, Links]) -> bool:
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return True  # not ours to hold
    there = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if there.is_dir():
        there /= "index.html"
    if not there.exists():
        return False
    return not parts.fragment or there not in pages or parts.fragment in pages[there].names


def outside(site: Path) -> set[str]:
    """The hosts from which a page would load something by itself (pictures, styles, scripts)."""
    text = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.html"))
    loaded = re.findall(r"<(?:script|img|link|iframe)\b[^>]*?(?:src|href)=\"?([^\" >]+)", text)
    return {urlsplit(each).netloc for each in loaded} - {""}


if __name__ == "__main__":
    raise SystemExit(main())
