"""The schema for editors, held against the loader."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from omniroute.rules import schema, team_schema
from omniroute.rules.grammar import SHAPES
from omniroute.rules.schema import schema_of_tests
from omniroute.rules.yaml12 import Fields, Items, Node, Scalar, parse

FOLDER = Path(__file__).parents[2] / "routing_rules"
TYPES = {"string": str, "boolean": bool, "object": dict, "array": list, "null": type(None)}


def plain(node: Node) -> Any:
    match node:
        case Scalar(value=value):
            return value
        case Items(items=items):
            return [plain(item) for item in items]
        case Fields(entries=entries):
            return {key: plain(value) for key, (_, value) in entries.items()}


def read(text: str) -> Any:
    return plain(parse(text.encode(), "x"))


def is_type(value: object, name: str) -> bool:
    if name in ("number", "integer"):
        numbers = int if name == "integer" else int | float
        return isinstance(value, numbers) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def faults(
    value: Any, of: Mapping[str, Any], root: Mapping[str, Any], at: str = "$"
) -> Iterator[str]:
    """What JSON Schema says against a value: the part of the standard that our schemas use."""
    known = {
        "$ref", "$schema", "$defs", "title", "description", "anyOf", "const", "enum", "type",
        "pattern", "minLength", "minimum", "maximum", "exclusiveMinimum", "items", "minItems",
        "uniqueItems", "properties", "required", "additionalProperties", "propertyNames",
        "minProperties",
    }  # fmt: skip
    assert of.keys() <= known, of.keys() - known
    if "$ref" in of:
        target = root["$defs"][of["$ref"].removeprefix("#/$defs/")]
        yield from faults(value, target, root, at)
    if "anyOf" in of and all(any(faults(value, one, root, at)) for one in of["anyOf"]):
        yield f"{at}: nothing of anyOf"
    if "const" in of and value != of["const"]:
        yield f"{at}: not {of['const']}"
    if "enum" in of and value not in of["enum"]:
        yield f"{at}: not in {of['enum']}"
    names = of.get("type", [])
    if names and not any(is_type(value, n) for n in ([names] if isinstance(names, str) else names)):
        yield f"{at}: not {names}"
    if isinstance(value, str):
        if "pattern" in of and not re.search(of["pattern"], value):
            yield f"{at}: not like {of['pattern']}"
        if len(value) < of.get("minLength", 0):
            yield f"{at}: too short"
    if is_type(value, "number"):
        if value < of.get("minimum", value) or value > of.get("maximum", value):
            yield f"{at}: out of bounds"
        if value <= of.get("exclusiveMinimum", value - 1):
            yield f"{at}: out of bounds"
    if isinstance(value, list):
        if len(value) < of.get("minItems", 0):
            yield f"{at}: too few"
        for number, item in enumerate(value):
            yield from faults(item, of.get("items", {}), root, f"{at}[{number}]")
    if isinstance(value, dict):
        yield from _of_object(value, of, root, at)


def _of_object(
    value: dict[str, Any], of: Mapping[str, Any], root: Mapping[str, Any], at: str
) -> Iterator[str]:
    if len(value) < of.get("minProperties", 0):
        yield f"{at}: too few"
    for name in of.get("required", []):
        if name not in value:
            yield f"{at}: {name} is missing"
    for name, item in value.items():
        yield from faults(name, of.get("propertyNames", {}), root, f"{at}.{name}")
        rest = of.get("additionalProperties", {})
        if name in of.get("properties", {}):
            yield from faults(item, of["properties"][name], root, f"{at}.{name}")
        elif rest is False:
            yield f"{at}: no key {name}"
        else:
            yield from faults(item, rest, root, f"{at}.{name}")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.name)
def test_the_desk_that_ships_is_valid(path: Path) -> None:
    against = team_schema() if path.name == "team.yaml" else schema()
    assert list(faults(read(path.read_text()), against, against)) == []


@pytest.mark.parametrize(
    "text",
    [
        "skills: {refunds: , billing: {covers: {refunds: 1}}}",
        "enrich: [{id: a, when: always, set: {tags: a, priority: 35, weight: 2}}]",
        "enrich: [{id: a, when: {topic: {gt: 3, known: true}}, set: {priority: low}}]",
        "route: [{id: a, when: {all: [{channel: a}], not: {tags: [a, b]}}, to: {for: 1h30m}}]",
        "calendars: {a: {tz: UTC, open: {'mon, wed-fri': [9:00-12:00]}, closed: [12-25]}}",
        "queues: {a: {promote_after: never, order: [deadline]}}",
        "replies: {a: {en: x, pt-BR: y}}",
        "include: [more/a.yaml, folder/]",
        "enrich: [{id: a, when: {cel: 'order.total > 3'}, set: {priority: low}}]",
        "enrich: [{id: a, when: {message.text: {any_of: {en: x, de: [y, z]}}}, set: {tags: t}}]",
        "route: [{id: a, when: always, deflect: {article: kb/a, ask: Solved?, for: 5m}}]",
        "route: [{id: a, when: always, deflect: {article: b, ask: {en: a, de: b}}}]",
    ],
)
def test_what_the_loader_takes_is_valid(text: str) -> None:
    assert list(faults(read("version: 1\n" + text), schema(), schema())) == []


@pytest.mark.parametrize(
    "text",
    [
        "rout: []",
        "version: 2",
        "enrich: [{id: a, set: {}}]",
        "enrich: [{id: a, when: {}, set: {}}]",
        "enrich: [{id: a, when: never, set: {}}]",
        "enrich: [{id: a, when: {channel: {}}, set: {}}]",
        "enrich: [{id: a, when: {channel: {is: x}}, set: {}}]",
        "enrich: [{id: a, when: always, set: {priority: hihg}}]",
        "enrich: [{id: a, when: always, set: {need: {x: 6}}}]",
        "route: [{id: a, to: {for: 5}}]",
        "route: [{id: a, to: {queue: x}, deflect: {}}]",
        "route: [{id: 'a b', to: {}}]",
        "queues: {a: {pick: best}}",
        "queues: {a: {order: [age]}}",
        "calendars: {a: {tz: UTC, open: {mo: 9:00-12:00}}}",
        "calendars: {a: {tz: UTC, open: {}}}",
        "calendars: {a: {open: {mon: 9:00-12:00}}}",
        "replies: {a: {}}",
    ],
)
def test_what_the_loader_refuses_is_not_valid(text: str) -> None:
    head = "" if "version" in text else "version: 1\n"
    assert list(faults(read(head + text), schema(), schema()))


@pytest.mark.parametrize("path", sorted((FOLDER / "tests").glob("*")), ids=lambda path: path.name)
def test_the_tests_that_ship_are_valid(path: Path) -> None:
    against = schema_of_tests()
    assert list(faults(read(path.read_text()), against, against)) == []


@pytest.mark.parametrize(
    "text",
    [
        "tests: []",
        "tests: [{name: a}]",
        "tests: [{name: a, given: {}, expect: {state: gone}}]",
        "tests: [{name: a, given: {}, at: yesterday}]",
        "tests: [{name: a, given: {}, after: {soon: {agent: x}}}]",
        "agents: {a: {load: much}}\ntests: [{name: a, given: {}}]",
    ],
)
def test_files_of_tests_that_are_refused_are_not_valid(text: str) -> None:
    assert list(faults(read(text), schema_of_tests(), schema_of_tests()))


def test_every_reference_leads_somewhere() -> None:
    for one in (schema(), team_schema(), schema_of_tests()):
        targets = set(re.findall(r"#/\$defs/([\w ]+)", repr(one)))
        assert targets <= one["$defs"].keys()


def test_every_key_has_its_sentence() -> None:
    for keys in SHAPES.values():
        for name, key in keys.items():
            assert key.doc.endswith("."), name
