"""Typed settings from ``omniroute.toml``, for the engine and for every plugin.

A section is a `msgspec.Struct`; its fields carry their description.  A value may be given as it
is, as ``{env = "NAME"}`` or as ``{file = "path"}``; the latter two keep secrets out of the file.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from omniroute.errors import ConfigError, did_you_mean

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


def section(values: Mapping[str, object], into: type[T], place: str) -> T:
    """Convert one table of settings.  Raises `ConfigError` naming the setting and the fix."""
    known = {field.encode_name for field in msgspec.structs.fields(into)}  # type: ignore[arg-type]
    for name in values:
        if name not in known:
            listed = did_you_mean(name, known) or f"known are: {', '.join(sorted(known))}"
            raise ConfigError(f"{place}.{name}", "no such setting", listed)
    resolved = {name: _resolve(value, f"{place}.{name}") for name, value in values.items()}
    try:
        return msgspec.convert(resolved, into, dec_hook=_decode)
    except msgspec.ValidationError as error:
        fault, _, path = str(error).partition(" - at `$.")
        where = f"{place}.{path.rstrip('`')}" if path else place
        # The value is not repeated here: it may be a secret in the wrong place.
        raise ConfigError(where, fault[:1].lower() + fault[1:]) from None


def read(path: Path) -> dict[str, Any]:
    """The tables of a settings file.  Raises `ConfigError` with file and line."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(str(path), "no such file", "`omniroute demo` needs none") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"cannot be read as TOML: {error}") from None


def _resolve(value: object, place: str) -> object:
    match value:
        case {"env": str(name), **rest} if not rest:
            if name not in os.environ:
                raise ConfigError(place, f"the environment variable {name} is not set")
            return os.environ[name]
        case {"file": str(name), **rest} if not rest:
            try:
                return Path(name).expanduser().read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ConfigError(place, f"cannot read {name}: {error.strerror}") from None
    return value


def _decode(kind: type, value: object) -> object:
    if kind is Secret:
        if not isinstance(value, str):
            raise TypeError("a secret is text")
        return Secret(value)
    if kind is Path and isinstance(value, str):
        return Path(value).expanduser()
    raise NotImplementedError(kind)
