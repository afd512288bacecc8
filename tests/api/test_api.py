"""A plugin that was written against a release runs on what comes after it."""

from __future__ import annotations

import dataclasses
import enum
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

import pytest
from tests.api.describe import STORED, VERSION, Api, breaks, describe

RELEASES = sorted(STORED.glob("*.json"))


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.stem)
def test_nothing_that_a_release_promised_is_broken(path: Path) -> None:
    promised: Api = json.loads(path.read_text(encoding="utf-8"))
    said = "see docs/reference/compatibility.md; before the release: `python -m tests.api.describe`"
    assert breaks(promised, describe()) == [], said


def test_the_description_of_this_version_is_kept() -> None:
    assert VERSION in [path.stem for path in RELEASES]


@dataclasses.dataclass
class Message:
    text: str
    size: int = 0


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Speaks(Protocol):
    def say(self, text: str, loud: bool = False) -> None: ...


def greet(name: str) -> None: ...


def api(**names: Any) -> Api:
    public = {"Message": Message, "Colour": Colour, "Speaks": Speaks, "greet": greet, **names}
    kept = {name: found for name, found in public.items() if found is not None}
    return describe(SimpleNamespace(__all__=list(kept), **kept))


@dataclasses.dataclass
class Longer:
    text: str
    size: int = 0
    html: str = ""


@dataclasses.dataclass
class Shuffled:
    size: int
    text: str
    who: str


class Fewer(enum.Enum):
    RED = 1


class Shouts(Protocol):
    def say(self, text: str) -> None: ...
    def shout(self) -> None: ...


def greet_with(name: str, how: str) -> None: ...
def greet_more(name: str, how: str = "hello") -> None: ...


@pytest.mark.parametrize(
    ("now", "found"),
    [
        ({}, []),
        ({"Message": Longer}, []),
        ({"extra": greet}, []),
        ({"greet": greet_more}, []),
        ({"greet": None}, ["greet is gone"]),
        ({"greet": Message}, ["greet was a function and is a class"]),
        ({"greet": greet_with}, ["greet: parameter how is new and has no default"]),
        ({"Colour": Fewer}, ["Colour.BLUE is gone"]),
        (
            {"Message": Shuffled},
            [
                "Message.size stands at another place; new fields come last",
                "Message.text stands at another place; new fields come last",
                "Message.who is new and has no default",
            ],
        ),
        (
            {"Speaks": Shouts},
            [
                "Speaks.say: parameter loud is gone",
                "Speaks.shout is new, and plugins that implement Speaks have it not",
            ],
        ),
    ],
)
def test_what_breaks_a_plugin_is_named(now: dict[str, Any], found: list[str]) -> None:
    assert breaks(api(), api(**now)) == found
