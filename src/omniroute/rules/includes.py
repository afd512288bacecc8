"""``include:``: a file of rules that brings others, which are read just before it.

Files are known by their names below the folder of rules, with ``/`` between the parts; the same
names stand in a kept version, so that it can be read without the disk it came from.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from omniroute.errors import ConfigErrors
from omniroute.rules.reading import Reader
from omniroute.rules.secrets import shown
from omniroute.rules.team import FILE as TEAM
from omniroute.rules.team import read_bytes
from omniroute.rules.yaml12 import Fields, Items, Node, Scalar, parse, place

SUFFIX = ".yaml"
TESTS = ".test.yaml"
_MENTIONED = re.compile(rb"^include\s*:", re.M)


def is_rules(name: str) -> bool:
    """Whether a file of this name holds rules: not the team, not tests."""
    return name.endswith(SUFFIX) and not name.endswith(TESTS) and posixpath.basename(name) != TEAM


def with_included(folder: Path, files: dict[str, bytes]) -> dict[str, bytes]:
    """These files of a folder and all that they include and that is there."""
    found = dict(files)
    waiting = list(files)
    while waiting:
        name = waiting.pop()
        for target in _targets(name, found[name]):
            for path in _on_disk(folder / target):
                known = path.relative_to(folder).as_posix()
                if known not in found:
                    found[known] = read_bytes(path)
                    waiting.append(known)
    return found


def _targets(name: str, data: bytes) -> Iterator[str]:
    """What a file includes, as far as it can be told; faults are told when it is read."""
    if not _MENTIONED.search(data):
        return
    try:
        node = parse(data, name)
    except ConfigErrors:
        return
    for item in _items(node):
        if isinstance(item, Scalar) and (target := _resolved(name, item.text)):
            yield target


def _on_disk(path: Path) -> list[Path]:
    if path.is_dir():
        return [file for file in sorted(path.glob(f"*{SUFFIX}")) if is_rules(file.name)]
    return [path] if path.is_file() and is_rules(path.name) else []


def _items(node: Node) -> tuple[Node, ...]:
    entry = node.entries.get("include") if isinstance(node, Fields) else None
    if entry is None:
        return ()
    return tuple(entry[1].items) if isinstance(entry[1], Items) else (entry[1],)


def _resolved(includer: str, text: str) -> str:
    """The name of what is included; empty where it lies outside the folder."""
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(includer), text))
    outside = text.startswith("/") or joined.startswith("..") or joined == "."
    return "" if outside else joined


def in_order(reader: Reader, nodes: Mapping[str, Node]) -> dict[str, Node]:
    """The files in the order in which they count: by name, what is included before its includer."""
    reading = _Reading(reader, nodes)
    for name in sorted(nodes, key=lambda name: ("/" in name, name)):
        reading.visit(name)
    return reading.ordered


class _Reading:
    def __init__(self, reader: Reader, nodes: Mapping[str, Node]) -> None:
        self._reader, self._nodes = reader, nodes
        self.ordered: dict[str, Node] = {}
        self._open: list[str] = []
        self._included: dict[str, Node] = {}  # by whom, first

    def visit(self, name: str) -> None:
        if name in self.ordered:
            return
        self._open.append(name)
        for item in _items(self._nodes[name]):
            for target in self._meant(name, item):
                if target in self._open:
                    circle = " → ".join((*self._open[self._open.index(target) :], target))
                    self._reader.fault(item, f"files include each other in a circle: {circle}")
                elif (first := self._included.get(target)) is not None:
                    fault = f"“{target}” is included a second time, first in {place(first)}"
                    self._reader.fault(item, fault)
                else:
                    self._included[target] = item
                    self.visit(target)
        self._open.pop()
        self.ordered[name] = self._nodes[name]

    def _meant(self, includer: str, item: Node) -> list[str]:
        text = self._reader.text(item, "the name of a file or a folder")
        if text is None:
            return []
        name = _resolved(includer, text)
        if not name:
            fix = "name a file in the folder of rules, or below it"
            self._reader.fault(item, f"“{shown(text)}” lies outside the folder of rules", fix)
            return []
        below = [known for known in sorted(self._nodes) if posixpath.dirname(known) == name]
        if name in self._nodes and is_rules(name):
            return [name]
        if not below:
            fault = f"there is no “{shown(text)}” to include"
            self._reader.fault(item, fault, f"files of rules end in {SUFFIX}")
        return below
