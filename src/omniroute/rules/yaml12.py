"""YAML files with a line for every value, and without YAML 1.1's surprises.

The events of libyaml are put together here, so `no` stays text, `12:30` is no number, a date is
no date: only the scalars of YAML 1.2's core schema have another type than text.  Refused, with
their line: keys that stand twice, anchors, aliases, tags, several documents, files that are too
large or too deep.  Nothing is recursive, and nothing in a file can make more of itself.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import TypeAlias

import msgspec
import yaml

from omniroute.errors import ConfigError, ConfigErrors

MAX_BYTES = 256 * 1024
MAX_DEPTH = 40

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}|0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Scalar(msgspec.Struct, frozen=True, gc=False):
    """A single value: *text* as it stands in the file, *value* as YAML 1.2 reads it."""

    file: str
    line: int
    column: int
    text: str
    value: str | int | float | bool | None


class Items(msgspec.Struct, frozen=True):
    """A list."""

    file: str
    line: int
    column: int
    items: list[Node]


class Fields(msgspec.Struct, frozen=True):
    """A mapping: by key, the key's own node and the value."""

    file: str
    line: int
    column: int
    entries: dict[str, tuple[Scalar, Node]]


Node: TypeAlias = Scalar | Items | Fields


def place(node: Node) -> str:
    """Where a node stands, as ``file:line``."""
    return f"{node.file}:{node.line}"


def parse(data: bytes, file: str) -> Node:
    """The one document in *data*, as nodes that say where they stand in *file*.

    Raises `ConfigErrors` with every fault that can be told from the text alone.
    """
    text = _decoded(data, file)
    builder = _Builder(file)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        builder.faults.append(_syntax(error, file, text))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        builder.fault(line, "a control character", "remove it, or write it escaped")
    if builder.root is None and not builder.faults:
        builder.fault(1, "the file is empty", "a file of rules begins with `version: 1`")
    if builder.faults or builder.root is None:
        raise ConfigErrors(builder.faults)
    return builder.root


class _Builder:
    """Puts events together; remembers faults and goes on where it can."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Node | None = None
        self.faults: list[ConfigError] = []
        self._open: list[tuple[Items | Fields, Scalar | None]] = []  # with the key that waits

    def fault(self, line: int, fault: str, fix: str = "") -> None:
        self.faults.append(ConfigError(f"{self.file}:{line}", fault, fix))

    def take(self, event: yaml.Event) -> None:
        mark = event.start_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        match event:
            case yaml.ScalarEvent():
                self._refuse_extras(event, line)
                plain = event.style is None or event.style == ""
                value = resolve(event.value) if plain else event.value
                self._put(Scalar(self.file, line, column, event.value, value))
            case yaml.SequenceStartEvent():
                self._refuse_extras(event, line)
                self._begin(Items(self.file, line, column, []))
            case yaml.MappingStartEvent():
                self._refuse_extras(event, line)
                self._begin(Fields(self.file, line, column, {}))
            case yaml.CollectionEndEvent():
                self._put(self._open.pop()[0])
            case yaml.AliasEvent():
                self.fault(line, f"an alias, *{event.anchor}", "write the value out")
                self._put(Scalar(self.file, line, column, "", None))
            case yaml.DocumentStartEvent() if self.root is not None:
                self.fault(line, "a second document", "one file is one document: drop the `---`")

    def _refuse_extras(self, event: yaml.NodeEvent, line: int) -> None:
        if event.anchor is not None:
            self.fault(line, f"an anchor, &{event.anchor}", "write the value out where it is used")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self.fault(line, f"a tag, {tag}", "write the plain value")

    def _begin(self, node: Items | Fields) -> None:
        if len(self._open) >= MAX_DEPTH:
            self.fault(node.line, f"nested more than {MAX_DEPTH} deep")
            raise ConfigErrors(self.faults)
        self._open.append((node, None))

    def _put(self, node: Node) -> None:
        if not self._open:
            self.root = self.root or node
            return
        holder, key = self._open[-1]
        if isinstance(holder, Items):
            holder.items.append(node)
        elif key is not None:
            self._add(holder.entries, key, node)
            self._open[-1] = (holder, None)
        else:
            if not isinstance(node, Scalar):
                self.fault(node.line, "a key that is a list or a mapping", "keys are words")
                node = Scalar(node.file, node.line, node.column, f"\0{len(holder.entries)}", None)
            self._open[-1] = (holder, node)

    def _add(self, entries: dict[str, tuple[Scalar, Node]], key: Scalar, node: Node) -> None:
        if key.text in entries:
            before = entries[key.text][0].line
            self.fault(key.line, f"“{key.text[:60]}” stands twice, first in line {before}")
        else:
            entries[key.text] = (key, node)


def resolve(text: str) -> str | int | float | bool | None:
    """The value of a plain scalar in YAML 1.2's core schema.

    >>> resolve("no"), resolve("12:30"), resolve("true"), resolve("0x1F")
    ('no', '12:30', True, 31)
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return int(text, 10 if text[:2] not in ("0o", "0x") else 0)
    if _FLOAT.fullmatch(text):
        return float(text if text[-1] in "0123456789." else text.replace(".", "", 1))
    return text


def _decoded(data: bytes, file: str) -> str:
    if len(data) > MAX_BYTES:
        fix = f"at most {MAX_BYTES // 1024} KB: spread the rules over several files"
        raise ConfigErrors([ConfigError(file, f"{len(data) // 1024} KB is too large", fix)])
    encoding = "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigErrors(
            [ConfigError(f"{file}:{line}", "not UTF-8", "save the file as UTF-8")]
        ) from None


def _syntax(error: yaml.MarkedYAMLError, file: str, text: str) -> ConfigError:
    mark = error.problem_mark or error.context_mark
    fault = str(error.problem or error.context or "not YAML")
    if mark is None:
        return ConfigError(file, fault)
    lines = text.splitlines()
    if mark.line >= len(lines) and error.context_mark is not None:
        mark = error.context_mark  # missed at the end: what was opened is the place to look
    line = lines[mark.line] if mark.line < len(lines) else ""
    indent = line[: len(line) - len(line.lstrip())]
    fix = "indent with spaces, not with tabs" if "\t" in indent else ""
    return ConfigError(f"{file}:{min(mark.line + 1, max(len(lines), 1))}", fault, fix)
