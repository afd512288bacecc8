"""Reading values out of YAML nodes, and remembering every fault instead of stopping at one.

A reader knows whom it reads about (a rule's id) and says so in each fault.  Its methods answer
None for what could not be read; the fault is noted by then, so callers leave it out and go on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from omniroute.core.spans import LONGEST, parse_span, show_span
from omniroute.core.urgency import HIGHEST, PRIORITIES
from omniroute.errors import ConfigError, did_you_mean
from omniroute.rules.grammar import NAME, SHAPES, Key
from omniroute.rules.secrets import shown
from omniroute.rules.yaml12 import Fields, Items, Node, Scalar, place

ENOUGH = 50  # faults after which nothing slow is done any more: near names, regular expressions
_NAME = re.compile(NAME)


@dataclass(frozen=True, slots=True)
class Reader:
    """Collects faults; *subject* opens the text of each, *shapes* are the keys of its language."""

    faults: list[ConfigError] = field(default_factory=list)
    subject: str = ""
    shapes: Mapping[str, Mapping[str, Key]] = field(default_factory=lambda: SHAPES, repr=False)

    def about(self, subject: str) -> Reader:
        """The same collection, for what belongs to *subject*."""
        return Reader(self.faults, subject, self.shapes)

    def fault(self, node: Node, fault: str, fix: str = "") -> None:
        said = f"{self.subject}: {fault}" if self.subject else fault
        self.faults.append(ConfigError(place(node), said, fix))

    def wrong(self, node: Node, due: str, fix: str = "") -> None:
        """Something else is *due* here."""
        self.fault(node, f"{_described(node)} stands where {due} is due", fix)

    def unknown(self, node: Node, what: str, word: str, known: Iterable[str]) -> None:
        """*word* names nothing; say which name is nearest, or which there are."""
        self.fault(node, f"unknown {what} “{shown(word)}”", self._nearest(what, word, known))

    def _nearest(self, what: str, word: str, known: Iterable[str]) -> str:
        if len(self.faults) >= ENOUGH:
            return ""
        names = sorted(known)
        if not names:
            return f"no {what} is declared"
        listed = f"known are: {', '.join(names)}" if len(names) <= 12 else ""
        return did_you_mean(word[:64], names) or listed

    # --- mappings and lists ----------------------------------------------------------------------

    def shape(self, node: Node, shape: str) -> dict[str, Node]:
        """The values of a mapping with the keys of *shape*, in the order of the file."""
        keys = self.shapes[shape]
        if not isinstance(node, Fields):
            self.wrong(node, f"a mapping with {', '.join(keys)}")
            return {}
        found: dict[str, Node] = {}
        for key, (key_node, value) in node.entries.items():
            if key in keys:
                found[key] = value
            else:
                self.unknown(key_node, "key", key, keys)
        for key, about in keys.items():
            if about.required and key not in node.entries:
                self.fault(node, f"“{key}” is missing", about.doc)
        return found

    def named(self, node: Node, what: str) -> Iterator[tuple[str, Scalar, Node]]:
        """Each (name, its node, value) of a mapping with free names."""
        if not isinstance(node, Fields):
            self.wrong(node, f"a mapping by name of {what}")
            return
        for name, (key, value) in node.entries.items():
            if self.is_name(key, what):
                yield name, key, value

    def items(self, node: Node, what: str) -> Sequence[Node]:
        """The items of a list."""
        if isinstance(node, Items):
            return node.items
        self.wrong(node, f"a list of {what}")
        return ()

    def several(self, node: Node) -> Sequence[Node]:
        """The items of a list, or the single value that stands for one."""
        return node.items if isinstance(node, Items) else (node,)

    # --- single values ---------------------------------------------------------------------------

    def is_name(self, node: Scalar, what: str) -> bool:
        if _NAME.fullmatch(node.text):
            return True
        fix = "names are letters, digits, “.”, “-” and “_”, at most 64 of them"
        self.fault(node, f"“{shown(node.text)}” is no name of {what}", fix)
        return False

    def text(self, node: Node, due: str = "text") -> str | None:
        """Text; a number counts as what was written, true, false and null must be quoted."""
        if not isinstance(node, Scalar):
            self.wrong(node, due)
        elif node.value is None or isinstance(node.value, bool):
            self.wrong(node, due, f'as text, write "{node.text}"' if node.text else "")
        elif not node.text.strip():
            self.wrong(node, due)
        else:
            return node.text
        return None

    def name(self, node: Node, what: str) -> str | None:
        text = self.text(node, f"the name of {what}")
        return (
            text
            if text is not None and isinstance(node, Scalar) and self.is_name(node, what)
            else None
        )

    def reference(self, node: Node, what: str, known: Iterable[str]) -> str | None:
        """A name that stands for something declared."""
        text = self.text(node, f"the name of a {what}")
        if text is None:
            return None
        names = known if isinstance(known, set | frozenset | dict) else set(known)
        if text in names:
            return text
        self.unknown(node, what, text, names)
        return None

    def choice(self, node: Node, words: Sequence[str]) -> str | None:
        text = node.text if isinstance(node, Scalar) else ""
        if text in words:
            return text
        self.wrong(node, f"one of {', '.join(words)}", did_you_mean(text[:64], words))
        return None

    def texts(self, node: Node, due: str = "text") -> tuple[str, ...]:
        """A list of texts, or a single one."""
        found = [self.text(item, due) for item in self.several(node)]
        if not found:
            self.wrong(node, f"a list with {due}")
        return tuple(text for text in found if text is not None)

    def flag(self, node: Node) -> bool | None:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        self.wrong(node, "true or false")
        return None

    def number(self, node: Node, low: float, high: float, due: str) -> float | None:
        """A number within bounds, both included; never NaN or infinite."""
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return abs(value) if value == 0 else value  # no -0.0
        self.wrong(node, due)
        return None

    def integer(self, node: Node, low: int, high: int) -> int | None:
        due = f"a whole number from {low} to {high}"
        value = self.number(node, low, high, due)
        if value is None or isinstance(value, int):
            return value
        self.wrong(node, due)
        return None

    def level(self, node: Node) -> float | None:
        """A level that is asked for."""
        value = self.number(node, 0, 5, "a level above 0, at most 5")
        if value == 0:
            self.wrong(node, "a level above 0, at most 5", "leave the skill out, or `drop` it")
        return float(value) if value else None

    def span(self, node: Node) -> int | None:
        """A span above 0, in ms."""
        text = node.text if isinstance(node, Scalar) else ""
        try:
            span = parse_span(text)
        except ValueError:
            fix = "a number needs its unit" if text.isdecimal() else ""
            due = f"a span such as 45s, 2m, 4h or 7d, up to {show_span(LONGEST)}"
            self.wrong(node, due, fix)
            return None
        if not span:
            self.wrong(node, "a span above 0")
        return span or None

    def priority(self, node: Node) -> int | None:
        text = node.text if isinstance(node, Scalar) else ""
        if text in PRIORITIES:
            return PRIORITIES[text]
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= HIGHEST:
            return value
        due = f"{', '.join(PRIORITIES)} or a whole number from 0 to {HIGHEST}"
        self.wrong(node, due, did_you_mean(text[:64], PRIORITIES))
        return None


def _described(node: Node) -> str:
    match node:
        case Items(items=items):
            return "a list" if items else "an empty list"
        case Fields():
            return "a mapping"
        case Scalar(text=text, value=value):
            return "nothing" if value is None else f"“{shown(text)}”"
