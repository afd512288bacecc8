"""What the API promises to other people's programs, as its OpenAPI description says it.

A program that was written against a release must run on what comes later: what it sends is still
taken, and what it reads is still there.  Answers may get new fields and lists new words; requests
may get new fields that need not be given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]

PROSE = ("description", "summary", "title", "tags", "info", "servers")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
ANYTHING = "anything"
SCOPE = re.compile(r"Needs the scope `([^`]+)`")


def bare(said: Any, *, named: bool = False) -> Any:
    """A description without prose, but for the scope that an operation needs.

    Within ``properties`` and such names are anybody's (*named*): there nothing is prose.
    """
    if isinstance(said, list):
        return [bare(each) for each in said]
    if not isinstance(said, dict):
        return said
    kept = {
        name: bare(each, named=name in ("properties", "schemas", "responses", "paths"))
        for name, each in sorted(said.items())
        if named or name not in PROSE
    }
    if not named and "operationId" in said:
        found = SCOPE.search(said.get("description", ""))
        kept["scope"] = found[1] if found else ""
    return kept


def breaks(before: Json, after: Json) -> list[str]:
    """Where a program that was written against *before* would fail on *after*."""
    return sorted(set(_Comparison(before, after).faults()))


class _Comparison:
    """Two descriptions, and the pairs of schemas that have been looked at."""

    def __init__(self, before: Json, after: Json) -> None:
        self._before, self._after = before, after
        self._met: set[tuple[str, str, bool]] = set()

    def faults(self) -> Iterator[str]:
        for path, operations in self._before["paths"].items():
            for method, old in operations.items():
                place = f"{method.upper()} {path}"
                new = self._after["paths"].get(path, {}).get(method)
                if new is None:
                    yield f"{place} is gone"
                else:
                    yield from self._operation(place, old, new)

    def _operation(self, place: str, old: Json, new: Json) -> Iterator[str]:
        if old["operationId"] != new["operationId"]:
            yield f"{place} is called {new['operationId']} and was {old['operationId']}"
        if new["scope"] not in ("", old["scope"]):
            yield f"{place} needs the scope {new['scope']} now"
        yield from self._parameters(place, old.get("parameters", ()), new.get("parameters", ()))
        yield from self._body(f"{place} body", old.get("requestBody"), new.get("requestBody"))
        for status, answer in old["responses"].items():
            now = new["responses"].get(status)
            if now is None:
                yield f"{place} answers {status} no more"
                continue
            given, gives = self._old(answer).get("content", {}), self._new(now).get("content", {})
            for form in given:
                if form not in gives:
                    yield f"{place} {status} comes as {form} no more"
                else:
                    schemas = given[form].get("schema", {}), gives[form].get("schema", {})
                    yield from self._schema(f"{place} {status}", *schemas, asked=False)

    def _parameters(self, place: str, old: Any, new: Any) -> Iterator[str]:
        was = {(each["in"], each["name"]): each for each in old}
        now = {(each["in"], each["name"]): each for each in new}
        for key, each in now.items():
            if each.get("required") and not was.get(key, {}).get("required"):
                yield f"{place} {key[1]} must be given now"
        for key, each in was.items():
            if key not in now:
                yield f"{place} {key[1]} is gone"
            else:
                schemas = each["schema"], now[key]["schema"]
                yield from self._schema(f"{place} {key[1]}", *schemas, asked=True)

    def _body(self, place: str, old: Json | None, new: Json | None) -> Iterator[str]:
        if new is not None and new.get("required") and not (old and old.get("required")):
            yield f"{place} must be given now"
        for form, each in (old or {}).get("content", {}).items():
            now = (new or {}).get("content", {}).get(form)
            if now is None:
                yield f"{place} is taken as {form} no more"
            else:
                schemas = each.get("schema", {}), now.get("schema", {})
                yield from self._schema(place, *schemas, asked=True)

    def _old(self, said: Json) -> Json:
        return _resolved(self._before, said)

    def _new(self, said: Json) -> Json:
        return _resolved(self._after, said)

    def _schema(self, place: str, old: Json, new: Json, *, asked: bool) -> Iterator[str]:
        """*asked*: programs give it; else they read it."""
        if "$ref" in old or "$ref" in new:
            pair = (str(old.get("$ref")), str(new.get("$ref")), asked)
            if pair in self._met:
                return
            self._met.add(pair)
        old, new = self._old(old), self._new(new)
        given, taken = (old, new) if asked else (new, old)  # what comes, and who must take it
        if more := _beyond(_types(given), _types(taken)):
            words = "taken no more" if asked else "new"
            yield f"{place}: {', '.join(sorted(more))} is {words}"
            return
        yield from _limits(place, given, taken, asked)
        yield from self._fields(place, old, new, asked)
        for name in ("items", "additionalProperties"):
            if isinstance(old.get(name), dict) and isinstance(new.get(name), dict):
                yield from self._schema(f"{place}[]", old[name], new[name], asked=asked)
        for was in old.get("anyOf", ()):
            for now in new.get("anyOf", ()):
                if _types(was) == _types(now):
                    yield from self._schema(place, was, now, asked=asked)

    def _fields(self, place: str, old: Json, new: Json, asked: bool) -> Iterator[str]:
        was, now = old.get("properties", {}), new.get("properties", {})
        for name in sorted(was):
            if name not in now:
                yield f"{place}.{name} is gone"
            else:
                yield from self._schema(f"{place}.{name}", was[name], now[name], asked=asked)
        needed, needs = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(needs - needed if asked else (needed - needs) & now.keys()):
            yield f"{place}.{name} {'must be given now' if asked else 'may be missing now'}"


def _resolved(document: Json, said: Json) -> Json:
    """What a reference leads to."""
    while "$ref" in said:
        found: Any = document
        for name in said["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        said = found
    return said


def _beyond(given: frozenset[str], taken: frozenset[str]) -> frozenset[str]:
    """The types among *given* that *taken* has no room for."""
    if ANYTHING in taken:
        return frozenset()
    return given - taken - ({"integer"} if "number" in taken else set())


def _types(schema: Json) -> frozenset[str]:
    """What a value may be."""
    if "anyOf" in schema:
        return frozenset().union(*(_types(each) for each in schema["anyOf"]))
    if "$ref" in schema:
        return frozenset(["object"])
    if "type" not in schema:
        return frozenset(["string" if "enum" in schema else ANYTHING])
    said = schema["type"]
    return frozenset([said] if isinstance(said, str) else said)


def _limits(place: str, given: Json, taken: Json, asked: bool) -> Iterator[str]:
    """Words and sizes; what is read may have new words, and is as large as it is."""
    if not asked:
        return
    if "enum" in taken and "enum" not in given:
        yield f"{place}: only certain words are taken now"
    for word in given.get("enum", ()):
        if word not in taken.get("enum", given["enum"]):
            yield f"{place}: {word} is taken no more"
    for limit in UPPER:
        if limit in taken and taken[limit] < given.get(limit, float("inf")):
            yield f"{place}: {limit} is {taken[limit]} now"
    for limit in LOWER:
        if limit in taken and taken[limit] > given.get(limit, float("-inf")):
            yield f"{place}: {limit} is {taken[limit]} now"
    if "pattern" in taken and taken["pattern"] != given.get("pattern"):
        yield f"{place}: another pattern is asked for"
