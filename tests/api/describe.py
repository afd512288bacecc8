"""What `omniroute` promises to plugins, as data: ``python -m tests.api.describe`` stores it anew,
and beside it what the API promises.

The description of a release is stored when it is made, and kept; what comes later is held to it
(docs/reference/compatibility.md).
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.api.described import bare

import omniroute
from omniroute import hookspecs
from omniroute.contracts import HOOKS
from omniroute.web.rest.routes import document

STORED = Path(__file__).parent
VERSION = ".".join(omniroute.__version__.split(".")[:2])
OURS = frozenset(
    {"Door", "Intake", "Reader", "Store"}  # what the engine, or a driver of ours, implements
)
"""Protocols that plugins call: they may get new methods.  Those that plugins implement may not."""

Api = dict[str, dict[str, Any]]


def describe(module: Any = omniroute) -> Api:
    """Every public name with what may be said about it from outside, and every hook."""
    public = {name: _described(getattr(module, name)) for name in sorted(module.__all__)}
    return public | {name: hook(getattr(hookspecs, name)) for name in sorted(HOOKS)}


def hook(spec: Any) -> dict[str, Any]:
    """A hook: whoever names a parameter of it must go on getting it."""
    names = [[name, "keyword_only", True] for name, _, _ in parameters(spec)]
    return {"kind": "hook", "made of": names}


def _described(found: Any) -> dict[str, Any]:
    if inspect.isclass(found):
        kind = "enum" if issubclass(found, enum.Enum) else "class"
        if getattr(found, "_is_protocol", False):
            kind = "protocol"
        about: dict[str, Any] = {"kind": kind}
        if kind == "enum":
            return about | {"members": list(getattr(found, "__members__", ()))}
        if dataclasses.is_dataclass(found):
            about["fields"] = [
                [field.name, _has_default(field)] for field in dataclasses.fields(found)
            ]
        elif kind == "class" and "__init__" in vars(found):
            about["made of"] = parameters(found.__init__)
        about["members"] = dict(sorted(_members(found)))
        return about
    if callable(found) and inspect.isroutine(found):
        return {"kind": "function", "made of": parameters(found)}
    return {"kind": "value"}


def _has_default(field: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return field.default is not missing or field.default_factory is not missing


def _members(found: type) -> Iterator[tuple[str, Any]]:
    for name, member in vars(found).items():
        if name.startswith("_"):
            continue
        member = getattr(member, "__func__", member)
        if inspect.isfunction(member):
            yield name, parameters(member)
        elif isinstance(member, property):
            yield name, "property"
    for name in inspect.get_annotations(found):
        if not name.startswith("_") and not dataclasses.is_dataclass(found):
            yield name, "attribute"


def parameters(function: Any) -> list[list[Any]]:
    """Each parameter with its kind and whether it may be left out."""
    try:
        found = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return []
    return [
        [one.name, one.kind.name.lower(), one.default is not one.empty]
        for one in found
        if one.name not in ("self", "cls")
    ]


# --- comparing ---


def breaks(before: Api, after: Api) -> list[str]:
    """Where code that was written against *before* would fail on *after*."""
    found = [f"{name} is gone" for name in before.keys() - after.keys()]
    for name in before.keys() & after.keys():
        found += [f"{name}{fault}" for fault in _changed(name, before[name], after[name])]
    return sorted(found)


def _changed(name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    if old["kind"] != new["kind"]:
        yield f" was a {old['kind']} and is a {new['kind']}"
        return
    if old["kind"] == "enum":
        yield from (
            f".{member} is gone" for member in old["members"] if member not in new["members"]
        )
        return
    if "fields" in old:
        yield from _fields(old["fields"], new.get("fields", []))
    if "made of" in old:
        yield from _parameters("", old["made of"], new.get("made of", []))
    members, now = old.get("members", {}), new.get("members", {})
    yield from (f".{member} is gone" for member in members.keys() - now.keys())
    for member in members.keys() & now.keys():
        if isinstance(members[member], list) and isinstance(now[member], list):
            yield from _parameters(f".{member}", members[member], now[member])
        elif members[member] != now[member]:
            yield f".{member} is another kind of member"
    if old["kind"] == "protocol" and name not in OURS:
        for member in now.keys() - members.keys():
            yield f".{member} is new, and plugins that implement {name} have it not"


def _fields(old: list[list[Any]], new: list[list[Any]]) -> Iterator[str]:
    names = [name for name, _ in new]
    for place, (name, optional) in enumerate(old):
        if name not in names:
            yield f".{name} is gone"
        elif names.index(name) != place:
            yield f".{name} stands at another place; new fields come last"
        elif optional and not new[place][1]:
            yield f".{name} has no default any more"
    for name, optional in new:
        if name not in [known for known, _ in old] and not optional:
            yield f".{name} is new and has no default"


def _parameters(where: str, old: list[list[Any]], new: list[list[Any]]) -> Iterator[str]:
    now = {name: (place, kind, optional) for place, (name, kind, optional) in enumerate(new)}
    for place, (name, kind, optional) in enumerate(old):
        if name not in now:
            yield f"{where}: parameter {name} is gone"
            continue
        then = now[name]
        if kind == "positional_or_keyword" and (then[0] != place or then[1] == "keyword_only"):
            yield f"{where}: parameter {name} stands at another place"
        if optional and not then[2]:
            yield f"{where}: parameter {name} has no default any more"
    for name, _, optional in new:
        if name not in [known for known, _, _ in old] and not optional:
            yield f"{where}: parameter {name} is new and has no default"


def main() -> None:
    """Store what this version promises, to plugins and to other people's programs."""
    for folder, found in ((STORED, describe()), (STORED / "rest", bare(json.loads(document())))):
        text = json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True)
        (folder / f"{VERSION}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
