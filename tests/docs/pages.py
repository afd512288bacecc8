"""The pages of the documentation as values: fenced blocks, headings, links, generated parts.

The info string of a fence says what becomes of a block when the page is followed:

=======================  ==========================================================================
``sh``, ``python``       run; of a page's Python blocks each sees what the earlier ones have defined
``console``              lines after ``$`` are run, and print what stands below them
``… serve``              goes on running while the rest of the page is followed
``… file=NAME``          becomes a file in the folder in which the page is followed
``… no-run: REASON``     is left alone
anything else            is looked at only
=======================  ==========================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(
    r"^(?P<fence>```+)(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=fence)[ \t]*$", re.M | re.S
)
_HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.M)
_LINK = re.compile(r"(?<!\\)!?\[[^\]]*\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)")
_SOURCE = re.compile(r"(?:src|srcset|href)=\"([^\"]+)\"")
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.S)
_GENERATED = re.compile(r"<!-- generated: (?P<name>\S+) -->\n(?P<text>.*?)<!-- end -->", re.S)


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    page: Path
    line: int
    info: str
    text: str

    @property
    def language(self) -> str:
        """The first word of the info string."""
        return self.info.partition(" ")[0]

    @property
    def left_alone(self) -> str | None:
        """Why it is not run, or None if it is."""
        _, marked, reason = self.info.partition("no-run:")
        return reason.strip() if marked else None

    @property
    def file(self) -> str | None:
        """The file that it becomes."""
        found = re.search(r"\bfile=(\S+)", self.info)
        return found[1] if found else None

    @property
    def serves(self) -> bool:
        """Whether it goes on running."""
        return self.info.split()[1:] == ["serve"]

    @property
    def place(self) -> str:
        """Where it stands, for a test's id."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True)
class Page:
    """A Markdown file."""

    path: Path

    @cached_property
    def text(self) -> str:
        """The whole of it."""
        return self.path.read_text(encoding="utf-8")

    @property
    def name(self) -> str:
        """Its path below the repository."""
        return str(self.path.relative_to(ROOT))

    @cached_property
    def blocks(self) -> list[Block]:
        """Fenced blocks, in order."""
        return [
            Block(
                self.path,
                self.text.count("\n", 0, found.start()) + 1,
                found["info"].strip(),
                found["text"],
            )
            for found in _FENCE.finditer(self.text)
        ]

    @cached_property
    def prose(self) -> str:
        """The page without its fenced blocks."""
        return _FENCE.sub("", self.text)

    @property
    def headings(self) -> list[str]:
        """The text of every heading, without its marks."""
        return [found[1].replace("`", "") for found in _HEADING.finditer(self.prose)]

    @property
    def anchors(self) -> set[str]:
        """What a link may name behind a ``#``, as GitHub makes it of the headings."""
        return {anchor(heading) for heading in self.headings}

    @property
    def links(self) -> Iterator[str]:
        """Every target of a link or picture."""
        text = _CODE.sub("", self.prose)
        yield from (found[1] for found in _LINK.finditer(text))
        yield from (found[1] for found in _SOURCE.finditer(text))

    @property
    def generated(self) -> dict[str, str]:
        """The parts that are made from the source, by name."""
        return {found["name"]: found["text"] for found in _GENERATED.finditer(self.text)}

    def section(self, heading: str) -> str:
        """What stands below *heading*, up to the next one of its rank or above."""
        found = re.search(rf"^(#+) +{re.escape(heading)}\s*$", self.text, re.M)
        assert found is not None, f"{self.name}: no heading {heading}"
        rest = self.text[found.end() :]
        end = re.search(rf"^#{{1,{len(found[1])}}} ", _blanked(rest), re.M)
        return rest[: end.start()] if end else rest


def _blanked(text: str) -> str:
    """The same length without fences, so that a comment in code is no heading."""
    return _FENCE.sub(lambda found: " " * len(found[0]), text)


def anchor(heading: str) -> str:
    """The name that a heading goes by in links."""
    bare = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", bare).replace(" ", "-")


PAGES = [Page(ROOT / "README.md"), *(Page(path) for path in sorted(DOCS.rglob("*.md")))]
"""What this project says of itself."""

LINKED = [
    *PAGES,
    Page(ROOT / "CHANGELOG.md"),
    *(Page(path) for path in sorted(ROOT.glob("plugins/*/README.md"))),
]
"""All that has links."""


def page(name: str) -> Page:
    """The page at a path below ``docs``, or ``README.md``."""
    return Page(ROOT / name if name == "README.md" else DOCS / name)
