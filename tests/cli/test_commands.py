"""The command line as a whole: what it lists, what plugins add, how it is started."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.terminal import omniroute

from omniroute import __version__
from omniroute.cli import COMMANDS, cli


def test_everything_is_listed_with_a_sentence() -> None:
    listed = omniroute("--help").out
    for name in COMMANDS:
        assert f"  {name} " in listed
        assert omniroute(name, "--help").code == 0


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("serve", "demo")])
def test_every_command_that_answers_can_answer_programs(name: str) -> None:
    command = cli.get_command(cli.make_context("omniroute", [], resilient_parsing=True), name)
    assert command is not None
    for answering in getattr(command, "commands", {name: command}).values():
        options = {option for parameter in answering.params for option in parameter.opts}
        assert "--json" in options or answering.name in ("schema", "export")  # JSON as they are


def test_its_version() -> None:
    assert omniroute("--version").lines == [f"OmniRoute, version {__version__}"]


def test_a_misspelt_command() -> None:
    assert omniroute("treads").misuse == "No such command 'treads' — did you mean “threads”?"
    assert omniroute("xyzzy").misuse == "No such command 'xyzzy'."


def test_as_a_module(tmp_path: Path) -> None:
    ran = module(tmp_path, "why", "1")
    assert ran.returncode == 1
    fix = "name yours by --config; `omniroute demo` needs none"
    assert ran.stderr == f"omniroute: omniroute.toml: no such file — {fix}\n"


def module(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``python -m omniroute`` in a folder, where Python finds modules, too."""
    command = [sys.executable, "-m", "omniroute", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


# --- plugins ---

MOON = """
import click
from omniroute import hookimpl

@click.command()
def moon():
    "Tell the phase of the moon."
    click.echo("full")

@click.command()
def serve():
    "Serve something else."

@hookimpl
def omniroute_commands():
    return [moon, serve]
"""


def install(folder: Path, source: str) -> None:
    """A plugin as an installer leaves it."""
    (folder / "omniroute_moon.py").write_text(source)
    about = folder / "omniroute_moon-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: omniroute-moon\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[omniroute]\nmoon = omniroute_moon\n")


def test_a_plugin_brings_a_command(tmp_path: Path) -> None:
    install(tmp_path, MOON)
    listed = module(tmp_path, "--help")
    assert re.search("^  moon +Tell the phase of the moon.$", listed.stdout, re.MULTILINE)
    assert "Serve channels, console and API" in listed.stdout
    assert listed.stderr == "omniroute: a plugin brings “serve”, which is ours: left out\n"
    assert module(tmp_path, "moon").stdout == "full\n"


def test_a_command_that_needs_a_plugin_says_so_and_leaves_the_others_usable(tmp_path: Path) -> None:
    absent = "raise ModuleNotFoundError(name='omniroute_webchat')"
    (tmp_path / "omniroute_webchat.py").write_text(absent)
    listed = module(tmp_path, "--help")
    assert "  threads  " in listed.stdout
    assert re.search("^  demo +Needs omniroute-webchat, which", listed.stdout, re.MULTILINE)
    ran = module(tmp_path, "demo", "--quiet")
    assert "demo needs omniroute-webchat, which is not installed — install" in ran.stderr


def test_a_broken_plugin_is_named_and_leaves_ours_usable(tmp_path: Path) -> None:
    install(tmp_path, "import a_module_that_is_not_there")
    listed = module(tmp_path, "--help")
    assert listed.returncode == 0
    assert "  threads  " in listed.stdout
    assert listed.stderr == (
        "omniroute: plugin moon: omniroute_moon: cannot be imported:"
        " ModuleNotFoundError: No module named 'a_module_that_is_not_there'\n"
    )
    assert module(tmp_path, "rules", "schema").stderr == ""
