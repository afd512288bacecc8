"""Arrivals from files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from omniroute.errors import ConfigError
from omniroute.simulate.tables import arrivals, values


def written(folder: Path, text: str) -> Path:
    path = folder / "mon.csv"
    path.write_text(text)
    return path


def test_minutes_without_a_header(tmp_path: Path) -> None:
    assert arrivals(written(tmp_path, "2\n0.5\n\n1\n")).times == (0.5, 1.0, 2.0)


def test_times_of_day(tmp_path: Path) -> None:
    assert arrivals(written(tmp_path, "time\n09:30\n08:00:30\n")).times == (480.5, 570.0)


@pytest.mark.parametrize("header", ["id,arrival_minute", "id,Time of arrival", "id,at"])
def test_a_column_with_times_is_known_by_its_name(header: str, tmp_path: Path) -> None:
    assert arrivals(written(tmp_path, f"{header}\n7,3\n")).times == (3.0,)


def test_a_column_that_is_alone_needs_no_known_name(tmp_path: Path) -> None:
    assert arrivals(written(tmp_path, "when\n3\n")).times == (3.0,)


def test_dates_count_from_the_first_midnight(tmp_path: Path) -> None:
    found = arrivals(written(tmp_path, "id,arrive\n7,2026-03-03 00:10\n8,2026-03-02T09:30\n"))
    assert found.times == (570.0, 1450.0)
    assert found.midnight == datetime(2026, 3, 2)  # noqa: DTZ001 - as the file: without a zone
    assert found.columns == {"id": ("8", "7")}


def test_only_those_of_a_class(tmp_path: Path) -> None:
    found = arrivals(written(tmp_path, "at,class\n1,a\n2,b\n3,a\n"))
    assert found.of("a").times == (1.0, 3.0)
    assert arrivals(written(tmp_path, "at\n1\n")).of("a").times == (1.0,)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "mon.csv: the file is empty — a row for each arrival"),
        ("at\n", "mon.csv:1: no row below the header"),
        ("at\n1\nsoon\n", ("mon.csv:3: “soon” is no time — minutes, as in 12.5, or 09:30,"
         " or 2026-03-02T09:30")),
        ("at\n1\n-1\n", ("mon.csv:3: “-1” is no time — minutes, as in 12.5, or 09:30,"
         " or 2026-03-02T09:30")),
        ("arive,x\n1,2\n", "mon.csv:1: no column “at” among arive, x — did you mean “arrive”?"),
        ("at\n2026-03-02T09:30\n2026-03-02T09:30+01:00\n", ("mon.csv:3: some times have a zone and"
         " others none — write the zone, as in 2026-03-02T09:30+01:00, in each row or in none")),
    ],
)  # fmt: skip
def test_faults_name_the_line(text: str, fault: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        arrivals(written(tmp_path, text))
    assert str(raised.value) == fault


def test_a_span_is_above_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"mon\.csv:2: “0” is no number of minutes above 0"):
        values(written(tmp_path, "minutes\n0\n"))
