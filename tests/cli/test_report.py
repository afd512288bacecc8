"""``omniroute report``: over which time, in which groups, and as a table for spreadsheets."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.cli.terminal import omniroute
from tests.server.house import Running

Options = tuple[str, Path]

LONG_AGO = ("--since", "2020-01-01T00:00+00:00", "--until", "2020-01-03T00:00+00:00")


def test_what_came_and_how_queues_stand(config: Options) -> None:
    lines = omniroute("report", *config).lines
    assert lines[0] == "7 d: 2 threads opened, 0 resolved; 2 messages in, 0 answers"
    assert lines[lines.index("Queues now") + 1].split()[:2] == ["queue", "waiting"]
    assert [line.split()[0] for line in lines[lines.index("Queues now") + 2 :]] == [
        *("billing", "general"),
    ]


def test_in_groups(config: Options) -> None:
    lines = omniroute("report", *config, "--by", "queue").lines
    table = lines[lines.index("What came and went, by queue") :][1:4]
    assert [line.split()[0] for line in table] == ["queue", "billing", "general"]
    assert table[0].split()[1:3] == ["Threads", "opened"]
    assert [line.split()[1] for line in table[1:]] == ["1", "1"]


def test_of_one_queue_alone(config: Options) -> None:
    found = omniroute("report", *config, "--queue", "billing", "--json").json
    assert found["readings"]["opened"] == {"number": 1, "value": 1.0}


def test_over_a_time_of_which_there_is_nothing(config: Options) -> None:
    first, *_ = omniroute("report", *config, *LONG_AGO).lines
    assert first == "2 d: 0 threads opened, 0 resolved; 0 messages in, 0 answers"
    found = omniroute("report", *config, *LONG_AGO, "--by", "day", "--zone", "UTC", "--json").json
    assert [group["key"] for group in found["groups"]] == ["2020-01-01", "2020-01-02"]
    assert (found["readings"], found["days"]) == ({}, [])


def test_as_a_table_for_spreadsheets(config: Options) -> None:
    said = omniroute("report", *config, "--by", "queue", "--csv").out
    rows = list(csv.DictReader(said.splitlines()))
    opened = {row["group"]: row["number"] for row in rows if row["measure"] == "opened"}
    assert opened == {"": "2", "billing": "1", "general": "1"}
    assert {row["period"] for row in rows} == {"now"}


def test_an_empty_table_still_has_its_head(config: Options) -> None:
    assert omniroute("report", *config, *LONG_AGO, "--csv").lines == [
        "period,since,until,group,measure,number,value,p90,p95"
    ]


def test_what_is_asked_wrongly_is_said(config: Options, running: Running) -> None:
    back = ("--since", "2020-01-03T00:00+00:00", "--until", "2020-01-01T00:00+00:00")
    said = omniroute("report", *config, *back).refusal
    assert said == "--since: the span ends before it begins — swap since and until"
    assert "'planet' is not one of 'day', 'queue'" in omniroute("report", "--by", "planet").misuse
    year = ("--since", "2018-01-01T00:00+00:00", "--until", "2020-01-03T00:00+00:00")
    said = omniroute("report", *config, *year, "--by", "day").refusal
    assert said == "Day by day a report has 400 days at most."
    assert "There is no time zone “Europe/Belrin”" in (
        omniroute("report", *config, "--by", "day", "--zone", "Europe/Belrin").refusal
    )
