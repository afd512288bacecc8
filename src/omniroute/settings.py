"""Typed settings from ``omniroute.toml``, for the engine and for every plugin.

A section is a `msgspec.Struct`; its fields carry their description.  A value may be given as it
is, as ``{env = "NAME"}`` or as ``{file = "path"}``; the latter two keep secrets out of the file.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from omniroute.errors import ConfigError, ConfigErrors, did_you_mean

T = TypeVar("T")


class Secret:
    """A value that never shows itself in a log, a repr or a traceback."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself; call it where it is used and keep no copy."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def says(description: str, at_least: int | None = None, at_most: int | None = None) -> msgspec.Meta:
    """What the admin reads about a setting, and its limits: ``Annotated[int, says("…", 1, 9)]``."""
    return msgspec.Meta(description=description, ge=at_least, le=at_most)


def section(
    values: Mapping[str, object],
    into: type[T],
    place: str,
    elsewhere: Mapping[str, str] | None = None,
) -> T:
    """Convert one table of settings.  Raises `ConfigErrors`, naming settings and fixes.

    *elsewhere* tells in which other section a setting stands, by its name.
    """
    homes = elsewhere or {}
    fields = {field.encode_name: field for field in msgspec.structs.fields(into)}  # type: ignore[arg-type]
    findings: list[ConfigError] = []
    given: dict[str, object] = {}
    for name, value in values.items():
        where = f"{place}.{name}"
        try:
            if name not in fields:
                fix = f"it stands in [{homes[name]}]" if name in homes else ""
                fix = fix or did_you_mean(name, fields) or f"known are: {', '.join(sorted(fields))}"
                raise ConfigError(where, "no such setting", fix)
            # Variables and files hold text, which may stand for a number or a truth value.
            strict = not _is_elsewhere(value)
            given[name] = _converted(_resolve(value, where), fields[name].type, where, strict)
        except ConfigError as error:
            findings.append(error)
    findings += [
        ConfigError(f"{place}.{name}", "is missing")
        for name, field in fields.items()
        if field.required and name not in values
    ]
    if findings:
        raise ConfigErrors(findings)
    converted: T = _converted(given, into, place)
    return converted


def read(path: Path) -> dict[str, Any]:
    """The tables of a settings file.  Raises `ConfigError` with file and, if it can, line.

    What they take from a ``{file = "…"}`` is relative to the file itself.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        return {name: _anchored(value, path.parent) for name, value in tables.items()}
    except FileNotFoundError:
        raise ConfigError(
            str(path), "no such file", "name yours by --config; `omniroute demo` needs none"
        ) from None
    except OSError as error:
        raise ConfigError(str(path), f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(str(path), "is not UTF-8", "save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        # The text of the line is not repeated: it may hold a secret.
        fault, _, at = str(error).partition(" (at line ")
        line = f":{at.partition(',')[0]}" if at else ""
        raise ConfigError(f"{path}{line}", f"cannot be read as TOML: {fault}") from None


def _anchored(value: Any, folder: Path) -> Any:
    match value:
        case {"file": str(name), **rest} if not rest:
            return {"file": str(folder / Path(name).expanduser())}
        case dict():
            return {key: _anchored(inner, folder) for key, inner in value.items()}
        case list():
            return [_anchored(inner, folder) for inner in value]
    return value


def _resolve(value: object, place: str) -> object:
    match value:
        case {"env": str(name), **rest} if not rest:
            if name not in os.environ:
                raise ConfigError(place, f"the environment variable {name} is not set")
            return os.environ[name]
        case {"file": str(name), **rest} if not rest:
            return _content(name, place)
        case dict():
            return {key: _resolve(inner, f"{place}.{key}") for key, inner in value.items()}
        case list():
            return [_resolve(inner, f"{place}[{n}]") for n, inner in enumerate(value)]
    return value


def _content(name: str, place: str) -> str:
    try:
        return Path(name).expanduser().read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(place, f"cannot read {name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(place, f"{name} is not UTF-8 text") from None


def _is_elsewhere(value: object) -> bool:
    return isinstance(value, dict) and value.keys() in ({"env"}, {"file"})


def _converted(value: object, into: Any, place: str, strict: bool = True) -> Any:
    try:
        return msgspec.convert(value, into, strict=strict, dec_hook=_decode)
    except msgspec.ValidationError as error:
        fault, _, path = str(error).partition(" - at `$")
        if fault.startswith("Invalid enum value"):
            # The value is not repeated here: it may be a secret in the wrong place.
            fault = "is none of the values it may have"
        raise ConfigError(place + path.rstrip("`"), fault[:1].lower() + fault[1:]) from None


def _decode(kind: type, value: object) -> object:
    if isinstance(value, kind):
        return value
    make = _TEXTS.get(kind)
    if make is None:
        raise NotImplementedError(kind)
    if not isinstance(value, str):
        raise TypeError(f"a {kind.__name__.lower()} is text")
    return make(value)


_TEXTS: Mapping[type, Callable[[str], object]] = {
    Secret: Secret,
    Path: lambda text: Path(text).expanduser(),
}
