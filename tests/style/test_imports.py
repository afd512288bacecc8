"""Import contracts that import-linter cannot express; the layers are in pyproject.toml."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "src" / "omniroute" / "core"
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
PROJECTS = [ROOT, *PLUGINS]

CORE_MAY_USE = {"networkx", "re2", "msgspec"}
# The core decides from its arguments alone.
CORE_MUST_NOT_USE = {
    *("time", "sched", "random", "secrets", "uuid"),  # clock and chance
    *("os", "platform", "getpass", "tempfile", "importlib"),  # surroundings
    *("io", "pathlib", "shutil", "sqlite3", "subprocess"),  # files and programs
    *("socket", "ssl", "select", "urllib", "http"),  # network
    *("asyncio", "threading", "multiprocessing", "concurrent", "queue", "contextvars", "signal"),
    *("logging", "warnings"),  # a decision says what it has to say in its why
}


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Each (line, module) that a file imports; a relative import names its own package: ``.``."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." if node.level else node.module or "."


def outside(folder: Path) -> Iterator[tuple[str, str]]:
    """Each (file:line, module) that files below a folder import, relative imports left out."""
    for path in sorted(folder.rglob("*.py")):
        for line, module in imports(path):
            if module != ".":
                yield f"{path.relative_to(ROOT)}:{line}", module


def top(module: str) -> str:
    return module.partition(".")[0]


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def test_the_core_imports_nothing_of_omniroute_but_itself() -> None:
    found = [
        f"{place}: {module}"
        for place, module in outside(CORE)
        if top(module).startswith("omniroute") and not is_within(module, "omniroute.core")
    ]
    assert found == []


def test_the_core_is_pure() -> None:
    found = [
        f"{place}: {module}"
        for place, module in outside(CORE)
        if not top(module).startswith("omniroute")
        and (
            top(module) in CORE_MUST_NOT_USE
            or top(module) not in CORE_MAY_USE | sys.stdlib_module_names
        )
    ]
    assert found == []


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_imports_the_public_names_of_omniroute_and_nothing_deeper(plugin: Path) -> None:
    found = [
        f"{place}: {module}"
        for place, module in outside(plugin / "src")
        if is_within(module, "omniroute")
        and module != "omniroute"
        and not ("/testing" in place and is_within(module, "omniroute.testing"))  # its fake
    ]
    assert found == []


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_tests_of_a_plugin_use_no_more_than_an_integrator_has(plugin: Path) -> None:
    found = [
        f"{place}: {module}"
        for place, module in outside(plugin / "tests")
        if is_within(module, "omniroute")
        and module != "omniroute"
        and not is_within(module, "omniroute.testing")
    ]
    assert found == []


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_a_package_imports_only_what_it_declares(project: Path) -> None:
    about = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    declared = list(about["dependencies"])
    for extra in about.get("optional-dependencies", {}).values():
        declared += extra
    names = {normal(re.split(r"[^\w.-]", requirement)[0]) for requirement in declared}
    names.add(normal(about["name"]))

    providers = packages_distributions()
    found = [
        f"{place}: {module}"
        for place, module in outside(project / "src")
        if top(module) not in sys.stdlib_module_names
        and "/scaffold/plugin/" not in place  # a package of its own, which declares its own
        and names.isdisjoint(map(normal, [top(module), *providers.get(top(module), [])]))
    ]
    assert found == []
