"""``omniroute rules``: versions, trials, what is live, and the way back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.terminal import omniroute
from tests.server.house import Running

from omniroute.testing.server_process import until

Options = tuple[str, Path]
NEW_RULE = (
    "route:\n  - {id: vouchers, when: {message.text: {any_of: [voucher]}}, to: {queue: tech}}\n"
)
ME = ("--by", "Ana")


@pytest.fixture
def changed(running: Running, config: Options, tmp_path: Path) -> Iterator[Path]:
    """The folder's rules with one more; at the end those of the folder are live again."""
    new = tmp_path / "new.yaml"
    new.write_text(running.house.rule_file().read_text().replace("route:\n", NEW_RULE, 1))
    yield new
    omniroute("rules", "reload", *config)


def live(config: Options) -> str:
    views = omniroute("rules", "versions", *config, "--json").json
    (version,) = [view["version"] for view in views if view["state"] == "live"]
    return str(version)


def writes(running: Running, address: str, text: str) -> str:
    """Somebody writes; the queue they come to."""
    running.mail(address, "A question", text)
    return str(running.thread_of(address)["queue"])


def test_what_is_live_and_since_when(config: Options) -> None:
    lines = omniroute("rules", "versions", *config).lines
    assert lines[0].split() == ["version", "state", "when", "by", "how", "tests", "message"]
    assert re.match(r"[0-9a-f]{16}  live   \d{4}-\d\d-\d\d \d\d:\d\d ", lines[1])


def test_a_shadow_shows_what_it_would_have_done(
    running: Running, config: Options, changed: Path
) -> None:
    before = live(config)
    said = omniroute("rules", "promote", changed, "--shadow", "24h", *ME, *config).lines
    assert re.fullmatch(
        r"shadow 1d: version [0-9a-f]{16} \(Ana\) → no effect; 0 of 0 differ", said[0]
    )
    assert live(config) == before
    assert writes(running, "vic@mail.example", "My voucher does not work") == "general"
    assert writes(running, "vera@mail.example", "I would like a refund") == "billing"

    def shown() -> list[str]:
        return omniroute("rules", "trial", *config).lines

    until("both were decided beside", 5, lambda: shown()[0].endswith("no effect; 1 of 2 differ"))
    number = running.thread_of("vic@mail.example")["id"]
    assert shown()[1].strip() == (
        f"general → tech 1 by rule vouchers  e.g. #{number} “My voucher does not work”"
    )
    again = omniroute("rules", "promote", changed, "--shadow", "24h", *config).lines
    assert again[0].endswith("→ no effect; 1 of 2 differ")
    why = omniroute("why", str(number), *config).lines
    assert any(line.endswith(", on trial, would send it to tech") for line in why)
    ended = omniroute("rules", "trial", "--end", *config).lines
    assert ended == ["nothing is on trial any more"]
    assert omniroute("rules", "trial", *config).code == 1


def test_a_canary_of_everybody_decides(running: Running, config: Options, changed: Path) -> None:
    said = omniroute("rules", "promote", changed, "--canary", "100%", *ME, *config).lines
    assert said[0].startswith("canary 100%: version ")
    assert writes(running, "cy@mail.example", "My voucher does not work") == "tech"
    view = omniroute("rules", "trial", *config, "--json").json
    assert (view["mode"], view["share"]) == ("canary", 1.0)
    number = running.thread_of("cy@mail.example")["id"]
    explained = omniroute("rules", "explain", str(number), *config).lines
    assert any(line.startswith("route  ✔ vouchers") for line in explained)


def test_live_and_back(running: Running, config: Options, changed: Path) -> None:
    before = live(config)
    said = omniroute(
        "rules", "promote", changed, "--live", "-m", "vouchers go to tech", *ME, *config
    ).lines
    assert re.fullmatch(
        r"live: version [0-9a-f]{16} \(Ana, “vouchers go to tech”\): 12 rules", said[0]
    )
    new = live(config)
    assert new != before
    assert writes(running, "lou@mail.example", "My voucher does not work") == "tech"
    number = running.thread_of("lou@mail.example")["id"]
    back = omniroute("rules", "rollback", "--message", "too early", *config).lines
    assert re.fullmatch(rf"live: version {before}.* restored in [01]\.\d s", back[0])
    assert live(config) == before
    assert running.row(number)["queue"] == "tech"  # it stays under the rules it was queued by
    assert writes(running, "lee@mail.example", "My voucher does not work") == "general"
    shown = omniroute("rules", "show", new[:6], *config).lines
    assert any("vouchers go to tech" in line for line in shown)
    assert any("id: vouchers" in line for line in shown)
    moved = omniroute("rules", "promote", new[:6], "--live", "--reevaluate", *ME, *config).lines
    assert re.search(r"12 rules, \d+ waiting threads? moved$", moved[0])
    lee = running.thread_of("lee@mail.example")["id"]
    assert running.row(lee)["queue"] == "tech"
    assert omniroute("verify", *config).code == 0


