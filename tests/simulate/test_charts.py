"""Charts: well-formed, readable without colour, the same figures in picture and table."""

from __future__ import annotations

import csv as tables
import io
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.simulate.charts import HEIGHT, WIDTH, Chart, Line, clock, csv, svg, table, ticks

SVG = "{http://www.w3.org/2000/svg}"
CHART = Chart(
    "waits",
    "Waits & more",
    "How long <they> waited.",
    "minutes",
    (0.0, 15.0, 30.0, 45.0),
    (
        Line("50 %, half", (1.0, None, 2.0, 3.0)),
        Line("95 %", (4.0, 5.0, 6.0, 3.0)),
    ),
)


def test_a_picture_says_what_it_shows() -> None:
    root = ET.fromstring(svg(CHART))  # noqa: S314 - our own
    assert root.get("role") == "img"
    assert [root.findtext(SVG + "title"), root.findtext(SVG + "desc")] == [CHART.title, CHART.said]
    words = [text.text for text in root.iter(SVG + "text")]
    assert {"Waits & more", "minutes", "00:00", "00:40", "50 %, half", "95 %", "6"} <= set(words)


def test_a_gap_is_a_gap() -> None:
    root = ET.fromstring(svg(CHART))  # noqa: S314 - our own
    paths = [path.get("d", "") for path in root.iter(SVG + "path")]
    assert [path.count("L") for path in paths] == [0, 1, 3]


def test_lines_differ_without_their_colours_and_names_do_not_cover_each_other() -> None:
    drawn = svg(CHART)
    assert ".l1{stroke-dasharray:" in drawn
    root = ET.fromstring(drawn)  # noqa: S314 - our own
    names = [float(t.get("y", 0)) for t in root.iter(SVG + "text") if "n" in t.get("class", "")]
    assert abs(names[0] - names[1]) >= 14


def test_it_is_light_and_dark_and_asks_for_nothing_from_elsewhere() -> None:
    drawn = svg(CHART)
    assert "prefers-color-scheme:dark" in drawn
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")


def test_the_table_holds_the_same_figures() -> None:
    rows = list(tables.reader(io.StringIO(csv(CHART))))
    assert rows == [
        ["time", "50 %, half", "95 %"],
        ["00:00", "1", "4"],
        ["00:15", "", "5"],
        ["00:30", "2", "6"],
        ["00:45", "3", "3"],
    ]
    root = ET.fromstring(table(CHART))  # noqa: S314 - our own
    assert [cell.text for cell in root.iter("td")] == ["1", "4", None, "5", "2", "6", "3", "3"]


def test_nothing_to_show_is_an_empty_picture() -> None:
    empty = Chart("none", "Nothing", "Nobody came.", "minutes", (), (Line("a", ()),))
    assert ET.fromstring(svg(empty)) is not None  # noqa: S314 - our own
    assert csv(empty) == "time,a\n"


@pytest.mark.parametrize(
    ("most", "expected"),
    [(7.3, [0, 2, 4, 6, 8]), (100, [0, 20, 40, 60, 80, 100]), (0.04, [0, 0.01, 0.02, 0.03, 0.04])],
)
def test_axes_have_round_numbers(most: float, expected: list[float]) -> None:
    assert ticks(most) == expected


@given(st.floats(0, 1e9))
def test_axes_reach_the_highest(most: float) -> None:
    found = ticks(most)
    assert found[0] == 0
    assert found[-1] >= most * (1 - 1e-6)
    assert 2 <= len(found) <= 8


def test_times_of_day() -> None:
    assert [clock(570), clock(0.5), clock(1439)] == ["09:30", "00:00:30", "23:59"]


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e6)), min_size=2, max_size=30))
def test_every_point_is_within_the_picture(values: list[float | None]) -> None:
    at = tuple(15.0 * n for n in range(len(values)))
    drawn = svg(Chart("x", "x", "x", "x", at, (Line("x", tuple(values)),)))
    root = ET.fromstring(drawn)  # noqa: S314 - our own
    for path in root.iter(SVG + "path"):
        points = path.get("d", "").removeprefix("M").removesuffix("h3").split("L")
        for x, y in (point.split() for point in points):
            assert 0 <= float(x) <= WIDTH
            assert 0 <= float(y) <= HEIGHT
