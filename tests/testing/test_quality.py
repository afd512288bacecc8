"""Tiers are what the file says, as far as a machine does not see otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from omniroute import Cap
from omniroute.errors import ConfigError
from omniroute.testing.conformance import CHECKS
from omniroute.testing.pages import PluginPages
from omniroute.testing.quality import NONE, RULES, TIERS, read_quality


def written(folder: Path, **said: str) -> Path:
    """A file in which everything is done but what is *said* otherwise."""
    lines = []
    for tier in TIERS:
        lines.append(f"[{tier}]")
        for name, rule in RULES.items():
            if rule.tier == tier:
                state = said.get(name.replace("-", "_"), '"done"')
                lines.append(f"{name} = {state}")
    path = folder / "quality.toml"
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize(
    ("todo", "tier"),
    [
        ("", "platinum"),
        ("agent_desk", "gold"),
        ("edits", "silver"),
        ("rate_limits", "bronze"),
        ("conformance_suite", NONE),
    ],
)
def test_the_tier_is_the_highest_of_which_nothing_is_left(
    todo: str, tier: str, tmp_path: Path
) -> None:
    quality = read_quality(written(tmp_path, **({todo: '"todo"'} if todo else {})))
    assert quality.tier == tier
    assert quality.missing == ([todo.replace("_", "-")] if todo else [])


def test_an_exemption_with_a_reason_counts_as_done(tmp_path: Path) -> None:
    exempt = '{ exempt = "the platform has no files" }'
    assert read_quality(written(tmp_path, files_in_and_out=exempt)).tier == "platinum"


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, edits='"don"', typing_signs='{ exempt = "no" }')
    text = path.read_text().replace('agent-desk = "done"', "").replace("[silver]", "[sliver]")
    path.write_text(text)
    with pytest.raises(ConfigError) as found:
        read_quality(path)
    said = str(found.value)
    for part in (
        "quality.toml [silver]: is missing",
        "quality.toml [sliver]: is no tier",
        "[gold] edits: 'don' is no state; did you mean “done”?",
        "[gold] typing-signs: an exemption needs a reason",
        '[platinum]: agent-desk is missing — write agent-desk = "todo"',
    ):
        assert part in said


def test_a_rule_stands_in_its_own_tier(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text() + '\nedits = "done"\n')
    with pytest.raises(ConfigError, match=r"\[platinum\] edits: belongs to \[gold\]"):
        read_quality(path)


def test_what_a_machine_sees_otherwise_is_doubted(tmp_path: Path) -> None:
    quality = read_quality(written(tmp_path))
    caps = Cap.FILES_IN | Cap.FILES_OUT | Cap.EDIT_IN | Cap.TYPING | Cap.READ_RECEIPTS
    assert list(quality.doubts(caps)) == ["agent-desk is “done”, and caps has no AGENT_DESK"]
    caps |= Cap.AGENT_DESK
    assert list(quality.doubts(caps, {"a_file_comes_whole"})) == [
        "conformance-suite is “done”, and the check a_file_comes_whole fails",
        "files-in-and-out is “done”, and the check a_file_comes_whole fails",
    ]
    (doubt,) = quality.doubts(caps, (), {check[5:] for check in CHECKS})
    assert doubt.endswith("the check the_readme_lists_each_setting_as_it_is has not run")


def test_every_check_that_shows_a_rule_is_there() -> None:
    known = {*CHECKS, *dir(PluginPages)}
    named = {f"test_{check}" for rule in RULES.values() for check in rule.checks if check != "*"}
    assert named <= known