def test_rules_with_a_fault_are_not_promoted(config: Options, changed: Path) -> None:
    before = live(config)
    changed.write_text(changed.read_text().replace("{queue: tech}}", "{queue: tch}}", 1))
    ran = omniroute("rules", "promote", changed, "--live", *config)
    assert ran.code == 1
    assert "vouchers: unknown queue “tch” — did you mean “tech”?" in ran.err
    assert live(config) == before


def test_rules_whose_tests_fail_are_not_promoted(
    running: Running, config: Options, tmp_path: Path
) -> None:
    folder = tmp_path / "rules"
    (folder / "tests").mkdir(parents=True)
    text = running.house.rule_file().read_text().replace("route:\n", NEW_RULE, 1)
    (folder / "support.yaml").write_text(text)
    test = folder / "tests" / "vouchers.test.yaml"
    test.write_text(
        "tests:\n"
        "  - name: a voucher goes to billing\n"
        "    given: {channel: email, message.text: voucher}\n"
        "    expect: {queue: billing}\n"
    )
    before = live(config)
    ran = omniroute("rules", "promote", folder, "--live", *config)
    assert ran.code == 1
    assert "FAIL a voucher goes to billing  queue: expected 'billing', got 'tech'" in ran.err
    assert live(config) == before
    test.write_text(test.read_text().replace("queue: billing", "queue: tech"))
    omniroute("rules", "promote", folder, "--shadow", "1h", *config)
    lines = omniroute("rules", "versions", *config).lines
    assert any("shadow 1h" in line and "1 passed" in line for line in lines)
    omniroute("rules", "trial", "--end", *config)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ((), "say one of --shadow SPAN, --canary SHARE or --live"),
        (("--live", "--canary", "5%"), "say one of --shadow SPAN, --canary SHARE or --live"),
        (("--canary", "lots"), "--canary lots: a share from above 0% to 100%, as in 10%"),
        (("--shadow", "soon"), "soon: not a span"),
    ],
)
def test_how_a_promotion_is_asked_for(how: tuple[str, ...], said: str, changed: Path) -> None:
    assert omniroute("rules", "promote", changed, *how).misuse == said


def test_versions_that_nobody_knows(config: Options) -> None:
    ran = omniroute("rules", "rollback", "abcdef", *config)
    assert ran.refusal == "There are no rules of version abcdef."
    assert omniroute("rules", "show", "0", *config).refusal == "There are no rules of version 0."


def test_rules_that_never_matched(running: Running, config: Options) -> None:
    lines = omniroute("rules", "stale", "--days", "30", *config).lines
    stale = [line.split()[0] for line in lines if "never matched in 30 days" in line]
    assert "everything-else" not in stale
    assert "at-risk" in stale
    assert re.search(r"at-risk +support\.yaml:\d+  never matched in 30 days", "\n".join(lines))
    programs = omniroute("rules", "stale", *config, "--json").json
    assert {rule["id"] for rule in programs["stale"]} >= {"at-risk"}


# --- back-tests ---


def test_stored_history_under_other_rules(config: Options, running: Running, changed: Path) -> None:
    writes(running, "val@mail.example", "My voucher does not work")
    ran = omniroute("rules", "backtest", changed, "--last", "1d", *config)
    number = min(row["id"] for row in running.threads() if "voucher" in row["excerpt"])
    assert re.match(
        rf"queue changes \d+ of \d+ \(\d+\.\d%\)  general → tech \d+ by rule vouchers"
        rf"  e\.g\. #{number} “My voucher does not work”",
        ran.lines[0],
    )
    assert ran.lines[-1].startswith("predicted  wait median ")
    assert re.search(r"deciding anew: \d+ of \d+ \(100 %\)", ran.err)
    programs = omniroute("rules", "backtest", changed, *config, "--json").json
    assert programs["before"] == live(config)
    assert programs["changed"]["queue"] == programs["changes"][0]["count"]
    same = omniroute("rules", "backtest", running.house.rules, "--no-forecast", *config).lines
    assert same[0].startswith("nothing changes for ")


def test_a_backtest_of_nothing(config: Options, nobody: Options, changed: Path) -> None:
    none = omniroute("rules", "backtest", changed, "--last", "1ms", "--json", *config)
    assert none.refusal == "nothing was routed in the last 1ms — try --last 90d"
    assert "there is no such database" in omniroute("rules", "backtest", changed, *nobody).refusal
    changed.write_text("version: 1\n")
    assert omniroute("rules", "backtest", changed, *config).code == 1
