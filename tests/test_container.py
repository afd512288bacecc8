"""The container file: what it names is there, and what it starts is what we are.

No engine builds it here; its steps are plain commands, and each thing they name is looked up.
"""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest

from omniroute.cli import cli
from omniroute.server.settings import Web

ROOT = Path(__file__).parents[1]
STEPS: list[tuple[str, str]] = re.findall(
    r"^([A-Z]+) (.*)$",
    (ROOT / "deploy" / "Containerfile").read_text().replace("\\\n", " "),
    re.MULTILINE,
)
INSTALLED = " ".join(said for step, said in STEPS if step == "RUN")


def step(name: str) -> str:
    [found] = [said for step, said in STEPS if step == name]
    return found


def test_every_plugin_is_installed_and_no_other_folder() -> None:
    named = set(re.findall(r"plugins/\w+", INSTALLED))
    assert named == {
        f"plugins/{path.parent.name}" for path in ROOT.glob("plugins/*/pyproject.toml")
    }


def test_dependencies_are_those_of_the_lock_by_their_hashes() -> None:
    assert "--require-hashes --requirement requirements.lock" in INSTALLED
    assert (ROOT / "requirements.lock").is_file()
    assert "--no-deps" in INSTALLED


@pytest.mark.parametrize(
    "name", ["requirements.lock", "pyproject.toml", "README.md", "src/omniroute"]
)
def test_what_it_is_built_from_is_not_left_out(name: str) -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    left_out = [line for line in lines if line and not line.startswith("#")]
    parts = Path(name).parts
    assert not [
        each for each in left_out for part in parts if fnmatch(part, each.rpartition("/")[2])
    ]


def test_it_starts_a_command_of_ours_with_options_that_it_has() -> None:
    [binary] = json.loads(step("ENTRYPOINT"))
    assert Path(binary).name == "omniroute"
    command, *options = json.loads(step("CMD"))
    serve = cli.get_command(click.Context(cli), command)
    assert serve is not None
    known = {name for option in serve.params for name in option.opts}
    assert {option for option in options if option.startswith("--")} <= known
    assert options[-1].startswith(step("VOLUME"))


def test_it_is_asked_for_its_health_where_the_server_answers() -> None:
    [*_, script] = json.loads(step("HEALTHCHECK").removeprefix("CMD "))
    compile(script, "HEALTHCHECK", "exec")
    asked = re.search(r"http://[^']+", script)
    assert asked is not None
    url = urlsplit(asked[0])
    assert (url.port, url.path) == (Web().port, "/readyz")
    assert str(Web().port) in step("EXPOSE").split()
