"""Who works here."""

from pathlib import Path

import pytest

from omniroute.core.skills import Skills, compile_skills
from omniroute.errors import ConfigErrors
from omniroute.rules import Member, load_team

SKILLS = compile_skills({"refunds": {}, "lang.de": {}})


def team(tmp_path: Path, text: str, skills: Skills = SKILLS) -> tuple[Member, ...]:
    path = tmp_path / "team.yaml"
    path.write_text(f"version: 1\nagents:\n{text}")
    return load_team(path, skills)


def test_members_in_the_order_of_the_file(tmp_path: Path) -> None:
    members = team(
        tmp_path,
        "  bo: {name: Bo Lindgren, email: bo@x.example}\n"
        "  ana:\n"
        "    name: Ana Ruiz\n"
        "    email: ana@x.example\n"
        "    teams: [billing, frontline]\n"
        "    skills: {refunds: 4.5, lang.de: 0}\n"
        "    capacity: 0\n"
        "    role: lead\n"
        "    desks: [slack, web]\n",
    )
    assert members == (
        Member("bo", "Bo Lindgren", "bo@x.example"),
        Member(
            "ana",
            "Ana Ruiz",
            "ana@x.example",
            ("billing", "frontline"),
            {"refunds": 4.5, "lang.de": 0},
            0,
            "lead",
            ("slack", "web"),
        ),
    )


@pytest.mark.parametrize(
    ("agent", "fault"),
    [
        ("{email: a@x.example}", "ana: “name” is missing"),
        ("{name: Ana}", "ana: “email” is missing"),
        ("{name: Ana, email: nowhere}", "ana: “nowhere” is no e-mail address"),
        ("{name: Ana, email: 'a@x.example, b@x.example'}", "ana: “a@x.example, b@x.example” is no"),
        ("{name: no, email: a@x.example, role: boss}", "ana: “boss” stands where one of agent,"),
        ("{name: null, email: a@x.example}", "ana: nothing stands where a name is due"),
        ("{name: A, email: a@x.example, capacity: -1}", "ana: “-1” stands where a whole number"),
        ("{name: A, email: a@x.example, skills: {refund: 3}}", "ana: unknown skill “refund” — did"),
        ("{name: A, email: a@x.example, skills: {refunds: 6}}", "ana: “6” stands where a level"),
        (
            "{name: A, email: a@x.example, skills: {refunds: true}}",
            "ana: “true” stands where a lev",
        ),
        (
            "{name: A, email: a@x.example, team: [x]}",
            "ana: unknown key “team” — did you mean “team",
        ),
        ("{name: A, email: BO@x.example}", "ana: has the same e-mail address as bo"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, agent: str, fault: str) -> None:
    with pytest.raises(ConfigErrors) as refused:
        team(tmp_path, f"  bo: {{name: Bo, email: bo@x.example}}\n  ana: {agent}\n")
    assert str(refused.value).startswith(f"team.yaml:4: {fault}")


def test_without_known_skills_theirs_are_not_checked(tmp_path: Path) -> None:
    (ana,) = team(tmp_path, "  ana: {name: A, email: a@x.example, skills: {yoga: 3}}", Skills())
    assert ana.skills == {"yoga": 3}


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors, match=r"team\.yaml: no such file"):
        load_team(tmp_path / "team.yaml", SKILLS)
