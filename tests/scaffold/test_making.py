"""What `omniroute channel new` makes: the plugin that lies here, under another name.

That it passes every check from its first minute is tested where readers are told so
(``docs/tutorials/a-channel-in-an-hour.md``).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from omniroute.errors import ConfigError
from omniroute.scaffold.making import LONGEST, TEMPLATE, make, renamed

RUFF = [sys.executable, "-m", "ruff"]


def run(home: Path, *command: str) -> str:
    done = subprocess.run(
        command,
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(home / "src")},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["x", "acme-chat", "a-name-that-is-long"])
def test_what_is_made_is_in_order_whatever_its_name(name: str, tmp_path: Path) -> None:
    home, *files = make(name, tmp_path)
    assert home == tmp_path / f"omniroute-{name}"
    assert len(files) == len(
        [p for p in TEMPLATE.rglob("*") if p.is_file() and "cache" not in str(p)]
    )
    run(home, *RUFF, "check", "--no-cache")
    run(home, *RUFF, "format", "--check", "--no-cache")
    said = "".join(f"{path} {path.read_text()}" for path in files)
    assert "example" not in said.lower()
    for path in home.rglob("*.py"):
        compile(path.read_text(), str(path), "exec")


@pytest.mark.parametrize(
    "name", ["", "Acme", "acme_chat", "4chan", "-x", "example", "x" * (LONGEST + 1), "../x"]
)
def test_what_cannot_be_a_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be the name of a channel"):
        make(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_already_is_left_alone(tmp_path: Path) -> None:
    make("acme", tmp_path)
    with pytest.raises(ConfigError, match="is there already"):
        make("acme", tmp_path)


def test_every_form_of_the_name_is_renamed() -> None:
    text = "omniroute-example omniroute_example TestExample EXAMPLE_TOKEN x-example-signature"
    assert renamed(text, "my-chat") == (
        "omniroute-my-chat omniroute_my_chat TestMyChat MY_CHAT_TOKEN x-my-chat-signature"
    )
