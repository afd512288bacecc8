"""``omniroute channel new, try, replay, check, info, doctor, record``: the integrator's hour."""

from __future__ import annotations

import asyncio
import io
import json
import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import click
import pytest
from omniroute_example.channel import ExampleChannel
from omniroute_example.testing import Town
from tests.cli.terminal import Ran, omniroute

from omniroute import Busy, Channel, Inbound
from omniroute.cli.channel_live import Account, Recorder, write
from omniroute.cli.channel_making import needs
from omniroute.scaffold.making import make
from omniroute.testing.stage import Stage
from omniroute.testing.subject import find

ONE_FILE = """
from omniroute_example.channel import ExampleChannel
from omniroute_example.testing import PLATFORM
from omniroute import hookimpl

@hookimpl
def omniroute_channels():
    return [ExampleChannel]
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A new channel; what was imported of it is forgotten afterwards."""
    before = set(sys.modules)
    path = list(sys.path)
    yield make("acme", tmp_path)[0]
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if name.startswith("omniroute_acme"):
            del sys.modules[name]


@pytest.fixture
def one_file(tmp_path: Path) -> Path:
    path = tmp_path / "mychat.py"
    path.write_text(ONE_FILE)
    return path


def told(monkeypatch: pytest.MonkeyPatch, target: object, *lines: str) -> Ran:
    """Talk over a channel's fake."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines) + "\n"))
    return omniroute("channel", "try", target, "--fake")


def test_a_new_channel_is_made_and_says_what_comes_next(tmp_path: Path) -> None:
    ran = omniroute("channel", "new", "acme", "--into", tmp_path)
    assert ran.lines[0] == f"{tmp_path}/omniroute-acme: 17 files"
    assert f"  omniroute channel try {tmp_path}/omniroute-acme --fake" in ran.lines
    assert "is there already" in omniroute("channel", "new", "acme", "--into", tmp_path).refusal


def test_a_conversation_is_shown_side_by_side(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = told(
        monkeypatch, home, "joe: hello there", "ana: Hello Joe", "/again", "/new", "/fails lost",
        "ana: once more", "/file a", "/dance", "/check", "/quit", "never",
    )  # fmt: skip
    said = ran.out
    assert ran.code == 0, ran.err
    assert '"text": "hello there"' in said
    assert "from acme:joe ✓" in said
    assert "Joe reads" in said
    assert "nothing new was kept" in said
    assert "not for us" in said
    assert "the engine tries again later, marked as a repeat" in said
    assert "the fake does not play sends_file" in said
    assert "ok: open as Desk" in said
    assert "never" not in said


def test_a_plugin_of_one_file_is_tried_and_described(
    one_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "“hi”" in told(monkeypatch, one_file, "hi").out
    about = omniroute("channel", "info", one_file, "--json").json
    assert (about["kind"], about["plugin"], about["tier"]) == ("example", "mychat", "not told")
    refusal = omniroute("channel", "check", one_file).refusal
    assert refusal == (
        "mychat: its tests are not here — name the folder of its project, which has a folder tests"
    )


def test_recorded_events_are_read_again(home: Path, tmp_path: Path) -> None:
    events = home / "tests" / "events"
    ran = omniroute("channel", "replay", home, events / "message.json", events / "poll.json")
    assert "“I was charged twice”" in ran.out
    assert "not for us" in ran.out
    wrong = tmp_path / "wrong.raw"
    wrong.write_bytes(b"{")
    ran = omniroute("channel", "replay", home, wrong, "--json")
    assert ran.code == 1
    assert json.loads(ran.out)[0]["error"].startswith("dead letter: DecodeError")


def test_the_kinds_that_are_installed() -> None:
    head, *rows = omniroute("channel", "list", "--installed").lines
    assert head.split() == ["kind", "label", "plugin"]
    kinds = [row.split()[0] for row in rows]
    assert kinds == sorted(kinds)
    assert {"email", "http", "slack", "telegram", "webchat"} <= set(kinds)


def test_what_a_channel_is() -> None:
    lines = omniroute("channel", "info", "telegram").lines
    assert "max_text 3900 utf16" in lines
    assert 'token = { env = "TELEGRAM_TOKEN" }' in lines


def test_what_is_no_channel_is_said_with_the_fix(tmp_path: Path) -> None:
    assert "did you mean “telegram”?" in omniroute("channel", "info", "telegramm").refusal
    assert (
        "`omniroute channel new NAME` makes one" in omniroute("channel", "info", tmp_path).refusal
    )
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert "names no plugin of OmniRoute" in omniroute("channel", "info", tmp_path).refusal
    (tmp_path / "bad.py").write_text("import nothing_of_this_name\n")
    refusal = omniroute("channel", "info", tmp_path / "bad.py").refusal
    assert "cannot be imported: ModuleNotFoundError" in refusal


def test_tests_that_do_not_ask_the_kit_get_the_lines_to_write(home: Path) -> None:
    (home / "tests" / "test_conformance.py").unlink()
    refusal = omniroute("channel", "check", home, "--json").refusal  # to programs nothing else
    assert "no test binds the kit; write" in refusal
    assert "class TestMine(ChannelConformance):\n    channel = AcmeChannel" in refusal


def test_what_fails_and_what_is_claimed_in_vain_is_named(home: Path) -> None:
    (home / "tests" / "test_conformance.py").write_text(
        "from omniroute.testing.conformance.shape import Shape\n"
        "from omniroute_acme.channel import AcmeChannel\n"
        "from omniroute_acme.testing import Town\n\n\n"
        "class TestAcme(Shape):\n"
        "    channel, platform, absent = AcmeChannel, Town, {'says': 'but it is written'}\n"
    )
    quality = home / "quality.toml"
    quality.write_text(quality.read_text().replace('agent-desk = "todo"', 'agent-desk = "done"'))
    ran = omniroute("channel", "check", home)
    assert ran.code == 1
    assert "FAIL  what_is_absent_is_absent\n      absent: ['says'] are written in Town" in ran.out
    assert "DOUBT quality.toml: agent-desk is “done”, and caps has no AGENT_DESK" in ran.out
    assert "has not run" in ran.out
    assert ran.out.splitlines()[-1].startswith("tier: none yet (it says silver)")
    progress = ran.err.splitlines()  # off a terminal: plain lines, as it goes
    assert all(re.fullmatch(r"checks: \d+ of \d+ \(\d+ %\)", line) for line in progress)
    assert progress[-1].endswith("(100 %)")


# --- accounts of the settings ---


def settings(folder: Path, text: str) -> tuple[str, Path]:
    path = folder / "omniroute.toml"
    path.write_text(text)
    return "--config", path


def test_the_doctor_names_the_setting_and_where_to_get_it(tmp_path: Path) -> None:
    config = settings(
        tmp_path,
        '[channels.bot]\nkind = "telegram"\ntoken = { env = "NOT_SET_ANYWHERE" }\n'
        '[channels.team]\nkind = "slack"\nbot_token = "xoxb-of-no-value"\n'
        '[channels.chat]\nkind = "webchat"\n',
    )
    ran = omniroute("channel", "doctor", *config)
    assert ran.code == 1
    assert ran.out.splitlines() == [
        "WRONG  bot (telegram)",
        "       channels.bot.token: the environment variable NOT_SET_ANYWHERE is not set",
        "       → token: The bot's token, from @BotFather.",
        "WRONG  team (slack)",
        "       channels.team: nothing says how messages come in",
        "       → set app_token for Socket Mode, or signing_secret to be called by HTTP",
        "ok     chat (webchat)",
        *[line for line in ran.out.splitlines() if "open at" in line],
        *[line for line in ran.out.splitlines() if "set `secret`" in line],
    ]
    assert "xoxb" not in ran.out


def test_the_doctor_knows_what_nobody_brings(tmp_path: Path) -> None:
    config = settings(tmp_path, '[channels.x]\nkind = "telegramm"\n')
    refusal = omniroute("channel", "doctor", *config).refusal
    assert refusal.startswith(
        "channels.x.kind: no channel “telegramm” is installed — did you mean “telegram”? installed:"
    )


def test_the_doctor_asks_plugins_of_one_file_too(one_file: Path, tmp_path: Path) -> None:
    keys = 'token = "hunter2-hunter2"\nsigning_secret = "swordfish"\n'
    away = 'api_url = "http://127.0.0.1:1"\n'
    config = settings(tmp_path, f'[channels.x]\nkind = "example"\n{keys}{away}')
    (row,) = json.loads(omniroute("channel", "doctor", *config, "--plugin", one_file, "--json").out)
    assert (row["ok"], row["found"]) == (False, "Example cannot be reached: ConnectError")
    assert row["fix"] == "see whether this machine reaches http://127.0.0.1:1"


def test_no_account_of_that_name_can_be_recorded(tmp_path: Path) -> None:
    config = settings(tmp_path, '[channels.chat]\nkind = "webchat"\n')
    refusal = omniroute("channel", "record", "chatt", *config).refusal
    assert refusal == ("channels.chatt: is no account of the settings — did you mean “chat”?")


@asynccontextmanager
async def listening_into(channel: Channel, recorder: Recorder) -> AsyncIterator[asyncio.Task[None]]:
    """Have a channel listen into a recorder."""
    task = asyncio.ensure_future(channel.listen(recorder))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_real_events_are_recorded_without_anybody_in_them(tmp_path: Path) -> None:

    from omniroute.cli.channel_live import Recorder, write
    from omniroute.testing.stage import Stage

    async with Town() as town:
        stage = Stage(ExampleChannel, town, tmp_path, 20)
        channel = stage.open()
        recorder = Recorder(2)
        for event in ({"text": "I am Joe Miller", "id": "e1"}, {"text": "me again", "id": "e2"}):
            raw = json.dumps({**town._event("", "joe"), **event}).encode()
            with pytest.raises(Busy):  # the platform is to come again with it
                await recorder.accept(raw)
        assert recorder.enough.is_set()
        into = tmp_path / "events"
        into.mkdir()
        paths = write(recorder.raws.values(), channel, stage.secrets(), True, into)
        assert [path.name[:8] for path in paths] == ["message-"] * 2
        said = "".join(path.read_text() for path in paths)
        assert "Joe" not in said
        assert "Miller" not in said
        senders = {channel.parse(path.read_bytes())[0].sender.value for path in paths}  # type: ignore[union-attr]
        assert len(senders) == 1


@pytest.mark.parametrize("kind", ["telegram", "slack", "webchat"])
async def test_a_real_account_is_recorded(kind: str, tmp_path: Path) -> None:
    subject = find(kind)
    into = tmp_path / "events"
    into.mkdir()
    async with subject.platform()() as town:
        stage = Stage(subject.kind, town, tmp_path, 20)
        stage.open()
        account = Account("main", subject.kind, stage.settings, "https://desk.example")
        channel, known = account.open(tmp_path)
        said = ["My name is Joe Miller", "and I was charged twice"]
        # Telegram waits for a yes to each before the next.
        recorder = Recorder(len(said), takes=kind == "telegram")
        async with AsyncExitStack() as stack:
            if channel.routes():
                stage.channel = channel
                stage.mount()
            task = await stack.enter_async_context(listening_into(channel, recorder))
            says = [asyncio.ensure_future(town.says(text)) for text in said]
            async with asyncio.timeout(20):
                await recorder.enough.wait()
            assert not task.done()
            for one in says:
                one.cancel()
        paths = write(recorder.raws.values(), channel, known, True, into)
        assert len(paths) >= 1
        read = [one for path in paths for one in channel.parse(path.read_bytes())]
        assert sorted(len(one.text) for one in read if isinstance(one, Inbound)) == sorted(
            map(len, said)
        )
        left = "".join(path.read_text(errors="replace") for path in paths)
        for told in ("Joe", "Miller", "charged"):
            assert told not in left


def test_without_what_tests_need_it_says_what_to_install() -> None:
    needs("pytest")
    with pytest.raises(click.ClickException, match=r'pip install "omniroute\[testing\]"'):
        needs("no_such_module")
