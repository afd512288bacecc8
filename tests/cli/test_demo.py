"""``omniroute demo``, started as a newcomer does, and everything it prints, tried as printed."""

import html
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
from tests.cli.terminal import omniroute
from tests.server.house import CHAT

from omniroute.cli.demo import place_of
from omniroute.demo.scenes import SCENES
from omniroute.testing.server_process import Browserless, until

MEGABYTES = 150  # of memory, with nobody about


@dataclass
class Shown:
    """A demo that runs, and what it has printed until it was ready."""

    process: subprocess.Popen[str]
    folder: Path
    said: str
    seconds: float

    @property
    def console(self) -> str:
        return self.find(r"Console +(http://\S+)/sign-in\?link=\S+")

    def find(self, pattern: str) -> str:
        found = re.search(pattern, self.said)
        assert found is not None, self.said
        return found[1]

    @cached_property
    def ana(self) -> Browserless:
        """Ana, by the link that was printed; it is good once."""
        ana = Browserless(self.console)
        ana.sign_in(self.find(r"/sign-in\?link=(\S+)"))
        return ana


@contextmanager
def demo(here: Path, options: Sequence[str] = ()) -> Iterator[Shown]:
    """The demo in a folder, on any free ports, stopped at the end."""
    command = [sys.executable, "-m", "omniroute", "demo", "--port", "0", "--smtp-port", "0"]
    began = time.monotonic()
    with subprocess.Popen(
        [*command, *options],
        cwd=here,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            assert process.stdout is not None
            said = "".join(iter_until(process.stdout, "Stop with Ctrl+C."))
            yield Shown(process, here / "omniroute-demo", said, time.monotonic() - began)
        finally:
            process.kill()


def iter_until(lines: Iterator[str], last: str) -> Iterator[str]:
    """Lines up to and with the one that is *last*."""
    for line in lines:
        yield line
        if line.strip() == last:
            return


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    with demo(tmp_path_factory.mktemp("here"), ["--quiet"]) as shown:
        yield shown


def test_its_folder_is_named_so_that_it_is_found() -> None:
    assert place_of(Path("omniroute-demo")) == "./omniroute-demo"
    assert place_of(Path("/srv/desk")) == "/srv/desk"


def test_it_is_small_and_says_how_soon_it_was_there(
    shown: Shown, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(shown.process.pid)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    megabytes = int(ran.stdout) / 1024
    with capsys.disabled():
        sys.stdout.write(f" demo: shown after {shown.seconds:.1f} s, {megabytes:.0f} MB idle ")
    assert megabytes < MEGABYTES
    assert "240 customers · 3 days of history · " in shown.said


def test_the_console_s_address_lets_ana_in(shown: Shown) -> None:
    ana = shown.ana
    board = ana.get("/api/board")
    assert board["me"]["name"] == "Ana Ruiz"
    assert [len(board[lane]) for lane in ("offers", "mine", "snoozed")] == [2, 3, 1]
    assert not [row for row in board["waiting"] if row["phase"] == "stranded"]
    assert "Offered to you" in ana.call("GET", "/").text


def test_the_web_chat_s_address_makes_one_joe(shown: Shown) -> None:
    url = shown.find(r"Web chat +(http://\S+)")
    site, _, token = url.partition("#token=")  # a fragment: no server and no proxy logs it
    assert site == f"{shown.console}{CHAT}/"
    joe = Browserless(shown.console)
    assert 'id="text"' in joe.call("GET", f"{CHAT}/").text
    assert joe.post(f"{CHAT}/session", {"token": token})["name"] == "Joe Miller"
    lines = joe.get(f"{CHAT}/lines")["lines"]
    assert "refund of the express fee" in lines[0]["text"]


def test_the_line_for_mail_works_as_printed(shown: Shown) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed, and the printed line calls it")
    line = shown.find(r"(?s)E-mail +(printf .*? -T -)\n")
    subprocess.run(line, shell=True, check=True, timeout=20)  # noqa: S602 - as a newcomer pastes it
    ana = shown.ana

    def joes() -> list[int]:
        rows = ana.get("/api/board")["waiting"]
        return [r["id"] for r in rows if r["excerpt"] == "Here is the receipt" and r["verified"]]

    until("the receipt is in Joe's thread", 10, joes)
    page = ana.get(f"/api/threads/{joes()[0]}")
    said = [item["text"] for item in page["items"] if item["kind"] == "customer"]
    assert "express fee" in said[0]  # yesterday, in the chat
    assert "charged twice" in said[-2]
    assert said[-1] == "Here is the receipt"


def test_the_stage_shows_both_sides_and_begins_a_scene(shown: Shown) -> None:
    browser = Browserless(shown.console)
    path = shown.find(r"Stage +http://[^/]+(/\S+)")
    page = browser.call("GET", path)
    for address in (shown.find(r"Slack +(http://\S+)"), shown.find(r"Telegram +(http://\S+)")):
        assert html.escape(address) in page.text
    assert all(scene.name in page.text for scene in SCENES)
    assert browser.get(f"{path}state")["playing"] is False
    assert browser.post(f"{path}do/pause", {})["paused"]
    assert browser.post(f"{path}do/6", {})["playing"]
    assert browser.get(f"{path}state")["number"] == 6


def test_the_mailbox_page_is_there(shown: Shown) -> None:
    path = shown.find(r"answers to customers appear at http://[^/]+(/\S+)\)")
    assert "What customers received by e-mail" in Browserless(shown.console).call("GET", path).text


def test_the_command_line_looks_at_it(shown: Shown) -> None:
    config = shown.folder.parent / shown.find(r"Terminal +.+ threads --config (\S+)")
    assert any("Joe Miller" in line for line in omniroute("threads", "--config", config).lines)
    channels = omniroute("channel", "list", "--config", config, "--json").json
    assert [channel["ok"] for channel in channels] == [True] * 4
    assert omniroute("verify", "--config", config).lines[0].endswith("all is well")


def test_at_the_end_its_folder_is_gone(tmp_path: Path) -> None:
    with demo(tmp_path) as shown:
        assert shown.folder.is_dir()
        shown.process.send_signal(signal.SIGINT)  # Ctrl+C
        assert shown.process.wait(10) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_kept_can_be_gone_on_with(tmp_path: Path) -> None:
    with demo(tmp_path, ["--keep", "--quiet"]) as shown:
        shown.process.terminate()
        assert shown.process.wait(10) == 0
    config = shown.folder / "omniroute.toml"
    assert omniroute("verify", "--config", config, "--json").json["ok"]
    again = omniroute("demo", "--folder", shown.folder)
    assert again.code == 1
    assert again.err == (
        f"omniroute: {shown.folder}: is there already and not empty"
        f" — remove it, or go on there: omniroute serve --config {config}\n"
    )
    assert config.exists()


def test_a_folder_of_somebody_s_own_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    refused = omniroute("demo", "--folder", tmp_path)
    assert refused.code == 1
    assert (
        "is there already and not empty — remove it, or name another with --folder" in refused.err
    )
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert omniroute("demo", "--folder", tmp_path / "file").err == (
        f"omniroute: {tmp_path / 'file'}: is a file — name another with --folder\n"
    )
    assert omniroute("demo", "--folder", "/proc/here").err == (
        "omniroute: /proc/here: cannot be made: No such file or directory"
        " — name another with --folder\n"
    )


def test_a_port_in_use_leaves_nothing_behind(shown: Shown, tmp_path: Path) -> None:
    port = shown.console.rpartition(":")[2]
    ran = subprocess.run(
        [sys.executable, "-m", "omniroute", "demo", "--port", port],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 1
    assert f"port {port} is in use" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert list(tmp_path.iterdir()) == []
