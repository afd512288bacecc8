"""For every test, of the engine and of its plugins: what the markers mean when tests run."""

import os
import shutil
import sys
import tempfile
from shutil import disk_usage

import pytest
from hypothesis import settings
from playwright.async_api import expect as async_expect
from playwright.sync_api import expect as sync_expect

from omniroute.testing import postgres_server, redis_server

settings.register_profile("desk", deadline=None)  # a busy machine is slow, not wrong
settings.register_profile("long", deadline=None, max_examples=20_000)  # --hypothesis-profile=long
settings.load_profile("desk")

# Hundreds of processes load the same modules: compiled once, whatever the surroundings wish.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# What tests write goes to memory where there is room: they make, fill and sync thousands of stores.
# Memory outlives a process, which is all that a test of a killed one asks of a disk.
MEMORY, ROOM = "/dev/shm", 2 << 30  # noqa: S108 - pytest makes a folder of its own there
if not os.environ.get("TMPDIR") and os.access(MEMORY, os.W_OK) and disk_usage(MEMORY).free > ROOM:
    os.environ["TMPDIR"] = tempfile.tempdir = MEMORY

# Tests that start a pytest of their own are spared a plugin that takes a second to come.
os.environ["PYTEST_ADDOPTS"] = "-p no:schemathesis"

PATIENCE = 20_000  # ms
GROUPS = ("crash", "browser", "postgres", "redis")
OPTIONAL = ("dovecot",)  # a server of our own does the same in other tests
NO_DOVECOT = "Dovecot is not installed (Debian: apt-get install dovecot-imapd)"
NO_NODE = "Node.js is not installed (Debian: apt-get install nodejs)"
NO_CHROMIUM = "chromium is not installed (Debian: apt-get install chromium; or set CHROMIUM)"


def find_chromium() -> str | None:
    """The browser to drive: the one that $CHROMIUM names, else the system's."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


def find_dovecot() -> str | None:
    """The IMAP server, which is in no user's path."""
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@pytest.fixture(scope="session")
def dovecot_program() -> str:
    """Path of a Dovecot, for a server of the test's own."""
    found = find_dovecot()
    if found is None:
        pytest.fail(NO_DOVECOT)
    return found


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a chromium, for playwright's `launch(executable_path=...)`."""
    found = find_chromium()
    if found is None:
        pytest.fail(NO_CHROMIUM)
    # A page may take its time where several browsers share two cores; what is wrong stays wrong.
    async_expect.set_options(timeout=PATIENCE)
    sync_expect.set_options(timeout=PATIENCE)
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests that start servers or browsers wait for each other, and say what is left out.

    `make test` spreads tests over processes; a group stays in one of them, in order. A developer
    without a browser or a database server may run the rest; where CI is set, nothing is left out
    but what is there for good measure.
    """
    missing = absent()
    if os.environ.get("CI"):
        missing = {name: said for name, said in missing.items() if name in OPTIONAL}
    for item in items:
        for name in GROUPS:
            if item.get_closest_marker(name) is not None:
                item.add_marker(pytest.mark.xdist_group(name))
                break
        for name, said in missing.items():
            if item.get_closest_marker(name) is not None:
                item.add_marker(pytest.mark.skip(reason=said))


def absent() -> dict[str, str]:
    """The markers of tests that cannot run here, and why."""
    found = {
        "browser": (find_chromium(), NO_CHROMIUM),
        "dovecot": (find_dovecot(), NO_DOVECOT),
        "node": (shutil.which("node"), NO_NODE),
        "postgres": (postgres_server.programs(), postgres_server.MISSING),
        "redis": (redis_server.program(), redis_server.MISSING),
    }
    return {name: said for name, (program, said) in found.items() if program is None}
