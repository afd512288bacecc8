"""The check of a folder: every error and every doubt, in the form that is printed."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from omniroute.rules import Report, check

Checked = Callable[..., Report]

GROUND = """\
version: 1
skills: {lang.de: {}, lang.en: {}, refunds: {}, billing: {covers: {refunds: 1}}}
queues: {general: {}, billing: {teams: [money]}}
defaults: {queue: general}
"""
TEAM = """\
version: 1
agents:
  ana: {name: Ana, email: a@x.example, teams: [money], role: admin,
        skills: {lang.de: 5, lang.en: 4, billing: 5}}
  bo: {name: Bo, email: b@x.example, teams: [money], skills: {lang.en: 5, refunds: 2}}
"""
REST = "  - {id: rest, to: {queue: billing}}\n"


@pytest.fixture
def checked(tmp_path: Path) -> Checked:
    """Check a folder with these files; support.yaml begins with four lines of ground."""

    def report(text: str, ground: str = GROUND, team: str = TEAM, now: int | None = None) -> Report:
        (tmp_path / "support.yaml").write_text(ground + text)
        if team:
            (tmp_path / "team.yaml").write_text(team)
        return check(tmp_path, now)

    return report


def warnings(report: Report) -> list[str]:
    assert report.count("error") == 0, str(report)
    return [f"{finding.place} {finding.text}".strip() for finding in report.findings]


def test_the_printed_form(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text(
        GROUND.replace(", billing: {teams: [money]}", ", billing: {}") + "route:\n"
        "  - {id: refunds, when: {channel: email}, to: {queue: bilings}}\n"
        "  - {id: api, when: {channel: chat}, to: {queue: billing, need: {refund: 3}}}\n"
        "  - {id: everything-else, when: always, to: {queue: general}}\n"
        "  - {id: partners, when: {channel: fax}, to: {queue: general}}\n"
    )
    assert str(check(tmp_path)) == (
        "error   broken.yaml:6 refunds: unknown queue “bilings” — did you mean “billing”?\n"
        "error   broken.yaml:7 api: unknown skill “refund” — did you mean “refunds”?\n"
        "warning broken.yaml:9 partners: never reached, “everything-else” above it matches"
        " everything\n"
        "0 enrich + 4 route rules, 2 queues, 4 skills: 2 errors, 1 warning"
    )


def test_a_clean_folder(checked: Checked) -> None:
    report = checked("route:\n" + REST)
    assert str(report) == "0 enrich + 1 route rule, 2 queues, 4 skills: 0 errors, 0 warnings"


def test_where_there_is_nothing_to_check(tmp_path: Path) -> None:
    report = check(tmp_path / "nowhere")
    assert report.count("error") == 1
    assert "no such folder of rules" in str(report)


def test_a_rule_that_asks_what_one_above_asks_is_never_reached(checked: Checked) -> None:
    rule = "when: {channel: email, tags: [a, b]}, to: {queue: billing}}\n"
    found = warnings(checked(f"route:\n  - {{id: a, {rule}  - {{id: b, {rule}" + REST))
    assert found == ["support.yaml:7 b: never reached, “a” above it asks the same"]


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("{channel: [a, b]}", "{channel: a, message.text: refund}"),
        ("{message.text: {any_of: [refund, invoice]}}", "{message.text: {any_of: Refund}}"),
        ("{thread.idle: {lt: 7d}}", "{thread.idle: {lt: 1d}, channel: a}"),
        ("{thread.history: {gte: 2}}", "{thread.history: {gt: 2}}"),
        ("{customer.tier: {known: true}}", "{customer.tier: vip}"),
        ("{any: [{channel: a}, {tags: x}]}", "{all: [{tags: x}, {message.language: de}]}"),
        ("{not: {channel: a}}", "{not: {channel: [a, b]}}"),
    ],
)
def test_a_rule_that_matches_only_what_one_above_takes(
    checked: Checked, above: str, below: str
) -> None:
    def found(first: str, second: str) -> list[str]:
        text = f"route:\n  - {{id: a, when: {first}, to: {{queue: billing}}}}\n"
        return warnings(checked(text + f"  - {{id: b, when: {second}, to: {{}}}}\n" + REST))

    said = "support.yaml:7 b: never reached, “a” above it takes all that it would match"
    assert found(above, below) == [said]
    assert found(below, above) == []


@pytest.mark.parametrize(
    ("when", "fact"),
    [
        ("{channel: a, all: [{channel: b}]}", "channel"),
        ("{thread.idle: {gt: 7d, lt: 1d}}", "thread.idle"),
        ("{thread.history: {gte: 3, lt: 3}}", "thread.history"),
        ("{customer.tier: vip, all: [{customer.tier: {known: false}}]}", "customer.tier"),
        ("{channel: a, not: {channel: [a, b]}}", "channel"),
        ("{any: [{channel: a, all: [{channel: b}]}]}", "channel"),
    ],
)
def test_a_condition_that_cannot_hold(checked: Checked, when: str, fact: str) -> None:
    found = warnings(
        checked(f"route:\n  - {{id: a, when: {when}, to: {{queue: billing}}}}\n" + REST)
    )
    said = f"never matches, what it asks of {fact} cannot hold together"
    assert found == [f"support.yaml:6 a: {said}"]


def test_what_may_hold_together_is_no_doubt(checked: Checked) -> None:
    when = "{tags: a, all: [{tags: b}], thread.idle: {gt: 1d, lt: 7d}, channel: [a, b]}"
    rule = f"{{id: a, when: {when}, to: {{queue: billing}}}}"
    assert warnings(checked(f"route:\n  - {rule}\n" + REST)) == []


def test_an_article_that_is_no_link(checked: Checked) -> None:
    rule = "{id: x, when: {channel: a}, deflect: {article: kb/1, ask: Solved?}}"
    assert warnings(checked(f"route:\n  - {rule}\n" + REST)) == [
        "support.yaml:6 x: “kb/1” is no link: say what stands before it, `articles` in `defaults`"
    ]
    ground = GROUND.replace("{queue: general}", "{queue: general, articles: https://kb.example}")
    assert warnings(checked(f"route:\n  - {rule}\n" + REST, ground)) == []


def test_ids_that_look_alike(checked: Checked) -> None:
    rules = "".join(
        f"  - {{id: {id}, when: {{channel: {channel}}}, to: {{queue: billing}}}}\n"
        for id, channel in (("same-agent", "a"), ("Same_Agent", "b"))
    )
    assert warnings(checked("route:\n" + rules + REST)) == [
        "support.yaml:7 Same_Agent: hard to tell from “same-agent” in support.yaml:6"
    ]


def test_steps_that_go_in_a_circle(checked: Checked) -> None:
    rule = (
        "{id: x, when: {channel: a}, to: {queue: general, for: 1m},"
        " relax: [{queue: billing, for: 1m}, {queue: general}]}"
    )
    assert warnings(checked(f"route:\n  - {rule}\n" + REST)) == [
        "support.yaml:6 x: step 3 goes in a circle: general → billing → general"
    ]


def test_a_regex_that_is_large(checked: Checked) -> None:
    rule = r"{id: x, when: {message.text: {regex: '(order \w+ ){200}'}}, to: {queue: billing}}"
    (said,) = warnings(checked(f"route:\n  - {rule}\n" + REST))
    assert said.startswith("support.yaml:6 x: a slow regex: ")


def test_a_requirement_that_nobody_in_the_team_can_meet(checked: Checked) -> None:
    found = warnings(
        checked(
            "route:\n"
            "  - {id: tough, when: {channel: a}, to: {queue: billing, need: {lang.en: 5,"
            " refunds: 3}, for: 2m}, relax: [{need: {refunds: 2.5}}]}\n" + REST
        )
    )
    assert found == [
        "support.yaml:6 tough: nobody in money has lang.en ≥ 5 and refunds ≥ 2.5",
        "support.yaml:6 tough: step 2 adds nobody of the team",
    ]


def test_ways_to_qualify_that_nobody_in_the_team_has(checked: Checked) -> None:
    route = """route:
  - {id: a, when: {channel: email}, to: {queue: billing, need: {any: [NEED, {lang.fr: 1}]}}}
  - {id: b, when: {channel: chat}, to: {queue: billing, need: {lang.en: 4, not: {lang.en: 4}}}}
