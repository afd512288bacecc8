"""Who works here."""

from pathlib import Path

import pytest

from omniroute.core.model import Caps
from omniroute.core.skills import Skills, compile_skills
from omniroute.errors import ConfigErrors
from omniroute.rules import Member, load_team
from omniroute.rules.team import Known

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
        ("{name: A, email: a@x.example, capacity: {chats: 3}}", "ana: unknown key “chats” — did"),
        ("{name: A, email: a@x.example, capacity: {queues: 3}}", "ana: “3” stands where a mapping"),
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


@pytest.mark.parametrize(
    ("said", "units", "caps"),
    [
        ("{chat: 3, async: 10}", 13, Caps(3, 10)),
        ("{all: 5, chat: 3}", 5, Caps(3)),
        ("{queues: {billing: 2}}", 5, Caps(queues={"billing": 2})),
    ],
)
def test_capacity_by_kind_and_by_queue(
    tmp_path: Path, said: str, units: int, caps: Caps
) -> None:  # experience.md 2.6
    (ana,) = team(tmp_path, f"  ana: {{name: A, email: a@x.example, capacity: {said}}}\n")
    assert (ana.capacity, ana.caps) == (units, caps)


def test_a_cap_of_a_queue_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "team.yaml"
    path.write_text(
        "version: 1\nagents:\n"
        "  ana: {name: A, email: a@x.example, capacity: {queues: {biling: 2}}}\n"
    )
    with pytest.raises(ConfigErrors, match="unknown queue “biling” — did you mean “billing”"):
        load_team(path, SKILLS, Known(queues=("billing",)))


def test_without_known_skills_theirs_are_not_checked(tmp_path: Path) -> None:
    (ana,) = team(tmp_path, "  ana: {name: A, email: a@x.example, skills: {yoga: 3}}", Skills())
    assert ana.skills == {"yoga": 3}


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors, match=r"team\.yaml: no such file"):
        load_team(tmp_path / "team.yaml", SKILLS)
