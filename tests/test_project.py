"""The repository itself: locks, packages, versions, licence."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PLUGINS = sorted(path for path in (ROOT / "plugins").iterdir() if path.is_dir())
LOCKS = ["requirements.lock", "requirements-dev.lock"]
LOCK_LINE = re.compile(r"[\w.-]+==[\w.+!]+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")

each_lock = pytest.mark.parametrize("lock", LOCKS)
each_plugin = pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)


def project(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text())


def name_of(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement)[0]).lower()


def locked(lock: str) -> set[str]:
    return {
        name_of(line) for line in (ROOT / lock).read_text().splitlines() if not line.startswith(" ")
    }


def needed_to_run() -> set[str]:
    declared = list(project(ROOT)["dependency-groups"]["build"])
    for folder in (ROOT, *PLUGINS):
        declared += project(folder)["project"]["dependencies"]
    return {name_of(requirement) for requirement in declared} - {"omniroute"}


@each_lock
def test_a_lock_pins_every_package_by_hash_and_names_no_place_to_get_it_from(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert [line for line in text.splitlines() if not LOCK_LINE.fullmatch(line)] == []


@each_lock
def test_a_lock_holds_all_that_running_needs(lock: str) -> None:
    assert needed_to_run() - locked(lock) == set()


def test_the_lock_holds_the_drivers_of_database_servers() -> None:
    extras = project(ROOT)["project"]["optional-dependencies"]
    drivers = {name_of(item) for item in (*extras["postgres"], *extras["redis"])}
    assert drivers - locked("requirements.lock") == set()


def test_the_development_lock_holds_all_that_development_needs() -> None:
    groups = project(ROOT)["dependency-groups"]
    declared = {name_of(item) for item in groups["dev"] if isinstance(item, str)}
    assert declared - locked("requirements-dev.lock") == set()


def test_development_tests_the_versions_that_users_run() -> None:
    def pins(lock: str) -> set[str]:
        lines = (ROOT / lock).read_text().splitlines()
        return {line.split(" ")[0] for line in lines if not line.startswith(" ")}

    assert pins("requirements.lock") - pins("requirements-dev.lock") == set()


def test_the_licence_is_apache_2() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    assert {project(folder)["project"]["license"] for folder in (ROOT, *PLUGINS)} == {"Apache-2.0"}


def test_one_version_everywhere() -> None:
    versions = {folder.name: project(folder)["project"]["version"] for folder in (ROOT, *PLUGINS)}
    root = (ROOT / "src" / "omniroute" / "__init__.py").read_text()
    changes = (ROOT / "CHANGELOG.md").read_text()

    assert re.findall(r'^__version__ = "(.+)"$', root, re.M) == list(set(versions.values()))
    assert re.findall(r"^## \[(.+?)\]", changes, re.M)[:1] == list(set(versions.values()))


@each_plugin
def test_a_plugin_is_a_package_of_its_own(plugin: Path) -> None:
    package = f"omniroute_{plugin.name}"
    about = project(plugin)["project"]

    assert about["name"] == f"omniroute-{plugin.name}"
    assert about["entry-points"]["omniroute"] == {plugin.name: package}
    assert "omniroute>=0.1,<0.2" in about["dependencies"]
    assert (plugin / "README.md").is_file()
    assert (plugin / "src" / package / "py.typed").is_file()


@each_plugin
def test_a_plugin_is_type_checked(plugin: Path) -> None:
    path = project(ROOT)["tool"]["mypy"]["mypy_path"]
    assert f"$MYPY_CONFIG_FILE_DIR/plugins/{plugin.name}/src" in path


def test_folders_of_plugins_and_tests_are_no_packages() -> None:
    """Files of the same name in two test folders would hide each other."""
    strays = [
        *ROOT.glob("plugins/*/__init__.py"),
        *ROOT.glob("plugins/*/tests/**/__init__.py"),
        *ROOT.glob("tests/**/__init__.py"),
    ]
    assert strays == []
