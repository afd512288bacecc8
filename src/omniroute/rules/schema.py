"""The JSON Schema of a file of rules, for editors that complete and check while one types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omniroute.rules.grammar import ALWAYS, SHAPES, VALUES, Key, listed, ref

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema of the files in a folder of rules, less the team's."""
    return _file("file", "OmniRoute rules")


def team_schema() -> dict[str, Any]:
    """The schema of ``team.yaml``."""
    return _file("team file", "OmniRoute team")


def schema_of_tests() -> dict[str, Any]:
    """The schema of the files in the folder ``tests``."""
    return _file("test file", "OmniRoute tests of rules")


def _file(shape: str, title: str) -> dict[str, Any]:
    defs: dict[str, Any] = {name: dict(value) for name, value in VALUES.items()}
    defs |= {name: _shape(keys) for name, keys in SHAPES.items()}
    defs["condition"] = {"anyOf": [{"const": ALWAYS}, _condition()]}
    defs["escalation when"] = _beside(defs["escalation when"], _condition())
    requirement = {**defs["requirement"], "minProperties": 1}
    ending = {"anyOf": [ref("level"), ref("need with an end")]}
    defs["requirement"] = requirement | {"additionalProperties": ref("level")}
    defs["requirement with ends"] = requirement | {"additionalProperties": ending}
    defs["tested"] = {"anyOf": [*listed("value")["anyOf"], {**ref("test"), "minProperties": 1}]}
    defs["skill"] = {"anyOf": [defs["skill"], {"type": "null"}]}
    defs["reply"] = {
        "description": "A text by language.",
        "type": "object",
        "minProperties": 1,
        "additionalProperties": ref("text"),
    }
    return {"$schema": DIALECT, "title": title, **ref(shape), "$defs": defs}


def _shape(keys: Mapping[str, Key]) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"description": k.doc, **k.value} for name, k in keys.items()},
    }
    required = [name for name, key in keys.items() if key.required]
    return shape | ({"required": required} if required else {})


def _beside(shape: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Both in one mapping: what the first does not know is the other's."""
    return {**other, "properties": {**other["properties"], **shape["properties"]}}


def _condition() -> dict[str, Any]:
    """A mapping of facts; those of plugins have names that this file cannot know."""
    shape = _shape(SHAPES["condition"])
    return shape | {"additionalProperties": ref("tested"), "minProperties": 1}
