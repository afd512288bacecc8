"""The examples in docstrings hold."""

import doctest
import importlib
import pkgutil

import pytest

import omniroute.application

MODULES = [
    module.name
    for module in pkgutil.walk_packages(
        omniroute.application.__path__, omniroute.application.__name__ + "."
    )
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
