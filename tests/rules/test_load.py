"""From files to a rule set: several files, folders, versions, and anything at all."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omniroute.core.rules import RuleSet
from omniroute.errors import ConfigErrors
from omniroute.rules import load, parse_rules, sources
from omniroute.rules.load import canonical

TEXT = (Path(__file__).parents[2] / "routing_rules" / "support.yaml").read_text()


def test_files_follow_each_other_in_the_order_of_their_names() -> None:
    found = parse_rules(
        {
            "20-more.yaml": b"version: 1\nroute: [{id: c, to: {}}]\nqueues: {z: {}}",
            "10-first.yaml": b"version: 1\nroute: [{id: a, when: {channel: x}, to: {}},"
            b" {id: b, when: {channel: y}, to: {queue: z}}]\nqueues: {q: {}}\ndefaults: {queue: q}",
        }
    )
    assert [rule.id for rule in found.route] == ["a", "b", "c"]
    assert found.places == {"a": "10-first.yaml:2", "b": "10-first.yaml:2", "c": "20-more.yaml:2"}


def test_what_stands_in_two_files_is_refused_with_both_places(faults: Callable[..., str]) -> None:
    said = faults(
        "route: [{id: a, to: {}}]",
        more="version: 1\nqueues: {general: {}}\ndefaults: {queue: general}\n"
        "enrich: [{id: a, when: always, set: {priority: low}}]",
    )
    assert "queues: “general” stands in more.yaml:2 too" in said
    assert "a second “defaults”, the first is in more.yaml:3" in said
    assert "support.yaml:10: a second rule “a”, the first is in more.yaml:4" in said


def test_all_faults_are_found_in_one_run_each_with_its_line(rules: Callable[..., RuleSet]) -> None:
    with pytest.raises(ConfigErrors) as refused:
        rules(
            "enrich: [{id: a, when: {channl: x}, set: {priority: x}}]\n"
            "route:\n  - {id: b, to: {queue: x, need: {x: 9}}}\n"
        )
    places = [finding.place for finding in refused.value.findings]
    assert places == ["support.yaml:10"] * 2 + ["support.yaml:12"] * 3


def test_a_broken_file_is_not_blamed_on_the_others(faults: Callable[..., str]) -> None:
    said = faults("route: [{id: b, to: {queue: elsewhere}}]", more="version: 1\nqueues: [\n")
    assert said.startswith("more.yaml:2: ")
    assert "elsewhere" not in said


def test_agents_and_teams_are_known_if_the_team_is_in_a_file(
    faults: Callable[..., str], ground: str
) -> None:
    team = "version: 1\nagents: {ana: {name: Ana, email: a@x.example, teams: [billing]}}"
    said = faults(
        "route: [{id: x, to: {agent: anna, for: 1m}}]",
        ground.replace("billing: {}}\ndef", "billing: {teams: [biling]}}\ndef"),
        team=team,
    )
    assert "x: unknown agent “anna” — did you mean “ana”?" in said
    assert "billing: unknown team “biling” — did you mean “billing”?" in said


def test_a_file_full_of_faults_is_told_in_full_with_some_advice(faults: Callable[..., str]) -> None:
    wrong = "".join(
        f"  - {{id: r{n}, when: {{channel: a}}, to: {{queue: genera}}}}\n" for n in range(3000)
    )
    said = faults(f"route:\n{wrong}").splitlines()
    assert len(said) == 3000
    assert said[0].endswith("r0: unknown queue “genera” — did you mean “general”?")
    assert said[-1].endswith("r2999: unknown queue “genera”")


def test_a_secret_is_not_repeated_in_an_error(faults: Callable[..., str]) -> None:
    token = "xoxb-1234567890-abcdefghijkl"
    said = faults(f"route: [{{id: x, to: {{queue: '{token}'}}}}]")
    assert "unknown queue “…”" in said
    assert token not in said


def test_a_folder_is_read_less_its_tests(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("version: 1\nqueues: {q: {}}")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "a.test.yaml").write_text("nonsense: [")
    assert list(load(tmp_path).queues) == ["q"]
    assert list(load(tmp_path / "a.yaml").queues) == ["q"]


def test_where_there_are_no_rules(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors, match="no rules in this folder"):
        load(tmp_path)
    with pytest.raises(ConfigErrors, match="no such folder of rules"):
        load(tmp_path / "nowhere")


def test_the_version_is_that_of_the_content(tmp_path: Path) -> None:
    text = b"version: 1\nqueues: {q: {}}\n"
    (tmp_path / "a.yaml").write_bytes(text)
    before = load(tmp_path).version
    assert len(before) >= 12

    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
    (tmp_path / "team.yaml").write_bytes(b"version: 1\nagents: {}")
    assert load(tmp_path).version == before

    (tmp_path / "a.yaml").write_bytes(text + b"# a remark\n")
    assert load(tmp_path).version != before
    assert b"a remark" in sources(tmp_path)


def test_content_cannot_pass_for_another_file() -> None:
    one = {"a.yaml": b"x", "b.yaml": b"y"}
    assert canonical(one) != canonical({"a.yaml": b"x--- b.yaml 1\ny"})
    assert canonical(one) == canonical(dict(reversed(one.items())))


@settings(deadline=None)
@given(
    st.integers(0, len(TEXT)),
    st.integers(0, 40),
    st.sampled_from(
        ["", "x", "{", "}", "[", "]", ": ", "\n", "\n  - ", "5", "null", "{}", "[]", "'"]
    ),
)
def test_a_damaged_file_is_read_or_refused_and_nothing_else(at: int, cut: int, put: str) -> None:
    damaged = TEXT[:at] + put + TEXT[at + cut :]
    try:
        assert parse_rules({"support.yaml": damaged.encode()}).queues
    except ConfigErrors as refused:
        places = {finding.place.partition(":")[0] for finding in refused.findings}
    else:
        places = {"support.yaml"}
    assert places == {"support.yaml"}
