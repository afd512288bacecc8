"""A program that was written against a release's API runs on what comes after it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.api.describe import STORED, VERSION
from tests.api.described import bare, breaks

from omniroute.web.rest.routes import document

RELEASES = sorted((STORED / "rest").glob("*.json"))
NOW = bare(json.loads(document()))


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.stem)
def test_nothing_that_a_release_promised_is_broken(path: Path) -> None:
    promised = json.loads(path.read_text(encoding="utf-8"))
    said = "see docs/reference/compatibility.md; before the release: `python -m tests.api.describe`"
    assert breaks(promised, NOW) == [], said


def test_the_description_of_this_version_is_kept() -> None:
    assert VERSION in [path.stem for path in RELEASES]


def operation(document: Any) -> Any:
    return document["paths"]["/threads/{thread}/reply"]["post"]


def listing(document: Any) -> Any:
    return document["paths"]["/threads"]["get"]["parameters"]


def schemas(document: Any) -> Any:
    return document["components"]["schemas"]


def set_(place: Callable[[Any], Any], name: str, value: Any) -> Callable[[Any], None]:
    return lambda document: place(document).__setitem__(name, value)


def drop(place: Callable[[Any], Any], name: str) -> Callable[[Any], None]:
    return lambda document: place(document).__delitem__(name)


REPLY = "POST /threads/{thread}/reply"
LIST = "GET /threads"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda document: None, []),
        # what may come
        (set_(lambda d: d["paths"], "/new", {"get": {}}), []),
        (set_(lambda d: schemas(d)["Outcome"]["properties"], "more", {"type": "string"}), []),
        (set_(lambda d: schemas(d)["ReplyBody"]["properties"], "more", {"type": "string"}), []),
        (lambda d: listing(d).append({"name": "more", "in": "query", "schema": {}}), []),
        (set_(lambda d: listing(d)[0]["schema"]["items"], "enum", ["new", "more"]),
         [f"{LIST} phase[]: {each} is taken no more" for each in
          ("assigned", "closed", "held", "offered", "queued", "resolved", "snoozed", "stranded")]),
        # what must not
        (drop(lambda d: d["paths"]["/threads/{thread}/reply"], "post"), [f"{REPLY} is gone"]),
        (set_(operation, "operationId", "say"), [f"{REPLY} is called say and was reply_thread"]),
        (set_(operation, "scope", "rules:write"), [f"{REPLY} needs the scope rules:write now"]),
        (lambda d: listing(d).pop(0), [f"{LIST} phase is gone"]),
        (lambda d: listing(d).append({"name": "x", "in": "query", "required": True, "schema": {}}),
         [f"{LIST} x must be given now"]),
        (set_(lambda d: schemas(d)["ReplyBody"], "required", ["text", "seen", "to"]),
         [f"{REPLY} body.to must be given now"]),
        (set_(lambda d: schemas(d)["ReplyBody"]["properties"]["text"], "maxLength", 10),
         [f"{REPLY} body.text: maxLength is 10 now"]),
        (set_(lambda d: schemas(d)["ReplyBody"]["properties"], "seen", {"type": "string"}),
         [f"{REPLY} body.seen: integer is taken no more"]),
        (drop(lambda d: schemas(d)["ReplyBody"]["properties"], "to"), [f"{REPLY} body.to is gone"]),
    ],
)  # fmt: skip
def test_what_breaks_a_program_that_asks_is_named(
    change: Callable[[Any], None], found: list[str]
) -> None:
    after = copy.deepcopy(NOW)
    change(after)
    assert breaks(NOW, after) == found


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (drop(lambda d: schemas(d)["Outcome"]["properties"], "code"), ".code is gone"),
        (set_(lambda d: schemas(d)["Outcome"], "required", ["ok", "text"]),
         ".code may be missing now"),
        (set_(lambda d: schemas(d)["Outcome"]["properties"], "code", {"type": "integer"}),
         ".code: integer is new"),
        (set_(lambda d: schemas(d)["Outcome"]["properties"], "code",
              {"anyOf": [{"type": "string"}, {"type": "null"}]}), ".code: null is new"),
    ],
)  # fmt: skip
def test_what_breaks_a_program_that_reads_is_named_once(
    change: Callable[[Any], None], fault: str
) -> None:
    after = copy.deepcopy(NOW)
    change(after)
    (said,) = breaks(NOW, after)  # not at each of the operations that answer so
    assert said.endswith(f" 200{fault}")


def test_the_same_in_other_words_breaks_nothing() -> None:
    said = json.loads(document())
    said["paths"]["/threads"]["get"]["summary"] = "Other words"
    said["components"]["schemas"]["Outcome"]["description"] = "And here"
    assert bare(said) == NOW


def test_fields_that_are_called_as_prose_is_are_kept() -> None:
    fields = {"title": {"type": "string", "title": "T"}, "tags": {"type": "array"}}
    kept = {"title": {"type": "string"}, "tags": {"type": "array"}}
    assert bare({"title": "x", "properties": fields}) == {"properties": kept}
