"""What a plugin must keep to, checked at load: all that pluggy lets pass and would regret later.

pluggy compares the names of parameters and nothing else.  A hook behind a property or in a
callable object is skipped in silence, a keyword-only parameter fails at the call, one with a
default never gets a value, and a channel without `send` is found out by the first answer.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType, MethodType
from typing import Any, Final, get_args, get_type_hints

import msgspec

from omniroute import hookspecs
from omniroute.channel import ICONS, Cap, Channel
from omniroute.desk import Desk
from omniroute.errors import PluginError, did_you_mean

PREFIX: Final = "omniroute_"
HOOKS: Final = frozenset(name for name in vars(hookspecs) if name.startswith(PREFIX))
MAY_BE_ASYNC: Final = "omniroute_event"
COUNTS: Final = ("characters", "utf16", "bytes", "gsm")
SLUG: Final = re.compile(r"[a-z][a-z0-9_-]*")

Marks = Mapping[str, Any]  # what @hookimpl was told
MarksOf = Callable[[object, str], Marks | None]
_UNKNOWN: Final = object()


def plugin_faults(plugin: object, name: str, marks_of: MarksOf) -> Iterator[PluginError]:
    """Everything wrong with the hooks of *plugin*; *marks_of* finds what `hookimpl` left there."""
    offered = False
    for attribute in dir(plugin):
        marks = marks_of(plugin, attribute)
        if marks is None and not attribute.startswith(PREFIX):
            continue
        faults = list(_attribute_faults(plugin, attribute, marks))
        offered = offered or marks is not None or bool(faults)
        for fault in faults:
            yield PluginError(name, attribute, fault)
    if not offered:
        fix = "mark functions that are named as hooks with @hookimpl"
        yield PluginError(name, "registration", f"offers no hook; {fix}")


def _attribute_faults(plugin: object, attribute: str, marks: Marks | None) -> Iterator[str]:
    static = inspect.getattr_static(plugin, attribute)
    if not isinstance(static, FunctionType | MethodType | staticmethod | classmethod):
        if not _is_own_business(attribute, static):
            kind = "property" if _is_property(static) else type(static).__name__
            yield f"is a {kind}; a hook must be a plain function"
        return
    hook = (marks or {}).get("specname") or attribute
    if hook not in HOOKS:
        yield f"there is no such hook; {_guess(hook, HOOKS)}"
    elif marks is None:
        yield "is not marked with @hookimpl"
    elif marks.get("wrapper") or marks.get("hookwrapper"):
        yield "is a wrapper; hooks of OmniRoute cannot be wrapped"
    else:
        yield from _function_faults(hook, getattr(plugin, attribute))


def _is_own_business(attribute: str, static: object) -> bool:
    """`import omniroute_acme.parse` leaves a name with our prefix, and so may a constant."""
    could_be_one = callable(static) or _is_property(static) or attribute in HOOKS
    return inspect.ismodule(static) or not could_be_one


def _is_property(static: object) -> bool:
    return hasattr(type(static), "__get__")


def _function_faults(hook: str, function: Callable[..., object]) -> Iterator[str]:
    if _is_async(function) and hook != MAY_BE_ASYNC:
        yield f"is async; only {MAY_BE_ASYNC} may be"
    if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        yield "is a generator; return a whole answer"
    wanted = _hints(getattr(hookspecs, hook))
    for parameter in inspect.signature(function).parameters.values():
        fault = _parameter_fault(parameter, function, wanted)
        if fault:
            yield fault


def _parameter_fault(
    parameter: inspect.Parameter, function: Callable[..., object], wanted: Mapping[str, object]
) -> str:
    """What is wrong with one parameter, or an empty string."""
    name = parameter.name
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        stars = "*" if parameter.kind is parameter.VAR_POSITIONAL else "**"
        return f"takes {stars}{name}; name the parameters that are wanted: {_listed(wanted)}"
    if parameter.kind is parameter.KEYWORD_ONLY:
        return f"parameter {name} is keyword-only"
    if name == "self":
        return "is a method of a class; hand over an instance of it, or a module"
    if name not in wanted:
        return f"has no parameter {name}; {_guess(name, wanted)}"
    if parameter.default is not parameter.empty:
        return f"parameter {name} has a default and would never get another value"
    said = _meaning(parameter.annotation, function)
    if said in (_UNKNOWN, wanted[name], object, Any):
        return ""
    return f"parameter {name} is annotated {_shown(said)}; the contract says {_shown(wanted[name])}"


def _is_async(function: object) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _hints(function: Callable[..., object]) -> dict[str, object]:
    hints = get_type_hints(function)
    hints.pop("return", None)
    return hints


def _meaning(annotation: object, function: Callable[..., object]) -> object:
    """The type that an annotation of *function* names.

    Unknown where nothing is said, or where names are imported for type checkers only: mypy has
    seen to those.
    """
    if annotation is inspect.Parameter.empty:
        return _UNKNOWN

    def probe() -> None: ...

    probe.__annotations__ = {"it": annotation}
    names = getattr(inspect.unwrap(function), "__globals__", {})
    try:
        return get_type_hints(probe, names)["it"]
    except Exception:  # noqa: BLE001 - an annotation is code of the plugin's; it may do anything
        return _UNKNOWN


# --- what hooks hand over ---


def channel_faults(channel: type) -> Iterator[str]:
    """Everything wrong with a class that `omniroute_channels` handed over."""
    yield from _object_faults(channel, Channel, "account")
    if not isinstance(getattr(channel, "caps", Cap.NONE), Cap):
        yield "caps is no omniroute.Cap"
    longest = getattr(channel, "max_text", 1)
    if not isinstance(longest, int) or longest < 1:
        yield "max_text must be a number of characters, at least 1"
    counts = getattr(channel, "counts", COUNTS[0])
    if counts not in COUNTS:
        yield f"counts {counts!r} is none of {', '.join(COUNTS)}"
    if not isinstance(getattr(channel, "label", ""), str):
        yield "label is no text"
    icon = getattr(channel, "icon", ICONS[0])
    if icon not in ICONS:
        yield f"icon {icon!r} is none of {', '.join(ICONS)}"
    by = getattr(channel, "answered_by", None)
    if by is not None and not (isinstance(by, str) and SLUG.fullmatch(by)):
        yield f"answered_by {by!r} is no kind of channel, as “email” is"
    if not _is_struct(getattr(channel, "Config", msgspec.Struct)):
        yield "Config is no msgspec.Struct"
    if _is_async(getattr(channel, "parse", None)):
        yield "parse is async; it must be a pure, plain function"
    if hasattr(channel, "read_file"):
        yield from _reading_faults(channel)


def _reading_faults(channel: type) -> Iterator[str]:
    """What is wrong with how a channel reads files, if it says that it does."""
    if _is_async(getattr(channel, "read_file", None)):
        yield "read_file is async; it must be a pure, plain function"
    forms = getattr(channel, "forms", None)
    if not isinstance(forms, Mapping):
        yield "has read_file without forms; one that knows no forms says forms = {}"
    elif not all(isinstance(form, str) and SLUG.fullmatch(form) for form in forms):
        yield "forms must be slugs, as “text” is, since each is a flag of the command"


def desk_faults(desk: type) -> Iterator[str]:
    """Everything wrong with a class that `omniroute_desks` handed over."""
    yield from _object_faults(desk, Desk)


def _object_faults(offered: type, contract: type, *of_instances: str) -> Iterator[str]:
    kind = getattr(offered, "kind", "unnamed")
    if not isinstance(kind, str) or not SLUG.fullmatch(kind):
        yield f"kind {kind!r} is no slug, as “email” is"
    members = {name for name in vars(contract) if not name.startswith("_")}
    for name in sorted(members | contract.__annotations__.keys() - {*of_instances}):
        if not hasattr(offered, name):
            yield f"has no {name}"
    if _is_async(getattr(offered, "routes", None)):
        yield "routes is async; it must be a plain function"


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


# --- words ---


def _guess(name: str, known: Mapping[str, object] | frozenset[str]) -> str:
    return did_you_mean(name, known) or f"known: {_listed(known)}"


def _listed(names: Mapping[str, object] | frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _shown(kind: object) -> str:
    if isinstance(kind, type) and not get_args(kind):
        return kind.__name__
    return re.sub(r"[\w.]+\.", "", str(kind))
