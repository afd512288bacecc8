"""``omniroute threads`` and ``omniroute why``."""

import re
from datetime import UTC, datetime
from pathlib import Path

from tests.cli.terminal import omniroute
from tests.server.house import Running

Options = tuple[str, Path]


def test_threads_the_latest_first(config: Options) -> None:
    head, kim, joe = omniroute("threads", *config).lines
    assert head.split() == [
        "id",
        "phase",
        "queue",
        "priority",
        "name",
        "channel",
        "agent_name",
        "excerpt",
    ]
    assert kim.split()[:5] == ["#2", "offered", "general", "normal", "kim@mail.example"]
    assert joe.startswith("#1  offered  billing  normal    Joe Miller")
    assert joe.endswith("I was charged twice, please")


def test_threads_for_programs(config: Options) -> None:
    kim, joe = omniroute("threads", *config, "--json").json
    assert (joe["id"], joe["queue"], joe["priority"], joe["name"]) == (
        1,
        "billing",
        20,
        "Joe Miller",
    )
    assert kim["excerpt"] == "Can a gift card be used twice?"


def test_searching_shows_the_passage(config: Options) -> None:
    _, found = omniroute("threads", "--search", "charged", *config).lines
    assert found.startswith("#1 ")
    assert found.endswith("I was ‹charged› twice, please")
    (row,) = omniroute("threads", "--search", "1182", *config, "--json").json
    assert row["id"] == 1
    assert omniroute("threads", "--search", "100 % & nothing/like#it?", *config).lines == [
        "no threads"
    ]


def test_what_customers_write_cannot_play_with_the_terminal(
    running: Running, config: Options
) -> None:
    raw = (
        "From: =?utf-8?b?G1szMW1SZWQ=?= <esc@mail.example>\r\n"
        "Subject: =?utf-8?b?G1szMW1SZWQHX190aXRsZQ==?=\r\n\r\n"
        "\x1b[31mred\x07\x1b]0;your title\x07 \u202ereversed\r\n"
    )
    running.raw_mail(raw.encode())
    running.threads_with("red")
    for command in ("threads", ("threads", "--search", "red"), ("why", "3")):
        words = (command,) if isinstance(command, str) else command
        said = omniroute(*words, *config).out
        assert not {c for c in said if ord(c) < 32 or ord(c) == 127} - {"\n"}


def test_why_on_one_screen(config: Options) -> None:
    first, empty, *reasons, version = omniroute("why", "#1", *config).lines
    assert first.startswith("billing, waiting ")
    assert "refunds ≥ 3; only Ana Ruiz meets that, at " in first
    assert empty == ""
    assert any(line.startswith("route  ✔ refunds ") for line in reasons)
    assert any(line.startswith("result  queue billing") for line in reasons)
    assert any("ana" in line and "is asked now" in line for line in reasons)
    assert any(line.startswith("later   after 2m refunds ≥ 2") for line in reasons)
    assert any("rule refunds → billing" in line for line in reasons)
    assert version.startswith("rules ")
    assert omniroute("why", "1", *config).lines[2:] == [*reasons, version]


def test_why_for_programs(config: Options) -> None:
    answer = omniroute("why", "1", *config, "--json").json
    assert answer["text"].startswith("billing, waiting ")
    assert [reason["why"]["about"] for reason in answer["reasons"]] == [
        "identity",
        "route",
        "match",
    ]


def test_a_thread_that_is_none(config: Options) -> None:
    assert omniroute("why", "77", *config).refusal == "There is no thread #77."
    assert omniroute("why", "x", *config).misuse == (
        "“x” is no thread; write its number, as in 4812 or '#4812'"
    )


def test_without_a_server(nobody: Options) -> None:
    database = nobody[1].with_name("desk.db")
    for command in ("threads", ("why", "1")):
        words = (command,) if isinstance(command, str) else command
        assert omniroute(*words, *nobody).refusal == (
            f"{database}: no server runs on it"
            " — start one with `omniroute serve`, or name its settings with --config"
        )


def test_without_settings(tmp_path: Path) -> None:
    missing = tmp_path / "omniroute.toml"
    assert omniroute("threads", "--config", missing).refusal == (
        f"{missing}: no such file — name yours by --config; `omniroute demo` needs none"
    )


def test_why_at_a_past_moment(running: Running, config: Options) -> None:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    before = omniroute("why", "1", *config).lines
    then = omniroute("why", "1", "--at", at, *config)
    assert then.lines[0].startswith("billing, waiting ")
    assert then.lines[-1] == before[-1]
    assert re.search(r"\d+ records folded in \d+\.\d s", then.err)
    explained = omniroute("rules", "explain", "1", "--at", at, *config)
    assert any(line.startswith("route  ✔ refunds ") for line in explained.lines)
    programs = omniroute("why", "1", "--at", at, *config, "--json").json
    assert programs["thread"]["queue"] == "billing"
    early = omniroute("why", "1", "--at", "2020-01-01T00:00Z", "--json", *config)
    assert early.refusal == "There was no thread #1 by then."
    assert "has no zone" in omniroute("why", "1", "--at", "2026-01-01T00:00", *config).refusal
