"""Dying on purpose."""

import os
import signal
import subprocess
import sys

import pytest

from omniroute.runtime.crashpoints import LABELS, reach


def run(setting: str, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"from omniroute.runtime.crashpoints import reach\n{script}"],
        env={**os.environ, "OMNIROUTE_CRASH_AT": setting},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_nobody_dies_without_being_asked() -> None:
    for label in LABELS:
        reach(label)


def test_an_unknown_label_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        reach("spool.after_lunch")


def test_every_label_says_what_is_true_there() -> None:
    assert [label for label, meaning in LABELS.items() if not meaning.endswith(".")] == []


def test_the_process_dies_at_the_label_without_cleaning_up() -> None:
    script = """
try:
    reach("store.before_commit"); print("passed", flush=True)
    reach("store.after_commit"); print("too far", flush=True)
finally:
    print("cleaned up", flush=True)
"""
    dead = run("store.after_commit", script)
    assert (dead.returncode, dead.stdout) == (-signal.SIGKILL, "passed\n")


def test_the_process_dies_at_the_third_time() -> None:
    dead = run("store.after_commit:3", "for n in range(9): print(n); reach('store.after_commit')")
    assert dead.returncode == -signal.SIGKILL
    printed = run("store.after_commit:99", "for n in range(9): reach('store.after_commit')")
    assert printed.returncode == 0


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("store.after_comit", "did you mean “store.after_commit”?"),
        ("store.after_commit:0", "is not a number from 1"),
        ("store.after_commit:x", "is not a number from 1"),
    ],
)
def test_a_mistyped_setting_is_refused(setting: str, said: str) -> None:
    refused = run(setting, "")
    assert refused.returncode == 1
    assert said in refused.stderr
