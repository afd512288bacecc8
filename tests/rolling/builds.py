"""A build of OmniRoute from a git revision: its wheels, in an environment of their own."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
KEPT: Final = ROOT / "build" / "rolling"
"""Environments by their commit: another run with the same revision makes nothing."""


@dataclass(frozen=True)
class Build:
    """What is installed in one environment."""

    name: str  # the commit, short
    folder: Path

    @property
    def omniroute(self) -> Path:
        """Its command."""
        return self.folder / "bin" / "omniroute"


def build_of(revision: str) -> Build:
    """The build of a revision, made unless it is there.

    Raises `subprocess.CalledProcessError` where git knows no such revision.
    """
    commit = _git("rev-parse", "--short=10", f"{revision}^{{commit}}").decode().strip()
    build = Build(commit, KEPT / commit)
    if not build.omniroute.exists():
        shutil.rmtree(build.folder, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix="build-") as folder:
            _install(commit, Path(folder), build.folder)
    return build


def _install(commit: str, source: Path, target: Path) -> None:
    """Wheels are made in *source* and installed in a fresh environment, as a user would have it.

    What they depend on is this environment's, so that nothing has to be fetched.
    """
    with tarfile.open(fileobj=io.BytesIO(_git("archive", commit))) as archive:
        archive.extractall(source, filter="data")
    pip, wheels = (sys.executable, "-m", "pip", "--disable-pip-version-check"), source / "wheels"
    projects = (source, *sorted(path.parent for path in source.glob("plugins/*/pyproject.toml")))
    plain = ("--quiet", "--no-deps", "--no-index")
    _run(*pip, "wheel", *plain, "--no-build-isolation", "--wheel-dir", wheels, *projects)
    _run(sys.executable, "-m", "venv", "--without-pip", target)
    (own,) = target.glob("lib/python3*/site-packages")
    into = (*pip, "--python", target / "bin" / "python", "install")
    _run(*into, *plain, *sorted(wheels.glob("*.whl")))
    (own / "depends.pth").write_text(sysconfig.get_path("purelib") + "\n")


def _git(*words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout


def _run(*words: str | Path) -> None:
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(words, check=True, cwd="/", env=clean)
