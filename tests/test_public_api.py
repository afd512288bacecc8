"""What `omniroute` exports: all that a plugin author needs, and nothing by chance."""

from __future__ import annotations

import inspect
import subprocess
import sys
import types
from collections.abc import Iterator
from typing import get_args, get_origin, get_type_hints

import pytest

import omniroute
from omniroute import contracts, hookspecs

PUBLIC = {name: getattr(omniroute, name) for name in omniroute.__all__}


def test_no_name_stands_there_twice() -> None:
    assert len(set(omniroute.__all__)) == len(omniroute.__all__)


def test_nothing_else_is_exported() -> None:
    offered = {
        name
        for name, value in vars(omniroute).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert offered == set(omniroute.__all__)


@pytest.mark.parametrize("name", PUBLIC)
def test_whatever_is_public_says_what_it_is(name: str) -> None:
    found = PUBLIC[name]
    if inspect.isclass(found):
        assert found.__doc__
        assert not found.__doc__.startswith(f"{name}(")  # the one that dataclasses make up


def test_the_version_is_that_of_the_distribution() -> None:
    from importlib.metadata import version

    assert omniroute.__version__ == version("omniroute")


def ours(hint: object) -> Iterator[type]:
    """The classes of omniroute that a hint names."""
    if get_origin(hint) is not None:
        for inner in get_args(hint):
            yield from ours(inner)
    elif isinstance(hint, type) and hint.__module__.startswith("omniroute"):
        yield hint


def hints(function: object) -> Iterator[object]:
    if inspect.isfunction(function):
        yield from get_type_hints(function).values()


def reachable(kind: type) -> Iterator[type]:
    """The classes that the members of a public class speak of."""
    if kind.__module__ in ("omniroute.channel", "omniroute.desk", "omniroute.hookspecs"):
        for hint in get_type_hints(kind).values():
            yield from ours(hint)
        for member in vars(kind).values():
            for hint in hints(member):
                yield from ours(hint)


@pytest.mark.parametrize("hook", sorted(contracts.HOOKS))
def test_whoever_writes_a_hook_can_name_its_types(hook: str) -> None:
    for hint in hints(getattr(hookspecs, hook)):
        for kind in ours(hint):
            assert PUBLIC.get(kind.__name__) is kind, f"{hook}: {kind.__name__} is not exported"


@pytest.mark.parametrize("name", [n for n, found in PUBLIC.items() if inspect.isclass(found)])
def test_what_a_public_class_speaks_of_is_public(name: str) -> None:
    for kind in reachable(PUBLIC[name]):
        assert PUBLIC.get(kind.__name__) is kind, f"{name}: {kind.__name__} is not exported"


def test_importing_it_costs_no_plugin_no_server_and_no_store() -> None:
    code = (
        "import sys, omniroute; print(*sorted(m for m in sys.modules if m.startswith('omniroute')))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    deeper = ("omniroute.server", "omniroute.web", "omniroute.runtime", "omniroute.application")
    assert not [name for name in printed if name.startswith((*deeper, "omniroute.plugins"))]
