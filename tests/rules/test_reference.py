"""The reference page says what the language is, and all of its examples are rules."""

import re
from pathlib import Path

import pytest

from omniroute.core.conditions import FACTS
from omniroute.errors import ConfigErrors
from omniroute.rules import parse_rules
from omniroute.rules.grammar import SHAPES
from omniroute.rules.testing import read_suites, run_all

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "rules.md").read_text()
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)

# Under which heading each shape is told.
HEADINGS = {
    "file": "A file",
    "condition": "A condition",
    "test": "A test",
    "enrich rule": "An enriching rule",
    "set": "What an enriching rule sets",
    "escalation": "An escalation",
    "escalation when": "When to escalate",
    "escalation do": "What an escalation does",
    "survey": "A survey",
    "survey when": "When to ask",
    "survey low": "A bad answer",
    "route rule": "A routing rule",
    "deflect": "An article first",
    "to": "Where to",
    "step": "A step of relax",
    "requirement": "A requirement",
    "need with an end": "A need with an end",
    "widening": "A widening",
    "skill": "A skill",
    "queue": "A queue",
    "offer": "An offer",
    "overflow": "An overflow",
    "guard": "Unless",
    "alert": "An alert",
    "stranded": "What is stranded",
    "calendar": "A calendar",
    "sla": "An SLA",
    "defaults": "What holds otherwise",
    "presence": "Presence",
    "transfers": "Transfers",
    "automatic": "Automatic replies",
    "team file": "The team file",
    "agent": "An agent",
    "capacity": "Capacity",
    "test file": "A file of tests",
    "test agent": "An agent in tests",
    "rule test": "A test of rules",
    "expectation": "What is expected",
}

# What examples may refer to, unless they say it themselves.
GROUND = {
    "calendars": "{office: {tz: UTC, open: {mon-fri: 09:00-17:00}}}",
    "skills": "{lang.de: {}, lang.en: {}, refunds: {}, billing: {}}",
    "queues": "{general: {}, billing: {}, tech: {}, overflow: {}}",
    "defaults": "{queue: general}",
}


INCLUDED = ("shared/calendars.yaml", "partners/acme.yaml")


def section(heading: str) -> str:
    found = re.search(rf"^### {re.escape(heading)}\n(.*?)(?=^##)", PAGE, re.M | re.S)
    assert found is not None, f"no heading {heading}"
    return found[1]


TEAM = """\
version: 1
agents:
  ana: {name: Ana, email: ana@desk.example, skills: {refunds: 4}}
  bo: {name: Bo, email: bo@desk.example, skills: {refunds: 2}}
"""


def test_every_shape_has_its_heading() -> None:
    assert HEADINGS.keys() == SHAPES.keys()


@pytest.mark.parametrize("shape", SHAPES)
def test_every_key_has_its_entry_in_the_words_of_the_schema(shape: str) -> None:
    rows = section(HEADINGS[shape]).splitlines()
    for name, key in SHAPES[shape].items():
        required = " (required)" if key.required else ""
        assert f"| `{name}`{required} | {key.doc} |" in rows


def test_every_fact_is_told_with_its_kind() -> None:
    for fact, kind in FACTS.items():
        assert re.search(rf"^\| `{re.escape(fact)}` \| {kind} \| .+ \|$", PAGE, re.M), fact


def test_every_link_within_the_page_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", PAGE, re.M)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= anchors


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_is_taken_by_the_loader(example: str, tmp_path: Path) -> None:
    own = set(re.findall(r"^(\w+):", example, re.M))
    ground = [f"{name}: {text}" for name, text in GROUND.items() if name not in own]
    files = {"ground.yaml": "\n".join(["version: 1", *ground])}
    if example.startswith("# tests/"):
        (tmp_path / "tests").mkdir()
        (tmp_path / "tests" / "a.test.yaml").write_text(example)
        (tmp_path / "rules.yaml").write_text(files["ground.yaml"] + "\n" + EXAMPLES[0])
        (tmp_path / "team.yaml").write_text(TEAM)
        report = run_all(read_suites(tmp_path))
        assert report.failed == 0, str(report)
        return
    if example.startswith("# team.yaml"):
        files["team.yaml"] = example
    else:
        files["example.yaml"] = "version: 1\n" + example
    if "include:" in example:
        files |= dict.fromkeys(INCLUDED, "version: 1")
    parse_rules({name: text.encode() for name, text in files.items()})


def test_what_is_said_to_be_an_error_is_one() -> None:
    with pytest.raises(ConfigErrors, match="an empty condition"):
        parse_rules({"a.yaml": b"version: 1\nenrich: [{id: x, when: {}, set: {priority: low}}]"})
