"""``pytest --omniroute-rules DIR``: tests of rules among all others."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What pytest says in a folder, in an environment where OmniRoute is installed."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False)


def test_each_test_of_rules_is_an_item(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "routing_rules", tmp_path / "routing_rules")
    (tmp_path / "test_other.py").write_text("def test_other(): pass\n")
    ran = pytest_in(tmp_path, "-v", "--omniroute-rules", "routing_rules", "--omniroute-strict")
    assert ran.returncode == 0, ran.stdout
    assert "support.test.yaml::Invoices go to billing PASSED" in ran.stdout
    assert "rule coverage 11/11 (100%)" in ran.stdout
    assert "test_other" not in ran.stdout
    both = pytest_in(tmp_path, "-q", "--omniroute-rules", "routing_rules", "test_other.py")
    assert "15 passed" in both.stdout


def test_what_is_not_as_expected_and_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "a.yaml").write_text("version: 1\nqueues: {only: {}}\nroute: [{id: r, to: {}}]\n")
    (tmp_path / "tests" / "wrong.test.yaml").write_text(
        "tests: [{name: none, given: {}, expect: {priority: high}}]"
    )
    (tmp_path / "tests" / "broken.test.yaml").write_text("tests: [{name: none, givn: {}}]")
    whole = pytest_in(tmp_path, "--omniroute-rules", ".", "--continue-on-collection-errors")
    assert whole.returncode == 1
    assert "priority: expected 'high', got 'normal'\nwrong.test.yaml:1" in whole.stdout
    assert "broken.test.yaml:1: unknown key “givn” — did you mean “given”?" in whole.stdout
    assert "Traceback" not in whole.stdout
