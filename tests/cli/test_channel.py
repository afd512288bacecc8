"""``omniroute channel``."""

import smtplib
from contextlib import suppress
from pathlib import Path

from tests.cli.terminal import omniroute
from tests.server.house import House, Running

from omniroute.testing.server_process import until

Options = tuple[str, Path]


def test_the_channels_and_what_they_need(running: Running, config: Options) -> None:
    head, mail, chat = omniroute("channel", "list", *config).lines
    assert head.split() == ["kind", "account", "state", "found", "fix"]
    assert mail.startswith("email    help     needs you  mail comes in, but no answer can go out")
    assert mail.endswith("set channels.help.smtp_host to the server that sends your mail")
    assert chat.startswith(f"webchat  site     ok         open at {running.house.url}/channels/")


def test_the_channels_for_programs(config: Options) -> None:
    mail, chat = omniroute("channel", "list", *config, "--json").json
    assert set(mail) == {"kind", "account", "ok", "found", "fix"}
    assert (mail["ok"], chat["ok"]) == (False, True)


def test_no_dead_letters(config: Options) -> None:
    assert omniroute("channel", "dead-letters", *config).lines == ["no dead letters"]
    assert omniroute("channel", "dead-letters", *config, "--json").json == []
    assert omniroute("channel", "retry", 3, *config).refusal == "There is no dead letter 3."
    assert "'x' is not a valid integer" in omniroute("channel", "retry", "x", *config).misuse


def test_automatic_replies_pause_nowhere(config: Options) -> None:
    assert omniroute("channel", "pauses", *config).lines == ["automatic replies go out everywhere"]
    assert omniroute("channel", "pauses", *config, "--json").json == []
    misuse = omniroute("channel", "pauses", "--end", "gone.example", *config).misuse
    assert "no automatic replies pause at “gone.example” — they pause nowhere" in misuse


def test_a_dead_letter_is_seen_and_read_again(tmp_path: Path) -> None:
    house = House(tmp_path)
    options = ("--config", house.config)
    with house.running() as running:
        running.process.kill()
        running.process.start(crash_at="store.before_commit:1")
        while running.process.is_alive():
            with suppress(OSError, smtplib.SMTPException):
                running.mail("joe@mail.example", "Refund", "I was charged twice")
        house.write(house.settings().replace("[channels.help]", "[channels.support]"))
        running.process.start()
        until(
            "it is laid aside",
            10,
            lambda: omniroute("channel", "dead-letters", *options, "--json").json,
        )
        letter, *_ = omniroute("channel", "dead-letters", *options, "--json").json
        line = omniroute("channel", "dead-letters", *options).lines[1]
        assert line == (
            f"{letter['id']}   email    help     there is no email channel “help” any more"
        )
        house.write()
        assert running.process.stop() == 0
        running.process.start()
        assert omniroute("channel", "retry", letter["id"], *options).lines == [
            f"dead letter {letter['id']} is read again"
        ]
        running.threads_with("I was charged twice")


def test_without_a_server(nobody: Options) -> None:
    for words in (("list",), ("dead-letters",), ("retry", "1")):
        assert "no server runs on it" in omniroute("channel", *words, *nobody).refusal