"""
    ground = GROUND.replace("lang.en: {},", "lang.en: {}, lang.fr: {},")
    assert warnings(checked(route.replace("NEED", "{refunds: 5}") + REST, ground)) == [
        "support.yaml:6 a: nobody in money has (refunds ≥ 5 or lang.fr ≥ 1)",
        "support.yaml:7 b: nobody in money has lang.en ≥ 4 and not lang.en ≥ 4",
    ]
    assert warnings(checked(route.replace("NEED", "{agents: [bo]}") + REST, ground)) == [
        "support.yaml:7 b: nobody in money has lang.en ≥ 4 and not lang.en ≥ 4",
    ]


def test_words_of_requirements_that_make_no_sense(checked: Checked) -> None:
    text = """route:
  - {id: a, when: {channel: x}, to: {queue: general, need: {any: []}}}
  - {id: b, when: {channel: y}, to: {queue: general, need: {not: {lang.xx: 1}}}}
  - {id: c, when: {channel: z}, to: {queue: general, need: {any: [{agents: [bob]}, 3]}}}
"""
    report = checked(text, GROUND.replace("lang.en: {},", "lang.en: {}, not: {}, agents: {},"))
    renamed = "is a word of requirements and no name of a skill — call the skill something else"
    assert str(report).splitlines() == [
        f"error   support.yaml:2 “not” {renamed}",
        f"error   support.yaml:2 “agents” {renamed}",
        (
            "error   support.yaml:6 a: an empty list stands where a list of requirements is due"
            " — any: [{refunds: 3}]"
        ),
        "error   support.yaml:7 b: unknown skill “lang.xx” — did you mean “lang.en”?",
        "error   support.yaml:8 c: unknown agent “bob” — did you mean “bo”?",
        "error   support.yaml:8 c: “3” stands where a level by skill is due — any: [{refunds: 3}]",
        "0 enrich + 3 route rules, 2 queues, 6 skills: 6 errors, 0 warnings",
    ]


def test_a_requirement_that_nobody_online_can_meet(checked: Checked, tmp_path: Path) -> None:
    rule = "{id: x, when: {channel: a}, to: {queue: billing, need: {refunds: 3}}}"
    assert warnings(checked(f"route:\n  - {rule}\n" + REST)) == []
    assert warnings(check(tmp_path, online={"ana"})) == []
    assert warnings(check(tmp_path, online={"bo"})) == [
        "support.yaml:6 x: nobody online in money has refunds ≥ 3"
    ]


def test_a_requirement_that_nobody_can_meet_in_a_language(checked: Checked) -> None:
    found = warnings(
        checked(
            "enrich:\n"
            "  - {id: language, when: {message.language: [de, en]},"
            " set: {need: {'lang.{message.language}': 5}}}\n"
            "route:\n"
            "  - {id: refunds, when: {channel: a}, to: {queue: billing, need: {refunds: 3}}}\n"
            + REST
        )
    )
    assert found == ["support.yaml:8 refunds: nobody in money has lang.en ≥ 5 and refunds ≥ 3"]


def test_a_step_that_helps_in_one_language_only_is_useful(checked: Checked) -> None:
    found = warnings(
        checked(
            "enrich:\n"
            "  - {id: language, when: {message.language: [de, en]},"
            " set: {need: {'lang.{message.language}': 3}}}\n"
            "route:\n"
            "  - {id: refunds, when: {channel: a}, to: {queue: billing, need: {refunds: 2},"
            " for: 2m}, relax: [{drop: [lang.de]}]}\n" + REST
        )
    )
    assert found == []


def test_a_named_agent_who_is_not_in_the_team_of_the_queue(checked: Checked) -> None:
    found = warnings(
        checked(
            "route:\n  - {id: x, when: {channel: a}, to: {queue: billing, agents: [cleo]}}\n"
            + REST,
            team=TEAM + "  cleo: {name: Cleo, email: c@x.example, teams: [other]}\n",
        )
    )
    assert found == ["support.yaml:6 x: nobody in money is cleo"]


def test_a_team_that_a_step_adds_is_somebody(checked: Checked) -> None:
    rule = "  - {id: x, when: {channel: chat}, to: {queue: billing, need: {refunds: 5}, for: 1m},\n"
    team = TEAM + "  cy: {name: Cy, email: c@x.example, teams: [night], skills: {refunds: 5}}\n"
    said = warnings(
        checked(f"route:\n{rule}     relax: [{{for: 1m}}, {{add: [night]}}]}}\n{REST}", team=team)
    )
    assert said == ["support.yaml:6 x: step 2 adds nobody of the team"]


def test_stand_ins_that_a_step_lets_in_are_somebody(checked: Checked) -> None:
    rule = "  - {id: x, when: {channel: chat}, to: {queue: billing, need: {refunds: 4}, widen: 0,\n"
    said = warnings(
        checked(
            f"route:\n{rule}     for: 1m}}, relax: [{{widen: 0.5, for: 1m}}, {{widen: 1}}]}}\n"
            + REST
        )
    )
    assert said == ["support.yaml:6 x: step 2 adds nobody of the team"]


def test_a_team_that_nobody_is_in_is_unknown(checked: Checked) -> None:
    report = checked(
        f"route:\n  - {{id: x, when: always, to: {{for: 1m}}, relax: [{{add: [nite]}}]}}\n{REST}"
    )
    assert "unknown team “nite”" in str(report)


def test_a_step_that_asks_more_than_the_one_before(checked: Checked) -> None:
    found = warnings(
        checked(
            "route:\n"
            "  - {id: x, when: {channel: a}, to: {queue: billing, need: {refunds: 2}, for: 1m},"
            " relax: [{need: {refunds: 3}}]}\n" + REST
        )
    )
    assert "support.yaml:6 x: step 2 asks more than the one before: refunds ≥ 3" in found


def test_queues_and_replies_without_use(checked: Checked) -> None:
    found = warnings(checked("replies: {later: {en: Later.}}\nroute: [{id: rest, to: {}}]"))
    assert found == ["queue billing: no rule leads to it", "reply later: no rule sends it"]


def test_a_reply_that_lacks_a_language_of_the_rules(checked: Checked) -> None:
    found = warnings(
        checked(
            "replies: {later: {en: Later., pt-BR: Depois.}}\n"
            "route:\n"
            "  - {id: a, when: {message.language: [de, en, pt]}, reply: later, to: {}}\n" + REST
        )
    )
    assert found == ["reply later: no text in de, which rules ask for"]


def test_a_template_that_makes_an_unknown_skill(checked: Checked) -> None:
    found = warnings(
        checked(
            "enrich: [{id: language, when: {message.language: [de, fr]},"
            " set: {need: {'lang.{message.language}': 2}}}]\nroute:\n" + REST
        )
    )
    assert found == ["support.yaml:5 language: lang.fr is no skill, so nothing is asked for there"]


def test_skills_that_mean_the_same(checked: Checked) -> None:
    ground = GROUND.replace("refunds: {}", "refunds: {covers: {billing: 0}}").replace(
        "{refunds: 1}", "{refunds: 0}"
    )
    assert warnings(checked("route:\n" + REST, ground)) == [
        "skills billing, refunds stand for each other at no loss: one would do"
    ]


def test_a_team_of_nobody_and_one_without_an_admin(checked: Checked) -> None:
    ground = GROUND.replace("{teams: [money]}", "{}")
    rest = "route:\n" + REST
    nobody = warnings(checked(rest, ground, team="version: 1\nagents: {}"))
    assert nobody[-1] == "team.yaml nobody is in the team: every thread waits"
    no_admin = warnings(checked(rest, ground, team=TEAM.replace("role: admin,", "")))
    assert no_admin == ["team.yaml nobody is an admin: give one member `role: admin`"]


def test_a_regex_that_would_miss_letters(checked: Checked) -> None:
    rule = r"{id: x, when: {message.text: {regex: '\b(über|Ärger)'}}, to: {queue: billing}}"
    assert warnings(checked(f"route:\n  - {rule}\n" + REST)) == [
        "support.yaml:6 x: \\b in a regex knows ASCII letters alone: use any_of for whole words"
    ]


def test_closed_days_of_years_gone_by(checked: Checked) -> None:
    now = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp()) * 1000
    for closed, past in [("2026-12-24, 2026-12-25", True), ("2026-12-24, 12-25", False)]:
        calendar = f"calendars: {{a: {{tz: UTC, open: {{mon: 9:00-17:00}}, closed: [{closed}]}}}}"
        found = warnings(checked(f"{calendar}\nroute:\n{REST}", now=now))
        fault = "calendar a: all closed days are past; write 12-25 for each year"
        assert found == ([f"support.yaml:5 {fault}"] if past else [])


def test_secrets_are_named_and_not_shown(checked: Checked) -> None:
    report = checked("# xoxb-1234567890-abcdefghijkl\nroute:\n" + REST)
    assert warnings(report) == [
        "support.yaml:5 looks like a Slack token: keep it out of files of rules"
    ]


@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN RSA PRIVATE KEY-----",
        "1234567890:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc",
        "AKIAABCDEFGHIJKLMNOP",
        "redis://joe:hunter2@db.example",
    ],
)
def test_kinds_of_secrets(checked: Checked, secret: str) -> None:
    report = checked(f"# {secret}\nroute:\n{REST}")
    assert report.count("warning") == 1
    assert secret not in str(report)


def test_files_with_another_ending_are_not_passed_over_in_silence(
    checked: Checked, tmp_path: Path
) -> None:
    (tmp_path / "more.yml").write_text("version: 1")
    assert warnings(checked("route:\n" + REST)) == ["more.yml not read: rename it to more.yaml"]


def test_without_a_team_nothing_is_said_about_it(checked: Checked) -> None:
    rule = "{id: x, when: {channel: a}, to: {queue: billing, need: {refunds: 5}}}"
    assert warnings(checked(f"route:\n  - {rule}\n" + REST, team="")) == []


def test_a_fault_raises_no_doubts_of_its_own(checked: Checked) -> None:
    report = checked("route:\n  - {id: x, when: {channel: a}, to: {queue: biling}}\n")
    assert report.count("error") == 1
    assert report.count("warning") == 0
